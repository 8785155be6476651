//! The left side: who is there, searched and in order.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, DirectoryPolicy, Phase};
use sotto_shared::account::AccountName;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::avatar::avatar;
use super::connection::ConnectionMark;
use super::dialogs::Dialog;
use super::hits::Hits;
use super::icons::{Icon, icon};
use super::navigation::Open;
use super::people_row::{RowView, open_row};
use super::state::listing::{self, Row, Rows, Section};
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
    let query = store.chats.query;
    let has_account = Memo::new(move |_| store.account(|_| ()).is_some());
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
                <Show when=move || has_account.get()>
                    <button
                        class="icon-button"
                        aria-label="New chat"
                        title="New chat"
                        on:click=move |_| store.dialogs.open(Dialog::NewChat)
                    >
                        {icon(Icon::Plus)}
                    </button>
                </Show>
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
                    placeholder=move || {
                        if has_account.get() { "Search people and messages" } else { "Search people" }
                    }
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
    let own = store.account(|own| own.account);
    store.people.with(|people| match own {
        Some(own) => store.contacts.with(|contacts| {
            let chats = store.chats.list.read();
            listing::accounts(&chats, people, contacts, own, query)
        }),
        None => listing::classic(people, query),
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
        let open = store.open.get().map(open_as_row);
        let focus_at = focus_at.get();
        listing.with(|listing| {
            let is_listed = |row: &Row| listing.iter().any(|listed| listed == *row);
            focus_at
                .filter(is_listed)
                .or(open.filter(is_listed))
                .or_else(|| listing.iter().next())
        })
    });
    let archive_open = RwSignal::new(false);
    let section = move |section: Section| {
        let rows = move || listing.with(|listing| listing.of(section, shown.get()));
        let row = move |row: Row| view! { <RowView row focus_at tab_stop /> };
        let title = section_title(section, has_account.get_untracked());
        view! {
                <div role="group" aria-label=title.1>
                    {title
                        .0
                        .map(|title| {
                            view! {
                                <p class="people-title" role="presentation" aria-hidden="true">
                                    {title}
                                </p>
                            }
                        })}
                    <For each=rows key=|row| *row children=row />
                </div>
        }
        .into_any()
    };
    let sections = Memo::new(move |_| listing.with(Rows::sections));
    let listed = move || {
        let mut sections = sections.get();
        sections.retain(|section| *section != Section::Archived);
        sections
    };
    let any_archived = move || sections.with(|all| all.contains(&Section::Archived));
    // Who looks for something finds it, wherever it is.
    let archive = move || {
        any_archived() && (archive_open.get() || !query.with(|query| query.trim().is_empty()))
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
                <For each=listed key=|section| *section children=section />
            </div>
            <Show when=any_archived>
                <button
                    class="fold"
                    aria-expanded=move || archive().to_string()
                    on:click=move |_| archive_open.update(|open| *open = !*open)
                >
                    {icon(Icon::Archive)}
                    "Archived"
                </button>
            </Show>
            <Show when=archive>
                <div
                    role="listbox"
                    aria-label="Archived conversations"
                    on:keydown=move |event| step_focus(&event)
                >
                    {section(Section::Archived)}
                </div>
            </Show>
            <Hits query />
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

/// What stands above a section, and what it is called for those who do not see it.
fn section_title(section: Section, has_account: bool) -> (Option<&'static str>, &'static str) {
    match (section, has_account) {
        (Section::Conversations, true) => (None, "Conversations"),
        (Section::Conversations, false) => (None, "Conversations so far"),
        (Section::Contacts, _) => (Some("Contacts"), "Contacts"),
        (Section::Others, true) => (Some("Classic"), "Classic, weakly encrypted"),
        (Section::Others, false) => (Some("On this server"), "Others on this server"),
        (Section::Archived, _) => (None, "Archived"),
    }
}

/// The row that stands for what is open.
pub(super) fn open_as_row(open: Open) -> Row {
    match open {
        Open::Chat(group) => Row::Chat(group),
        Open::Contact(account) => Row::Contact(account),
        Open::Person(client) => Row::Person(client),
    }
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
