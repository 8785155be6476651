//! What stands above a conversation: who, how safe, and what can be done with it.

use leptos::prelude::*;
use sotto_engine::api::{ConversationCommand, GroupKind};

use super::super::contact::tick;
use super::super::conversation::step_menu;
use super::super::dialogs::Dialog;
use super::super::icons::{Icon, icon};
use super::super::state::chats::is_over;
use super::super::store::Store;
use super::super::{dom, navigation, words};
use super::picture::chat_avatar;
use super::view::{Here, is_verified, open_about};

/// What stands above a conversation.
#[component]
pub(crate) fn ChatHeader() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    let verified = Memo::new(move |_| {
        here.chat
            .with(|c| c.as_ref().is_some_and(|c| is_verified(store, c)))
    });
    let about = move || match here.kind() {
        GroupKind::Direct => "Contact",
        GroupKind::Group => "About this group",
        GroupKind::Lobby => "About the lobby",
    };
    view! {
        <header class="head">
            <button
                class="icon-button back"
                aria-label="Back to people"
                on:click=move |_| navigation::close(store)
            >
                {icon(Icon::Back)}
            </button>
            {move || here.chat.with(|chat| chat.as_ref().map(|chat| chat_avatar(store, chat)))}
            <div class="head-text">
                <h2 tabindex="-1">
                    {move || here.title.get()} {move || verified.get().then(tick)}
                </h2>
                <p class="head-line">
                    <button class="safe" on:click=move |_| open_about(store, here)>
                        {icon(Icon::Lock)}
                        {move || {
                            here.chat.with(|c| c.as_ref().map(|c| words::suite(c.suite)))
                        }}
                    </button>
                    <span class="head-key">{move || presence(store, here)}</span>
                </p>
            </div>
            <button
                class="icon-button"
                aria-label=about
                title=about
                on:click=move |_| open_about(store, here)
            >
                {move || icon(if here.kind() == GroupKind::Direct { Icon::Person } else { Icon::Group })}
            </button>
            <ChatMenu />
        </header>
    }
}

/// Who is there.
fn presence(store: Store, here: Here) -> Option<String> {
    let chat = here.chat.get()?;
    let own = store.own_account();
    match (chat.kind, chat.peer) {
        (GroupKind::Direct, Some(peer)) if peer != own => {
            let presence = store.contact(peer)?.presence?;
            Some(words::presence(presence, store.now.get()))
        }
        (GroupKind::Direct, _) => None,
        _ => {
            let online = online_among(store, here);
            let people = chat.members_total;
            Some(match online {
                0 => format!("{people} people"),
                _ => format!("{people} people, {online} online"),
            })
        }
    }
}

/// How many of the others are online.
fn online_among(store: Store, here: Here) -> usize {
    let own = store.own_account();
    here.chat.with(|chat| {
        let Some(chat) = chat else { return 0 };
        let others = chat.members.iter().filter(|it| it.account != own);
        others
            .filter(|it| {
                let presence = store.contact(it.account).and_then(|it| it.presence);
                presence.is_some_and(|presence| presence.online)
            })
            .count()
    })
}

/// What can be done with the whole conversation.
#[component]
fn ChatMenu() -> impl IntoView {
    let store = Store::here();
    let here = Here::get();
    let shown = RwSignal::new(false);
    let button = NodeRef::<leptos::html::Button>::new();
    let close = move || {
        shown.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    let keys = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.prevent_default();
            close();
        }
        "Tab" => shown.set(false),
        "ArrowDown" | "ArrowUp" => {
            event.prevent_default();
            step_menu(event.key() == "ArrowDown");
        }
        _ => {}
    };
    let items = move || {
        let chat = here.chat.get()?;
        let item = |sign: Icon, text: &'static str, act: Box<dyn Fn()>| {
            view! {
                <button
                    role="menuitem"
                    tabindex="-1"
                    on:click=move |_| {
                        close();
                        act();
                    }
                >
                    {icon(sign)}
                    {text}
                </button>
            }
            .into_any()
        };
        let keep = |pinned, muted, archived| {
            let conversation = here.id;
            Box::new(move || {
                store.say(ConversationCommand::Keep {
                    conversation,
                    pinned,
                    muted,
                    archived,
                });
            })
        };
        let (pinned, muted, archived) = (chat.pinned, chat.muted, chat.archived);
        let say = |no: &'static str, yes: &'static str, is: bool| if is { yes } else { no };
        let mut all = vec![
            item(
                Icon::Pin,
                say("Pin to the top", "Unpin", pinned),
                keep(!pinned, muted, archived),
            ),
            item(
                Icon::BellOff,
                say("Mute", "Unmute", muted),
                keep(pinned, !muted, archived),
            ),
            item(
                Icon::Archive,
                say("Archive", "Out of the archive", archived),
                keep(pinned, muted, !archived),
            ),
        ];
        let opens = |dialog: Dialog| Box::new(move || store.dialogs.open(dialog.clone()));
        if !is_over(chat.state) {
            all.push(item(
                Icon::Clock,
                "Disappearing messages",
                opens(Dialog::Timer(here.id)),
            ));
        }
        all.push(item(
            Icon::Trash,
            "Clear for me",
            opens(Dialog::Clear(here.id)),
        ));
        if chat.kind != GroupKind::Direct && !is_over(chat.state) {
            all.push(item(Icon::Exit, "Leave", opens(Dialog::LeaveChat(here.id))));
        }
        Some(all)
    };
    view! {
        <div class="menu-box" on:focusout=move |event| dom::left_box(&event, shown)>
            <button
                node_ref=button
                class="icon-button"
                aria-label="Conversation menu"
                aria-haspopup="menu"
                aria-expanded=move || shown.get().to_string()
                on:click=move |_| {
                    shown.update(|shown| *shown = !*shown);
                    if shown.get_untracked() {
                        dom::focus_soon(".menu [role=menuitem]");
                    }
                }
            >
                {icon(Icon::More)}
            </button>
            <Show when=move || shown.get()>
                <div class="menu" role="menu" aria-label="Conversation menu" on:keydown=keys>
                    {items}
                </div>
            </Show>
        </div>
    }
}
