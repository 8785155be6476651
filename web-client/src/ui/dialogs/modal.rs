//! The frame of all dialogs.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::super::icons::{Icon, icon};
use super::super::store::Store;

/// A modal dialog with a title and a way out. Escape and a click beside it close it.
#[component]
pub(super) fn Modal(
    /// Title and accessible name.
    title: &'static str,
    /// Further class.
    #[prop(optional)]
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let store = Store::here();
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    let pressed = move |event: web_sys::MouseEvent| {
        let on_backdrop = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|target| target.tag_name() == "DIALOG");
        if on_backdrop {
            store.dialogs.close();
        }
    };
    view! {
        <dialog
            node_ref=dialog
            class=format!("modal {class}")
            aria-labelledby="dialog-title"
            on:cancel=move |event: web_sys::Event| {
                event.prevent_default();
                store.dialogs.close();
            }
            on:mousedown=pressed
        >
            <div class="modal-box">
                <header class="modal-head">
                    <h2 id="dialog-title">{title}</h2>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Close"
                        on:click=move |_| store.dialogs.close()
                    >
                        {icon(Icon::Close)}
                    </button>
                </header>
                <div class="modal-body">{children()}</div>
            </div>
        </dialog>
    }
}

/// The buttons at the end of a form.
#[component]
pub(super) fn Actions(
    /// Whether an answer is waited for.
    busy: RwSignal<bool>,
    /// What is done.
    label: &'static str,
    /// Whether it takes something away for good.
    #[prop(optional)]
    danger: bool,
) -> impl IntoView {
    let store = Store::here();
    view! {
        <div class="buttons end">
            <button type="button" class="button plain" on:click=move |_| store.dialogs.close()>
                "Cancel"
            </button>
            <button
                type="submit"
                class=if danger { "button danger" } else { "button primary" }
                disabled=move || busy.get()
            >
                {move || busy.get().then(|| icon(Icon::Spinner))}
                {label}
            </button>
        </div>
    }
}

/// A fingerprint in its groups.
pub(super) fn fingerprint(text: &str) -> impl IntoView + use<> {
    let groups = text
        .split_whitespace()
        .map(|group| view! { <span>{group.to_owned()}</span> " " })
        .collect_view();
    view! { <code class="fingerprint">{groups}</code> }
}
