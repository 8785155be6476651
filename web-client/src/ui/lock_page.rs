//! The local store is under a passphrase.

use leptos::prelude::*;
use sotto_engine::api::Command;

use super::field::{PassphraseField, typed};
use super::icons::{Icon, icon};
use super::store::Store;
use super::words;

/// Asks for the passphrase.
#[component]
pub(crate) fn LockPage() -> impl IntoView {
    let store = Store::here();
    let passphrase = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let problem = Memo::new(move |_| store.failure.with(|f| f.as_ref().map(words::failure)));
    Effect::new(move |_| {
        if problem.with(Option::is_some) {
            busy.set(false);
            super::dom::focus_soon("#passphrase");
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(passphrase) = typed(passphrase)
            && !busy.get_untracked()
        {
            busy.set(true);
            store.submit(Command::Unlock { passphrase });
        }
    };
    view! {
        <main class="page">
            <form class="card" on:submit=submit>
                <div class="card-sign">{icon(Icon::Lock)}</div>
                <h1>"Welcome back"</h1>
                <p class="quiet">
                    "Your keys and messages are locked in this browser. Your passphrase opens them; it never leaves this device."
                </p>
                <PassphraseField
                    label="Passphrase"
                    id="passphrase"
                    value=passphrase
                    autocomplete="current-password"
                    autofocus=true
                    described_by="unlock-problem"
                    invalid=Signal::derive(move || problem.with(Option::is_some))
                />
                <p id="unlock-problem" class="problem" role="alert">
                    {move || problem.get()}
                </p>
                <button type="submit" class="button primary wide" disabled=move || busy.get()>
                    {move || busy.get().then(|| icon(Icon::Spinner))}
                    {move || if busy.get() { "Unlocking…" } else { "Unlock" }}
                </button>
            </form>
        </main>
    }
}
