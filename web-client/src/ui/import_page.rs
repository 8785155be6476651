//! Bringing an identity along: a `my.info`, or a sealed file with its passphrase.

use leptos::prelude::*;
use sotto_engine::api::{Command, RegistrationPolicy};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlInputElement};

use super::dom;
use super::field::{PassphraseField, typed};
use super::icons::{Icon, icon};
use super::store::Store;
use super::words;

/// No identity file is larger.
const SIZE_MAX: f64 = 16.0 * 1024.0 * 1024.0;

#[derive(Clone, PartialEq, Eq)]
struct Chosen {
    name: String,
    content: Vec<u8>,
}

/// The form.
#[component]
pub(crate) fn ImportPage(
    back: impl Fn() + 'static,
    make: impl Fn() + Send + Sync + Clone + 'static,
) -> impl IntoView {
    let store = Store::here();
    // The classic protocol knows no invitations: where they are asked for, it takes nobody in.
    let takes_anybody = Memo::new(move |_| {
        store.status.with(|status| {
            status
                .gateway
                .is_none_or(|gateway| gateway.registration == RegistrationPolicy::Open)
        })
    });
    store.failure.set(None);
    let chosen = RwSignal::new(None::<Chosen>);
    let unreadable = RwSignal::new(None::<&'static str>);
    let passphrase = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let is_sealed =
        Memo::new(move |_| chosen.with(|c| c.as_ref().is_some_and(|c| !is_my_info(&c.content))));
    let problem = Memo::new(move |_| {
        let failed = store
            .failure
            .with(|failure| failure.as_ref().map(words::failure));
        failed.or_else(|| unreadable.get().map(str::to_owned))
    });
    Effect::new(move |_| {
        if store.failure.with(Option::is_some) {
            busy.set(false);
        }
    });
    let input = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let choose = move |event: web_sys::Event| {
        store.failure.set(None);
        unreadable.set(None);
        chosen.set(None);
        let input: HtmlInputElement = event_target(&event);
        if let Some(file) = dom::files(input.files()).into_iter().next() {
            spawn_local(async move {
                // The form may be gone by then.
                match read(&file).await {
                    Ok(content) => {
                        chosen.try_set(Some(Chosen {
                            name: file.name(),
                            content,
                        }));
                    }
                    Err(problem) => {
                        unreadable.try_set(Some(problem));
                    }
                }
            });
        }
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(chosen) = chosen.get_untracked() else {
            unreadable.set(Some("Choose your identity file first."));
            return;
        };
        let passphrase = is_sealed
            .get_untracked()
            .then(|| typed(passphrase))
            .flatten();
        if is_sealed.get_untracked() && passphrase.is_none() {
            unreadable.set(Some("Type the passphrase of this file."));
            return;
        }
        unreadable.set(None);
        busy.set(true);
        store.submit(Command::Import {
            file: chosen.content,
            passphrase,
        });
    };
    view! {
        <form class="card" on:submit=submit novalidate>
            <div class="card-sign">{icon(Icon::Key)}</div>
            <h1>"Bring your identity"</h1>
            <p class="quiet">
                "Choose the identity file of another Sotto, or the "<code>"my.info"</code>
                " of a native client. Use an identity in one place at a time: two would take each other’s messages away."
            </p>
            <div class="field">
                <label for="identity-file">"Identity file"</label>
                <input
                    node_ref=input
                    id="identity-file"
                    type="file"
                    aria-describedby="import-problem"
                    on:change=choose
                />
                <p class="hint" role="status">
                    {move || {
                        chosen
                            .with(|chosen| {
                                chosen
                                    .as_ref()
                                    .map(|chosen| {
                                        let kind = if is_sealed.get() {
                                            "a sealed file"
                                        } else {
                                            "not encrypted"
                                        };
                                        format!("{}: {kind}", chosen.name)
                                    })
                            })
                    }}
                </p>
            </div>
            <Show when=move || is_sealed.get()>
                <PassphraseField
                    label="Passphrase of the file"
                    id="file-passphrase"
                    value=passphrase
                    autocomplete="off"
                    autofocus=true
                    described_by="import-problem"
                />
            </Show>
            <p id="import-problem" class="problem" role="alert">
                {move || problem.get()}
            </p>
            <button type="submit" class="button primary wide" disabled=move || busy.get()>
                {move || busy.get().then(|| icon(Icon::Spinner))}
                "Import"
            </button>
            <Show when=move || takes_anybody.get()>
                <button
                    type="button"
                    class="link"
                    on:click={
                        let make = make.clone();
                        move |_| make()
                    }
                >
                    "I have no file: make a new classic identity"
                </button>
            </Show>
            <button type="button" class="button plain wide" on:click=move |_| back()>
                "Back"
            </button>
        </form>
    }
}

async fn read(file: &File) -> Result<Vec<u8>, &'static str> {
    const UNREADABLE: &str = "This file could not be read.";
    if file.size() > SIZE_MAX {
        return Err("This is no identity file: it is too large.");
    }
    let buffer = JsFuture::from(file.array_buffer()).await;
    let buffer: js_sys::ArrayBuffer = buffer
        .map_err(|_| UNREADABLE)?
        .dyn_into()
        .map_err(|_| UNREADABLE)?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// Whether this looks like a `my.info`: a name, then the 32 hexadecimal digits of an id.
fn is_my_info(content: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(content) else {
        return false;
    };
    let id = text.lines().nth(1).map(str::trim).unwrap_or_default();
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_my_info;

    #[test]
    fn only_a_sealed_file_asks_for_a_passphrase() {
        assert!(is_my_info(
            b"ada\r\n64f3f63985f04beb81a0e43321880182\r\nMIICXQ==\n"
        ));
        assert!(!is_my_info(b"sotto\x01\n\x02"));
        assert!(!is_my_info(&[0xff, 0xfe]));
    }
}
