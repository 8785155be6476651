//! Tells of new messages outside the page: in its title, and on the desktop if the user wants it.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Notification, NotificationOptions, NotificationPermission};

use super::dom;
use super::navigation::{self, Open};
use super::state::chats::Chats;
use super::state::people::People;
use super::store::Store;

const WANTED_KEY: &str = "sotto.notifications";

/// Keeps the number of unread messages in the page's title.
pub(crate) fn badge_title(store: Store) {
    let unread = Memo::new(move |_| {
        let classic = store.people.with(People::unread_total);
        classic.saturating_add(store.chats.list.with(Chats::unread_total))
    });
    Effect::new(move |_| {
        document().set_title(&match unread.get() {
            0 => "Sotto".to_owned(),
            count => format!("({count}) Sotto"),
        });
    });
}

/// Whether desktop notifications are wanted and allowed.
pub(crate) fn is_on() -> bool {
    dom::flag(WANTED_KEY)
        && supported()
        && Notification::permission() == NotificationPermission::Granted
}

/// Whether the browser has them, and has not been told never to show them.
pub(crate) fn possible() -> bool {
    supported() && Notification::permission() != NotificationPermission::Denied
}

/// Turns them off.
pub(crate) fn turn_off() {
    dom::set_flag(WANTED_KEY, false);
}

/// Turns them on, after asking the browser; `then` hears whether they are.
pub(crate) fn turn_on(then: impl Fn(bool) + 'static) {
    dom::set_flag(WANTED_KEY, true);
    let answered = Closure::<dyn Fn()>::new(move || then(is_on()));
    let _ = Notification::request_permission_with_permission_callback(
        answered.into_js_value().unchecked_ref(),
    );
}

/// Shows a desktop notification, unless the user looks at the page anyway.
pub(crate) fn show(store: Store, place: Open, name: &str, text: &str) {
    if store.focused.get_untracked() || !is_on() {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(text);
    options.set_tag(&place.to_address());
    let Ok(notification) = Notification::new_with_options(name, &options) else {
        return;
    };
    let clicked = notification.clone();
    let on_click = Closure::<dyn Fn()>::new(move || {
        let _ = window().focus();
        navigation::go(store, place);
        clicked.close();
    });
    notification.set_onclick(Some(on_click.into_js_value().unchecked_ref()));
}

fn supported() -> bool {
    js_sys::Reflect::has(&window(), &"Notification".into()).unwrap_or(false)
}
