//! Whose page an event is for.
//!
//! Answers go to the tab that asked. Most come at once; what the gateway has to be asked for comes
//! later, and goes to the tab that asked for that kind of thing last.

use core::mem::{Discriminant, discriminant};
use std::collections::HashMap;

use sotto_engine::api::{
    AccountCommand, AccountEvent, Command, ConversationCommand, ConversationEvent, Event, Failure,
};

use super::tabs::TabId;

/// Who asked for what is being done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    tab: TabId,
    attach: bool,
}

impl Asked {
    pub(super) fn new(tab: TabId, command: &Command) -> Self {
        Self {
            tab,
            attach: matches!(command, Command::Attach),
        }
    }
}

/// Which tab asked last for what is answered later.
#[derive(Debug, Default)]
pub(super) struct Askers {
    by_command: HashMap<Discriminant<AccountCommand>, TabId>,
    /// The one that wanted something of the account last: it hears what went wrong.
    last: Option<TabId>,
    /// The one that opened a conversation last: it is shown there.
    opened: Option<TabId>,
    /// The one that wanted something of a conversation last: it hears what went wrong.
    said: Option<TabId>,
}

impl Askers {
    /// Notes what a page asks for.
    pub(super) fn note(&mut self, tab: TabId, command: &Command) {
        if let Command::Account(command) = command {
            // Nobody waits for an answer to these.
            if !matches!(
                command,
                AccountCommand::Active
                    | AccountCommand::ListDevices
                    | AccountCommand::ListInvitations
            ) {
                self.last = Some(tab);
            }
            self.by_command.insert(discriminant(command), tab);
        }
        if let Command::Conversation(command) = command {
            match command {
                ConversationCommand::OpenDirect { .. }
                | ConversationCommand::CreateGroup { .. }
                | ConversationCommand::JoinLobby => {
                    self.opened = Some(tab);
                    self.said = Some(tab);
                }
                // These come by themselves.
                ConversationCommand::Load { .. }
                | ConversationCommand::Typing { .. }
                | ConversationCommand::MarkRead { .. } => {}
                _ => self.said = Some(tab),
            }
        }
    }

    /// The tab that an event is for; nothing if it is for all.
    pub(super) fn audience(&self, asked: Option<Asked>, event: &Event) -> Option<TabId> {
        let asker = asked.map(|asked| asked.tab);
        match event {
            Event::History { .. } | Event::FileContent { .. } | Event::Exported { .. } => asker,
            Event::Failed(Failure::Account(_)) => asker.or(self.last),
            Event::Failed(Failure::Conversation(_)) => asker.or(self.said),
            Event::Failed(_) => asker,
            Event::Account(event) => self.of_account(asked, event),
            Event::Conversation(event) => self.of_conversation(asked, event),
            Event::Status(_) | Event::People(_) => asked.filter(|a| a.attach).map(|a| a.tab),
            Event::Person(_)
            | Event::Messages { .. }
            | Event::Removed { .. }
            | Event::Notify { .. } => None,
        }
    }

    fn of_conversation(&self, asked: Option<Asked>, event: &ConversationEvent) -> Option<TabId> {
        let asker = asked.map(|asked| asked.tab);
        match event {
            ConversationEvent::List(_) => asked.filter(|a| a.attach).map(|a| a.tab),
            ConversationEvent::Opened(_) => asker.or(self.opened),
            ConversationEvent::Page { .. } | ConversationEvent::Found { .. } => asker,
            ConversationEvent::Changed(_)
            | ConversationEvent::Gone(_)
            | ConversationEvent::Items { .. }
            | ConversationEvent::Placed { .. }
            | ConversationEvent::Removed { .. }
            | ConversationEvent::Typing { .. }
            | ConversationEvent::Notify { .. }
            | ConversationEvent::Figures(_) => None,
        }
    }

    fn of_account(&self, asked: Option<Asked>, event: &AccountEvent) -> Option<TabId> {
        let asker = asked.map(|asked| asked.tab);
        // Which command is meant depends on its kind alone.
        let last_of = |command: AccountCommand| {
            asker.or_else(|| self.by_command.get(&discriminant(&command)).copied())
        };
        match event {
            AccountEvent::Contacts(_) | AccountEvent::RecoveryCode(_) => {
                asked.filter(|a| a.attach).map(|a| a.tab)
            }
            AccountEvent::Found { name, .. } => {
                last_of(AccountCommand::Find { name: name.clone() })
            }
            AccountEvent::SafetyNumber { account, .. } => {
                last_of(AccountCommand::SafetyNumber { account: *account })
            }
            AccountEvent::Scanned { account, .. } => last_of(AccountCommand::Scan {
                account: *account,
                code: String::new(),
            }),
            AccountEvent::Invited { .. } => last_of(AccountCommand::Invite),
            AccountEvent::Done(_) => asker.or(self.last),
            // Whoever has them on the page wants to see them change.
            AccountEvent::Devices(_)
            | AccountEvent::Invitations(_)
            | AccountEvent::Contact(_)
            | AccountEvent::ContactGone(_)
            | AccountEvent::Notice(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_engine::api::{AccountFailure, Deed, Passphrase};

    const ONE: TabId = TabId(1);
    const OTHER: TabId = TabId(2);

    fn account(command: AccountCommand) -> Command {
        Command::Account(command)
    }

    fn invited() -> Event {
        Event::Account(AccountEvent::Invited {
            code: Passphrase("code".to_owned()),
            id: [1; 16],
            expires_at: 1,
        })
    }

    #[test]
    fn an_invitation_is_told_to_no_other_tab_than_the_one_that_made_it() {
        let mut askers = Askers::default();
        askers.note(ONE, &account(AccountCommand::Invite));
        askers.note(OTHER, &account(AccountCommand::RevokeOtherDevices));
        assert_eq!(askers.audience(None, &invited()), Some(ONE));
    }

    #[test]
    fn a_late_failure_goes_to_the_form_that_waits() {
        let mut askers = Askers::default();
        let failed = Event::Failed(Failure::Account(AccountFailure::LoginFailed));
        let delete = AccountCommand::Delete {
            password: Passphrase("wrong".to_owned()),
        };
        askers.note(ONE, &account(delete));
        askers.note(OTHER, &account(AccountCommand::Active));
        assert_eq!(askers.audience(None, &failed), Some(ONE));
        let done = Event::Account(AccountEvent::Done(Deed::PasswordChanged));
        assert_eq!(askers.audience(None, &done), Some(ONE));
    }

    #[test]
    fn a_conversation_that_was_opened_is_shown_in_the_tab_that_wanted_it() {
        let mut askers = Askers::default();
        let conversation = sotto_shared::GroupId::from_bytes([1; 16]);
        askers.note(ONE, &Command::Conversation(ConversationCommand::JoinLobby));
        let typing = ConversationCommand::Typing {
            conversation,
            typing: true,
        };
        askers.note(OTHER, &Command::Conversation(typing));
        let told = |event| askers.audience(None, &Event::Conversation(event));
        assert_eq!(told(ConversationEvent::Opened(conversation)), Some(ONE));
        assert_eq!(told(ConversationEvent::Gone(conversation)), None);
        let failed = Event::Failed(Failure::Conversation(
            sotto_engine::api::ConversationFailure::NotAdmin,
        ));
        assert_eq!(askers.audience(None, &failed), Some(ONE));
    }

    #[test]
    fn what_everybody_shows_goes_to_all() {
        let mut askers = Askers::default();
        askers.note(ONE, &account(AccountCommand::ListDevices));
        let asked = Asked::new(ONE, &account(AccountCommand::ListDevices));
        let devices = Event::Account(AccountEvent::Devices(Vec::new()));
        assert_eq!(askers.audience(Some(asked), &devices), None);
        let code = Event::Account(AccountEvent::RecoveryCode(Passphrase(String::new())));
        assert_eq!(askers.audience(None, &code), None);
    }

    #[test]
    fn what_attaching_brings_goes_to_the_new_tab() {
        let askers = Askers::default();
        let asked = Asked::new(ONE, &Command::Attach);
        for event in [
            Event::People(Vec::new()),
            Event::Account(AccountEvent::Contacts(Vec::new())),
            Event::Account(AccountEvent::RecoveryCode(Passphrase(String::new()))),
        ] {
            assert_eq!(askers.audience(Some(asked), &event), Some(ONE));
        }
    }
}
