//! Connection to the server: quiet while all is well.

use std::time::Duration;

use leptos::prelude::*;
use sotto_engine::api::Connection;

use super::store::Store;
use super::{time, words};

/// A dot and a word, beside the own name.
#[component]
pub(crate) fn ConnectionMark() -> impl IntoView {
    let connection = connection();
    view! {
        <p
            class="connection"
            class:online=move || connection.get() == Connection::Online
            class:offline=move || matches!(connection.get(), Connection::Offline { .. })
        >
            <span class="dot" aria-hidden="true"></span>
            <span role="status" aria-label="Connection">
                {move || words::connection(connection.get())}
            </span>
        </p>
    }
}

/// A line above the conversation while there is no connection.
#[component]
pub(crate) fn ConnectionBanner() -> impl IntoView {
    let connection = connection();
    view! {
        <Show when=move || matches!(connection.get(), Connection::Offline { .. })>
            <div class="banner">
                <p>
                    <strong>"Offline. "</strong>
                    "Messages wait here and go out by themselves."
                    <Countdown connection />
                </p>
            </div>
        </Show>
    }
}

#[component]
fn Countdown(connection: Memo<Connection>) -> impl IntoView {
    let now = RwSignal::new(time::now());
    let tick = set_interval_with_handle(move || now.set(time::now()), Duration::from_secs(1)).ok();
    on_cleanup(move || {
        if let Some(tick) = tick {
            tick.clear();
        }
    });
    let text = move || match connection.get() {
        Connection::Offline {
            retry_at: Some(retry_at),
        } => {
            let wait = retry_at - now.get();
            Some(words::retry_in(wait.as_millis().div_ceil(1000) as u64))
        }
        _ => None,
    };
    // Not in a live region: nobody wants to hear seconds counted.
    view! { <span class="countdown">{move || text().map(|text| format!(" {text}"))}</span> }
}

fn connection() -> Memo<Connection> {
    let store = Store::here();
    Memo::new(move |_| store.status.with(|status| status.connection))
}
