//! Everything that stands above the page.

mod about;
mod bridge;
mod chat;
mod conversations;
mod devices;
mod encryption;
mod export;
mod invitations;
mod leave;
mod modal;
mod new_chat;
mod new_group;
mod passphrase;
mod password;
mod picture;
mod profile;
mod rename;
mod scan;
mod security;
mod settings;

use leptos::prelude::*;
use sotto_engine::api::{Media, Place, Seq};
use sotto_shared::{AccountId, ClientId, GroupId};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::store::Store;

/// A dialog and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialog {
    /// Own identity and preferences.
    Settings,
    /// Begins a conversation.
    NewChat,
    /// Makes a group.
    NewGroup {
        /// Its name, as far as it is known.
        name: String,
    },
    /// A group or the lobby.
    About(GroupId),
    /// Adds members to a group.
    AddMembers(GroupId),
    /// Renames a group.
    RenameGroup(GroupId),
    /// How long messages stay.
    Timer(GroupId),
    /// Removes all lines of a conversation here.
    Clear(GroupId),
    /// Leaves a group or the lobby.
    LeaveChat(GroupId),
    /// Removes a line.
    DeleteLine {
        /// Conversation.
        chat: GroupId,
        /// The line.
        place: Place,
        /// Whether that can be done for everyone.
        for_everyone: bool,
    },
    /// What can be typed behind a slash.
    Commands,
    /// Settings of conversations.
    Conversations,
    /// What others see of the user.
    Profile,
    /// The devices of the account.
    Devices,
    /// Renames one.
    RenameDevice {
        /// Which.
        client: ClientId,
        /// Its name so far.
        name: String,
    },
    /// Revokes one.
    RevokeDevice {
        /// Which.
        client: ClientId,
        /// Its name.
        name: String,
    },
    /// Revokes all but this one.
    RevokeOthers,
    /// Password, recovery code and locks.
    Security,
    /// Changes the account's password.
    ChangePassword,
    /// Makes a new recovery code.
    NewRecoveryCode,
    /// Leaves the local store unlocked, or locks it.
    StayUnlocked,
    /// Signs out of this browser.
    SignOut,
    /// Deletes the account.
    DeleteAccount,
    /// Invites others.
    Invitations,
    /// The classic bridge.
    Bridge,
    /// Switches it off.
    BridgeOff,
    /// Scans a contact's safety code with the camera.
    Scan(AccountId),
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
            | Self::ExportSealed
            | Self::Profile
            | Self::Devices
            | Self::Security
            | Self::Invitations
            | Self::Conversations
            | Self::Bridge => Some(Self::Settings),
            Self::AddMembers(group) | Self::RenameGroup(group) => Some(Self::About(*group)),
            Self::RenameDevice { .. } | Self::RevokeDevice { .. } | Self::RevokeOthers => {
                Some(Self::Devices)
            }
            Self::ChangePassword
            | Self::NewRecoveryCode
            | Self::StayUnlocked
            | Self::SignOut
            | Self::DeleteAccount => Some(Self::Security),
            Self::BridgeOff => Some(Self::Bridge),
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

    /// Whether this one is open.
    pub(crate) fn is_open(self, dialog: &Dialog) -> bool {
        self.shown
            .try_with_untracked(|shown| shown.as_ref() == Some(dialog))
            .unwrap_or(false)
    }

    /// Closes the dialog, whatever it was opened from: the page below is another one.
    pub(crate) fn dismiss(self) {
        if self.shown.with_untracked(Option::is_some) {
            self.opened_from.set_value(None);
            self.shown.set(None);
        }
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

/// Shows the dialog that is open. Each time it is a new element: a browser that closes one of its
/// own accord, on Escape, would otherwise close the one that comes after it, and a focus that stood
/// inside would be lost.
#[component]
pub(crate) fn DialogHost() -> impl IntoView {
    let store = Store::here();
    let times = StoredValue::new(0_u32);
    let shown = move || {
        let dialog = store.dialogs.shown.get()?;
        store.failure.set(None);
        times.update_value(|times| *times = times.wrapping_add(1));
        Some((times.get_value(), dialog))
    };
    view! { <For each=shown key=|(time, _)| *time children=|(_, dialog)| content(dialog) /> }
}

/// The dialog itself.
fn content(dialog: Dialog) -> AnyView {
    match dialog {
        Dialog::Settings => view! { <settings::Settings /> }.into_any(),
        Dialog::NewChat => view! { <new_chat::NewChat /> }.into_any(),
        Dialog::NewGroup { name } => view! { <new_group::NewGroup name /> }.into_any(),
        Dialog::About(chat) => view! { <about::About chat /> }.into_any(),
        Dialog::AddMembers(chat) => view! { <new_group::AddMembers chat /> }.into_any(),
        Dialog::RenameGroup(chat) => view! { <new_group::RenameGroup chat /> }.into_any(),
        Dialog::Timer(chat) => view! { <chat::Timer chat /> }.into_any(),
        Dialog::Clear(chat) => view! { <chat::Clear chat /> }.into_any(),
        Dialog::LeaveChat(chat) => view! { <chat::LeaveChat chat /> }.into_any(),
        Dialog::DeleteLine {
            chat,
            place,
            for_everyone,
        } => view! { <chat::DeleteLine chat place for_everyone /> }.into_any(),
        Dialog::Commands => view! { <chat::Commands /> }.into_any(),
        Dialog::Conversations => view! { <conversations::Conversations /> }.into_any(),
        Dialog::Profile => view! { <profile::Profile /> }.into_any(),
        Dialog::Devices => view! { <devices::Devices /> }.into_any(),
        Dialog::RenameDevice { client, name } => {
            view! { <devices::RenameDevice client name /> }.into_any()
        }
        Dialog::RevokeDevice { client, name } => {
            view! { <devices::RevokeDevice client name /> }.into_any()
        }
        Dialog::RevokeOthers => view! { <devices::RevokeOthers /> }.into_any(),
        Dialog::Security => view! { <security::Security /> }.into_any(),
        Dialog::ChangePassword => view! { <password::ChangePassword /> }.into_any(),
        Dialog::NewRecoveryCode => view! { <password::NewRecoveryCode /> }.into_any(),
        Dialog::StayUnlocked => view! { <password::StayUnlocked /> }.into_any(),
        Dialog::SignOut => view! { <leave::SignOut /> }.into_any(),
        Dialog::DeleteAccount => view! { <leave::DeleteAccount /> }.into_any(),
        Dialog::Invitations => view! { <invitations::Invitations /> }.into_any(),
        Dialog::Bridge => view! { <bridge::Bridge /> }.into_any(),
        Dialog::BridgeOff => view! { <bridge::BridgeOff /> }.into_any(),
        Dialog::Scan(account) => view! { <scan::Scan account /> }.into_any(),
        Dialog::SetPassphrase => view! { <passphrase::SetPassphrase /> }.into_any(),
        Dialog::RemovePassphrase => view! { <passphrase::RemovePassphrase /> }.into_any(),
        Dialog::ExportPlain => view! { <export::ExportPlain /> }.into_any(),
        Dialog::ExportSealed => view! { <export::ExportSealed /> }.into_any(),
        Dialog::Encryption(with) => view! { <encryption::Encryption with /> }.into_any(),
        Dialog::Rename { with, seq, name } => view! { <rename::Rename with seq name /> }.into_any(),
        Dialog::Picture {
            with,
            seq,
            name,
            media,
        } => view! { <picture::Picture with seq name media /> }.into_any(),
    }
}
