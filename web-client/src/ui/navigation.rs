//! What is open on the right side, kept in the address so that reloading and the back button work.

use leptos::prelude::*;
use sotto_shared::{AccountId, ClientId, GroupId};
use wasm_bindgen::JsValue;

use super::entry::EntryPage;
use super::store::Store;

const CHAT: &str = "chat-";
const CONTACT: &str = "contact-";

/// What is open on the right side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Open {
    /// A conversation.
    Chat(GroupId),
    /// The conversation with this classic mailbox.
    Person(ClientId),
    /// The page of this contact.
    Contact(AccountId),
}

impl Open {
    /// As it stands in the address.
    pub(crate) fn to_address(self) -> String {
        match self {
            Self::Chat(group) => format!("#{CHAT}{group}"),
            Self::Person(client) => format!("#{client}"),
            Self::Contact(account) => format!("#{CONTACT}{account}"),
        }
    }

    fn from_address(hash: &str) -> Option<Self> {
        let place = hash.strip_prefix('#')?;
        if let Some(group) = place.strip_prefix(CHAT) {
            return group.parse().ok().map(Self::Chat);
        }
        match place.strip_prefix(CONTACT) {
            Some(account) => account.parse().ok().map(Self::Contact),
            None => place.parse().ok().map(Self::Person),
        }
    }
}

/// Follows the address.
pub(crate) fn follow_address(store: Store) {
    let follow = move || {
        // An invitation is for its reader alone: it does not stay in the address or the history.
        if let Some(code) = take_from_address("invite") {
            store.invitation.set(code);
            store.entry.set(EntryPage::SignUp);
        }
        store.open.set(addressed());
    };
    follow();
    let handle = window_event_listener(leptos::ev::popstate, move |_| follow());
    on_cleanup(move || handle.remove());
}

/// Opens a conversation.
pub(crate) fn open_chat(store: Store, chat: GroupId) {
    go(store, Open::Chat(chat));
}

/// Opens a classic conversation.
pub(crate) fn open(store: Store, with: ClientId) {
    go(store, Open::Person(with));
}

/// Opens a contact's page.
pub(crate) fn open_contact(store: Store, account: AccountId) {
    go(store, Open::Contact(account));
}

/// Opens whatever it is.
pub(crate) fn go(store: Store, place: Open) {
    let before = store.open.get_untracked();
    if before == Some(place) {
        return;
    }
    if let Ok(history) = window().history() {
        let address = place.to_address();
        // One step back leads to the list, however many conversations were looked at.
        let _ = if before.is_some() {
            history.replace_state_with_url(&state_of(&history), "", Some(&address))
        } else {
            history.push_state_with_url(&JsValue::TRUE, "", Some(&address))
        };
    }
    store.open.set(Some(place));
}

/// Goes back to the list.
pub(crate) fn close(store: Store) {
    if let Ok(history) = window().history() {
        if state_of(&history).is_truthy() {
            // Takes the step back; the address is followed.
            let _ = history.back();
            return;
        }
        clear_address();
    }
    store.open.set(None);
}

/// Nothing is open any more: who was here is gone.
pub(crate) fn forget(store: Store) {
    if store.open.get_untracked().is_some() {
        clear_address();
        store.open.set(None);
    }
}

/// What stood in a link `…/#NAME=VALUE`, taken out of the address at once.
fn take_from_address(name: &str) -> Option<String> {
    let hash = window().location().hash().ok()?;
    let value = hash
        .strip_prefix('#')?
        .strip_prefix(name)?
        .strip_prefix('=')?;
    clear_address();
    (!value.is_empty()).then(|| value.to_owned())
}

fn clear_address() {
    if let Ok(history) = window().history() {
        let path = window().location().pathname().unwrap_or_default();
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
}

fn state_of(history: &web_sys::History) -> JsValue {
    history.state().unwrap_or(JsValue::NULL)
}

fn addressed() -> Option<Open> {
    Open::from_address(&window().location().hash().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_back_to_what_was_open() {
        let person = Open::Person(ClientId::from_bytes([1; 16]));
        let contact = Open::Contact(AccountId::from_bytes([2; 16]));
        let chat = Open::Chat(GroupId::from_bytes([3; 16]));
        for place in [person, contact, chat] {
            assert_eq!(Open::from_address(&place.to_address()), Some(place));
        }
        for hash in [
            "",
            "#",
            "#contact-",
            "#invite=AAAA",
            "#contact-12",
            "#chat-",
        ] {
            assert_eq!(Open::from_address(hash), None, "{hash}");
        }
    }
}
