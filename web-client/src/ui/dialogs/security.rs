//! Password, recovery code and locks of this device.

use leptos::prelude::*;
use sotto_engine::api::AccountCommand;

use super::super::field::Switch;
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::words;
use super::Dialog;
use super::modal::Modal;

/// Times after which the store can lock by itself, in minutes.
const AUTO_LOCKS: [u16; 5] = [5, 15, 60, 4 * 60, 12 * 60];

/// The dialog.
#[component]
pub(super) fn Security() -> impl IntoView {
    let store = Store::here();
    let stays = Memo::new(move |_| {
        store
            .account(|account| account.stays_unlocked)
            .unwrap_or(false)
    });
    let opens = move |dialog: Dialog| move |_| store.dialogs.open(dialog.clone());
    view! {
        <Modal title="Security">
            <section>
                <h3>"Password"</h3>
                <p class="hint">
                    "It opens your account on a new device, and unlocks this browser. If it is lost, only your recovery code helps."
                </p>
                <div class="buttons">
                    <button class="button" on:click=opens(Dialog::ChangePassword)>
                        {icon(Icon::Lock)}
                        "Change password"
                    </button>
                    <button class="button plain" on:click=opens(Dialog::NewRecoveryCode)>
                        "New recovery code"
                    </button>
                </div>
            </section>
            <section>
                <Switch
                    label="Stay signed in without password"
                    id="stay"
                    on=stays
                    hint=Signal::derive(move || {
                        if stays.get() {
                            "This browser opens without asking. Whoever can use it can read your messages."
                        } else {
                            "This browser asks for your password when the page opens."
                        }
                    })
                    toggle=Callback::new(move |()| store.dialogs.open(Dialog::StayUnlocked))
                />
            </section>
            <section>
                <AutoLock stays />
                <div class="buttons">
                    <button
                        class="button"
                        disabled=move || stays.get()
                        on:click=move |_| {
                            store.ask(AccountCommand::Lock);
                            store.dialogs.dismiss();
                        }
                    >
                        {icon(Icon::Lock)}
                        "Lock now"
                    </button>
                </div>
            </section>
            <section>
                <h3>"Leave"</h3>
                <div class="buttons">
                    <button class="button" on:click=opens(Dialog::SignOut)>
                        "Sign out of this browser"
                    </button>
                    <button class="button plain bad" on:click=opens(Dialog::DeleteAccount)>
                        "Delete account"
                    </button>
                </div>
            </section>
        </Modal>
    }
}

#[component]
fn AutoLock(stays: Memo<bool>) -> impl IntoView {
    let store = Store::here();
    let chosen = Memo::new(move |_| store.account(|account| account.auto_lock).flatten());
    let options = move || {
        let chosen = chosen.get();
        let mut minutes: Vec<_> = std::iter::once(None).chain(AUTO_LOCKS.map(Some)).collect();
        // One that another program has set.
        if !minutes.contains(&chosen) {
            minutes.push(chosen);
        }
        minutes
            .into_iter()
            .map(|minutes| {
                view! {
                    <option value=minutes.unwrap_or(0).to_string() selected=minutes == chosen>
                        {words::auto_lock(minutes)}
                    </option>
                }
            })
            .collect_view()
    };
    view! {
        <div class="field">
            <label for="auto-lock">"Lock by itself when nobody is here for"</label>
            <select
                id="auto-lock"
                disabled=move || stays.get()
                on:change=move |event| {
                    let minutes = event_target_value(&event).parse().ok().filter(|m| *m > 0);
                    store.ask(AccountCommand::SetAutoLock { minutes });
                }
            >
                {options}
            </select>
            <p class="hint">
                {move || {
                    stays
                        .get()
                        .then_some("Nothing locks while this browser stays signed in without password.")
                }}
            </p>
        </div>
    }
}
