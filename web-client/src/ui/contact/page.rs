//! The page of one contact.

use leptos::prelude::*;
use sotto_engine::api::{Command, Trust};
use sotto_shared::AccountId;

use super::super::avatar::avatar;
use super::super::icons::{Icon, icon};
use super::super::state::contacts::is_alarming;
use super::super::store::Store;
use super::super::{dom, navigation, words};
use super::alarm::KeyAlarm;
use super::safety::Safety;

/// The page.
#[component]
pub(crate) fn ContactPage(account: AccountId) -> impl IntoView {
    let store = Store::here();
    let contact = Memo::new(move |_| store.contact(account));
    dom::focus_soon(".contact h2");
    // A mailbox that was just switched on is not in the list of classic clients yet.
    let classic = Memo::new(move |_| contact.with(|contact| contact.as_ref()?.classic));
    Effect::new(move |_| {
        if classic.with(Option::is_some) {
            store.send(Command::RefreshPeople);
        }
    });
    let title = move || {
        contact
            .with(|c| c.as_ref().map(|c| c.display_name.to_string()))
            .unwrap_or_default()
    };
    view! {
        <section
            class="conversation contact"
            aria-label=move || format!("Contact {}", title())
            on:keydown=move |event| {
                if event.key() == "Escape" && !event.default_prevented() {
                    navigation::close(store);
                }
            }
        >
            <header class="head">
                <button
                    class="icon-button back"
                    aria-label="Back to people"
                    on:click=move |_| navigation::close(store)
                >
                    {icon(Icon::Back)}
                </button>
                <div class="head-text">
                    <h2 tabindex="-1">{title}</h2>
                </div>
            </header>
            <div class="contact-body">
                <Show
                    when=move || contact.with(Option::is_some)
                    fallback=|| {
                        view! { <p class="hint">"Nobody by this address is known here."</p> }
                    }
                >
                    <Who account />
                    <KeyAlarm contact on_page=true />
                    <Writing account />
                    <Safety account contact />
                </Show>
            </div>
        </section>
    }
}

#[component]
fn Who(account: AccountId) -> impl IntoView {
    let store = Store::here();
    move || {
        let contact = store.contact(account)?;
        let name = contact.display_name.to_string();
        let presence = contact.presence.map(|presence| {
            let words = words::presence(presence, store.now.get());
            view! {
                <p class="hint">
                    <span class="presence-dot" class:on=presence.online aria-hidden="true"></span>
                    {words}
                </p>
            }
        });
        Some(view! {
            <section class="own">
                {avatar(account.as_bytes(), &name)}
                <div>
                    <p class="own-name">{name.clone()} {verified_mark(contact.trust)}</p>
                    <p class="own-id">{format!("@{}", contact.name)}</p>
                    {presence}
                    <p class="hint">{words::trust(contact.trust)}</p>
                </div>
            </section>
        })
    }
}

/// A tick for those whose safety number was compared.
pub(crate) fn verified_mark(trust: Trust) -> Option<impl IntoView + use<>> {
    (trust == Trust::Verified).then(tick)
}

/// The tick itself.
pub(crate) fn tick() -> impl IntoView + use<> {
    view! {
        <span class="verified" title="Verified">
            {icon(Icon::Check)}
            <span class="sr-only">"Verified"</span>
        </span>
    }
}

/// How to write to them.
#[component]
fn Writing(account: AccountId) -> impl IntoView {
    let store = Store::here();
    move || {
        let contact = store.contact(account)?;
        let classic = contact
            .classic
            .filter(|client| store.person(*client).is_some());
        let over_bridge = classic.map(|client| {
            view! {
                <button class="button plain" on:click=move |_| navigation::open(store, client)>
                    {icon(Icon::Shield)}
                    "Classic chat"
                </button>
                <p class="hint">"The classic chat goes over the bridge: weakly encrypted."</p>
            }
        });
        let stopped = is_alarming(&contact);
        Some(view! {
            <div class="buttons">
                <button
                    class="button primary"
                    disabled=stopped
                    on:click=move |_| store.write_to(account)
                >
                    {icon(Icon::Send)}
                    "Message"
                </button>
                {over_bridge}
            </div>
        })
    }
}
