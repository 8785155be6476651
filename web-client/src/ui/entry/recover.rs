//! Getting back in with the recovery code, and setting a new password.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, AccountFailure, Failure};
use sotto_shared::account::password::check_password;

use super::super::field::{Checkbox, SubmitButton, TextField, typed};
use super::super::form::{About, Form, beside_code};
use super::super::icons::{Icon, icon};
use super::super::state::code;
use super::super::store::Store;
use super::super::words;
use super::parts::{DeviceOptions, KnownName, NewPassword, known_name};
use super::{Draft, EntryPage};

/// The page.
#[component]
pub(super) fn Recover(
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
        let Some(code) = typed(draft.code) else {
            form.refuse(About::Code, "Type your recovery code.");
            return;
        };
        let good = draft
            .password
            .with_untracked(|password| check_password(password, &name));
        if let Err(weak) = good {
            form.refuse(About::Password, words::weak_password(weak));
            return;
        }
        let Some(password) = typed(draft.password) else {
            return;
        };
        form.send(AccountCommand::Recover {
            name,
            code,
            password,
            device: draft.device(),
            revoke_others: draft.revoke_others.get_untracked(),
            stay_unlocked: draft.stay_unlocked.get_untracked(),
        });
    };
    let store = Store::here();
    let problem = form.problem(About::Code, beside_code);
    let code_problem = Signal::derive(move || {
        let is_wrong = store
            .failure
            .with(|failure| matches!(failure, Some(Failure::Account(AccountFailure::LoginFailed))));
        let problem = problem.get()?;
        Some(if is_wrong {
            words::wrong_code()
        } else {
            problem
        })
    });
    view! {
        <form class="card" on:submit=submit novalidate>
            <div class="card-sign">{icon(Icon::Key)}</div>
            <h1>"Set a new password"</h1>
            <p class="quiet">
                "Your recovery code opens your account when the password is lost. You wrote it down when you signed up. It works once; you get a new one."
            </p>
            <KnownName draft form />
            <TextField
                label="Recovery code"
                id="recovery-code"
                value=draft.code
                class="code"
                hint="8 groups of 5. Case and dashes do not matter."
                problem=code_problem
                typing=Callback::new(move |text: String| {
                    form.touch();
                    code::in_groups(&text)
                })
            />
            <NewPassword
                label="New password"
                value=draft.password
                name=draft.name
                problem=form.problem(About::Password, beside_code)
            />
            <Checkbox
                label="Sign out all other devices"
                id="revoke-others"
                value=draft.revoke_others
                hint="Choose this if somebody else may know your password or have one of your devices."
            />
            <DeviceOptions draft />
            <p class="problem" role="alert">
                {move || form.problem(About::Form, beside_code).get()}
            </p>
            <SubmitButton label="Set new password" busy=form.busy wait=form.wait() />
            <button type="button" class="button plain wide" on:click=move |_| go(EntryPage::SignIn)>
                "Back"
            </button>
        </form>
    }
}
