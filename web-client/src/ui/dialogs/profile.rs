//! What others see of the user.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Deed};
use sotto_shared::account::DisplayName;

use super::super::field::{Checkbox, TextField};
use super::super::form::{About, Form};
use super::super::store::Store;
use super::super::words;
use super::modal::{Actions, Modal};

/// The dialog.
#[component]
pub(super) fn Profile() -> impl IntoView {
    let store = Store::here();
    let known = store.status.with_untracked(|status| status.account.clone());
    let name = RwSignal::new(
        known
            .as_ref()
            .map(|account| account.display_name.to_string())
            .unwrap_or_default(),
    );
    let hides = RwSignal::new(known.as_ref().is_some_and(|account| account.hides_presence));
    let user_name = known.map(|account| account.name.to_string());
    let form = Form::new(store).when_done(Deed::ProfileUpdated, move || {
        store.notices.tell("Your profile is saved.".to_owned());
        store.dialogs.close();
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        match name.with_untracked(|name| DisplayName::parse(name)) {
            Ok(display_name) => form.send(AccountCommand::UpdateProfile {
                display_name,
                hides_presence: hides.get_untracked(),
            }),
            Err(error) => form.refuse(About::Display, words::display_name_problem(error)),
        }
    };
    view! {
        <Modal title="Profile">
            <form on:submit=submit novalidate>
                <p class="hint">
                    "Your user name is " <strong>"@" {user_name}</strong>
                    ". Others find you by it; it stays as it is."
                </p>
                <TextField
                    label="Display name"
                    id="display-name"
                    value=name
                    autocomplete="nickname"
                    autofocus=true
                    problem=form.problem(About::Display, |_| About::Form)
                    typing=Callback::new(move |text: String| {
                        form.touch();
                        text
                    })
                />
                <Checkbox
                    label="Do not show others when I am here"
                    id="hides-presence"
                    value=hides
                    hint="They see neither that you are online nor when you were last."
                />
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, |_| About::Form).get()}
                </p>
                <Actions busy=form.busy label="Save" />
            </form>
        </Modal>
    }
}
