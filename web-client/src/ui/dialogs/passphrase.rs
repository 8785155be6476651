//! Passphrase of the local store.

use leptos::prelude::*;
use sotto_engine::api::{Command, Passphrase};

use super::super::field::{PassphraseField, repeat_problem};
use super::super::store::Store;
use super::super::words;
use super::modal::{Actions, Modal};

/// Sets or changes it.
#[component]
pub(super) fn SetPassphrase() -> impl IntoView {
    let store = Store::here();
    let change = store.status.with_untracked(|status| status.passphrase);
    let first = RwSignal::new(String::new());
    let second = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<&'static str>);
    let busy = send_and_wait(store, "The passphrase is set.");
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let wrong = first
            .with_untracked(|first| second.with_untracked(|second| repeat_problem(first, second)));
        problem.set(wrong);
        if wrong.is_none() {
            busy.set(true);
            store.submit(Command::SetPassphrase {
                passphrase: Some(Passphrase(first.get_untracked())),
            });
        }
    };
    view! {
        <Modal title=if change { "Change passphrase" } else { "Set a passphrase" }>
            <form on:submit=submit novalidate>
                <p>
                    "It locks the keys and messages in this browser. Nobody can bring it back: without it they are lost."
                </p>
                <PassphraseField
                    label="New passphrase"
                    id="new-passphrase"
                    value=first
                    autocomplete="new-password"
                    autofocus=true
                    described_by="passphrase-problem"
                />
                <PassphraseField
                    label="Repeat passphrase"
                    id="repeat-passphrase"
                    value=second
                    autocomplete="new-password"
                    described_by="passphrase-problem"
                />
                <p class="problem" id="passphrase-problem" role="alert">
                    {move || {
                        problem
                            .get()
                            .map(str::to_owned)
                            .or_else(|| store.failure.with(|f| f.as_ref().map(words::failure)))
                    }}
                </p>
                <Actions busy label="Save" />
            </form>
        </Modal>
    }
}

/// Removes it.
#[component]
pub(super) fn RemovePassphrase() -> impl IntoView {
    let store = Store::here();
    let busy = send_and_wait(store, "The passphrase is removed.");
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        store.submit(Command::SetPassphrase { passphrase: None });
    };
    view! {
        <Modal title="Remove passphrase">
            <form on:submit=submit>
                <p>
                    "The page will open without asking. Whoever can use this browser can then read your messages."
                </p>
                <p class="problem" role="alert">
                    {move || store.failure.with(|f| f.as_ref().map(words::failure))}
                </p>
                <Actions busy label="Remove passphrase" />
            </form>
        </Modal>
    }
}

/// Whether an answer is waited for. When it comes, the dialog closes and `done` is told.
fn send_and_wait(store: Store, done: &'static str) -> RwSignal<bool> {
    let busy = RwSignal::new(false);
    Effect::new(move |answers: Option<u32>| {
        let now = store.answers.get();
        if answers.is_some_and(|before| before != now) && busy.get_untracked() {
            busy.set(false);
            store.notices.tell(done.to_owned());
            store.dialogs.close();
        }
        now
    });
    Effect::new(move |_| {
        if store.failure.with(Option::is_some) {
            busy.set(false);
        }
    });
    busy
}
