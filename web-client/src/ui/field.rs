//! Fields of forms.

use leptos::prelude::*;
use sotto_engine::api::Passphrase;

use super::form::Problem;
use super::icons::{Icon, icon};

/// A labelled text field, with what is wrong with it and what helps.
#[component]
pub(crate) fn TextField(
    /// Label and accessible name.
    label: &'static str,
    /// Id of the input, unique on the page.
    id: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// The `autocomplete` token, which is its name, too.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// A sentence below it.
    #[prop(optional)]
    hint: &'static str,
    /// What is wrong with it.
    #[prop(optional, into)]
    problem: Problem,
    /// Whether it takes the focus when it appears.
    #[prop(optional)]
    autofocus: bool,
    /// Further class of the input.
    #[prop(optional)]
    class: &'static str,
    /// Called when something is typed, before it is shown.
    #[prop(optional, into)]
    typing: Option<Callback<String, String>>,
) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    focus_first(input, autofocus);
    focus_on_problem(input, problem);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                node_ref=input
                id=id
                name=if autocomplete == "off" { id } else { autocomplete }
                type="text"
                class=class
                autocomplete=autocomplete
                autocapitalize="off"
                spellcheck="false"
                aria-describedby=format!("{id}-problem {id}-hint")
                aria-invalid=move || problem.with(Option::is_some).to_string()
                prop:value=move || value.get()
                on:input=move |event| {
                    let typed = event_target_value(&event);
                    value.set(typing.map_or_else(|| typed.clone(), |change| change.run(typed.clone())));
                }
            />
            <p id=format!("{id}-problem") class="problem" role="alert">
                {move || problem.get()}
            </p>
            {(!hint.is_empty())
                .then(|| {
                    view! {
                        <p id=format!("{id}-hint") class="hint">
                            {hint}
                        </p>
                    }
                })}
        </div>
    }
}

/// A labelled passphrase or password field, whose text can be looked at.
#[component]
pub(crate) fn PassphraseField(
    /// Label and accessible name.
    label: &'static str,
    /// Id of the input, unique on the page.
    id: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// Whether it takes the focus when it appears.
    #[prop(optional)]
    autofocus: bool,
    /// Id of what explains an error.
    #[prop(optional)]
    described_by: &'static str,
    /// Whether it is wrong.
    #[prop(optional, into)]
    invalid: Signal<bool>,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let input = NodeRef::<leptos::html::Input>::new();
    focus_first(input, autofocus);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="field-box">
                <input
                    node_ref=input
                    id=id
                    name=autocomplete
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby=described_by
                    aria-invalid=move || invalid.get().to_string()
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
                <button
                    type="button"
                    class="icon-button small"
                    aria-label="Show what is typed"
                    aria-pressed=move || shown.get().to_string()
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || icon(if shown.get() { Icon::EyeOff } else { Icon::Eye })}
                </button>
            </div>
        </div>
    }
}

/// A password field with what is wrong with it below.
#[component]
pub(crate) fn PasswordField(
    /// Label and accessible name.
    label: &'static str,
    /// Id of the input, unique on the page.
    id: &'static str,
    /// Id of what is wrong with it.
    problem_id: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// What is wrong with it.
    problem: Problem,
    /// Whether it takes the focus when it appears.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    Effect::new(move |_| {
        if problem.with(Option::is_some) {
            super::dom::focus_soon(format!("#{id}"));
        }
    });
    view! {
        <div class="stack">
            <PassphraseField
                label
                id
                value
                autocomplete
                autofocus
                described_by=problem_id
                invalid=Signal::derive(move || problem.with(Option::is_some))
            />
            <p id=problem_id class="problem" role="alert">
                {move || problem.get()}
            </p>
        </div>
    }
}

/// A choice that can be left.
#[component]
pub(crate) fn Checkbox(
    /// Label and accessible name.
    label: &'static str,
    /// Id of the input, unique on the page.
    id: &'static str,
    /// Whether it is chosen.
    value: RwSignal<bool>,
    /// What it means.
    #[prop(optional)]
    hint: &'static str,
) -> impl IntoView {
    view! {
        <div class="check">
            <input
                id=id
                type="checkbox"
                aria-describedby=format!("{id}-hint")
                prop:checked=move || value.get()
                on:change=move |event| value.set(event_target_checked(&event))
            />
            <div>
                <label for=id>{label}</label>
                {(!hint.is_empty())
                    .then(|| {
                        view! {
                            <p id=format!("{id}-hint") class="hint">
                                {hint}
                            </p>
                        }
                    })}
            </div>
        </div>
    }
}

/// A switch with its name and meaning.
#[component]
pub(crate) fn Switch(
    /// Name.
    label: &'static str,
    /// Begins the ids of its parts, unique on the page.
    id: &'static str,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// What it means.
    #[prop(into)]
    hint: Signal<&'static str>,
    /// Whether it can be switched.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Called when it is pressed.
    #[prop(into)]
    toggle: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="switch-line">
            <div>
                <h3 id=format!("{id}-label")>{label}</h3>
                <p class="hint" id=format!("{id}-hint")>
                    {move || hint.get()}
                </p>
            </div>
            <button
                type="button"
                role="switch"
                class="switch"
                aria-labelledby=format!("{id}-label")
                aria-describedby=format!("{id}-hint")
                aria-checked=move || on.get().to_string()
                disabled=move || disabled.get()
                on:click=move |_| toggle.run(())
            >
                <span class="switch-knob"></span>
            </button>
        </div>
    }
}

/// The button that sends a form; turns while it waits.
#[component]
pub(crate) fn SubmitButton(
    /// Its text.
    label: &'static str,
    /// Whether an answer is waited for.
    #[prop(into)]
    busy: Signal<bool>,
    /// Seconds until it can be pressed again.
    #[prop(optional, into)]
    wait: Signal<Option<u64>>,
    /// Class of the button.
    #[prop(default = "button primary wide")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=class
            disabled=move || busy.get() || wait.with(Option::is_some)
        >
            {move || busy.get().then(|| icon(Icon::Spinner))}
            {label}
            // Not in a live region: nobody wants to hear seconds counted.
            {move || {
                wait.get()
                    .map(|left| {
                        view! {
                            <span class="countdown">
                                {format!("in {}:{:02}", left / 60, left % 60)}
                            </span>
                        }
                    })
            }}
        </button>
    }
}

fn focus_first(input: NodeRef<leptos::html::Input>, autofocus: bool) {
    Effect::new(move |_| {
        if autofocus && let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
}

/// Leads to the field that something is wrong with, once somebody has pressed the button.
fn focus_on_problem(input: NodeRef<leptos::html::Input>, problem: Problem) {
    Effect::new(move |before: Option<bool>| {
        let is_wrong = problem.with(Option::is_some);
        let typing = input
            .get_untracked()
            .is_some_and(|input| document().active_element().as_ref() == Some(&input));
        if is_wrong
            && before == Some(false)
            && !typing
            && let Some(input) = input.get_untracked()
        {
            let _ = input.focus();
        }
        is_wrong
    });
}

/// What was typed, as a passphrase; nothing if nothing was.
pub(crate) fn typed(value: RwSignal<String>) -> Option<Passphrase> {
    let text = value.get_untracked();
    (!text.is_empty()).then_some(Passphrase(text))
}

/// What is wrong with a new passphrase that was typed twice.
pub(crate) fn repeat_problem(first: &str, second: &str) -> Option<&'static str> {
    if first.is_empty() {
        Some("Type a passphrase.")
    } else if first != second {
        Some("The two are not the same.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::repeat_problem;

    #[test]
    fn a_new_passphrase_is_there_and_typed_twice_alike() {
        assert!(repeat_problem("", "").is_some());
        assert!(repeat_problem("a", "b").is_some());
        assert_eq!(repeat_problem("a b", "a b"), None);
    }
}
