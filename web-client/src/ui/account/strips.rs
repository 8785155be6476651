//! Lines above everything: what the user should know or do. Calm, one below the other.

use leptos::prelude::*;
use sotto_engine::api::{Phase, RegistrationPolicy, SessionState};

use super::super::dialogs::Dialog;
use super::super::entry::EntryPage;
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::words;

/// The lines.
#[component]
pub(crate) fn Strips() -> impl IntoView {
    view! {
        <div class="strips">
            <EndedStrip />
            <ClassicStrip />
            <CodeStrip />
            <DeviceStrip />
        </div>
    }
}

/// The session is over, and the user reads on.
#[component]
fn EndedStrip() -> impl IntoView {
    let store = Store::here();
    let end = Memo::new(move |_| {
        store
            .account(|account| match account.session {
                SessionState::Ended(end) => Some(end),
                _ => None,
            })
            .flatten()
    });
    view! {
        {move || {
            end.get()
                .map(|end| {
                    view! {
                        <p class="strip">
                            {icon(Icon::Alert)} <span>{words::session_end(end)[0]} "."</span>
                            <button
                                class="button small"
                                on:click=move |_| store.own.reads_on.set(false)
                            >
                                "What to do"
                            </button>
                        </p>
                    }
                })
        }}
    }
}

/// A classic identity can become an account.
#[component]
fn ClassicStrip() -> impl IntoView {
    let store = Store::here();
    let later = RwSignal::new(false);
    let offered = Memo::new(move |_| {
        store.status.with(|status| {
            let open = status
                .gateway
                .is_some_and(|gateway| gateway.registration != RegistrationPolicy::Closed);
            matches!(status.phase, Phase::Ready { .. }) && open
        })
    });
    view! {
        <Show when=move || offered.get() && !later.get()>
            <p class="strip">
                {icon(Icon::Lock)}
                <span>
                    "Set a password to keep this account safe and use it on other devices."
                </span>
                <button
                    class="button small primary"
                    on:click=move |_| store.entry.set(EntryPage::SignUp)
                >
                    "Set a password"
                </button>
                <button class="button small plain" on:click=move |_| later.set(true)>
                    "Not now"
                </button>
            </p>
        </Show>
    }
}

/// The recovery code was put off.
#[component]
fn CodeStrip() -> impl IntoView {
    let store = Store::here();
    let waits = Memo::new(move |_| {
        store
            .account(|account| account.recovery_code_waits)
            .unwrap_or(false)
    });
    view! {
        <Show when=move || waits.get()>
            <p class="strip">
                {icon(Icon::Key)}
                <span>"Your recovery code is not written down yet."</span>
                <button
                    class="button small"
                    on:click=move |_| store.own.code_later.set(false)
                >
                    "Show it"
                </button>
            </p>
        </Show>
    }
}

/// A device was added elsewhere.
#[component]
fn DeviceStrip() -> impl IntoView {
    let store = Store::here();
    let newest = Memo::new(move |_| store.own.added.with(|added| added.last().cloned()));
    view! {
        {move || {
            newest
                .get()
                .map(|name| {
                    view! {
                        <p class="strip warn" role="alert">
                            {icon(Icon::Alert)}
                            <span>
                                {format!(
                                    "A new device, “{name}”, was added to your account. If it was not you: revoke it, and change your password.",
                                )}
                            </span>
                            <button
                                class="button small"
                                on:click=move |_| {
                                    store.own.added.set(Vec::new());
                                    store.dialogs.open(Dialog::Devices);
                                }
                            >
                                "Look at devices"
                            </button>
                            <button
                                class="button small plain"
                                on:click=move |_| store.own.added.set(Vec::new())
                            >
                                "It was me"
                            </button>
                        </p>
                    }
                })
        }}
    }
}
