//! What a page may have missed when the leader changed.

use std::collections::BTreeSet;

use sotto_engine::api::{
    AccountCommand, Command, ConversationCommand, ConversationEvent, Event, From, HISTORY_PAGE_MAX,
    TIMELINE_PAGE_MAX,
};
use sotto_shared::{ClientId, GroupId};

/// The conversations that one page shows, to be looked at again when the leader changed: one that
/// died may have stored a message and told nobody. And the lists that a page asked the gateway
/// for: a leader that died may have asked and told nobody, and the next one has to go on telling.
#[derive(Debug, Default)]
pub(super) struct Refresh {
    shown: BTreeSet<ClientId>,
    asked: BTreeSet<ClientId>,
    chats_shown: BTreeSet<GroupId>,
    chats_asked: BTreeSet<GroupId>,
    devices: bool,
    invitations: bool,
}

impl Refresh {
    /// Notes what the page asks for.
    pub(super) fn note(&mut self, command: &Command) {
        match command {
            Command::LoadHistory { with, .. } => {
                self.shown.insert(*with);
            }
            Command::Conversation(ConversationCommand::Load { conversation, .. }) => {
                self.chats_shown.insert(*conversation);
            }
            Command::Account(AccountCommand::ListDevices) => self.devices = true,
            Command::Account(AccountCommand::ListInvitations) => self.invitations = true,
            _ => {}
        }
    }

    /// What to ask the new leader in the page's name.
    pub(super) fn ask(&mut self) -> Vec<Command> {
        self.asked.clone_from(&self.shown);
        self.chats_asked.clone_from(&self.chats_shown);
        let newest = |with: &ClientId| Command::LoadHistory {
            with: *with,
            before: None,
            limit: HISTORY_PAGE_MAX,
        };
        let newest_of_chat = |conversation: &GroupId| {
            Command::Conversation(ConversationCommand::Load {
                conversation: *conversation,
                from: From::Newest,
                limit: TIMELINE_PAGE_MAX,
            })
        };
        let devices = self.devices.then_some(AccountCommand::ListDevices);
        let invitations = self.invitations.then_some(AccountCommand::ListInvitations);
        let lists = devices.into_iter().chain(invitations);
        self.shown
            .iter()
            .map(newest)
            .chain(self.chats_shown.iter().map(newest_of_chat))
            .chain(lists.map(Command::Account))
            .collect()
    }

    /// Makes of an answer to [`Refresh::ask`] what the page can take unasked: messages that are
    /// new or changed. If the page asked for the same at the same time, it does not matter which
    /// of the two answers becomes which.
    pub(super) fn translate(&mut self, event: Event) -> Event {
        match event {
            Event::History {
                with,
                before: None,
                messages,
                ..
            } if self.asked.remove(&with) => Event::Messages { with, messages },
            Event::Conversation(ConversationEvent::Page {
                conversation,
                from: From::Newest,
                items,
                ..
            }) if self.chats_asked.remove(&conversation) => {
                Event::Conversation(ConversationEvent::Items {
                    conversation,
                    items,
                })
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(with: ClientId) -> Event {
        Event::History {
            with,
            before: None,
            messages: Vec::new(),
            more: false,
        }
    }

    #[test]
    fn lists_that_were_asked_for_are_asked_for_again() {
        let mut refresh = Refresh::default();
        refresh.note(&Command::Account(AccountCommand::Active));
        assert!(refresh.ask().is_empty());
        refresh.note(&Command::Account(AccountCommand::ListDevices));
        assert!(matches!(
            refresh.ask().as_slice(),
            [Command::Account(AccountCommand::ListDevices)]
        ));
    }

    #[test]
    fn shown_conversations_are_asked_for_once_and_come_as_changes() {
        let (one, other) = (ClientId::from_bytes([1; 16]), ClientId::from_bytes([2; 16]));
        let mut refresh = Refresh::default();
        assert!(refresh.ask().is_empty());
        refresh.note(&Command::LoadHistory {
            with: one,
            before: None,
            limit: 10,
        });
        refresh.note(&Command::Attach);
        assert_eq!(
            refresh.translate(history(one)),
            history(one),
            "the page's own answer"
        );
        assert_eq!(refresh.ask().len(), 1);
        assert_eq!(refresh.translate(history(other)), history(other));
        let changes = Event::Messages {
            with: one,
            messages: Vec::new(),
        };
        assert_eq!(refresh.translate(history(one)), changes);
        assert_eq!(refresh.translate(history(one)), history(one));
    }
}
