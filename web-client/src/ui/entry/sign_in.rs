//! A new device of an account that exists.

use leptos::prelude::*;
use sotto_engine::api::AccountCommand;

use super::super::field::{PasswordField, SubmitButton, typed};
use super::super::form::{About, Form, beside};
use super::parts::{DeviceOptions, KnownName, known_name};
use super::{Draft, EntryPage};

/// The page.
#[component]
pub(super) fn SignIn(
    draft: Draft,
    form: Form,
    go: impl Fn(EntryPage) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if form.busy.get_untracked() {
            return;
        }
        let Some(name) = known_name(draft, form) else {
            return;
        };
        let Some(password) = typed(draft.password) else {
            form.refuse(About::Password, "Type your password.");
            return;
        };
        form.send(AccountCommand::SignIn {
            name,
            password,
            device: draft.device(),
            stay_unlocked: draft.stay_unlocked.get_untracked(),
        });
    };
    view! {
        <form class="card" on:submit=submit novalidate>
            <h1>"Sign in"</h1>
            <p class="quiet">
                "This browser becomes a device of your account. Messages from before stay on your other devices."
            </p>
            <KnownName draft form />
            <PasswordField
                label="Password"
                id="password"
                problem_id="password-problem"
                value=draft.password
                autocomplete="current-password"
                problem=form.problem(About::Password, beside)
            />
            <DeviceOptions draft />
            <p class="problem" role="alert">
                {move || form.problem(About::Form, beside).get()}
            </p>
            <SubmitButton label="Sign in" busy=form.busy wait=form.wait() />
            <button type="button" class="link" on:click=move |_| go(EntryPage::Recover)>
                "Forgot password?"
            </button>
            <button type="button" class="button plain wide" on:click=move |_| go(EntryPage::Choice)>
                "Back"
            </button>
        </form>
    }
}
