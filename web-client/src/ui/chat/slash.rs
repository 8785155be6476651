//! What commands with a slash do.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, ConversationCommand, GroupKind};
use sotto_engine::slash::Slash;
use sotto_shared::{AccountId, GroupId};

use super::super::dialogs::Dialog;
use super::super::navigation;
use super::super::store::Store;
use super::view::{Here, open_about};

/// Does it, or says in a sentence why not.
pub(crate) fn run(store: Store, here: Here, command: Slash) -> Result<(), String> {
    let conversation = here.id;
    match command {
        Slash::Room { who } => match (person(store, &who), group(store, &who)) {
            (Some(who), _) => store.write_to(who),
            (None, Some(group)) => navigation::open_chat(store, group),
            (None, None) => return Err(nobody(&who)),
        },
        Slash::Leave => {
            let lobby = store.chats.list.with_untracked(|chats| chats.lobby());
            match lobby.filter(|lobby| lobby.id != here.id) {
                Some(lobby) => navigation::open_chat(store, lobby.id),
                None => navigation::close(store),
            }
        }
        Slash::Msg { who, text } => {
            let with = person(store, &who).ok_or_else(|| nobody(&who))?;
            store.tell_in_direct(with, text);
        }
        Slash::Users => open_about(store, here),
        Slash::History { .. } => {
            let before = here.timeline.with_untracked(|timeline| timeline.before());
            match before {
                Some(from) => store.load(conversation, from),
                None => return Err("Nothing was said before what is shown.".to_owned()),
            }
        }
        Slash::Clear => store.dialogs.open(Dialog::Clear(conversation)),
        Slash::Search { words } => store.search_for(words),
        Slash::Group { name } => store.dialogs.open(Dialog::NewGroup { name }),
        Slash::Add { who } => {
            let account = person(store, &who).ok_or_else(|| nobody(&who))?;
            store.say(ConversationCommand::Add {
                conversation,
                accounts: vec![account],
            });
        }
        Slash::Remove { who } => {
            let account = person(store, &who).ok_or_else(|| nobody(&who))?;
            store.say(ConversationCommand::Remove {
                conversation,
                account,
            });
        }
        Slash::Rename { name } => store.say(ConversationCommand::Rename { conversation, name }),
        Slash::Quit => store.dialogs.open(Dialog::LeaveChat(conversation)),
        Slash::Help { .. } => store.dialogs.open(Dialog::Commands),
        Slash::Exit => store.ask(AccountCommand::Lock),
    }
    Ok(())
}

fn nobody(who: &str) -> String {
    format!("Nobody called “{who}” is known here.")
}

/// Whose name this is: the account's, or what they want to be called if only one is called so.
fn person(store: Store, who: &str) -> Option<AccountId> {
    let who = who.to_lowercase();
    store.contacts.with_untracked(|contacts| {
        let by_name = contacts.iter().find(|it| it.name.as_str() == who);
        by_name.map(|it| it.account).or_else(|| {
            let mut called = contacts
                .iter()
                .filter(|it| it.display_name.as_str().to_lowercase() == who);
            let first = called.next()?;
            called.next().is_none().then_some(first.account)
        })
    })
}

fn group(store: Store, name: &str) -> Option<GroupId> {
    let name = name.to_lowercase();
    store.chats.list.with_untracked(|chats| {
        let mut all = chats.iter();
        all.find(|it| match it.kind {
            GroupKind::Group => it.name.to_lowercase() == name,
            GroupKind::Lobby => name == "lobby",
            GroupKind::Direct => false,
        })
        .map(|it| it.id)
    })
}
