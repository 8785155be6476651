//! Lines of conversations as rows of the screen.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use sotto_engine::api::{Body, Item, ItemBody, ItemState, Message, Place, Seq, State as Sent};
use sotto_shared::AccountId;

use super::state::{Chat, Overlay, State};
use super::timeline::{Entry, Timeline};
use super::wrap::wrap;
use crate::output::{cause_text, clock, day, happening_text, not_sent_text};
use crate::sanitize;

/// Columns of the time in front of a line.
const TIME: usize = 6;

/// Most columns of a name in front of a line.
const NAME_MAX: usize = 16;

impl State {
    /// How many rows each line takes.
    pub(super) fn heights(&self, chat: Chat, timeline: &Timeline) -> BTreeMap<Place, usize> {
        let mut before = None;
        let entries = timeline.entries.iter();
        entries
            .map(|(place, entry)| {
                let rows = self.rows(chat, *place, entry, before).len();
                before = Some(entry);
                (*place, rows)
            })
            .collect()
    }

    pub(super) fn rows_of(&self, place: Place) -> usize {
        let (Some(chat), Some(timeline)) = (self.open, self.timeline()) else {
            return 0;
        };
        let before = timeline.entries.range(..place).next_back();
        timeline.entries.get(&place).map_or(0, |entry| {
            self.rows(chat, place, entry, before.map(|it| it.1)).len()
        })
    }

    /// A line's rows, with the day in front of the first one of it.
    pub(super) fn rows(
        &self,
        chat: Chat,
        place: Place,
        entry: &Entry,
        before: Option<&Entry>,
    ) -> Vec<Line<'static>> {
        if self.cleared.get(&chat).is_some_and(|last| place <= *last) {
            return Vec::new();
        }
        let width = usize::from(self.areas().timeline.width);
        let mut rows = Vec::new();
        let today = day(entry.at());
        if before.is_none_or(|before| day(before.at()) != today) {
            rows.push(Line::styled(format!("── {today} ──"), dim()).centered());
        }
        let said = match entry {
            Entry::Item(item) => self.item_rows(item, width),
            Entry::Classic(message) => self.message_rows(chat, message, width),
        };
        let is_selected = matches!(self.overlay, Overlay::Select(it) if it == place);
        rows.extend(said.into_iter().map(|row| match is_selected {
            true => row.patch_style(Style::new().add_modifier(Modifier::REVERSED)),
            false => row,
        }));
        rows
    }

    fn item_rows(&self, item: &Item, width: usize) -> Vec<Line<'static>> {
        let author = self.name(item.author);
        let name = |account: AccountId| self.name(account);
        let (text, is_said) = match &item.body {
            ItemBody::Text { text, mentions } => (self.formatted(text, mentions), true),
            ItemBody::Deleted { by } => {
                let by = match *by == item.author {
                    true => "taken back".to_owned(),
                    false => format!("taken back by {}", self.name(*by)),
                };
                (vec![Span::styled(by, dim())], true)
            }
            ItemBody::Happened(what) => {
                let text = happening_text(what, &author, &name);
                (vec![Span::styled(format!("· {text}"), dim())], false)
            }
            ItemBody::Undecryptable { cause } => {
                let text = format!("cannot be read: {}", cause_text(*cause));
                (vec![Span::styled(text, warning())], true)
            }
        };
        let mut rows = Vec::new();
        let who = match is_said {
            true => author.as_str(),
            false => "",
        };
        let head = self.head(clock(item.at), who, item.mine);
        let indent = head.iter().map(Span::width).sum();
        if let Some(quote) = &item.reply {
            let whose = quote
                .author
                .map_or(String::new(), |it| self.name(it) + ": ");
            let excerpt = sanitize::line(&quote.excerpt);
            let text = vec![Span::styled(format!("┃ {whose}{excerpt}"), dim())];
            rows.extend(wrap(text, width.saturating_sub(indent)).into_iter().take(1));
        }
        let mut text = text;
        if item.edited {
            text.push(Span::styled(" (edited)", dim()));
        }
        if let Some(mark) = self.mark(item) {
            text.push(mark);
        }
        rows.extend(wrap(text, width.saturating_sub(indent)));
        if !item.reactions.is_empty() {
            let all: Vec<String> = item
                .reactions
                .iter()
                .map(|it| format!("{} {}", sanitize::line(&it.emoji), it.by.len()))
                .collect();
            rows.push(Line::styled(all.join("  "), Style::new().fg(Color::Yellow)));
        }
        behind(head, indent, rows)
    }

    fn message_rows(&self, chat: Chat, message: &Message, width: usize) -> Vec<Line<'static>> {
        let (own, title) = (self.own_name(), self.title(chat));
        let who = if message.mine { &own } else { &title };
        let head = self.head(clock(message.at), who, message.mine);
        let indent = head.iter().map(Span::width).sum();
        let (text, style) = match &message.body {
            Body::Text(text) => (sanitize::text(text), Style::new()),
            Body::File { name, size, .. } => {
                let name = name.as_deref().map(sanitize::line).unwrap_or_default();
                let how = if message.mine {
                    ""
                } else {
                    ": `sotto receive` saves it"
                };
                (format!("file {name} ({size} bytes){how}"), dim())
            }
            Body::KeyRequest => ("asks for a symmetric key".to_owned(), dim()),
            Body::Key => ("symmetric key sent".to_owned(), dim()),
            Body::Undecryptable { .. } => ("cannot be decrypted".to_owned(), warning()),
            Body::Unknown { kind } => (format!("a message of the unknown kind {kind}"), dim()),
        };
        let mut text = vec![Span::styled(text, style)];
        match message.state {
            Sent::Received | Sent::Stored => {}
            Sent::WaitingForKey | Sent::Queued | Sent::Sending => {
                text.push(Span::styled(" …", dim()));
            }
            Sent::Failed(_) => text.push(Span::styled(" ✗ not sent", warning())),
        }
        behind(head, indent, wrap(text, width.saturating_sub(indent)))
    }

    fn head(&self, time: String, who: &str, mine: bool) -> Vec<Span<'static>> {
        let colour = if mine { Color::Cyan } else { Color::Green };
        let mut name: String = sanitize::line(who).chars().take(NAME_MAX).collect();
        if !name.is_empty() {
            name.push(' ');
        }
        vec![
            Span::styled(format!("{time:<TIME$}"), dim()),
            Span::styled(name, Style::new().fg(colour).add_modifier(Modifier::BOLD)),
        ]
    }

    fn own_name(&self) -> String {
        use sotto_engine::api::Phase;
        match self.status.as_ref().map(|it| &it.phase) {
            Some(Phase::Ready { name, .. }) => sanitize::line(name.as_str()),
            _ => self
                .account()
                .map_or_else(|| "you".to_owned(), |it| it.name.to_string()),
        }
    }

    /// How far an own line came.
    fn mark(&self, item: &Item) -> Option<Span<'static>> {
        let mark = match item.state {
            ItemState::Received => return None,
            ItemState::Queued | ItemState::Sending => Span::styled(" …", dim()),
            ItemState::Failed(why) => {
                Span::styled(format!(" ✗ not sent: {}", not_sent_text(why)), warning())
            }
            ItemState::Stored => match item.place {
                Place::At(seq) if matches!(item.body, ItemBody::Text { .. }) => {
                    Span::styled(self.came_to(seq), dim())
                }
                _ => return None,
            },
        };
        Some(mark)
    }

    /// One tick for the gateway, two for all others' devices, and a word when all have seen it.
    fn came_to(&self, seq: Seq) -> &'static str {
        let Some(it) = self.conversation() else {
            return " ✓";
        };
        let others = || it.members.iter().filter(|it| !self.is_me(it.account));
        if others().next().is_none() {
            " ✓"
        } else if others().all(|it| it.read >= seq) {
            " ✓✓ seen"
        } else if others().all(|it| it.delivered >= seq) {
            " ✓✓"
        } else {
            " ✓"
        }
    }
}

/// Rows with a head in front of the first, set in below it.
fn behind(head: Vec<Span<'static>>, indent: usize, rows: Vec<Line<'static>>) -> Vec<Line<'static>> {
    let mut head = Some(head);
    let set_in = |row: Line<'static>| {
        let mut spans = head
            .take()
            .unwrap_or_else(|| vec![Span::raw(" ".repeat(indent))]);
        let style = row.style;
        spans.extend(row.spans);
        Line::from(spans).patch_style(style)
    };
    rows.into_iter().map(set_in).collect()
}

pub(super) fn dim() -> Style {
    Style::new().fg(Color::DarkGray)
}

pub(super) fn warning() -> Style {
    Style::new().fg(Color::Red)
}
