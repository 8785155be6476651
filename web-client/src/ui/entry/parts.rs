//! Fields that the pages share.

use leptos::prelude::*;
use sotto_shared::account::AccountName;
use sotto_shared::account::name::AccountNameError;

use super::super::field::{Checkbox, PasswordField, TextField};
use super::super::form::{About, Form, Problem, beside};
use super::super::words;
use super::Draft;

/// The user name of an account that exists: capitals are taken for small letters.
#[component]
pub(super) fn KnownName(draft: Draft, form: Form) -> impl IntoView {
    view! {
        <TextField
            label="User name"
            id="user-name"
            value=draft.name
            autocomplete="username"
            class="large"
            autofocus=true
            problem=form.problem(About::Name, beside)
            typing=Callback::new(move |text: String| {
                form.touch();
                text
            })
        />
    }
}

/// Reads the user name of an account that exists.
pub(super) fn known_name(draft: Draft, form: Form) -> Option<AccountName> {
    let typed = draft
        .name
        .with_untracked(|name| name.trim().trim_start_matches('@').to_lowercase());
    match AccountName::parse(&typed) {
        Ok(name) => Some(name),
        Err(_) if typed.is_empty() => {
            form.refuse(About::Name, "Type your user name.");
            None
        }
        Err(error) => {
            form.refuse(About::Name, words::account_name_problem(error));
            None
        }
    }
}

/// The user name of a new account, checked as it is typed.
#[component]
pub(super) fn NewName(draft: Draft, form: Form) -> impl IntoView {
    let checked = Memo::new(move |_| {
        draft
            .name
            .with(|name| AccountName::parse(name).err().filter(|_| !name.is_empty()))
    });
    let said = form.problem(About::Name, beside);
    let problem: Problem = Signal::derive(move || {
        said.get().or_else(|| {
            // Nobody is told of what they have not typed yet.
            let unfinished = |error: &AccountNameError| {
                matches!(error, AccountNameError::TooShort { .. })
                    || is_last_character(*error, draft.name)
            };
            checked
                .get()
                .filter(|error| !unfinished(error))
                .map(words::account_name_problem)
        })
    });
    let suggestion = Memo::new(move |_| {
        checked.get()?;
        draft.name.with(|name| AccountName::suggest(name))
    });
    view! {
        <div class="stack">
            <TextField
                label="User name"
                id="user-name"
                value=draft.name
                autocomplete="username"
                class="large"
                autofocus=true
                hint="Others find you by it. It cannot be changed later."
                problem
                typing=Callback::new(move |text: String| {
                    form.touch();
                    text
                })
            />
            {move || {
                suggestion
                    .get()
                    .map(|name| {
                        let text = name.to_string();
                        view! {
                            <button
                                type="button"
                                class="button small"
                                on:click=move |_| {
                                    form.touch();
                                    draft.name.set(text.clone());
                                    super::super::dom::focus_soon("#user-name");
                                }
                            >
                                {format!("Use “{name}”")}
                            </button>
                        }
                    })
            }}
        </div>
    }
}

/// Whether only the last character is wrong because more is to follow it.
fn is_last_character(error: AccountNameError, name: RwSignal<String>) -> bool {
    let length = name.with(|name| name.chars().count());
    matches!(error, AccountNameError::Edge { position } if position > 1 && position == length)
}

/// A new password, with what makes it good.
#[component]
pub(crate) fn NewPassword(
    /// Label and accessible name.
    label: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// For whom.
    #[prop(into)]
    name: Signal<String>,
    /// What is wrong with it.
    problem: Problem,
) -> impl IntoView {
    let strength = Memo::new(move |_| {
        name.with(|name| value.with(|password| words::strength(password, name)))
    });
    view! {
        <div class="stack">
            <PasswordField
                label
                id="new-password"
                problem_id="new-password-problem"
                value
                autocomplete="new-password"
                problem
            />
            <p class="strength" class:good=move || strength.get().0 role="status">
                {move || strength.get().1}
            </p>
        </div>
    }
}

/// Staying signed in, and the name of this device.
#[component]
pub(super) fn DeviceOptions(draft: Draft) -> impl IntoView {
    view! {
        <Checkbox
            label="Stay signed in on this browser without password"
            id="stay"
            value=draft.stay_unlocked
            hint="Whoever can use this browser can then read your messages. Otherwise your password is asked for when the page opens."
        />
        <details class="more">
            <summary>"More"</summary>
            <TextField
                label="Name of this device"
                id="device-name"
                value=draft.device
                hint="It stands in the list of your devices."
            />
        </details>
    }
}
