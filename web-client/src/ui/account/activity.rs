//! Keeps the auto-lock away while somebody is there.

use std::time::Duration;

use leptos::prelude::*;
use sotto_engine::api::AccountCommand;
use sotto_engine::time::Timestamp;

use super::super::store::Store;
use super::super::time;

/// How often the engine is told, at most.
const EVERY: Duration = Duration::from_secs(20);

/// Tells the engine that somebody is there, as long as the store locks by itself.
pub(crate) fn keep_awake(store: Store) {
    let told = StoredValue::new(Timestamp(0));
    let active = move || {
        let now = time::now();
        let locks = store.status.with_untracked(|status| {
            let account = status.account.as_ref();
            account.is_some_and(|account| account.auto_lock.is_some())
        });
        if locks && now - told.get_value() >= EVERY {
            told.set_value(now);
            store.ask(AccountCommand::Active);
        }
    };
    let pointer = window_event_listener(leptos::ev::pointerdown, move |_| active());
    let keyboard = window_event_listener(leptos::ev::keydown, move |_| active());
    on_cleanup(move || {
        pointer.remove();
        keyboard.remove();
    });
}
