//! Everything that stands above the page.

mod encryption;
mod export;
mod modal;
mod passphrase;
mod picture;
mod rename;
mod settings;

use leptos::prelude::*;
use sotto_engine::api::{Media, Seq};
use sotto_shared::ClientId;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::store::Store;

/// A dialog and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialog {
    /// Own identity and preferences.
    Settings,
    /// Sets or changes the passphrase of the local store.
    SetPassphrase,
    /// Removes it.
    RemovePassphrase,
    /// Exports the identity as it is.
    ExportPlain,
    /// Exports the identity under a passphrase.
    ExportSealed,
    /// What the classic encryption is worth.
    Encryption(ClientId),
    /// Names a file.
    Rename {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
        /// Its name so far.
        name: String,
    },
    /// Shows a picture.
    Picture {
        /// Conversation.
        with: ClientId,
        /// Message.
        seq: Seq,
        /// Its name.
        name: String,
        /// What kind.
        media: Media,
    },
}

impl Dialog {
    /// The dialog that this one was opened from and goes back to.
    fn parent(&self) -> Option<Self> {
        match self {
            Self::SetPassphrase
            | Self::RemovePassphrase
            | Self::ExportPlain
            | Self::ExportSealed => Some(Self::Settings),
            _ => None,
        }
    }
}

/// Which dialog is shown, and where the focus goes when it is gone.
#[derive(Clone, Copy)]
pub(crate) struct Dialogs {
    shown: RwSignal<Option<Dialog>>,
    opened_from: StoredValue<Option<HtmlElement>, LocalStorage>,
}

impl Dialogs {
    pub(crate) fn new() -> Self {
        Self {
            shown: RwSignal::new(None),
            opened_from: StoredValue::new_local(None),
        }
    }

    /// Opens a dialog, in the place of the one that is open.
    pub(crate) fn open(self, dialog: Dialog) {
        if self.shown.with_untracked(Option::is_none) {
            let focused = document().active_element();
            self.opened_from
                .set_value(focused.and_then(|element| element.dyn_into().ok()));
        }
        self.shown.set(Some(dialog));
    }

    /// Closes the dialog; back to its parent, if it has one.
    pub(crate) fn close(self) {
        let parent = self
            .shown
            .with_untracked(|shown| shown.as_ref().and_then(Dialog::parent));
        let is_last = parent.is_none();
        self.shown.set(parent);
        if is_last {
            let mut opened_from = None;
            self.opened_from
                .update_value(|element| opened_from = element.take());
            request_animation_frame(move || {
                if let Some(element) = opened_from {
                    let _ = element.focus();
                }
            });
        }
    }
}

/// Shows the dialog that is open.
#[component]
pub(crate) fn DialogHost() -> impl IntoView {
    let store = Store::here();
    move || {
        let dialog = store.dialogs.shown.get()?;
        store.failure.set(None);
        Some(match dialog {
            Dialog::Settings => view! { <settings::Settings /> }.into_any(),
            Dialog::SetPassphrase => view! { <passphrase::SetPassphrase /> }.into_any(),
            Dialog::RemovePassphrase => view! { <passphrase::RemovePassphrase /> }.into_any(),
            Dialog::ExportPlain => view! { <export::ExportPlain /> }.into_any(),
            Dialog::ExportSealed => view! { <export::ExportSealed /> }.into_any(),
            Dialog::Encryption(with) => view! { <encryption::Encryption with /> }.into_any(),
            Dialog::Rename { with, seq, name } => {
                view! { <rename::Rename with seq name /> }.into_any()
            }
            Dialog::Picture {
                with,
                seq,
                name,
                media,
            } => view! { <picture::Picture with seq name media /> }.into_any(),
        })
    }
}
