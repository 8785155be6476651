//! Which conversation is open, kept in the address so that reloading and the back button work.

use leptos::prelude::*;
use sotto_shared::ClientId;
use wasm_bindgen::JsValue;

use super::store::Store;

/// Follows the address.
pub(crate) fn follow_address(store: Store) {
    store.open.set(addressed());
    let handle = window_event_listener(leptos::ev::popstate, move |_| store.open.set(addressed()));
    on_cleanup(move || handle.remove());
}

/// Opens a conversation.
pub(crate) fn open(store: Store, with: ClientId) {
    let before = store.open.get_untracked();
    if before == Some(with) {
        return;
    }
    if let Ok(history) = window().history() {
        let address = format!("#{with}");
        // One step back leads to the list, however many conversations were looked at.
        let _ = if before.is_some() {
            history.replace_state_with_url(&state_of(&history), "", Some(&address))
        } else {
            history.push_state_with_url(&JsValue::TRUE, "", Some(&address))
        };
    }
    store.open.set(Some(with));
}

/// Goes back to the list.
pub(crate) fn close(store: Store) {
    if let Ok(history) = window().history() {
        if state_of(&history).is_truthy() {
            // Takes the step back; the address is followed.
            let _ = history.back();
            return;
        }
        let path = window().location().pathname().unwrap_or_default();
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    store.open.set(None);
}

fn state_of(history: &web_sys::History) -> JsValue {
    history.state().unwrap_or(JsValue::NULL)
}

fn addressed() -> Option<ClientId> {
    let hash = window().location().hash().ok()?;
    hash.strip_prefix('#')?.parse().ok()
}
