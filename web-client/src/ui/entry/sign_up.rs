//! A new account. A classic identity that is here is carried over into it.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Phase, RegistrationPolicy};
use sotto_shared::account::password::check_password;
use sotto_shared::account::{AccountName, DisplayName};

use super::super::field::{SubmitButton, TextField, typed};
use super::super::form::{About, Form, beside};
use super::super::store::Store;
use super::super::words;
use super::parts::{DeviceOptions, NewName, NewPassword};
use super::{Draft, EntryPage};
use sotto_engine::api::Passphrase;

/// The page.
#[component]
pub(super) fn SignUp(
    draft: Draft,
    form: Form,
    go: impl Fn(EntryPage) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let store = Store::here();
    let classic = store.status.with_untracked(|status| match &status.phase {
        Phase::Ready { name, .. } => Some(name.to_string()),
        _ => None,
    });
    if let Some(name) = &classic
        && draft.name.with_untracked(String::is_empty)
    {
        if let Some(suggested) = AccountName::suggest(name) {
            draft.name.set(suggested.to_string());
        }
        draft.display_name.set(name.clone());
    }
    let carries_over = classic.is_some();
    let policy = Memo::new(move |_| {
        store
            .status
            .with(|status| status.gateway.map(|gateway| gateway.registration))
    });
    let needs_invitation = Memo::new(move |_| {
        policy.get() == Some(RegistrationPolicy::Invitation)
            || store.invitation.with(|code| !code.is_empty())
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if form.busy.get_untracked() {
            return;
        }
        if let Some(command) = read(store, draft, form, policy.get_untracked()) {
            form.send(command);
        }
    };
    view! {
        <form class="card" on:submit=submit novalidate>
            <h1>{if carries_over { "Set a password" } else { "Create your account" }}</h1>
            <p class="quiet">
                {if carries_over {
                    "Your identity becomes an account that opens with your password, on other devices too. Your conversations and your classic mailbox come along."
                } else {
                    "The password stays on your devices: nobody else, not even the server, ever sees it."
                }}
            </p>
            <Show when=move || policy.get() == Some(RegistrationPolicy::Closed)>
                <p class="note">"This server takes no new accounts."</p>
            </Show>
            <Show when=move || needs_invitation.get()>
                <TextField
                    label="Invitation code"
                    id="invitation"
                    value=store.invitation
                    autocomplete="one-time-code"
                    hint="This server takes new accounts by invitation."
                    problem=form.problem(About::Invitation, beside)
                    typing=Callback::new(move |text: String| {
                        form.touch();
                        text.trim().to_owned()
                    })
                />
            </Show>
            <NewName draft form />
            <TextField
                label="Display name (optional)"
                id="display-name"
                value=draft.display_name
                autocomplete="nickname"
                problem=form.problem(About::Display, beside)
            />
            <NewPassword
                label="Password"
                value=draft.password
                name=draft.name
                problem=form.problem(About::Password, beside)
            />
            <DeviceOptions draft />
            <p class="problem" role="alert">
                {move || form.problem(About::Form, beside).get()}
            </p>
            <SubmitButton label="Create account" busy=form.busy wait=form.wait() />
            <button type="button" class="button plain wide" on:click=move |_| go(EntryPage::Choice)>
                "Back"
            </button>
        </form>
    }
}

/// Reads the form; says beside a field what is wrong with it.
fn read(
    store: Store,
    draft: Draft,
    form: Form,
    policy: Option<RegistrationPolicy>,
) -> Option<AccountCommand> {
    let invitation = store
        .invitation
        .with_untracked(|code| (!code.is_empty()).then(|| Passphrase(code.clone())));
    if policy == Some(RegistrationPolicy::Invitation) && invitation.is_none() {
        form.refuse(
            About::Invitation,
            "Type the code of your invitation. Somebody who has an account here can give you one.",
        );
        return None;
    }
    let name = draft.name.with_untracked(|name| AccountName::parse(name));
    let name = match name {
        Ok(name) => name,
        Err(error) => {
            form.refuse(About::Name, words::account_name_problem(error));
            return None;
        }
    };
    let display_name = draft.display_name.with_untracked(|text| {
        DisplayName::parse(if text.trim().is_empty() {
            name.as_str()
        } else {
            text
        })
    });
    let display_name = match display_name {
        Ok(display_name) => display_name,
        Err(error) => {
            form.refuse(About::Display, words::display_name_problem(error));
            return None;
        }
    };
    let good = draft
        .password
        .with_untracked(|password| check_password(password, &name));
    if let Err(weak) = good {
        form.refuse(About::Password, words::weak_password(weak));
        return None;
    }
    Some(AccountCommand::SignUp {
        name,
        display_name,
        password: typed(draft.password)?,
        invitation,
        device: draft.device(),
        stay_unlocked: draft.stay_unlocked.get_untracked(),
    })
}
