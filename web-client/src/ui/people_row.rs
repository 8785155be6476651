//! One row of the list of people.

use leptos::prelude::*;
use sotto_engine::api::{Contact, Conversation, ConversationState, KeyState, Person};

use super::avatar::avatar;
use super::chat::{chat_avatar, is_verified};
use super::contact::{tick, verified_mark};
use super::icons::{Icon, icon};
use super::people::open_as_row;
use super::state::chats::title;
use super::state::contacts::is_alarming;
use super::state::listing::Row;
use super::store::Store;
use super::{navigation, time, words};

/// Opens what a row stands for.
pub(crate) fn open_row(store: Store, row: Row) {
    match row {
        Row::Chat(group) => navigation::open_chat(store, group),
        Row::Contact(account) => navigation::open_contact(store, account),
        Row::Person(client) => navigation::open(store, client),
    }
}

/// The row.
#[component]
pub(crate) fn RowView(
    row: Row,
    focus_at: RwSignal<Option<Row>>,
    tab_stop: Memo<Option<Row>>,
) -> impl IntoView {
    let store = Store::here();
    let is_unread = Memo::new(move |_| match row {
        Row::Chat(group) => store.chat(group).is_some_and(|chat| chat.unread > 0),
        Row::Person(client) => store.person(client).is_some_and(|person| person.unread > 0),
        Row::Contact(_) => false,
    });
    let is_open = Memo::new(move |_| store.open.get().map(open_as_row) == Some(row));
    let content = move || match row {
        Row::Chat(group) => chat_row(store, &*store.chat(group)?),
        Row::Contact(account) => Some(contact_row(store, &*store.contact(account)?).into_any()),
        Row::Person(client) => Some(person_row(store, &*store.person(client)?).into_any()),
    };
    let id = match row {
        Row::Chat(group) => group.to_string(),
        Row::Contact(account) => account.to_string(),
        Row::Person(client) => client.to_string(),
    };
    view! {
        <div
            role="option"
            class="person"
            class:unread=move || is_unread.get()
            aria-selected=move || is_open.get().to_string()
            tabindex=move || if tab_stop.get() == Some(row) { "0" } else { "-1" }
            data-row=id
            on:focus=move |_| focus_at.set(Some(row))
            on:click=move |_| open_row(store, row)
            on:keydown=move |event| {
                if ["Enter", " "].contains(&event.key().as_str()) {
                    event.prevent_default();
                    open_row(store, row);
                }
            }
        >
            {content}
        </div>
    }
}

/// A conversation.
fn chat_row(store: Store, chat: &Conversation) -> Option<AnyView> {
    let own = store.own_account();
    let name = store.contacts.with(|contacts| title(chat, contacts, own));
    let peer = chat.peer.and_then(|peer| store.contact(peer));
    let is_online = peer
        .as_ref()
        .and_then(|peer| peer.presence)
        .is_some_and(|presence| presence.online);
    let alarm = peer.as_deref().is_some_and(is_alarming);
    let today = store.today.get();
    let writing = store.writing_in(chat.id);
    let (line, live) = if alarm {
        ("Their key has changed: look first".to_owned(), false)
    } else if !writing.is_empty() {
        let who: Vec<_> = writing.into_iter().map(|who| store.called(who)).collect();
        (words::typing(&who), true)
    } else {
        (chat_line(store, chat), false)
    };
    let (muted, pinned, mentions) = (chat.muted, chat.pinned, chat.unread_mentions);
    let verified = is_verified(store, chat);
    let row = view! {
        <span class="avatar-box">
            {chat_avatar(store, chat)}
            {is_online.then(|| view! { <span class="presence-dot on" aria-hidden="true"></span> })}
        </span>
        <span class="person-name">{name} {verified.then(tick)}</span>
        {unread_in_words(chat.unread)}
        {(mentions > 0).then(|| view! { <span class="sr-only">"mentions you"</span> })}
        <span class="person-time">{time::short(chat.active_at, today)}</span>
        <span class="person-last" class:alarm-line=alarm class:live=live>
            {line}
        </span>
        <span class="person-marks">
            {mark(muted, Icon::BellOff, "Muted")} {mark(pinned, Icon::Pin, "Pinned")}
            {(mentions > 0)
                .then(|| {
                    view! {
                        <span class="unread-count" aria-hidden="true">
                            "@"
                        </span>
                    }
                })} {unread_mark(chat.unread)}
        </span>
    };
    Some(row.into_any())
}

/// Last thing said, or how it stands.
fn chat_line(store: Store, chat: &Conversation) -> String {
    match (chat.state, &chat.last) {
        (ConversationState::Active, Some(last)) => {
            words::last_item(last, chat.kind, &|who| store.called(who))
        }
        (ConversationState::Active, None) => "Nothing was said yet".to_owned(),
        (ConversationState::Joining, _) => "Joining…".to_owned(),
        (ConversationState::Leaving | ConversationState::Left, _) => "You have left".to_owned(),
        (ConversationState::Removed, _) => "You were removed".to_owned(),
        (ConversationState::Broken(_), _) => "Does not go on: join again".to_owned(),
    }
}

fn mark(on: bool, sign: Icon, name: &'static str) -> Option<impl IntoView + use<>> {
    on.then(|| {
        view! {
            <span class="key-mark" title=name>
                {icon(sign)}
                <span class="sr-only">{name}</span>
            </span>
        }
    })
}

/// Somebody with an account, and without a conversation.
fn contact_row(store: Store, contact: &Contact) -> impl IntoView + use<> {
    let name = contact.display_name.to_string();
    let is_online = contact.presence.is_some_and(|presence| presence.online);
    let presence = contact.presence.map_or_else(String::new, |presence| {
        format!(" · {}", words::presence(presence, store.now.get()))
    });
    let alarm = is_alarming(contact);
    let line = match alarm {
        true => "Their key has changed: look first".to_owned(),
        false => format!("@{}{presence}", contact.name),
    };
    view! {
        <span class="avatar-box">
            {avatar(contact.account.as_bytes(), &name)}
            {is_online.then(|| view! { <span class="presence-dot on" aria-hidden="true"></span> })}
        </span>
        <span class="person-name">{name.clone()} {verified_mark(contact.trust)}</span>
        <span class="person-time"></span>
        <span class="person-last" class:alarm-line=alarm>
            {line}
        </span>
    }
}

/// A classic client.
fn person_row(store: Store, person: &Person) -> impl IntoView + use<> {
    let today = store.today.get();
    let last = person.last.as_ref();
    let time = last.map(|last| time::short(last.at, today));
    let has_account = store.account(|_| ()).is_some();
    let contact = store.contact_of(person.client);
    let (sign, name, verified) = match &contact {
        Some(contact) => (
            *contact.account.as_bytes(),
            contact.display_name.to_string(),
            verified_mark(contact.trust),
        ),
        None => (*person.client.as_bytes(), person.name.to_string(), None),
    };
    let alarm = contact.as_deref().is_some_and(is_alarming);
    let presence = contact.as_ref().and_then(|contact| contact.presence);
    let is_online = presence.is_some_and(|presence| presence.online);
    let heard =
        presence.map(|presence| format!(", {}", words::presence(presence, store.now.get())));
    let imitated = store
        .contacts
        .with(|contacts| contacts.imitated_by(person))
        .filter(|_| has_account);
    view! {
        <span class="avatar-box">
            {avatar(&sign, &name)}
            {is_online.then(|| view! { <span class="presence-dot on" aria-hidden="true"></span> })}
        </span>
        <span class="person-name">{name.clone()} {verified}</span>
        {unread_in_words(person.unread)}
        <span class="person-time">{time}</span>
        <span class="person-last" class:alarm-line=alarm>
            {match imitated {
                Some(name) => {
                    view! { <span class="not-account">{format!("not the account @{name}")}</span> }
                        .into_any()
                }
                None if alarm => "Their key has changed: look first".into_any(),
                None => last_line(person).into_any(),
            }}
        </span>
        <span class="person-marks">
            {has_account
                .then(|| {
                    view! {
                        <span class="weak-mark" title="Classic, weakly encrypted">
                            {icon(Icon::Shield)}
                            <span class="sr-only">"Classic, weakly encrypted"</span>
                        </span>
                    }
                })} {key_mark(person.key)} {unread_mark(person.unread)}
        </span>
        <span class="sr-only">{marks_in_words(person)} {heard}</span>
    }
}

fn unread_in_words(unread: u32) -> Option<impl IntoView + use<>> {
    (unread > 0).then(|| view! { <span class="sr-only">{format!("{unread} unread")}</span> })
}

fn unread_mark(unread: u32) -> Option<impl IntoView + use<>> {
    (unread > 0).then(|| {
        view! {
            <span class="unread-count" aria-hidden="true">
                {count(unread)}
            </span>
        }
    })
}

fn last_line(person: &Person) -> String {
    match &person.last {
        Some(last) if last.mine => format!("You: {}", words::preview(&last.preview)),
        Some(last) => words::preview(&last.preview),
        None => words::key_state(person.key).to_owned(),
    }
}

fn key_mark(key: KeyState) -> Option<impl IntoView + use<>> {
    let (class, sign) = match key {
        KeyState::None => return None,
        KeyState::Requested | KeyState::Sending => ("key-mark under-way", Icon::Key),
        KeyState::Established => ("key-mark", Icon::Key),
    };
    Some(view! {
        <span class=class title=words::key_state(key) aria-hidden="true">
            {icon(sign)}
        </span>
    })
}

fn count(unread: u32) -> String {
    if unread > 99 {
        "99+".to_owned()
    } else {
        unread.to_string()
    }
}

/// What the marks of a row mean, for those who do not see them.
fn marks_in_words(person: &Person) -> String {
    // Without a conversation, the line below the name says it already.
    let key = person.last.as_ref().map(|_| words::key_state(person.key));
    let gone = (!person.listed).then_some("Not on this server any more");
    let words: Vec<_> = key.into_iter().chain(gone).collect();
    words.join(", ")
}
