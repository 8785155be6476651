//! The left side: who is there, searched and in order.

use leptos::prelude::*;
use sotto_engine::api::{KeyState, Person, Phase};
use sotto_shared::ClientId;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::avatar::avatar;
use super::connection::ConnectionMark;
use super::dialogs::Dialog;
use super::icons::{Icon, icon};
use super::state::people::{Listing, People};
use super::store::Store;
use super::{dom, navigation, time, words};

/// People shown at first; more come as the list is scrolled.
const SHOWN_FIRST: usize = 60;

/// Pixels from the end of the list at which more are shown.
const NEAR_END: i32 = 600;

/// The left side.
#[component]
pub(crate) fn PeoplePane() -> impl IntoView {
    let store = Store::here();
    let query = RwSignal::new(String::new());
    let search = NodeRef::<leptos::html::Input>::new();
    let shortcut = window_event_listener(leptos::ev::keydown, move |event| {
        if is_search_shortcut(&event)
            && let Some(input) = search.get_untracked()
        {
            event.prevent_default();
            let _ = input.focus();
            input.select();
        }
    });
    on_cleanup(move || shortcut.remove());
    let own_name = Memo::new(move |_| {
        store.status.with(|status| match &status.phase {
            Phase::Ready { name, client, .. } => Some((name.to_string(), *client)),
            _ => None,
        })
    });
    view! {
        <nav class="pane" aria-label="Conversations">
            <header class="pane-head">
                {move || {
                    own_name
                        .get()
                        .map(|(name, client)| {
                            view! {
                                {avatar(client, &name)}
                                <div class="pane-own">
                                    <p class="pane-name">{name}</p>
                                    <ConnectionMark />
                                </div>
                            }
                        })
                }}
                <button
                    class="icon-button"
                    aria-label="Settings"
                    title="Settings"
                    on:click=move |_| store.dialogs.open(Dialog::Settings)
                >
                    {icon(Icon::Settings)}
                </button>
            </header>
            <div class="search">
                {icon(Icon::Search)}
                <input
                    node_ref=search
                    type="search"
                    aria-label="Search people"
                    placeholder="Search people"
                    autocomplete="off"
                    spellcheck="false"
                    aria-keyshortcuts="Control+K Meta+K /"
                    prop:value=move || query.get()
                    on:input=move |event| query.set(event_target_value(&event))
                    on:keydown=move |event| match event.key().as_str() {
                        "Escape" => query.set(String::new()),
                        "ArrowDown" => {
                            event.prevent_default();
                            dom::focus_soon(".people [role=option]");
                        }
                        "Enter" if !event.is_composing() => {
                            let first = store.people.with_untracked(|people| {
                                people.listing(&query.get_untracked()).iter().next()
                            });
                            if let Some(first) = first {
                                navigation::open(store, first);
                                query.set(String::new());
                            }
                        }
                        _ => {}
                    }
                />
                <kbd class="search-key" aria-hidden="true">"/"</kbd>
            </div>
            <PeopleList query />
        </nav>
    }
}

fn is_search_shortcut(event: &KeyboardEvent) -> bool {
    let key = event.key();
    if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
        return true;
    }
    let typing = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|element| {
            element
                .matches("input, textarea, dialog *")
                .unwrap_or(false)
        });
    key == "/" && !typing && !event.ctrl_key() && !event.meta_key() && !event.alt_key()
}

#[component]
fn PeopleList(query: RwSignal<String>) -> impl IntoView {
    let store = Store::here();
    let listing = Memo::new(move |_| {
        let query = query.get();
        store.people.with(|people| people.listing(&query))
    });
    let arrived = Memo::new(move |_| store.people.with(People::arrived));
    let shown = RwSignal::new(SHOWN_FIRST);
    Effect::new(move |_| {
        query.track();
        shown.set(SHOWN_FIRST);
    });
    let focus_at = RwSignal::new(None::<ClientId>);
    // One option is reached by Tab: the one last focused, else the open one, else the first.
    let tab_stop = Memo::new(move |_| {
        let open = store.open.get();
        let focus_at = focus_at.get();
        listing.with(|listing| {
            let is_listed = |client: &ClientId| listing.iter().any(|listed| listed == *client);
            focus_at
                .filter(is_listed)
                .or(open.filter(is_listed))
                .or_else(|| listing.iter().next())
        })
    });
    let recent = move || listing.with(|l| first_of(&l.recent, shown.get()));
    let others =
        move || listing.with(|l| first_of(&l.others, shown.get().saturating_sub(l.recent.len())));
    let row = move |client: ClientId| {
        let person = Memo::new(move |_| store.person(client));
        view! { <PersonRow client person focus_at tab_stop /> }
    };
    let scrolled = move |event: web_sys::Event| {
        let list: Element = event_target(&event);
        if list.scroll_top() + list.client_height() > list.scroll_height() - NEAR_END {
            let all = listing.with_untracked(|listing| listing.iter().count());
            if shown.get_untracked() < all {
                shown.update(|shown| *shown += SHOWN_FIRST);
            }
        }
    };
    view! {
        <div class="people" on:scroll=scrolled>
            <div role="listbox" aria-label="People" on:keydown=move |event| step_focus(&event)>
                <Show when=move || listing.with(|l| !l.recent.is_empty())>
                    <div role="group" aria-label="Conversations so far">
                        <For each=recent key=|client| *client children=row />
                    </div>
                </Show>
                <Show when=move || listing.with(|l| !l.others.is_empty())>
                    <div role="group" aria-label="Others on this server">
                        <p class="people-title" role="presentation" aria-hidden="true">
                            "On this server"
                        </p>
                        <For each=others key=|client| *client children=row />
                    </div>
                </Show>
            </div>
            <div role="status">
                <Show when=move || arrived.get() && listing.with(Listing::is_empty)>
                    <p class="people-empty">
                        {move || {
                            if query.with(|query| query.trim().is_empty()) {
                                "Nobody else is registered here yet. Invite somebody: give them the address of this page."
                            } else {
                                "Nobody by that name."
                            }
                        }}
                    </p>
                </Show>
            </div>
        </div>
    }
}

fn first_of(clients: &[ClientId], count: usize) -> Vec<ClientId> {
    clients.iter().take(count).copied().collect()
}

/// Moves the focus among the options with the arrow keys, Home and End.
fn step_focus(event: &KeyboardEvent) {
    let key = event.key();
    if !["ArrowDown", "ArrowUp", "Home", "End"].contains(&key.as_str()) {
        return;
    }
    let Ok(options) = document().query_selector_all(".people [role=option]") else {
        return;
    };
    let count = options.length();
    let focused = document().active_element();
    let at = (0..count).find(|index| {
        options.item(*index).as_ref() == focused.as_ref().map(AsRef::<web_sys::Node>::as_ref)
    });
    let to = match (key.as_str(), at) {
        ("Home", _) | (_, None) => 0,
        ("End", _) => count.saturating_sub(1),
        ("ArrowDown", Some(at)) => (at + 1).min(count.saturating_sub(1)),
        (_, Some(at)) => at.saturating_sub(1),
    };
    event.prevent_default();
    if let Some(option) = options.item(to) {
        let _ = option.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

#[component]
fn PersonRow(
    client: ClientId,
    person: Memo<Option<Arc<Person>>>,
    focus_at: RwSignal<Option<ClientId>>,
    tab_stop: Memo<Option<ClientId>>,
) -> impl IntoView {
    let store = Store::here();
    let open = move || navigation::open(store, client);
    view! {
        <div
            role="option"
            class="person"
            class:unread=move || person.with(|p| p.as_ref().is_some_and(|p| p.unread > 0))
            aria-selected=move || (store.open.get() == Some(client)).to_string()
            tabindex=move || if tab_stop.get() == Some(client) { "0" } else { "-1" }
            data-client=client.to_string()
            on:focus=move |_| focus_at.set(Some(client))
            on:click=move |_| open()
            on:keydown=move |event| {
                if ["Enter", " "].contains(&event.key().as_str()) {
                    event.prevent_default();
                    open();
                }
            }
        >
            {move || {
                person
                    .get()
                    .map(|person| {
                        let today = store.today.get();
                        let last = person.last.as_ref();
                        let has_unread = person.unread > 0;
                        let unread = has_unread
                            .then(|| {
                                view! {
                                    <span class="unread-count" aria-hidden="true">
                                        {count(person.unread)}
                                    </span>
                                }
                            });
                        view! {
                            {avatar(client, person.name.as_str())}
                            <span class="person-name">{person.name.to_string()}</span>
                            {has_unread
                                .then(|| {
                                    view! {
                                        <span class="sr-only">
                                            {format!("{} unread", person.unread)}
                                        </span>
                                    }
                                })}
                            <span class="person-time">
                                {last.map(|last| time::short(last.at, today))}
                            </span>
                            <span class="person-last">{last_line(&person)}</span>
                            <span class="person-marks">
                                {key_mark(person.key)} {unread}
                            </span>
                            <span class="sr-only">{marks_in_words(&person)}</span>
                        }
                    })
            }}
        </div>
    }
}

fn last_line(person: &Person) -> String {
    match &person.last {
        Some(last) if last.mine => format!("You: {}", words::preview(&last.preview)),
        Some(last) => words::preview(&last.preview),
        None => words::key_state(person.key).to_owned(),
    }
}

fn key_mark(key: KeyState) -> impl IntoView {
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
