//! One row of the list of people.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{Contact, KeyState, Person};

use super::avatar::avatar;
use super::contact::verified_mark;
use super::icons::{Icon, icon};
use super::people::open_as_row;
use super::state::contacts::is_alarming;
use super::state::listing::Row;
use super::store::Store;
use super::{navigation, time, words};

/// Opens what a row stands for.
pub(crate) fn open_row(store: Store, row: Row) {
    match row {
        Row::Contact(account) => navigation::open_best(store, account),
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
    let contact = Memo::new(move |_| match row {
        Row::Contact(account) => store.contact(account),
        Row::Person(_) => None,
    });
    let person = Memo::new(move |_| match row {
        Row::Contact(_) => {
            let client = contact.with(|contact| contact.as_ref()?.classic)?;
            store.person(client)
        }
        Row::Person(client) => store.person(client),
    });
    let is_open = Memo::new(move |_| {
        let open = store.open.get();
        open.is_some_and(|open| open_as_row(store, open) == row)
    });
    let content = move || {
        let (contact, person) = (contact.get(), person.get());
        match (contact, person) {
            (Some(contact), person) => Some(contact_row(store, &contact, person).into_any()),
            (None, Some(person)) => Some(person_row(store, &person).into_any()),
            (None, None) => None,
        }
    };
    let id = match row {
        Row::Contact(account) => account.to_string(),
        Row::Person(client) => client.to_string(),
    };
    view! {
        <div
            role="option"
            class="person"
            class:unread=move || person.with(|p| p.as_ref().is_some_and(|p| p.unread > 0))
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

/// Somebody with an account.
fn contact_row(
    store: Store,
    contact: &Contact,
    person: Option<Arc<Person>>,
) -> impl IntoView + use<> {
    let name = contact.display_name.to_string();
    let is_online = contact.presence.is_some_and(|presence| presence.online);
    let presence = contact
        .presence
        .map(|presence| words::presence(presence, store.now.get()));
    let last = person.as_ref().and_then(|person| person.last.as_ref());
    let today = store.today.get();
    let time = last.map(|last| time::short(last.at, today));
    let alarm = is_alarming(contact);
    let line = if alarm {
        "Their key has changed: look first".to_owned()
    } else {
        match person.as_ref().filter(|person| person.last.is_some()) {
            Some(person) => last_line(person),
            None => {
                let presence = presence.as_ref().map(|presence| format!(" · {presence}"));
                format!("@{}{}", contact.name, presence.unwrap_or_default())
            }
        }
    };
    // Without a conversation the line says it already.
    let heard = last.and(presence);
    let unread = person.as_ref().map_or(0, |person| person.unread);
    view! {
        <span class="avatar-box">
            {avatar(contact.account.as_bytes(), &name)}
            {is_online.then(|| view! { <span class="presence-dot on" aria-hidden="true"></span> })}
        </span>
        <span class="person-name">{name.clone()} {verified_mark(contact.trust)}</span>
        {unread_in_words(unread)}
        <span class="person-time">{time}</span>
        <span class="person-last" class:alarm-line=alarm>
            {line}
        </span>
        <span class="person-marks">{unread_mark(unread)}</span>
        <span class="sr-only">{heard}</span>
    }
}

/// A classic client.
fn person_row(store: Store, person: &Person) -> impl IntoView + use<> {
    let today = store.today.get();
    let last = person.last.as_ref();
    let time = last.map(|last| time::short(last.at, today));
    let has_account = store.account(|_| ()).is_some();
    let imitated = store
        .contacts
        .with(|contacts| contacts.imitated_by(person))
        .filter(|_| has_account);
    view! {
        {avatar(person.client.as_bytes(), person.name.as_str())}
        <span class="person-name">{person.name.to_string()}</span>
        {unread_in_words(person.unread)}
        <span class="person-time">{time}</span>
        <span class="person-last">
            {match imitated {
                Some(name) => {
                    view! { <span class="not-account">{format!("not the account @{name}")}</span> }
                        .into_any()
                }
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
        <span class="sr-only">{marks_in_words(person)}</span>
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
