//! Safety number and safety code, and how they are compared.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, AccountFailure, Contact, Failure, ScanResult, Trust};
use sotto_shared::AccountId;

use super::super::dialogs::Dialog;
use super::super::field::TextField;
use super::super::icons::{Icon, icon};
use super::super::own::SafetyNumber;
use super::super::store::Store;
use super::super::{dom, words};
use super::qr::qr;

/// The section.
#[component]
pub(super) fn Safety(account: AccountId, contact: Memo<Option<Arc<Contact>>>) -> impl IntoView {
    let store = Store::here();
    store.own.scanned.set(None);
    // Asked again when the key changes: the number is another one then.
    let trust = Memo::new(move |_| contact.with(|c| c.as_ref().map(|contact| contact.trust)));
    let is_changed = Memo::new(move |_| matches!(trust.get(), Some(Trust::Changed { .. })));
    let is_stale = Memo::new(move |_| {
        let changed_again = Failure::Account(AccountFailure::KeyChanged(account));
        store
            .failure
            .with(|failure| failure.as_ref() == Some(&changed_again))
    });
    Effect::new(move |_| {
        is_changed.track();
        is_stale.track();
        store.ask(AccountCommand::SafetyNumber { account });
    });
    let number = Memo::new(move |_| {
        store
            .own
            .safety_number
            .get()
            .filter(|number| number.account == account)
    });
    let name = move || {
        contact
            .with(|c| c.as_ref().map(|c| c.display_name.to_string()))
            .unwrap_or_default()
    };
    let verified = move || trust.get() == Some(Trust::Verified);
    view! {
        <section class="safety">
            <h3 id="safety-number" tabindex="-1">
                "Safety number"
            </h3>
            <p class="hint">
                {move || {
                    format!(
                        "Call or meet {}, and compare: both of you see the same number if nobody sits between you. Or scan each other’s code.",
                        name(),
                    )
                }}
            </p>
            {move || match number.get() {
                None => {
                    view! {
                        <p class="hint" role="status">
                            "Working it out…"
                        </p>
                    }
                        .into_any()
                }
                Some(number) => view! { <Number number /> }.into_any(),
            }}
            <Scanned account contact />
            <div class="buttons">
                <Show when=move || dom::can_scan()>
                    <button
                        class="button"
                        on:click=move |_| store.dialogs.open(Dialog::Scan(account))
                    >
                        {icon(Icon::Scan)}
                        "Scan their code"
                    </button>
                </Show>
                <Show when=move || !is_changed.get()>
                    <button
                        class="button"
                        disabled=move || number.with(Option::is_none)
                        on:click=move |_| {
                            let verified = !verified();
                            let digits = store.own.safety_digits(account).unwrap_or_default();
                            store
                                .ask(AccountCommand::SetVerified {
                                    account,
                                    verified,
                                    digits,
                                });
                        }
                    >
                        {move || {
                            if verified() { "Remove mark" } else { "Mark as verified" }
                        }}
                    </button>
                </Show>
            </div>
            <Paste account />
        </section>
    }
}

#[component]
fn Number(number: SafetyNumber) -> impl IntoView {
    let copied = RwSignal::new(false);
    let code = number.code.clone();
    let groups = number
        .groups
        .into_iter()
        .map(|group| view! { <span>{group}</span> " " })
        .collect_view();
    view! {
        <div class="safety-box">
            <p class="safety-digits" role="group" aria-label="Safety number">
                {groups}
            </p>
            <div class="safety-code">
                {qr(&number.code, "Your safety code, for the other side to scan")}
                <button
                    class="button small plain"
                    on:click=move |_| dom::copy(
                        &code,
                        move || {
                            copied.try_set(true);
                        },
                    )
                >
                    {icon(Icon::Copy)}
                    {move || if copied.get() { "Copied" } else { "Copy code" }}
                </button>
            </div>
        </div>
    }
}

/// What came of a comparison.
#[component]
fn Scanned(account: AccountId, contact: Memo<Option<Arc<Contact>>>) -> impl IntoView {
    let store = Store::here();
    let result = Memo::new(move |_| {
        let scanned = store.own.scanned.get();
        scanned.filter(|(whose, _)| *whose == account)
    });
    let text = move || {
        let (_, result) = result.get()?;
        let name = contact.with(|c| c.as_ref().map(|c| c.display_name.to_string()))?;
        Some(words::scan(result, &name))
    };
    view! {
        <p
            class="scan-result"
            class:good=move || matches!(result.get(), Some((_, ScanResult::Match)))
            class:bad=move || matches!(result.get(), Some((_, ScanResult::Different)))
            role="alert"
        >
            {text}
        </p>
    }
}

/// For browsers that cannot scan: the code is pasted.
#[component]
fn Paste(account: AccountId) -> impl IntoView {
    let store = Store::here();
    let code = RwSignal::new(String::new());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let text = code.with_untracked(|code| code.trim().to_owned());
        if !text.is_empty() {
            store.own.scanned.set(None);
            store.ask(AccountCommand::Scan {
                account,
                code: text,
            });
            code.set(String::new());
        }
    };
    view! {
        <details class="more">
            <summary>"Paste their code"</summary>
            <form class="stack" on:submit=submit>
                <TextField
                    label="Their code"
                    id="their-code"
                    value=code
                    hint="They get it with “Copy code” on your page in their Sotto. Let them give it to you in person or by a call, not through this server."
                />
                <div class="buttons">
                    <button type="submit" class="button">
                        "Compare"
                    </button>
                </div>
            </form>
        </details>
    }
}
