//! Begins a conversation: with somebody, with several, with everybody.

use leptos::prelude::*;
use sotto_engine::api::ConversationCommand;
use sotto_shared::AccountId;

use super::super::avatar::avatar;
use super::super::contact::verified_mark;
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::Dialog;
use super::modal::Modal;

/// People shown at most.
const SHOWN_MAX: usize = 50;

/// The dialog.
#[component]
pub(super) fn NewChat() -> impl IntoView {
    let store = Store::here();
    let query = RwSignal::new(String::new());
    let is_in_lobby = Memo::new(move |_| store.chats.list.with(|it| it.lobby().is_some()));
    let lobby = move |_| {
        let known = store.chats.list.with_untracked(|it| it.lobby());
        match known {
            Some(lobby) => {
                store.dialogs.dismiss();
                super::super::navigation::open_chat(store, lobby.id);
            }
            None => store.open_by(ConversationCommand::JoinLobby),
        }
    };
    let notes = move |_| {
        store.dialogs.dismiss();
        store.write_to(untrack(|| store.own_account()));
    };
    let people = move || people(store, &query.get());
    let person = move |account: AccountId| {
        view! {
            <li>
                <button
                    class="pick"
                    on:click=move |_| {
                        store.dialogs.dismiss();
                        store.write_to(account);
                    }
                >
                    {move || who(store, account)}
                </button>
            </li>
        }
    };
    view! {
        <Modal title="New chat">
            <div class="settings-list">
                <button
                    class="settings-entry"
                    on:click=move |_| store.dialogs.open(Dialog::NewGroup { name: String::new() })
                >
                    {icon(Icon::Group)}
                    <span>
                        <strong>"New group"</strong>
                    </span>
                </button>
                <button class="settings-entry" on:click=lobby>
                    {icon(Icon::Person)}
                    <span>
                        <strong>
                            {move || if is_in_lobby.get() { "Lobby" } else { "Join the lobby" }}
                        </strong>
                        <span class="hint" aria-hidden="true">
                            "Everybody on this server who wants"
                        </span>
                    </span>
                </button>
                <button class="settings-entry" on:click=notes>
                    {icon(Icon::Pencil)}
                    <span>
                        <strong>"Notes to yourself"</strong>
                    </span>
                </button>
            </div>
            <Search query />
            <ul class="picks" aria-label="People to write to">
                <For each=people key=|account| *account children=person />
            </ul>
        </Modal>
    }
}

/// Narrows a list of people.
#[component]
pub(super) fn Search(query: RwSignal<String>) -> impl IntoView {
    view! {
        <div class="search">
            {icon(Icon::Search)}
            <input
                type="search"
                aria-label="Search by name"
                placeholder="Search by name"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || query.get()
                on:input=move |event| query.set(event_target_value(&event))
            />
        </div>
    }
}

/// Everybody else whose name holds every word, by name, tracked.
pub(super) fn people(store: Store, query: &str) -> Vec<AccountId> {
    let own = store.own_account();
    let query = query.to_lowercase();
    let words: Vec<_> = query
        .split_whitespace()
        .map(|word| word.trim_start_matches('@'))
        .collect();
    let mut found: Vec<_> = store.contacts.with(|contacts| {
        let others = contacts.iter().filter(|it| it.account != own);
        others
            .filter_map(|contact| {
                let shown = contact.display_name.as_str().to_lowercase();
                let name = contact.name.as_str();
                let fits = |word: &&str| shown.contains(word) || name.contains(word);
                words.iter().all(fits).then_some((shown, contact.account))
            })
            .collect()
    });
    found.sort_unstable();
    let accounts = found.into_iter().map(|(_, account)| account);
    accounts.take(SHOWN_MAX).collect()
}

/// Somebody in a list of people, tracked.
pub(super) fn who(store: Store, account: AccountId) -> Option<impl IntoView + use<>> {
    let contact = store.contact(account)?;
    let name = contact.display_name.to_string();
    Some(view! {
        {avatar(account.as_bytes(), &name)}
        <span class="pick-name">
            <strong>{name.clone()} {verified_mark(contact.trust)}</strong>
            <span class="hint" aria-hidden="true">
                {format!("@{}", contact.name)}
            </span>
        </span>
    })
}
