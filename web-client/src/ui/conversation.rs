//! The right side: one conversation.

use leptos::prelude::*;
use sotto_engine::api::{Command, KeyState};
use sotto_shared::ClientId;
use wasm_bindgen::JsCast;

use super::avatar::avatar;
use super::composer::Composer;
use super::contact::{KeyAlarm, verified_mark};
use super::dialogs::Dialog;
use super::icons::{Icon, icon, logo};
use super::state::contacts::is_alarming;
use super::store::Store;
use super::timeline::TimelineView;
use super::{dom, navigation, words};

/// What stands there while no conversation is open.
#[component]
pub(crate) fn NoConversation() -> impl IntoView {
    view! {
        <div class="nobody">
            {logo()}
            <p>"Choose somebody on the left to write to."</p>
        </div>
    }
}

/// One conversation.
#[component]
pub(crate) fn Conversation(with: ClientId) -> impl IntoView {
    let store = Store::here();
    let name = Memo::new(move |_| store.name_of(with));
    let contact = Memo::new(move |_| store.contact_of(with));
    let stopped = Memo::new(move |_| contact.with(|c| c.as_deref().is_some_and(is_alarming)));
    let timeline = store.timeline(with);
    let dropped = RwSignal::new_local(Vec::new());
    let over = RwSignal::new(0_i32);
    dom::focus_soon(if dom::is_touch() {
        ".conversation h2"
    } else {
        "#message"
    });
    on_cleanup(move || {
        // Back in the list, at the person who was left.
        if store.open.get_untracked().is_none() {
            let row = store
                .contacts
                .with_untracked(|contacts| contacts.of_classic(with))
                .map_or_else(|| with.to_string(), |contact| contact.account.to_string());
            dom::focus_soon(format!(".people [data-row=\"{row}\"]"));
        }
    });
    let drop = move |event: web_sys::DragEvent| {
        event.prevent_default();
        over.set(0);
        dropped.set(dom::files(
            event.data_transfer().and_then(|data| data.files()),
        ));
    };
    let carries = |event: &web_sys::DragEvent| dom::carries_files(event.data_transfer().as_ref());
    view! {
        <section
            class="conversation"
            aria-label=move || format!("Conversation with {}", name.get())
            on:dragenter=move |event| {
                if carries(&event) {
                    event.prevent_default();
                    over.update(|over| *over += 1);
                }
            }
            on:dragover=move |event| event.prevent_default()
            on:dragleave=move |event| {
                if carries(&event) {
                    over.update(|over| *over = (*over - 1).max(0));
                }
            }
            on:drop=drop
            on:keydown=move |event| {
                let used = event.default_prevented() || event.is_composing();
                if event.key() == "Escape" && !used {
                    navigation::close(store);
                }
            }
        >
            <Header with name />
            <KeyAlarm contact />
            <div class="timeline-box">
                <TimelineView with timeline />
            </div>
            <Show
                when=move || !stopped.get()
                fallback=|| {
                    view! {
                        <p class="composer composer-stopped">
                            "Nothing can be sent until you have looked at their new key."
                        </p>
                    }
                }
            >
                <Composer with name dropped />
            </Show>
            <Show when=move || { over.get() > 0 }>
                <div class="drop-here">
                    <p>{icon(Icon::Attach)} {move || format!("Drop to send to {}", name.get())}</p>
                </div>
            </Show>
        </section>
    }
}

#[component]
fn Header(with: ClientId, name: Memo<String>) -> impl IntoView {
    let store = Store::here();
    let key = Memo::new(move |_| {
        store
            .person(with)
            .map_or(KeyState::None, |person| person.key)
    });
    let gone = Memo::new(move |_| store.person(with).is_some_and(|person| !person.listed));
    let contact = Memo::new(move |_| store.contact_of(with));
    let imitated = Memo::new(move |_| {
        let person = store.person(with)?;
        store.account(|_| ())?;
        store
            .contacts
            .with(|contacts| contacts.imitated_by(&person))
    });
    let picture = move || {
        contact.with(|contact| match contact {
            Some(contact) => avatar(contact.account.as_bytes(), contact.display_name.as_str()),
            None => avatar(with.as_bytes(), &name.get()),
        })
    };
    let presence = move || {
        let presence = contact.with(|contact| contact.as_ref()?.presence)?;
        Some(words::presence(presence, store.now.get()))
    };
    view! {
        <header class="head">
            <button
                class="icon-button back"
                aria-label="Back to people"
                on:click=move |_| navigation::close(store)
            >
                {icon(Icon::Back)}
            </button>
            {picture}
            <div class="head-text">
                <h2 tabindex="-1">
                    {move || name.get()}
                    {move || contact.with(|c| c.as_ref().and_then(|c| verified_mark(c.trust)))}
                </h2>
                <p class="head-line">
                    <button
                        class="weak"
                        on:click=move |_| store.dialogs.open(Dialog::Encryption(with))
                    >
                        {icon(Icon::Shield)}
                        {move || {
                            if contact.with(Option::is_some) {
                                "Classic, weakly encrypted"
                            } else {
                                "Classic encryption: weak"
                            }
                        }}
                    </button>
                    {move || {
                        imitated
                            .get()
                            .map(|name| {
                                view! {
                                    <span class="not-account">
                                        {format!("not the account @{name}")}
                                    </span>
                                }
                            })
                    }}
                    <span class="head-key" class:under-way=move || key.get() != KeyState::Established>
                        {move || {
                            if gone.get() {
                                "Not on this server any more".to_owned()
                            } else {
                                presence().unwrap_or_else(|| words::key_state(key.get()).to_owned())
                            }
                        }}
                    </span>
                </p>
            </div>
            {move || {
                contact
                    .with(|contact| contact.as_ref().map(|contact| contact.account))
                    .map(|account| {
                        view! {
                            <button
                                class="icon-button"
                                aria-label="Contact"
                                title="Contact"
                                on:click=move |_| navigation::open_contact(store, account)
                            >
                                {icon(Icon::Person)}
                            </button>
                        }
                    })
            }}
            <Menu with />
        </header>
    }
}

#[component]
fn Menu(with: ClientId) -> impl IntoView {
    let store = Store::here();
    let shown = RwSignal::new(false);
    let button = NodeRef::<leptos::html::Button>::new();
    let close = move || {
        shown.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    let item = move |sign: Icon, text: &'static str, act: Box<dyn Fn()>| {
        view! {
            <button
                role="menuitem"
                tabindex="-1"
                on:click=move |_| {
                    close();
                    act();
                }
            >
                {icon(sign)}
                {text}
            </button>
        }
    };
    let keys = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.prevent_default();
            close();
        }
        "Tab" => shown.set(false),
        "ArrowDown" | "ArrowUp" => {
            event.prevent_default();
            step_menu(event.key() == "ArrowDown");
        }
        _ => {}
    };
    view! {
        <div class="menu-box" on:focusout=move |event| dom::left_box(&event, shown)>
            <button
                node_ref=button
                class="icon-button"
                aria-label="Conversation menu"
                aria-haspopup="menu"
                aria-expanded=move || shown.get().to_string()
                on:click=move |_| {
                    shown.update(|shown| *shown = !*shown);
                    if shown.get_untracked() {
                        dom::focus_soon(".menu [role=menuitem]");
                    }
                }
            >
                {icon(Icon::More)}
            </button>
            <Show when=move || shown.get()>
                <div class="menu" role="menu" aria-label="Conversation menu" on:keydown=keys>
                    {item(
                        Icon::Key,
                        "Ask for a key",
                        Box::new(move || store.send(Command::RequestKey { from: with })),
                    )}
                    {item(
                        Icon::Lock,
                        "Send a new key",
                        Box::new(move || store.send(Command::SendKey { to: with })),
                    )}
                    {item(
                        Icon::Shield,
                        "About this encryption",
                        Box::new(move || store.dialogs.open(Dialog::Encryption(with))),
                    )}
                </div>
            </Show>
        </div>
    }
}

/// Moves the focus in the menu that is open.
pub(crate) fn step_menu(down: bool) {
    let Ok(items) = document().query_selector_all(".menu [role=menuitem]") else {
        return;
    };
    let count = items.length().max(1);
    let focused = document().active_element();
    let at = (0..count)
        .find(|index| {
            items.item(*index).as_ref() == focused.as_ref().map(AsRef::<web_sys::Node>::as_ref)
        })
        .unwrap_or(0);
    let to = if down { at + 1 } else { at + count - 1 } % count;
    if let Some(item) = items.item(to) {
        let _ = item.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}
