//! A group or the lobby: who is in it, what it is called, how safe it is.

use leptos::prelude::*;
use sotto_engine::api::{Conversation, ConversationCommand, GroupKind, Member};
use sotto_shared::GroupId;

use super::super::chat::chat_avatar;
use super::super::contact::verified_mark;
use super::super::icons::{Icon, icon};
use super::super::state::chats::{is_admin, is_over};
use super::super::store::Store;
use super::super::{avatar::avatar, dom, navigation, picture_file, words};
use super::Dialog;
use super::modal::Modal;

/// The dialog.
#[component]
pub(super) fn About(chat: GroupId) -> impl IntoView {
    let store = Store::here();
    let known = Memo::new(move |_| store.chat(chat));
    let kind = known.with_untracked(|chat| chat.as_ref().map(|chat| chat.kind));
    let title = match kind {
        Some(GroupKind::Group) => "About this group",
        Some(GroupKind::Lobby) => "About the lobby",
        _ => "About this conversation",
    };
    let admin = Memo::new(move |_| {
        let own = store.own_account();
        known.with(|chat| chat.as_ref().is_some_and(|chat| is_admin(chat, own)))
    });
    view! {
        <Modal title=title class="wide">
            {move || known.with(|chat| chat.as_deref().map(|chat| head(store, chat)))}
            <Show when=move || admin.get()>
                <Administer chat />
            </Show>
            {move || known.with(|it| it.as_deref().map(safety))}
            <Members chat admin />
            {move || {
                let over = known.with(|it| it.as_ref().is_none_or(|it| is_over(it.state)));
                (!over && kind != Some(GroupKind::Direct))
                    .then(|| {
                        view! {
                            <button
                                class="button plain bad"
                                on:click=move |_| store.dialogs.open(Dialog::LeaveChat(chat))
                            >
                                {icon(Icon::Exit)}
                                "Leave"
                            </button>
                        }
                    })
            }}
        </Modal>
    }
}

fn head(store: Store, chat: &Conversation) -> impl IntoView + use<> {
    let people = match chat.members_total {
        1 => "1 person".to_owned(),
        count => format!("{count} people"),
    };
    view! {
        <section class="own">
            {chat_avatar(store, chat)}
            <div>
                <p class="own-name">{store.chat_title(chat.id)}</p>
                <p class="own-id">{people}</p>
            </div>
        </section>
    }
}

/// What admins can do.
#[component]
fn Administer(chat: GroupId) -> impl IntoView {
    let store = Store::here();
    let chooser = NodeRef::<leptos::html::Input>::new();
    let has_picture =
        Memo::new(move |_| store.chat(chat).is_some_and(|chat| chat.picture.is_some()));
    let set = move |picture: Option<Vec<u8>>| {
        store.say(ConversationCommand::SetPicture {
            conversation: chat,
            picture,
        });
    };
    let chosen = move |event: web_sys::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        if let Some(file) = dom::files(input.files()).into_iter().next() {
            picture_file::shrink(file, move |picture| match picture {
                Some(picture) => set(Some(picture)),
                None => store.notices.tell("This file is no picture.".to_owned()),
            });
        }
        input.set_value("");
    };
    view! {
        <div class="buttons">
            <button
                class="button small"
                on:click=move |_| store.dialogs.open(Dialog::AddMembers(chat))
            >
                {icon(Icon::Plus)}
                "Add people"
            </button>
            <button
                class="button small"
                on:click=move |_| store.dialogs.open(Dialog::RenameGroup(chat))
            >
                {icon(Icon::Pencil)}
                "Rename"
            </button>
            <button class="button small" on:click=move |_| store.dialogs.open(Dialog::Timer(chat))>
                {icon(Icon::Clock)}
                "Disappearing messages"
            </button>
            <input
                node_ref=chooser
                class="sr-only"
                type="file"
                accept="image/png,image/jpeg,image/webp"
                tabindex="-1"
                aria-label="Picture of the group"
                on:change=chosen
            />
            <button
                class="button small"
                on:click=move |_| {
                    if let Some(chooser) = chooser.get_untracked() {
                        chooser.click();
                    }
                }
            >
                {icon(Icon::Image)}
                "Picture"
            </button>
            <Show when=move || has_picture.get()>
                <button class="button small plain" on:click=move |_| set(None)>
                    "Remove picture"
                </button>
            </Show>
        </div>
    }
}

/// How it is encrypted.
fn safety(chat: &Conversation) -> impl IntoView + use<> {
    let timer = match chat.timer {
        0 => "Messages stay.".to_owned(),
        seconds => format!("Messages disappear after {}.", words::duration(seconds)),
    };
    let compare = (chat.kind == GroupKind::Group).then_some(
        "Choose somebody below to compare safety numbers. The conversation is verified when everybody is.",
    );
    view! {
        <section class="stack">
            <h3>{words::suite(chat.suite)}</h3>
            <p class="hint">{words::suite_in_full(chat.suite)} ". " {timer}</p>
            <p class="hint">{compare}</p>
        </section>
    }
}

#[component]
fn Members(chat: GroupId, admin: Memo<bool>) -> impl IntoView {
    let store = Store::here();
    let members = Memo::new(move |_| {
        let own = store.own_account();
        let mut members = store
            .chat(chat)
            .map_or_else(Vec::new, |chat| chat.members.clone());
        members.sort_by_key(|member| {
            let online = store
                .contact(member.account)
                .and_then(|it| it.presence)
                .is_some_and(|presence| presence.online);
            (member.account != own, !online, store.called(member.account))
        });
        members
    });
    view! {
        <section class="stack">
            <h3>"People"</h3>
            <ul class="picks" aria-label="Members">
                {move || {
                    let admin = admin.get();
                    members
                        .get()
                        .into_iter()
                        .map(|member| member_view(store, chat, member, admin))
                        .collect_view()
                }}
            </ul>
        </section>
    }
}

fn member_view(store: Store, chat: GroupId, member: Member, admin: bool) -> impl IntoView {
    let account = member.account;
    let is_own = store.own_account() == account;
    let name = store.called(account);
    let contact = store.contact(account);
    let mark = contact.as_ref().and_then(|it| verified_mark(it.trust));
    let devices = match member.devices {
        1 => "1 device".to_owned(),
        count => format!("{count} devices"),
    };
    let presence = contact
        .as_ref()
        .and_then(|it| it.presence)
        .map(|presence| format!(" · {}", words::presence(presence, store.now.get())));
    let go = move |_| {
        if !is_own {
            store.dialogs.dismiss();
            navigation::open_contact(store, account);
        }
    };
    let tools = (admin && !is_own).then(|| {
        let (label, text) = match member.admin {
            true => (format!("No admin any more: {name}"), "No admin any more"),
            false => (format!("Make admin: {name}"), "Make admin"),
        };
        let remove = format!("Remove {name}");
        view! {
            <button
                class="button small plain"
                aria-label=label
                on:click=move |_| {
                    store
                        .say(ConversationCommand::SetAdmin {
                            conversation: chat,
                            account,
                            admin: !member.admin,
                        });
                }
            >
                {text}
            </button>
            <button
                class="icon-button small"
                aria-label=remove.clone()
                title=remove.clone()
                on:click=move |_| {
                    store.say(ConversationCommand::Remove { conversation: chat, account });
                }
            >
                {icon(Icon::Close)}
            </button>
        }
    });
    view! {
        <li class="member" aria-label=name.clone()>
            <button class="pick" disabled=is_own on:click=go>
                {avatar(account.as_bytes(), &name)}
                <span class="pick-name">
                    <strong>
                        {name.clone()} {mark}
                        {member.admin.then(|| view! { <span class="badge">"Admin"</span> })}
                    </strong>
                    <span class="hint">{devices} {presence}</span>
                </span>
            </button>
            {tools}
        </li>
    }
}
