//! What can be done with a line: a menu at the pointer, at the bottom where fingers point.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{ConversationCommand, Item, ItemBody, ItemState, Place};
use web_sys::{FocusEvent, KeyboardEvent};

use super::super::conversation::step_menu;
use super::super::dialogs::Dialog;
use super::super::icons::{Icon, icon};
use super::super::state::chats::is_admin;
use super::super::store::Store;
use super::super::{dom, words};
use super::store::seq_of;
use super::timeline::row_name;
use super::view::{Here, Strip};

/// The reactions that are one click away.
pub(crate) const QUICK: [&str; 6] = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/// Those that are two.
const MORE: [&str; 24] = [
    "🎉", "🔥", "👏", "💯", "✅", "❌", "👀", "🤔", "😊", "😍", "😎", "🥳", "😅", "🙃", "😴", "😡",
    "😭", "🤯", "💪", "🤝", "👋", "☕", "🚀", "🌈",
];

/// Where a menu is open, and for which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Menu {
    /// The line, by the place it was first shown at.
    pub(crate) key: Place,
    /// Pixels from the left.
    pub(crate) x: i32,
    /// Pixels from the top.
    pub(crate) y: i32,
}

/// What can be done with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Possible {
    answer: bool,
    copy: bool,
    edit: bool,
    retry: bool,
    delete_for_everyone: bool,
}

fn possible(store: Store, here: Here, item: &Item) -> Possible {
    let is_text = matches!(item.body, ItemBody::Text { .. });
    let is_placed = seq_of(item.place).is_some();
    let may_remove = untrack(|| {
        let own = store.own_account();
        item.mine
            || here
                .chat
                .with(|chat| chat.as_ref().is_some_and(|chat| is_admin(chat, own)))
    });
    Possible {
        answer: is_text && is_placed,
        copy: is_text,
        edit: is_text && is_placed && item.mine,
        retry: matches!(item.state, ItemState::Failed(_)),
        delete_for_everyone: is_text && is_placed && may_remove,
    }
}

/// Does what a key or an entry of the menu stands for; whether there was something to do.
pub(crate) fn act(store: Store, here: Here, item: &Item, key: &str) -> bool {
    let can = possible(store, here, item);
    let seq = seq_of(item.place);
    match (key, seq) {
        ("r", Some(seq)) if can.answer => here.compose(Strip::Reply(seq)),
        ("e", Some(seq)) if can.edit => here.compose(Strip::Edit(seq)),
        ("c", _) if can.copy => {
            if let ItemBody::Text { text, .. } = &item.body {
                dom::copy(text, move || store.notices.tell("Copied.".to_owned()));
            }
        }
        ("t", _) if can.retry => store.say(ConversationCommand::Retry {
            conversation: here.id,
            place: item.place,
        }),
        ("Delete" | "d", _) => store.dialogs.open(Dialog::DeleteLine {
            chat: here.id,
            place: item.place,
            for_everyone: can.delete_for_everyone,
        }),
        _ => return false,
    }
    true
}

/// The menu, while it is open.
#[component]
pub(crate) fn MessageMenu() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    move || {
        let menu = here.menu.get()?;
        let item = here
            .timeline
            .with_untracked(|timeline| timeline.get(menu.key))?;
        dom::focus_soon(".message-menu [role=menuitem]");
        Some(open_menu(store, here, menu, item))
    }
}

fn open_menu(store: Store, here: Here, menu: Menu, item: Arc<Item>) -> impl IntoView {
    let can = possible(store, here, &item);
    let row = format!(".timeline [data-seq=\"{}\"]", row_name(item.place));
    let close = move || {
        here.menu.set(None);
        dom::focus_soon(row.clone());
    };
    let back = close.clone();
    let keys = move |event: KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.prevent_default();
            event.stop_propagation();
            back();
        }
        "Tab" => back(),
        "ArrowDown" | "ArrowRight" | "ArrowUp" | "ArrowLeft" => {
            event.prevent_default();
            step_menu(["ArrowDown", "ArrowRight"].contains(&event.key().as_str()));
        }
        _ => {}
    };
    let more = RwSignal::new(false);
    let left = move |event: FocusEvent| {
        // Where more is shown, what had the focus is gone.
        let shown = RwSignal::new(true);
        dom::left_box(&event, shown);
        if event.related_target().is_some() && !shown.get_untracked() {
            here.menu.set(None);
        }
    };
    let react = {
        let (item, close) = (Arc::clone(&item), close.clone());
        move |emoji: &'static str| {
            let own = untrack(|| store.own_account());
            let mut there = item.reactions.iter();
            let is_own = there.any(|it| it.emoji == emoji && it.by.contains(&own));
            let close = close.clone();
            let command = seq_of(item.place).map(|seq| ConversationCommand::React {
                conversation: here.id,
                seq,
                emoji: emoji.to_owned(),
                on: !is_own,
            });
            view! {
                <button
                    role="menuitem"
                    class="emoji"
                    class:own=is_own
                    tabindex="-1"
                    aria-label=format!("React with {emoji}")
                    on:click=move |_| {
                        close();
                        if let Some(command) = command.clone() {
                            store.say(command);
                        }
                    }
                >
                    {emoji}
                </button>
            }
            .into_any()
        }
    };
    let entry = {
        let item = Arc::clone(&item);
        move |sign: Icon, text: &'static str, key: &'static str| {
            let (item, close) = (Arc::clone(&item), close.clone());
            view! {
                <button
                    role="menuitem"
                    tabindex="-1"
                    on:click=move |_| {
                        close();
                        act(store, here, &item, key);
                    }
                >
                    {icon(sign)}
                    {text}
                </button>
            }
            .into_any()
        }
    };
    let emoji = can.answer.then(|| {
        let react_more = react.clone();
        view! {
            <div class="emoji-line" role="group" aria-label="Reactions">
                {QUICK.map(react).collect_view()}
                <button
                    role="menuitem"
                    class="emoji"
                    tabindex="-1"
                    aria-label="More reactions"
                    on:click=move |_| more.set(true)
                >
                    {icon(Icon::Plus)}
                </button>
            </div>
            {move || {
                more.get()
                    .then(|| {
                        view! {
                            <div class="emoji-line" role="group" aria-label="More reactions">
                                {MORE.map(&react_more).collect_view()}
                            </div>
                        }
                    })
            }}
        }
    });
    let entries = [
        (can.retry, Icon::Retry, "Retry", "t"),
        (can.answer, Icon::Reply, "Reply", "r"),
        (can.copy, Icon::Copy, "Copy", "c"),
        (can.edit, Icon::Pencil, "Edit", "e"),
        (true, Icon::Trash, "Delete", "d"),
    ];
    let entries = entries
        .into_iter()
        .filter(|(can, ..)| *can)
        .map(|(_, sign, text, key)| entry(sign, text, key))
        .collect_view();
    let reactions = item.reactions.iter().map(|it| {
        let who = untrack(|| words::names(&it.by, &|who| store.called(who)));
        view! { <p class="hint">{format!("{} {who}", it.emoji)}</p> }
    });
    let who = (!item.reactions.is_empty())
        .then(|| view! { <div class="menu-note">{reactions.collect_view()}</div> });
    view! {
        <div class="menu-box menu-layer">
            <div class="shade" on:click=move |_| here.menu.set(None)></div>
            <div
                class="menu message-menu"
                role="menu"
                aria-label="Message actions"
                style:--x=format!("{}px", menu.x)
                style:--y=format!("{}px", menu.y)
                on:keydown=keys
                on:focusout=left
            >
                {emoji}
                {entries}
                {who}
            </div>
        </div>
    }
}
