//! The local store is under a passphrase, or under the account's password.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Command, Failure, Phase};

use super::entry::EntryPage;
use super::field::{PassphraseField, typed};
use super::icons::{Icon, icon};
use super::store::Store;
use super::{dom, words};

/// Remembers whether what is here belongs to an account: a locked store cannot be asked.
const ACCOUNT_FLAG: &str = "sotto.account";

/// Keeps that up to date.
pub(crate) fn remember_account(store: Store) {
    Effect::new(move |_| {
        let has_account = store.status.with(|status| match status.phase {
            Phase::SignedIn => Some(true),
            Phase::Unregistered | Phase::Ready { .. } => Some(false),
            _ => None,
        });
        if let Some(has_account) = has_account {
            dom::set_flag(ACCOUNT_FLAG, has_account);
        }
    });
}

/// Asks for the passphrase or password.
#[component]
pub(crate) fn LockPage() -> impl IntoView {
    let forgotten = RwSignal::new(false);
    let is_account = dom::flag(ACCOUNT_FLAG);
    view! {
        <main class="page">
            {move || {
                if forgotten.get() {
                    view! { <Forgotten back=move || forgotten.set(false) /> }.into_any()
                } else {
                    view! { <Unlock is_account forget=move || forgotten.set(true) /> }.into_any()
                }
            }}
        </main>
    }
}

#[component]
fn Unlock(is_account: bool, forget: impl Fn() + Copy + Send + Sync + 'static) -> impl IntoView {
    let store = Store::here();
    let passphrase = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let problem = Memo::new(move |_| {
        store.failure.with(|failure| match failure {
            Some(Failure::WrongPassphrase) if is_account => {
                Some("Wrong password. Please try again.".to_owned())
            }
            other => other.as_ref().map(words::failure),
        })
    });
    Effect::new(move |_| {
        if problem.with(Option::is_some) {
            busy.set(false);
            dom::focus_soon("#passphrase");
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
    let (label, text) = if is_account {
        (
            "Password",
            "Your keys and messages are locked in this browser. The password of your account opens them; it never leaves this device.",
        )
    } else {
        (
            "Passphrase",
            "Your keys and messages are locked in this browser. Your passphrase opens them; it never leaves this device.",
        )
    };
    view! {
        <form class="card" on:submit=submit>
            <div class="card-sign">{icon(Icon::Lock)}</div>
            <h1>"Welcome back"</h1>
            <p class="quiet">{text}</p>
            <PassphraseField
                label
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
            {is_account
                .then(|| {
                    view! {
                        <button type="button" class="link" on:click=move |_| forget()>
                            "Forgot password?"
                        </button>
                    }
                })}
        </form>
    }
}

/// What is here opens with the password alone: without it, only signing in anew helps.
#[component]
fn Forgotten(back: impl Fn() + 'static) -> impl IntoView {
    let store = Store::here();
    let title = NodeRef::<leptos::html::H1>::new();
    Effect::new(move |_| {
        if let Some(title) = title.get() {
            let _ = title.focus();
        }
    });
    let erase = move |_| {
        store.entry.set(EntryPage::Recover);
        store.submit(Command::Account(AccountCommand::Forget));
    };
    let problem = move || store.failure.with(|f| f.as_ref().map(words::failure));
    view! {
        <section class="card">
            <div class="card-sign warn">{icon(Icon::Alert)}</div>
            <h1 node_ref=title tabindex="-1">
                "Forgot your password?"
            </h1>
            <p>
                "Your recovery code lets you set a new password and sign in anew. It does not open what is locked in this browser: the messages and files that are only here are erased."
            </p>
            <p class="quiet">
                "If another of your devices is signed in, look there first: what you have there stays."
            </p>
            <p class="problem" role="alert">
                {problem}
            </p>
            <button class="button danger wide" on:click=erase>
                "Erase this browser’s copy and use the code"
            </button>
            <button class="button plain wide" on:click=move |_| back()>
                "Back"
            </button>
        </section>
    }
}
