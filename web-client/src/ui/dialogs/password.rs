//! What takes the account's password: changing it, a new recovery code, staying signed in.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, AccountFailure, Deed, Passphrase};
use sotto_shared::account::password::check_password;

use super::super::entry::NewPassword;
use super::super::field::{Checkbox, PasswordField, typed};
use super::super::form::{About, Form, beside};
use super::super::store::Store;
use super::super::words;
use super::modal::{Actions, Modal};

/// Changes the password everywhere.
#[component]
pub(super) fn ChangePassword() -> impl IntoView {
    let store = Store::here();
    let current = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let revoke_others = RwSignal::new(false);
    let name = store.own_name();
    let shown_name = name.as_ref().map(ToString::to_string).unwrap_or_default();
    let form = Form::new(store).when_done(Deed::PasswordChanged, move || {
        store.notices.tell("Your password is changed.".to_owned());
        store.dialogs.close();
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(current) = typed(current) else {
            form.refuse(About::Code, "Type your current password.");
            return;
        };
        let weak = name
            .as_ref()
            .and_then(|name| new.with_untracked(|new| check_password(new, name)).err());
        if let Some(weak) = weak {
            form.refuse(About::Password, words::weak_password(weak));
            return;
        }
        form.send(AccountCommand::ChangePassword {
            current,
            new: Passphrase(new.get_untracked()),
            revoke_others: revoke_others.get_untracked(),
        });
    };
    view! {
        <Modal title="Change password">
            <form on:submit=submit novalidate>
                <UserName name=shown_name.clone() />
                <PasswordField
                    label="Current password"
                    id="current-password"
                    problem_id="current-problem"
                    value=current
                    autocomplete="current-password"
                    autofocus=true
                    problem=form.problem(About::Code, beside_current)
                />
                <NewPassword
                    label="New password"
                    value=new
                    name=Signal::stored(shown_name)
                    problem=form.problem(About::Password, beside_current)
                />
                <Checkbox
                    label="Sign out all other devices"
                    id="revoke-others"
                    value=revoke_others
                    hint="Otherwise they ask for the new password once."
                />
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, beside_current).get()}
                </p>
                <Actions busy=form.busy label="Change password" />
            </form>
        </Modal>
    }
}

/// Where failures stand when there are two passwords.
fn beside_current(failure: &AccountFailure) -> About {
    match failure {
        AccountFailure::LoginFailed => About::Code,
        other => beside(other),
    }
}

/// Makes a new recovery code. The page that shows it comes by itself.
#[component]
pub(super) fn NewRecoveryCode() -> impl IntoView {
    view! {
        <PasswordDialog
            title="New recovery code"
            label="Make a new code"
            deed=None
            command=|password| AccountCommand::NewRecoveryCode { password }
        >
            <p>
                "You get a new code to write down. The one that you have stops working at once."
            </p>
        </PasswordDialog>
    }
}

/// Leaves the local store unlocked, or locks it.
#[component]
pub(super) fn StayUnlocked() -> impl IntoView {
    let store = Store::here();
    let stays = untrack(|| store.account(|account| account.stays_unlocked)).unwrap_or(false);
    let (title, label, text) = if stays {
        (
            "Ask for the password",
            "Ask from now on",
            "This browser asks for your password when the page opens, and can be locked.",
        )
    } else {
        (
            "Stay signed in",
            "Stay signed in",
            "This browser opens without asking. Whoever can use it can read your messages and write in your name. Do it only where nobody else can.",
        )
    };
    view! {
        <PasswordDialog
            title
            label
            deed=Some(Deed::StayUnlockedSet)
            command=move |password| AccountCommand::SetStayUnlocked {
                stay: !stays,
                password,
            }
        >
            <p>{text}</p>
        </PasswordDialog>
    }
}

/// A dialog that takes the password and nothing else.
#[component]
pub(super) fn PasswordDialog(
    title: &'static str,
    label: &'static str,
    /// What closes it; nothing if what comes of it closes it anyway.
    deed: Option<Deed>,
    command: impl Fn(Passphrase) -> AccountCommand + Send + 'static,
    #[prop(optional)] danger: bool,
    children: Children,
) -> impl IntoView {
    let store = Store::here();
    let password = RwSignal::new(String::new());
    let mut form = Form::new(store);
    if let Some(deed) = deed {
        form = form.when_done(deed, move || store.dialogs.close());
    }
    let name = store.own_name().map(String::from).unwrap_or_default();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        match typed(password) {
            Some(password) => form.send(command(password)),
            None => form.refuse(About::Password, "Type your password."),
        }
    };
    view! {
        <Modal title>
            <form on:submit=submit novalidate>
                {children()} <UserName name />
                <PasswordField
                    label="Password"
                    id="password"
                    problem_id="password-problem"
                    value=password
                    autocomplete="current-password"
                    autofocus=true
                    problem=form.problem(About::Password, beside)
                />
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, beside).get()}
                </p>
                <Actions busy=form.busy label danger />
            </form>
        </Modal>
    }
}

/// The user name, for password managers.
#[component]
fn UserName(name: String) -> impl IntoView {
    view! {
        <input
            class="sr-only"
            type="text"
            name="username"
            autocomplete="username"
            tabindex="-1"
            aria-hidden="true"
            readonly
            value=name
        />
    }
}
