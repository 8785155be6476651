//! Texts as they are shown: marks, mentions and links have their styles.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;
use sotto_engine::api::Mention;
use sotto_engine::formatting::{Block, Inline, blocks};

use super::lines::dim;
use super::state::State;

/// What stands in front of quoted lines.
const QUOTE: &str = "┃ ";

impl State {
    /// A text in its pieces; line ends are in them.
    pub(super) fn formatted(&self, text: &str, mentions: &[Mention]) -> Vec<Span<'static>> {
        let mut spans = Vec::new();
        for (n, block) in blocks(text, mentions).iter().enumerate() {
            if n > 0 {
                spans.push(Span::raw("\n"));
            }
            match block {
                Block::Lines(inlines) => self.pieces(inlines, Style::new(), "", &mut spans),
                Block::Quote(inlines) => {
                    spans.push(Span::styled(QUOTE, dim()));
                    self.pieces(inlines, dim(), QUOTE, &mut spans);
                }
                Block::Code { code, .. } => self.pieces(code, code_style(), "", &mut spans),
            }
        }
        spans
    }

    /// Pieces in a style; `before` stands in front of every further line.
    fn pieces(
        &self,
        inlines: &[Inline<'_>],
        style: Style,
        before: &'static str,
        spans: &mut Vec<Span<'static>>,
    ) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => spans.push(Span::styled((*text).to_owned(), style)),
                Inline::Break => spans.push(Span::styled(format!("\n{before}"), style)),
                Inline::Control(_) => {
                    spans.push(Span::styled(char::REPLACEMENT_CHARACTER.to_string(), style));
                }
                Inline::Bold(inner) => {
                    self.pieces(inner, style.add_modifier(Modifier::BOLD), before, spans);
                }
                Inline::Italic(inner) => {
                    self.pieces(inner, style.add_modifier(Modifier::ITALIC), before, spans);
                }
                Inline::Code(inner) => {
                    self.pieces(inner, style.patch(code_style()), before, spans);
                }
                Inline::Link(link) => {
                    let style = style.add_modifier(Modifier::UNDERLINED);
                    spans.push(Span::styled((*link).to_owned(), style));
                }
                // Whom it means, whatever the sender has written there.
                Inline::Mention { account, .. } => {
                    let style = match self.is_me(*account) {
                        true => Style::new().fg(Color::Black).bg(Color::Yellow),
                        false => style.fg(Color::Yellow),
                    };
                    let name = format!("@{}", self.name(*account));
                    spans.push(Span::styled(name, style.add_modifier(Modifier::BOLD)));
                }
            }
        }
    }
}

fn code_style() -> Style {
    Style::new().fg(Color::Magenta)
}
