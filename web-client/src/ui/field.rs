//! A passphrase field whose text can be looked at.

use leptos::prelude::*;
use sotto_engine::api::Passphrase;

use super::icons::{Icon, icon};

/// A labelled passphrase field.
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
    Effect::new(move |_| {
        if autofocus && let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="field-box">
                <input
                    node_ref=input
                    id=id
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
