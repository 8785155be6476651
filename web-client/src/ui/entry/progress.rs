//! While signing up, signing in or recovering is under way.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Connection, Phase};

use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::words;

/// The page.
#[component]
pub(super) fn Progress() -> impl IntoView {
    let store = Store::here();
    let name = move || {
        store.status.with(|status| match &status.phase {
            Phase::SigningIn { name, .. } => Some(name.to_string()),
            _ => None,
        })
    };
    let step = Memo::new(move |_| {
        store.status.with(|status| match &status.phase {
            Phase::SigningIn { step, .. } => Some((*step, status.connection)),
            _ => None,
        })
    });
    view! {
        <section class="card">
            <div class="card-sign">{icon(Icon::Spinner)}</div>
            <h1>"One moment, " {name}</h1>
            <p class="quiet" role="status">
                {move || {
                    step.get()
                        .map(|(step, connection)| match connection {
                            Connection::Offline { .. } => {
                                "The server cannot be reached right now. Trying again…"
                            }
                            _ => words::step(step),
                        })
                }}
            </p>
            <button
                class="button wide"
                on:click=move |_| store.ask(AccountCommand::Cancel)
            >
                "Cancel"
            </button>
        </section>
    }
}
