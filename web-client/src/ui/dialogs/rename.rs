//! Names a file: the classic protocol carries no names.

use leptos::prelude::*;
use sotto_engine::api::{Command, FILE_NAME_MAX, Seq};
use sotto_shared::ClientId;

use super::super::store::Store;
use super::modal::Modal;

/// The dialog.
#[component]
pub(super) fn Rename(with: ClientId, seq: Seq, name: String) -> impl IntoView {
    let store = Store::here();
    let text = RwSignal::new(name);
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
            // The name without its ending is what is usually changed.
            let end = text.with_untracked(|text| {
                let stem = text.rfind('.').and_then(|dot| text.get(..dot));
                stem.unwrap_or(text).encode_utf16().count()
            });
            let _ = input.set_selection_range(0, u32::try_from(end).unwrap_or(u32::MAX));
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let name = text.with_untracked(|text| text.trim().to_owned());
        if !name.is_empty() {
            store.send(Command::RenameFile { with, seq, name });
            store.dialogs.close();
        }
    };
    view! {
        <Modal title="Name of the file">
            <form on:submit=submit>
                <div class="field">
                    <label for="file-name">"File name"</label>
                    <input
                        node_ref=input
                        id="file-name"
                        type="text"
                        autocomplete="off"
                        spellcheck="false"
                        maxlength=FILE_NAME_MAX.to_string()
                        prop:value=move || text.get()
                        on:input=move |event| text.set(event_target_value(&event))
                    />
                    <p class="hint">
                        "The classic protocol carries no names, so this one is only for you."
                    </p>
                </div>
                <div class="buttons end">
                    <button
                        type="button"
                        class="button plain"
                        on:click=move |_| store.dialogs.close()
                    >
                        "Cancel"
                    </button>
                    <button type="submit" class="button primary">
                        "Save"
                    </button>
                </div>
            </form>
        </Modal>
    }
}
