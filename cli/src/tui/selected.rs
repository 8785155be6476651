//! A selected line, and what plain keys do with it.

use ratatui::crossterm::event::{KeyCode, KeyEvent};
use sotto_engine::api::{Command, ConversationCommand, Item, ItemBody, ItemState, Place};

use super::heard::order;
use super::state::{Chat, Effect, Overlay, Purpose, State};
use super::timeline::{Anchor, Entry};

/// What the keys 1 to 6 put on a selected message.
pub(super) const REACTIONS: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

impl State {
    /// What plain keys do with a selected line.
    pub(super) fn key_on_line(&mut self, place: Place, key: KeyEvent, effects: &mut Vec<Effect>) {
        let KeyCode::Char(c) = key.code else {
            match key.code {
                KeyCode::Up => self.select(true),
                KeyCode::Down => self.select(false),
                KeyCode::Esc | KeyCode::Enter => self.overlay = Overlay::None,
                _ => {}
            }
            return;
        };
        let Some(Chat::Group(conversation)) = self.open else {
            self.overlay = Overlay::None;
            return;
        };
        let Some(item) = self.item(place).cloned() else {
            return;
        };
        let text = match &item.body {
            ItemBody::Text { text, .. } => Some(text.clone()),
            _ => None,
        };
        let done = match (c, place, text) {
            ('x', _, _) => ConversationCommand::DeleteForMe {
                conversation,
                place,
            },
            ('t', Place::Pending(_), _) if matches!(item.state, ItemState::Failed(_)) => {
                ConversationCommand::Retry {
                    conversation,
                    place,
                }
            }
            ('r', Place::At(seq), Some(_)) => {
                self.purpose = Purpose::Reply(seq);
                self.overlay = Overlay::None;
                return;
            }
            ('e', Place::At(seq), Some(text)) if item.mine => {
                self.purpose = Purpose::Edit(seq);
                self.composer.set(text);
                self.overlay = Overlay::None;
                return;
            }
            ('d', Place::At(seq), Some(_)) => {
                let command = ConversationCommand::DeleteForEveryone { conversation, seq };
                let question = "Take this message back for everyone?".to_owned();
                let command = Box::new(Command::Conversation(command));
                self.overlay = Overlay::Confirm(question, command);
                return;
            }
            ('1'..='6', Place::At(seq), Some(_)) => {
                let at = usize::try_from(u32::from(c) - u32::from('1')).unwrap_or_default();
                let emoji = REACTIONS.get(at).copied().unwrap_or_default().to_owned();
                let is_on = self.has_reacted(&item, &emoji);
                ConversationCommand::React {
                    conversation,
                    seq,
                    emoji,
                    on: !is_on,
                }
            }
            _ => return,
        };
        self.overlay = Overlay::None;
        order(done, effects);
    }

    fn has_reacted(&self, item: &Item, emoji: &str) -> bool {
        let same = item.reactions.iter().find(|it| it.emoji == emoji);
        same.is_some_and(|it| it.by.iter().any(|who| self.is_me(*who)))
    }

    pub(super) fn key_on_question(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let overlay = std::mem::take(&mut self.overlay);
        if let Overlay::Confirm(_, command) = overlay
            && key.code == KeyCode::Char('y')
        {
            effects.push(Effect::Order(*command));
        }
    }

    /// Selects the line above or below the selected one.
    pub(super) fn select(&mut self, is_up: bool) {
        let Some(timeline) = self.timeline() else {
            return;
        };
        let places = timeline.entries.keys();
        let lowest = timeline.lowest().map(|(place, _)| place);
        let wanted = match (&self.overlay, is_up) {
            (Overlay::Select(at), true) => places.rev().find(|place| *place < at).copied(),
            (Overlay::Select(at), false) => places.into_iter().find(|place| *place > at).copied(),
            (_, true) => lowest,
            (_, false) => None,
        };
        match (wanted, is_up) {
            (Some(place), _) => {
                self.overlay = Overlay::Select(place);
                self.bring_into_view(place);
            }
            (None, false) => self.overlay = Overlay::None,
            (None, true) => {}
        }
    }

    fn bring_into_view(&mut self, place: Place) {
        let rows = self.view_rows();
        let Some(chat) = self.open else { return };
        let Some(mut timeline) = self.timelines.remove(&chat) else {
            return;
        };
        let heights = self.heights(chat, &timeline);
        let rows_of = |place| heights.get(&place).copied().unwrap_or(1);
        let lowest = timeline.lowest().map(|(place, _)| place);
        if lowest.is_some_and(|lowest| place > lowest) {
            timeline.anchor = Anchor::At(place, 0);
        } else {
            // Up by rows until the first row of the line is in view.
            let between = timeline.entries.range(place..).map(|(it, _)| rows_of(*it));
            let below = timeline.lowest().map_or(0, |(lowest, below)| {
                let under = timeline.entries.range(lowest..).skip(1);
                below + under.map(|(it, _)| rows_of(*it)).sum::<usize>()
            });
            let distance = between.sum::<usize>().saturating_sub(below);
            if distance > rows {
                timeline.up(distance - rows, rows, &rows_of);
            }
        }
        self.timelines.insert(chat, timeline);
    }

    pub(super) fn item(&self, place: Place) -> Option<&Item> {
        match self.timeline()?.entries.get(&place)? {
            Entry::Item(item) => Some(item),
            Entry::Classic(_) => None,
        }
    }
}
