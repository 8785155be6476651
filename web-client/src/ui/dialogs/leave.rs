//! Leaving: signing out of this browser, and deleting the account.

use leptos::prelude::*;
use sotto_engine::api::AccountCommand;

use super::super::field::{PasswordField, TextField, typed};
use super::super::form::{About, Form, beside};
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::modal::{Actions, Modal};

/// Signs out of this browser.
#[component]
pub(super) fn SignOut() -> impl IntoView {
    let store = Store::here();
    let form = Form::new(store);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        form.send(AccountCommand::SignOut);
    };
    view! {
        <Modal title="Sign out of this browser">
            <form on:submit=submit>
                <div class="warning">
                    {icon(Icon::Alert)}
                    <p>
                        <strong>"The messages and files in this browser are erased."</strong>
                        " They are not on the server. What is on your other devices stays there."
                    </p>
                </div>
                <p class="hint">
                    "Your account stays. To come back, sign in with your user name and password."
                </p>
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, |_| About::Form).get()}
                </p>
                <Actions busy=form.busy label="Sign out and erase" danger=true />
            </form>
        </Modal>
    }
}

/// Deletes the account.
#[component]
pub(super) fn DeleteAccount() -> impl IntoView {
    let store = Store::here();
    let form = Form::new(store);
    let typed_name = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let name = store.own_name().map(String::from).unwrap_or_default();
    let shown = name.clone();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let is_meant =
            typed_name.with_untracked(|typed| typed.trim().trim_start_matches('@') == name);
        if !is_meant {
            form.refuse(About::Name, "This is not your user name.");
            return;
        }
        match typed(password) {
            Some(password) => form.send(AccountCommand::Delete { password }),
            None => form.refuse(About::Password, "Type your password."),
        }
    };
    view! {
        <Modal title="Delete account">
            <form on:submit=submit novalidate>
                <div class="warning">
                    {icon(Icon::Alert)}
                    <p>
                        <strong>"This cannot be undone."</strong>
                        " The account, its devices and what waits on the server are deleted, and everything in this browser is erased. What others have received stays with them."
                    </p>
                </div>
                <p>"Type your user name, " <strong>{shown}</strong> ", to go on."</p>
                <TextField
                    label="User name"
                    id="delete-name"
                    value=typed_name
                    autofocus=true
                    problem=form.problem(About::Name, beside)
                    typing=Callback::new(move |text: String| {
                        form.touch();
                        text
                    })
                />
                <PasswordField
                    label="Password"
                    id="password"
                    problem_id="password-problem"
                    value=password
                    autocomplete="current-password"
                    problem=form.problem(About::Password, beside)
                />
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, beside).get()}
                </p>
                <Actions busy=form.busy label="Delete for ever" danger=true />
            </form>
        </Modal>
    }
}
