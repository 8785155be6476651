//! Makes a group, and adds to one.

use leptos::prelude::*;
use sotto_engine::api::{ConversationCommand, ConversationFailure, Failure, GROUP_NAME_MAX};
use sotto_shared::{AccountId, GroupId};

use super::super::store::Store;
use super::modal::{Actions, Modal};
use super::new_chat::{Search, people, who};

/// The dialog for a new group.
#[component]
pub(super) fn NewGroup(name: String) -> impl IntoView {
    let store = Store::here();
    let name = RwSignal::new(name);
    let chosen = RwSignal::new(Vec::<AccountId>::new());
    let busy = RwSignal::new(false);
    free_on_failure(store, busy);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let name = name.with_untracked(|name| name.trim().to_owned());
        if name.is_empty() || busy.get_untracked() {
            store
                .failure
                .set(Some(Failure::Conversation(ConversationFailure::BadName)));
            return;
        }
        busy.set(true);
        store.failure.set(None);
        store.open_by(ConversationCommand::CreateGroup {
            name,
            members: chosen.get_untracked(),
        });
    };
    view! {
        <Modal title="New group">
            <form class="stack" on:submit=submit novalidate>
                <NameField name />
                <Choose chosen without=Vec::new() />
                <Problem />
                <Actions busy label="Create group" />
            </form>
        </Modal>
    }
}

/// The dialog that adds members.
#[component]
pub(super) fn AddMembers(chat: GroupId) -> impl IntoView {
    let store = Store::here();
    let chosen = RwSignal::new(Vec::<AccountId>::new());
    let busy = RwSignal::new(false);
    free_on_failure(store, busy);
    let members = untrack(|| {
        store.chat(chat).map_or_else(Vec::new, |chat| {
            chat.members.iter().map(|member| member.account).collect()
        })
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let accounts = chosen.get_untracked();
        if !accounts.is_empty() {
            store.say(ConversationCommand::Add {
                conversation: chat,
                accounts,
            });
            store.dialogs.close();
        }
    };
    view! {
        <Modal title="Add people">
            <form class="stack" on:submit=submit>
                <Choose chosen without=members />
                <Problem />
                <Actions busy label="Add" />
            </form>
        </Modal>
    }
}

/// The dialog that renames a group.
#[component]
pub(super) fn RenameGroup(chat: GroupId) -> impl IntoView {
    let store = Store::here();
    let name = RwSignal::new(untrack(|| store.chat_title(chat)));
    let busy = RwSignal::new(false);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let name = name.with_untracked(|name| name.trim().to_owned());
        if !name.is_empty() {
            store.say(ConversationCommand::Rename {
                conversation: chat,
                name,
            });
            store.dialogs.close();
        }
    };
    view! {
        <Modal title="Rename group">
            <form class="stack" on:submit=submit novalidate>
                <NameField name />
                <Actions busy label="Save" />
            </form>
        </Modal>
    }
}

#[component]
fn NameField(name: RwSignal<String>) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    view! {
        <div class="field">
            <label for="group-name">"Name of the group"</label>
            <input
                node_ref=input
                id="group-name"
                type="text"
                autocomplete="off"
                maxlength=GROUP_NAME_MAX.to_string()
                prop:value=move || name.get()
                on:input=move |event| name.set(event_target_value(&event))
            />
        </div>
    }
}

/// People to choose from.
#[component]
fn Choose(chosen: RwSignal<Vec<AccountId>>, without: Vec<AccountId>) -> impl IntoView {
    let store = Store::here();
    let query = RwSignal::new(String::new());
    let others = move || {
        let mut people = people(store, &query.get());
        people.retain(|account| !without.contains(account));
        people
    };
    let toggle = move |account: AccountId| {
        chosen.update(|chosen| match chosen.iter().position(|it| *it == account) {
            Some(at) => {
                chosen.remove(at);
            }
            None => chosen.push(account),
        });
    };
    let person = move |account: AccountId| {
        let name = untrack(|| store.called(account));
        view! {
            <li>
                <label class="pick">
                    {move || who(store, account)}
                    <input
                        type="checkbox"
                        aria-label=name
                        prop:checked=move || chosen.with(|it| it.contains(&account))
                        on:change=move |_| toggle(account)
                    />
                </label>
            </li>
        }
    };
    view! {
        <Search query />
        <ul class="picks" aria-label="People to choose from">
            <For each=others key=|account| *account children=person />
        </ul>
    }
}

/// What the last try ran into.
#[component]
fn Problem() -> impl IntoView {
    let store = Store::here();
    let said = move || {
        store.failure.with(|failure| match failure {
            Some(Failure::Conversation(failure)) => Some(failure.to_string()),
            _ => None,
        })
    };
    view! {
        <p class="problem" role="alert">
            {said}
        </p>
    }
}

fn free_on_failure(store: Store, busy: RwSignal<bool>) {
    Effect::new(move |_| {
        if store.failure.with(Option::is_some) {
            busy.set(false);
        }
    });
}
