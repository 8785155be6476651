//! The first page: what do you want to do?

use leptos::prelude::*;
use sotto_engine::api::{Connection, RegistrationPolicy};

use super::super::icons::logo;
use super::super::store::Store;
use super::super::words;
use super::EntryPage;

/// The page.
#[component]
pub(super) fn Choice(go: impl Fn(EntryPage) + Copy + Send + Sync + 'static) -> impl IntoView {
    let store = Store::here();
    let policy = Memo::new(move |_| {
        store
            .status
            .with(|status| status.gateway.map(|gateway| gateway.registration))
    });
    let is_closed = move || policy.get() == Some(RegistrationPolicy::Closed);
    let offline = move || {
        let lost = store
            .status
            .with(|status| matches!(status.connection, Connection::Offline { .. }));
        (lost && policy.get().is_none())
            .then_some("The server cannot be reached right now. Trying again…")
    };
    let problem = move || store.failure.with(|f| f.as_ref().map(words::failure));
    view! {
        <section class="card">
            {logo()} <h1>"Welcome to Sotto"</h1>
            <p class="quiet">
                "Messages and files that only you and the people you write to can read. Your password never leaves this device."
            </p>
            <p class="problem" role="alert">
                {problem}
            </p>
            <Show
                when=move || !is_closed()
                fallback=|| {
                    view! {
                        <p class="note">
                            "This server takes no new accounts. Whoever has one can sign in."
                        </p>
                    }
                }
            >
                <button class="button primary wide" on:click=move |_| go(EntryPage::SignUp)>
                    "Create account"
                </button>
            </Show>
            <button
                class="button wide"
                class:primary=is_closed
                on:click=move |_| go(EntryPage::SignIn)
            >
                "Sign in"
            </button>
            <p class="hint" role="status">
                {offline}
            </p>
            <button class="link" on:click=move |_| go(EntryPage::Import)>
                "Use a classic identity"
            </button>
        </section>
    }
}
