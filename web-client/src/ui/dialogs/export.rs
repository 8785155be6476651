//! Taking the identity along.

use leptos::prelude::*;
use sotto_engine::api::{Command, Passphrase};

use super::super::field::{PassphraseField, repeat_problem};
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::modal::Modal;

/// As `my.info`, with a warning.
#[component]
pub(super) fn ExportPlain() -> impl IntoView {
    let store = Store::here();
    let export = move |_| {
        store.submit(Command::ExportMyInfo);
        store.dialogs.close();
    };
    view! {
        <Modal title="Export my.info">
            <div class="warning">
                {icon(Icon::Alert)}
                <p>
                    <strong>"This file is not encrypted."</strong>
                    " It holds your private key: whoever has it can read what is sent to you and take your messages away. Keep it off shared disks and out of mail."
                </p>
            </div>
            <p>
                "It opens in native clients. Use your identity in one place at a time: two would take each other’s messages away."
            </p>
            <div class="buttons end">
                <button type="button" class="button plain" on:click=move |_| store.dialogs.close()>
                    "Cancel"
                </button>
                <button type="button" class="button primary" on:click=export>
                    "Export without encryption"
                </button>
            </div>
        </Modal>
    }
}

/// Under a passphrase.
#[component]
pub(super) fn ExportSealed() -> impl IntoView {
    let store = Store::here();
    let first = RwSignal::new(String::new());
    let second = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<&'static str>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let wrong = first
            .with_untracked(|first| second.with_untracked(|second| repeat_problem(first, second)));
        problem.set(wrong);
        if wrong.is_none() {
            store.submit(Command::ExportSealed {
                passphrase: Passphrase(first.get_untracked()),
            });
            store.dialogs.close();
        }
    };
    view! {
        <Modal title="Export sealed file">
            <form on:submit=submit novalidate>
                <p>
                    "The file holds your identity, contacts and keys. You need its passphrase to open it elsewhere; nobody can bring it back."
                </p>
                <PassphraseField
                    label="Passphrase for the file"
                    id="export-passphrase"
                    value=first
                    autocomplete="new-password"
                    autofocus=true
                    described_by="export-problem"
                />
                <PassphraseField
                    label="Repeat passphrase"
                    id="export-repeat"
                    value=second
                    autocomplete="new-password"
                    described_by="export-problem"
                />
                <p class="problem" id="export-problem" role="alert">
                    {move || problem.get()}
                </p>
                <div class="buttons end">
                    <button
                        type="button"
                        class="button plain"
                        on:click=move |_| store.dialogs.close()
                    >
                        "Cancel"
                    </button>
                    <button type="submit" class="button primary">
                        "Export"
                    </button>
                </div>
            </form>
        </Modal>
    }
}
