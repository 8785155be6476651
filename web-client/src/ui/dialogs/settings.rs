//! Own identity and preferences.

use leptos::prelude::*;
use sotto_engine::api::Phase;

use super::super::avatar::avatar;
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
    let has_passphrase = Memo::new(move |_| store.status.with(|status| status.passphrase));
    let opens = move |dialog: Dialog| move |_| store.dialogs.open(dialog.clone());
    view! {
        <Modal title="Settings">
            {move || {
                own()
                    .map(|(name, client, print)| {
                        view! {
                            <section class="own">
                                {avatar(client, &name)}
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
            <NotificationSwitch />
            <section class="about">
                <p class="hint">
                    "Sotto " {env!("CARGO_PKG_VERSION")} ". Free software, self-hosted; your keys stay in this browser."
                </p>
            </section>
        </Modal>
    }
}

#[component]
fn NotificationSwitch() -> impl IntoView {
    let on = RwSignal::new(notify::is_on());
    let refused = RwSignal::new(!notify::possible());
    let toggle = move |_| {
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
            <div class="switch-line">
                <div>
                    <h3 id="notifications-label">"Desktop notifications"</h3>
                    <p class="hint" id="notifications-hint">
                        {move || {
                            if refused.get() {
                                "This browser does not allow them for this page. You can change that in its own settings."
                            } else {
                                "Shows new messages while you look elsewhere."
                            }
                        }}
                    </p>
                </div>
                <button
                    type="button"
                    role="switch"
                    class="switch"
                    aria-labelledby="notifications-label"
                    aria-describedby="notifications-hint"
                    aria-checked=move || on.get().to_string()
                    disabled=move || refused.get() && !on.get()
                    on:click=toggle
                >
                    <span class="switch-knob"></span>
                </button>
            </div>
        </section>
    }
}
