//! What lies over the timeline, drawn: help, search, the lock.

use ratatui::Frame;
use ratatui::layout::{Alignment, Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Clear, Paragraph};
use sotto_engine::slash;

use super::lines::{dim, warning};
use super::state::{Chat, Overlay, State};
use crate::sanitize;

/// Keys, and what they do.
const HELP: &[(&str, &str)] = &[
    ("Ctrl-N, Ctrl-P", "next, previous conversation"),
    ("Enter, Alt-Enter", "send; a new line"),
    (
        "Tab, Shift-Tab",
        "complete a command, a name, a mention (@name)",
    ),
    ("↑, ↓", "what you wrote before"),
    ("PgUp, PgDn, Ctrl-End", "older, newer, newest messages"),
    (
        "Alt-↑, Alt-↓",
        "select a message: reply, edit, take back, react",
    ),
    ("Ctrl-F", "search everything"),
    ("Ctrl-G", "who is in it"),
    ("Alt-T, Alt-M, Alt-A", "pin to the top, mute, archive"),
    ("Ctrl-C", "exit"),
    ("", "~ and “weak”: the classic protocol. Times are in UTC."),
];

impl State {
    pub(super) fn draw_help(&self, frame: &mut Frame<'_>, area: Rect) {
        let mut rows: Vec<Line<'_>> = Vec::new();
        for command in slash::Command::ALL {
            rows.push(Line::from(vec![
                Span::styled(format!("{:<22}", command.usage()), key_style()),
                Span::raw(command.summary()),
            ]));
        }
        rows.push(Line::default());
        for (keys, what) in HELP {
            rows.push(Line::from(vec![
                Span::styled(format!("{keys:<22}"), key_style()),
                Span::raw(*what),
            ]));
        }
        frame.render_widget(Clear, area);
        frame.render_widget(Text::from(rows), area);
    }

    pub(super) fn draw_search(&self, frame: &mut Frame<'_>, area: Rect) {
        let Overlay::Search(search) = &self.overlay else {
            return;
        };
        frame.render_widget(Clear, area);
        let words = format!("search: {}", search.words.text());
        let mut rows = vec![Line::raw(words)];
        let height = usize::from(area.height.saturating_sub(1));
        let skip = (search.chosen + 1).saturating_sub(height);
        for (at, hit) in search.hits.iter().enumerate().skip(skip).take(height) {
            let title = self.title(Chat::Group(hit.conversation));
            let head = format!(
                "{} {title} · {}: ",
                crate::output::minutes(hit.at),
                self.name(hit.author)
            );
            let mut spans = vec![Span::styled(head, dim())];
            spans.extend(excerpt(&hit.excerpt, &hit.marks));
            let style = match at == search.chosen {
                true => Style::new().add_modifier(Modifier::REVERSED),
                false => Style::new(),
            };
            rows.push(Line::from(spans).patch_style(style));
        }
        if search.hits.is_empty() {
            let text = if search.is_done {
                "Nothing was found."
            } else {
                "Enter looks for these words."
            };
            rows.push(Line::styled(text, dim()));
        }
        frame.render_widget(Text::from(rows), area);
        let before = format!("search: {}", search.words.before_cursor());
        let column = Span::raw(before).width();
        if let Ok(x) = u16::try_from(column) {
            let last = area.right().saturating_sub(1);
            frame.set_cursor_position(Position::new((area.x + x).min(last), area.y));
        }
    }

    pub(super) fn draw_lock(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let dots = "•".repeat(self.password.chars().count());
        let notice = self.notice.as_ref().map_or("", |(text, _)| text.as_str());
        let rows = vec![
            Line::raw("The profile is locked. Its password opens it."),
            Line::default(),
            Line::raw(format!("> {dots}")),
            Line::default(),
            Line::styled(notice.to_owned(), warning()),
        ];
        frame.render_widget(Clear, area);
        let text = Paragraph::new(rows).alignment(Alignment::Center);
        frame.render_widget(text, area);
    }
}

/// A stretch of text with the found words marked.
fn excerpt(text: &str, marks: &[(u32, u32)]) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut done = 0;
    for (start, length) in marks {
        let start = usize::try_from(*start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(*length).unwrap_or(usize::MAX));
        if let (Some(before), Some(word)) = (text.get(done..start), text.get(start..end)) {
            spans.push(Span::raw(sanitize::line(before)));
            let style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
            spans.push(Span::styled(sanitize::line(word), style));
            done = end;
        }
    }
    let rest = text.get(done..).unwrap_or_default();
    spans.push(Span::raw(sanitize::line(rest)));
    spans
}

fn key_style() -> Style {
    Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD)
}
