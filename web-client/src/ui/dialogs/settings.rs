//! Own identity and preferences.

use leptos::prelude::*;
use sotto_engine::api::{Phase, RegistrationPolicy};

use super::super::avatar::avatar;
use super::super::field::Switch;
use super::super::icons::{Icon, icon};
use super::super::notify;
use super::super::store::Store;
use super::Dialog;
use super::modal::{Modal, fingerprint};

/// The dialog.
#[component]
pub(super) fn Settings() -> impl IntoView {
    let store = Store::here();
    let own = move || {
        store.status.with(|status| match &status.phase {
            Phase::Ready {
                name,
                client,
                fingerprint,
            } => Some((name.to_string(), *client, fingerprint.clone())),
            _ => None,
        })
    };
    let has_account = Memo::new(move |_| store.account(|_| ()).is_some());
    view! {
        <Modal title="Settings">
            <Show when=move || has_account.get()>
                <AccountSections />
            </Show>
            {move || {
                own()
                    .map(|(name, client, print)| {
                        view! {
                            <section class="own">
                                {avatar(client.as_bytes(), &name)}
                                <div>
                                    <p class="own-name">{name}</p>
                                    <p class="own-id">
                                        "Id " <code>{client.to_string()}</code>
                                    </p>
                                </div>
                            </section>
                            <section>
                                <h3>"Your fingerprint"</h3>
                                {fingerprint(&print)}
                                <p class="hint">
                                    "Others see this for you, if nobody has put another key in between."
                                </p>
                            </section>
                        }
                    })
            }}
            <Show when=move || !has_account.get()>
                <ClassicSections />
            </Show>
            <NotificationSwitch />
            <section class="about">
                <p class="hint">
                    "Sotto " {env!("CARGO_PKG_VERSION")} ". Free software, self-hosted; your keys stay in this browser."
                </p>
            </section>
        </Modal>
    }
}

/// Where an account's settings are.
#[component]
fn AccountSections() -> impl IntoView {
    let store = Store::here();
    let own = move || {
        store.account(|account| {
            (
                account.account,
                account.display_name.to_string(),
                account.name.to_string(),
            )
        })
    };
    let invites = Memo::new(move |_| {
        store.status.with(|status| {
            status
                .gateway
                .is_some_and(|gateway| gateway.registration == RegistrationPolicy::Invitation)
        })
    });
    let entry = move |dialog: Dialog, sign: Icon, name: &'static str, about: &'static str| {
        view! {
            <button class="settings-entry" on:click=move |_| store.dialogs.open(dialog.clone())>
                {icon(sign)}
                <span>
                    <strong>{name}</strong>
                    <span class="hint" aria-hidden="true">
                        {about}
                    </span>
                </span>
                <span class="settings-go">{icon(Icon::Back)}</span>
            </button>
        }
    };
    view! {
        {move || {
            own()
                .map(|(account, display_name, name)| {
                    view! {
                        <section class="own">
                            {avatar(account.as_bytes(), &display_name)}
                            <div>
                                <p class="own-name">{display_name.clone()}</p>
                                <p class="own-id">{format!("@{name}")}</p>
                            </div>
                        </section>
                    }
                })
        }}
        <nav class="settings-list" aria-label="Settings of your account">
            {entry(Dialog::Profile, Icon::Pencil, "Profile", "Your name, and who sees that you are here")}
            {entry(Dialog::Conversations, Icon::Checks, "Conversations", "Read receipts, and what could not be read")}
            {entry(Dialog::Devices, Icon::Device, "Devices", "Where you are signed in")}
            {entry(Dialog::Security, Icon::Lock, "Security", "Password, recovery code, locks, signing out")}
            <Show when=move || {
                invites.get()
            }>
                {entry(Dialog::Invitations, Icon::Person, "Invitations", "Bring somebody to this server")}
            </Show>
            {entry(Dialog::Bridge, Icon::Shield, "Classic bridge", "Talk to older clients, weakly encrypted")}
        </nav>
    }
}

/// What a classic identity has to set.
#[component]
fn ClassicSections() -> impl IntoView {
    let store = Store::here();
    let has_passphrase = Memo::new(move |_| store.status.with(|status| status.passphrase));
    let opens = move |dialog: Dialog| move |_| store.dialogs.open(dialog.clone());
    view! {
        <section>
            <h3>"Passphrase of this browser"</h3>
            <p class="hint">
                {move || {
                    if has_passphrase.get() {
                        "Keys and messages in this browser are locked under your passphrase, and it is asked for when the page is opened."
                    } else {
                        "Without one, whoever can use this browser can read your messages."
                    }
                }}
            </p>
            <div class="buttons">
                <button class="button" on:click=opens(Dialog::SetPassphrase)>
                    {icon(Icon::Lock)}
                    {move || if has_passphrase.get() { "Change passphrase" } else { "Set a passphrase" }}
                </button>
                <Show when=move || has_passphrase.get()>
                    <button class="button plain" on:click=opens(Dialog::RemovePassphrase)>
                        "Remove passphrase"
                    </button>
                </Show>
            </div>
        </section>
        <section>
            <h3>"Take your identity along"</h3>
            <p class="hint">
                "A sealed file holds your identity, contacts and keys under a passphrase. "
                <code>"my.info"</code>
                " is what native clients read; it is not encrypted."
            </p>
            <div class="buttons">
                <button class="button" on:click=opens(Dialog::ExportSealed)>
                    {icon(Icon::Download)}
                    "Export sealed file"
                </button>
                <button class="button plain" on:click=opens(Dialog::ExportPlain)>
                    "Export my.info"
                </button>
            </div>
        </section>
    }
}

#[component]
fn NotificationSwitch() -> impl IntoView {
    let on = RwSignal::new(notify::is_on());
    let refused = RwSignal::new(!notify::possible());
    let toggle = move |()| {
        if on.get_untracked() {
            notify::turn_off();
            on.set(false);
        } else {
            notify::turn_on(move |is_on| {
                on.try_set(is_on);
                refused.try_set(!notify::possible());
            });
        }
    };
    view! {
        <section>
            <Switch
                label="Desktop notifications"
                id="notifications"
                on
                hint=Signal::derive(move || {
                    if refused.get() {
                        "This browser does not allow them for this page. You can change that in its own settings."
                    } else {
                        "Shows new messages while you look elsewhere."
                    }
                })
                disabled=Signal::derive(move || refused.get() && !on.get())
                toggle=Callback::new(toggle)
            />
        </section>
    }
}
