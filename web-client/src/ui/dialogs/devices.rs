//! The devices of the own account.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Deed, DeviceInfo};
use sotto_engine::time::Timestamp;
use sotto_shared::ClientId;

use super::super::entry::DEVICE_NAME_MAX;
use super::super::field::TextField;
use super::super::form::{About, Form};
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::super::{time, words};
use super::Dialog;
use super::modal::{Actions, Modal};

/// The list.
#[component]
pub(super) fn Devices() -> impl IntoView {
    let store = Store::here();
    store.ask(AccountCommand::ListDevices);
    let others = Memo::new(move |_| {
        store.own.devices.with(|devices| {
            let devices = devices.iter().flatten();
            devices.filter(|device| !device.this).count()
        })
    });
    view! {
        <Modal title="Devices" class="wide">
            <p class="hint">
                "Each of them can read and write in your name. Revoke what you do not know or have lost: it is cut off at once."
            </p>
            {move || {
                store
                    .own
                    .devices
                    .get()
                    .map_or_else(
                        || {
                            view! { <p class="hint" role="status">"Asking the server…"</p> }
                                .into_any()
                        },
                        |devices| {
                            let rows = devices
                                .into_iter()
                                .map(|device| view! { <Device device /> })
                                .collect_view();
                            view! {
                                <ul class="devices" aria-label="Your devices">
                                    {rows}
                                </ul>
                            }
                                .into_any()
                        },
                    )
            }}
            <Show when=move || { others.get() > 0 }>
                <div class="buttons">
                    <button
                        class="button"
                        on:click=move |_| store.dialogs.open(Dialog::RevokeOthers)
                    >
                        "Revoke all other devices"
                    </button>
                </div>
            </Show>
        </Modal>
    }
}

#[component]
fn Device(device: DeviceInfo) -> impl IntoView {
    let store = Store::here();
    let DeviceInfo {
        client,
        name,
        platform,
        created_at,
        last_seen,
        online,
        this,
        certified,
    } = device;
    let seen = move || {
        if online {
            "Online".to_owned()
        } else {
            format!("Last seen {}", words::ago(last_seen, store.now.get()))
        }
    };
    let added = time::short(
        Timestamp(created_at.saturating_mul(1000)),
        store.today.get_untracked(),
    );
    let has_platform = !platform.is_empty() && platform != name;
    let (to_rename, to_revoke) = (name.clone(), name.clone());
    let label = name.clone();
    view! {
        <li class="device" class:alarm=!certified aria-label=label>
            <span class="device-sign">
                {icon(if certified { Icon::Device } else { Icon::Alert })}
            </span>
            <div class="device-text">
                <p class="device-name">
                    {name.clone()}
                    {this.then(|| view! { <span class="badge">"This device"</span> })}
                </p>
                <p class="hint">
                    <span class="presence-dot" class:on=online aria-hidden="true"></span>
                    {seen}
                    {has_platform.then(|| format!(" · {platform}"))}
                    {format!(" · added {added}")}
                </p>
                {(!certified)
                    .then(|| {
                        view! {
                            <p class="alarm-text" role="alert">
                                <strong>"This device is not yours."</strong>
                                " Nobody who knows your password has added it: the server has put it there. Do not trust this server, and tell the people who run it."
                            </p>
                        }
                    })}
            </div>
            <div class="device-actions">
                <button
                    class="icon-button"
                    title="Rename"
                    aria-label=format!("Rename {name}")
                    on:click=move |_| {
                        store
                            .dialogs
                            .open(Dialog::RenameDevice {
                                client,
                                name: to_rename.clone(),
                            })
                    }
                >
                    {icon(Icon::Pencil)}
                </button>
                {(!this)
                    .then(|| {
                        view! {
                            <button
                                class="icon-button"
                                title="Revoke"
                                aria-label=format!("Revoke {name}")
                                on:click=move |_| {
                                    store
                                        .dialogs
                                        .open(Dialog::RevokeDevice {
                                            client,
                                            name: to_revoke.clone(),
                                        })
                                }
                            >
                                {icon(Icon::Trash)}
                            </button>
                        }
                    })}
            </div>
        </li>
    }
}

/// Renames one.
#[component]
pub(super) fn RenameDevice(client: ClientId, name: String) -> impl IntoView {
    let store = Store::here();
    let text = RwSignal::new(name);
    let form = Form::new(store).when_done(Deed::DeviceRenamed, move || store.dialogs.close());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let name: String =
            text.with_untracked(|text| text.trim().chars().take(DEVICE_NAME_MAX).collect());
        if name.is_empty() {
            form.refuse(About::Name, "Type a name.");
        } else {
            form.send(AccountCommand::RenameDevice { client, name });
        }
    };
    view! {
        <Modal title="Rename device">
            <form on:submit=submit novalidate>
                <TextField
                    label="Name of the device"
                    id="device-name"
                    value=text
                    autofocus=true
                    problem=form.problem(About::Name, |_| About::Form)
                />
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, |_| About::Form).get()}
                </p>
                <Actions busy=form.busy label="Save" />
            </form>
        </Modal>
    }
}

/// Revokes one.
#[component]
pub(super) fn RevokeDevice(client: ClientId, name: String) -> impl IntoView {
    let command = AccountCommand::RevokeDevice { client };
    view! {
        <Modal title="Revoke device">
            <Revoke command>
                <p>
                    <strong>{name}</strong>
                    " is signed out at once and cannot read or write any more. What it has already received may still be on it."
                </p>
                <p class="hint">
                    "If it was lost or stolen, change your password afterwards."
                </p>
            </Revoke>
        </Modal>
    }
}

/// Revokes all but this one.
#[component]
pub(super) fn RevokeOthers() -> impl IntoView {
    view! {
        <Modal title="Revoke all other devices">
            <Revoke command=AccountCommand::RevokeOtherDevices>
                <p>
                    "Every device but this one is signed out at once. They can sign in again with your password."
                </p>
            </Revoke>
        </Modal>
    }
}

#[component]
fn Revoke(command: AccountCommand, children: Children) -> impl IntoView {
    let store = Store::here();
    let form = Form::new(store).when_done(Deed::DevicesRevoked, move || {
        store.notices.tell("It is revoked.".to_owned());
        store.dialogs.close();
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        form.send(command.clone());
    };
    view! {
        <form on:submit=submit>
            {children()}
            <p class="problem" role="alert">
                {move || form.problem(About::Form, |_| About::Form).get()}
            </p>
            <Actions busy=form.busy label="Revoke" danger=true />
        </form>
    }
}
