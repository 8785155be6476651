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

/// A line over the conversation while there is no connection.
#[component]
pub(crate) fn ConnectionBanner() -> impl IntoView {
    let connection = connection();
    // A try does not hide it, only success does: otherwise it would flicker.
    let lost = Memo::new(move |lost: Option<&bool>| match connection.get() {
        Connection::Online => false,
        Connection::Connecting => lost.copied().unwrap_or(false),
        Connection::Offline { .. } => true,
    });
    view! {
        <Show when=move || lost.get()>
            <p class="banner">
                <strong>"Offline. "</strong>
                "Messages wait here and go out by themselves."
                <Countdown connection />
            </p>
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
            let seconds = wait.as_millis().div_ceil(1000);
            Some(words::retry_in(u64::try_from(seconds).unwrap_or(u64::MAX)))
        }
        Connection::Connecting => Some(words::retry_in(0)),
        Connection::Offline { retry_at: None } | Connection::Online => None,
    };
    // Not in a live region: nobody wants to hear seconds counted.
    view! { <span class="countdown">{move || text().map(|text| format!(" {text}"))}</span> }
}

fn connection() -> Memo<Connection> {
    let store = Store::here();
    Memo::new(move |_| store.status.with(|status| status.connection))
}
