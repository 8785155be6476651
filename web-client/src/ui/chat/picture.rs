//! The sign of a conversation: of the other side, or of the group.

use std::cell::RefCell;
use std::collections::HashMap;

use leptos::prelude::*;
use sotto_engine::api::{Conversation, GroupKind};
use sotto_shared::GroupId;
use web_sys::Url;

use super::super::avatar::avatar;
use super::super::files;
use super::super::icons::{Icon, icon};
use super::super::state::chats;
use super::super::store::Store;

thread_local! {
    /// Addresses of the pictures that are shown, with the bytes that they were made of.
    static SHOWN: RefCell<HashMap<GroupId, (Vec<u8>, String)>> = RefCell::default();
}

/// Draws it, tracked.
pub(crate) fn chat_avatar(store: Store, chat: &Conversation) -> AnyView {
    let own = store.own_account();
    let name = store.contacts.with(|it| chats::title(chat, it, own));
    match (chat.kind, chat.peer) {
        (GroupKind::Direct, Some(peer)) => avatar(peer.as_bytes(), &name).into_any(),
        (GroupKind::Lobby, _) => view! {
            <span class="avatar lobby" aria-hidden="true">
                {icon(Icon::Group)}
            </span>
        }
        .into_any(),
        _ => match chat.picture.as_deref().and_then(|it| address(chat.id, it)) {
            Some(address) => view! { <img class="avatar" src=address alt="" /> }.into_any(),
            None => avatar(chat.id.as_bytes(), &name).into_any(),
        },
    }
}

fn address(id: GroupId, picture: &[u8]) -> Option<String> {
    SHOWN.with_borrow_mut(|shown| {
        if let Some((bytes, address)) = shown.get(&id) {
            if bytes == picture {
                return Some(address.clone());
            }
            let _ = Url::revoke_object_url(address);
        }
        let blob = files::blob(picture)?;
        let address = Url::create_object_url_with_blob(&blob).ok()?;
        shown.insert(id, (picture.to_vec(), address.clone()));
        Some(address)
    })
}
