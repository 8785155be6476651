//! The stop when a contact's account key has changed.

use std::sync::Arc;

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Contact, Trust};

use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::{dom, navigation, words};

/// The stop; nothing while the key is the one that was always seen.
#[component]
pub(crate) fn KeyAlarm(
    #[prop(into)] contact: Signal<Option<Arc<Contact>>>,
    /// Whether it stands on the contact's page already, where the safety number is to be seen:
    /// only there the new key can be taken.
    #[prop(optional)]
    on_page: bool,
) -> impl IntoView {
    let store = Store::here();
    let changed = Memo::new(move |_| {
        contact.with(|contact| {
            let contact = contact.as_ref()?;
            match contact.trust {
                Trust::Changed { was_verified } => Some((
                    contact.account,
                    contact.display_name.to_string(),
                    was_verified,
                )),
                Trust::Unverified | Trust::Verified => None,
            }
        })
    });
    move || {
        let (account, name, was_verified) = changed.get()?;
        let [before, now] = words::key_change(was_verified);
        let compare = move |_| {
            if on_page {
                dom::focus_soon("#safety-number");
            } else {
                navigation::open_contact(store, account);
            }
        };
        Some(view! {
            <div class="alarm-box" role="alert">
                <p class="alarm-title">
                    {icon(Icon::Alert)}
                    <strong>{format!("Stop: the key of {name} has changed")}</strong>
                </p>
                <p>
                    "Either they have made a new account key, or somebody sits between you and pretends to be them. Nothing is sent until you have looked. Call or meet them, and compare the safety number."
                </p>
                <dl class="alarm-keys">
                    <dt>"Before"</dt>
                    <dd>{before}</dd>
                    <dt>"Now"</dt>
                    <dd>{now}</dd>
                </dl>
                <div class="buttons">
                    <button class="button small" on:click=compare>
                        "Compare safety number"
                    </button>
                    {move || {
                        let digits = store.own.safety_digits(account).filter(|_| on_page)?;
                        let accept = move |_| {
                            let digits = digits.clone();
                            store.ask(AccountCommand::AcceptKey { account, digits });
                        };
                        Some(view! {
                            <button class="button small danger" on:click=accept>
                                "I have looked: use the new key"
                            </button>
                        })
                    }}
                </div>
            </div>
        })
    }
}
