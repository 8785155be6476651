//! The left side: who is there, searched and in order.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, DirectoryPolicy, Phase};
use sotto_shared::account::AccountName;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::avatar::avatar;
use super::connection::ConnectionMark;
use super::dialogs::Dialog;
use super::icons::{Icon, icon};
use super::navigation::Open;
use super::people_row::{RowView, open_row};
use super::state::listing::{self, Row, Rows};
use super::state::people::People;
use super::store::Store;
use super::{dom, words};

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
        let account = store.account(|account| {
            let id = *account.account.as_bytes();
            (account.display_name.to_string(), id)
        });
        account.or_else(|| {
            store.status.with(|status| match &status.phase {
                Phase::Ready { name, client, .. } => Some((name.to_string(), *client.as_bytes())),
                _ => None,
            })
        })
    });
    view! {
        <nav class="pane" aria-label="Conversations">
            <header class="pane-head">
                {move || {
                    own_name
                        .get()
                        .map(|(name, id)| {
                            view! {
                                {avatar(&id, &name)}
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
                            let first = untrack(|| rows_for(store, &query.get_untracked()))
                                .iter()
                                .next();
                            if let Some(first) = first {
                                open_row(store, first);
                                query.set(String::new());
                            }
                        }
                        _ => {}
                    }
                />
                <kbd class="search-key" aria-hidden="true">"/"</kbd>
            </div>
            <Find />
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

/// Who is listed, tracked.
fn rows_for(store: Store, query: &str) -> Rows {
    let has_account = store.account(|_| ()).is_some();
    store.people.with(|people| {
        if has_account {
            store
                .contacts
                .with(|contacts| listing::accounts(people, contacts, query))
        } else {
            listing::classic(people, query)
        }
    })
}

/// Looks for somebody by their whole name, where the server lists nobody.
#[component]
fn Find() -> impl IntoView {
    let store = Store::here();
    let is_exact = Memo::new(move |_| {
        let exact = store.status.with(|status| {
            status
                .gateway
                .is_some_and(|gateway| gateway.directory == DirectoryPolicy::Exact)
        });
        exact && store.account(|_| ()).is_some()
    });
    let name = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let said = move || {
        problem.get().or_else(|| {
            let nobody = store.own.not_found.get()?;
            Some(format!("There is no account “{nobody}” here."))
        })
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let typed = name.with_untracked(|name| name.trim().trim_start_matches('@').to_lowercase());
        match AccountName::parse(&typed) {
            Ok(wanted) => {
                problem.set(None);
                store.own.set_finding();
                store.ask(AccountCommand::Find { name: wanted });
                name.set(String::new());
            }
            Err(error) => problem.set(Some(words::account_name_problem(error))),
        }
    };
    view! {
        <Show when=move || is_exact.get()>
            <form class="find" on:submit=submit novalidate>
                <input
                    type="text"
                    aria-label="Find by exact name"
                    placeholder="Find by exact name"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby="find-problem"
                    prop:value=move || name.get()
                    on:input=move |event| {
                        name.set(event_target_value(&event));
                        problem.set(None);
                        store.own.not_found.set(None);
                    }
                />
                <button type="submit" class="button small">
                    "Find"
                </button>
                <p id="find-problem" class="problem" role="alert">
                    {said}
                </p>
            </form>
        </Show>
    }
}

#[component]
fn PeopleList(query: RwSignal<String>) -> impl IntoView {
    let store = Store::here();
    let listing = Memo::new(move |_| rows_for(store, &query.get()));
    let has_account = Memo::new(move |_| store.account(|_| ()).is_some());
    let arrived = Memo::new(move |_| store.people.with(People::arrived));
    let shown = RwSignal::new(SHOWN_FIRST);
    Effect::new(move |_| {
        query.track();
        shown.set(SHOWN_FIRST);
    });
    let focus_at = RwSignal::new(None::<Row>);
    // One option is reached by Tab: the one last focused, else the open one, else the first.
    let tab_stop = Memo::new(move |_| {
        let open = store.open.get().map(|open| open_as_row(store, open));
        let focus_at = focus_at.get();
        listing.with(|listing| {
            let is_listed = |row: &Row| listing.iter().any(|listed| listed == *row);
            focus_at
                .filter(is_listed)
                .or(open.filter(is_listed))
                .or_else(|| listing.iter().next())
        })
    });
    let first = move || listing.with(|l| first_of(&l.first, shown.get()));
    let second =
        move || listing.with(|l| first_of(&l.second, shown.get().saturating_sub(l.first.len())));
    let row = move |row: Row| view! { <RowView row focus_at tab_stop /> };
    let labels = move || {
        if has_account.get() {
            ("Contacts", "Classic", "Classic, weakly encrypted")
        } else {
            (
                "Conversations so far",
                "On this server",
                "Others on this server",
            )
        }
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
                <Show when=move || listing.with(|l| !l.first.is_empty())>
                    <div role="group" aria-label=move || labels().0>
                        <For each=first key=|row| *row children=row />
                    </div>
                </Show>
                <Show when=move || listing.with(|l| !l.second.is_empty())>
                    <div role="group" aria-label=move || labels().2>
                        <p class="people-title" role="presentation" aria-hidden="true">
                            {move || labels().1}
                        </p>
                        <For each=second key=|row| *row children=row />
                    </div>
                </Show>
            </div>
            <div role="status">
                <Show when=move || arrived.get() && listing.with(Rows::is_empty)>
                    <p class="people-empty">
                        {move || {
                            if !query.with(|query| query.trim().is_empty()) {
                                "Nobody by that name."
                            } else if has_account.get() {
                                "Nobody else is here yet. Give somebody the address of this page, and they will show up."
                            } else {
                                "Nobody else is registered here yet. Invite somebody: give them the address of this page."
                            }
                        }}
                    </p>
                </Show>
            </div>
        </div>
    }
}

/// The row that stands for what is open.
pub(super) fn open_as_row(store: Store, open: Open) -> Row {
    match open {
        Open::Contact(account) => Row::Contact(account),
        Open::Person(client) => store
            .contact_of(client)
            .map_or(Row::Person(client), |contact| Row::Contact(contact.account)),
    }
}

fn first_of(rows: &[Row], count: usize) -> Vec<Row> {
    rows.iter().take(count).copied().collect()
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
