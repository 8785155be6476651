//! From conversation to conversation, and through one; how one is kept.

use sotto_engine::api::{ConversationCommand, ConversationState, From as Whence};

use super::heard::order;
use super::state::{Effect, PAGE, State};
use super::timeline::Anchor;

impl State {
    /// The next or previous conversation of the list.
    pub(super) fn step(&mut self, is_next: bool, effects: &mut Vec<Effect>) {
        let chats = self.chats();
        let at = chats.iter().position(|chat| Some(*chat) == self.open);
        let wanted = match (at, is_next) {
            (None, _) => chats.first(),
            (Some(at), true) => chats.get(at + 1),
            (Some(at), false) => at.checked_sub(1).and_then(|at| chats.get(at)),
        };
        if let Some(chat) = wanted.copied() {
            self.show(chat, effects);
        }
    }

    pub(super) fn scroll(&mut self, is_up: bool, effects: &mut Vec<Effect>) {
        let rows = self.view_rows();
        let step = rows.saturating_sub(2).max(1);
        self.scroll_rows(is_up, step, effects);
    }

    pub(super) fn scroll_rows(&mut self, is_up: bool, step: usize, effects: &mut Vec<Effect>) {
        let rows = self.view_rows();
        let Some(chat) = self.open else { return };
        let Some(mut timeline) = self.timelines.remove(&chat) else {
            return;
        };
        // The heights are those of the lines as they are now.
        let heights = self.heights(chat, &timeline);
        let rows_of = |place| heights.get(&place).copied().unwrap_or(1);
        match is_up {
            true => timeline.up(step, rows, &rows_of),
            false => timeline.down(step, &rows_of),
        }
        self.timelines.insert(chat, timeline);
        self.load_more(effects);
    }

    pub(super) fn show_newest(&mut self, effects: &mut Vec<Effect>) {
        let Some(chat) = self.open else { return };
        let Some(timeline) = self.timelines.get_mut(&chat) else {
            return;
        };
        if timeline.more_after {
            self.timelines.remove(&chat);
            self.load(chat, Whence::Newest, PAGE, effects);
        } else {
            timeline.anchor = Anchor::Newest;
        }
    }

    /// Changes how the open conversation is kept: pinned, muted, archived.
    pub(super) fn keep(
        &mut self,
        effects: &mut Vec<Effect>,
        change: impl Fn(&mut (bool, bool, bool)),
    ) {
        let Some(it) = self.conversation() else {
            return;
        };
        let conversation = it.id;
        let mut keep = (it.pinned, it.muted, it.archived);
        change(&mut keep);
        let (pinned, muted, archived) = keep;
        order(
            ConversationCommand::Keep {
                conversation,
                pinned,
                muted,
                archived,
            },
            effects,
        );
    }

    pub(super) fn rejoin(&mut self, effects: &mut Vec<Effect>) {
        if let Some(it) = self.conversation()
            && matches!(it.state, ConversationState::Broken(_))
        {
            let conversation = it.id;
            order(ConversationCommand::Rejoin { conversation }, effects);
        }
    }
}
