//! What the classic encryption is worth, in plain words.

use leptos::prelude::*;
use sotto_engine::api::{Command, KeyState, Phase};
use sotto_shared::ClientId;

use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::words;
use super::modal::{Modal, fingerprint};

/// The dialog.
#[component]
pub(super) fn Encryption(with: ClientId) -> impl IntoView {
    let store = Store::here();
    store.send(Command::FetchPublicKey { of: with });
    let name = Memo::new(move |_| store.name_of(with));
    let theirs = move || {
        store
            .person(with)
            .and_then(|person| person.fingerprint.clone())
    };
    let mine = move || {
        store.status.with(|status| match &status.phase {
            Phase::Ready { fingerprint, .. } => fingerprint.clone(),
            _ => {
                let bridge = status.account.as_ref().and_then(|a| a.bridge.as_ref());
                bridge.map_or_else(String::new, |bridge| bridge.fingerprint.clone())
            }
        })
    };
    let key = move || {
        store
            .person(with)
            .map_or(KeyState::None, |person| person.key)
    };
    view! {
        <Modal title="About this encryption" class="wide">
            <p class="lead">
                "Messages with " <strong>{move || name.get()}</strong>
                " use the classic encryption. It keeps the curious out, not the determined."
            </p>
            <Show when=move || store.contact_of(with).is_some()>
                <p>
                    "They have an account, and it vouches for this classic mailbox. The account’s own keys and the safety number do not protect what goes over the mailbox."
                </p>
            </Show>
            <section>
                <h3>"What it protects"</h3>
                <ul class="points good">
                    <li>
                        {icon(Icon::Check)}
                        "Texts and files are encrypted on your device and decrypted on theirs. The server stores only what it cannot read by looking."
                    </li>
                    <li>
                        {icon(Icon::Check)}
                        "Your keys never leave this browser, unless you export them."
                    </li>
                </ul>
            </section>
            <section>
                <h3>"What it does not"</h3>
                <ul class="points bad">
                    <li>
                        {icon(Icon::Close)}
                        "The server hands out everybody’s keys. A dishonest one could hand out its own and read along, unless you compare fingerprints."
                    </li>
                    <li>
                        {icon(Icon::Close)}
                        "Nothing proves who sent a message, or that it was not altered on the way. Anybody on this server could send a key in another’s name: watch for key notices that you did not expect."
                    </li>
                    <li>
                        {icon(Icon::Close)}
                        "The keys are short for today (RSA with 1024 bits). Somebody with great means can break them."
                    </li>
                    <li>
                        {icon(Icon::Close)}
                        "Whoever gets a key later can also read what was said earlier."
                    </li>
                    <li>
                        {icon(Icon::Close)}
                        "The server sees who writes to whom, when, and how much."
                    </li>
                </ul>
            </section>
            <section>
                <h3>"Compare fingerprints"</h3>
                <p class="hint">
                    "Call or meet " {move || name.get()}
                    ", and read these to each other. If both of you see the same two, the server has not put a public key of its own in between. It does not show who sent a key notice."
                </p>
                <dl class="fingerprints">
                    <dt>"Yours"</dt>
                    <dd>{move || fingerprint(&mine())}</dd>
                    <dt>{move || format!("{}’s", name.get())}</dt>
                    <dd>
                        {move || match theirs() {
                            Some(print) => fingerprint(&print).into_any(),
                            None => {
                                view! { <span class="hint">"Not known yet: asking the server."</span> }
                                    .into_any()
                            }
                        }}
                    </dd>
                </dl>
            </section>
            <section>
                <h3>"Key of this conversation"</h3>
                <p class="hint">{move || format!("{}.", words::key_state(key()))}</p>
                <div class="buttons">
                    <button
                        class="button"
                        on:click=move |_| {
                            store.send(Command::RequestKey { from: with });
                            store.dialogs.close();
                        }
                    >
                        {icon(Icon::Key)}
                        "Ask for a key"
                    </button>
                    <button
                        class="button plain"
                        on:click=move |_| {
                            store.send(Command::SendKey { to: with });
                            store.dialogs.close();
                        }
                    >
                        "Send a new key"
                    </button>
                </div>
            </section>
        </Modal>
    }
}
