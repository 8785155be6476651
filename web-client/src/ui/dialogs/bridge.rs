//! The classic bridge: what it is, what it is worth, on and off.

use leptos::prelude::*;
use sotto_engine::api::{AccountCommand, Deed};

use super::super::field::Switch;
use super::super::form::{About, Form};
use super::super::icons::{Icon, icon};
use super::super::store::Store;
use super::Dialog;
use super::modal::{Actions, Modal, fingerprint};

/// The dialog.
#[component]
pub(super) fn Bridge() -> impl IntoView {
    let store = Store::here();
    let form = Form::new(store).when_done(Deed::BridgeSet, move || {
        store.notices.tell("The classic bridge is on.".to_owned());
    });
    let bridge = Memo::new(move |_| store.account(|account| account.bridge.clone()).flatten());
    let is_on = Memo::new(move |_| bridge.with(Option::is_some));
    let allowed = Memo::new(move |_| {
        store
            .status
            .with(|status| status.gateway.is_none_or(|gateway| gateway.bridge))
    });
    view! {
        <Modal title="Classic bridge">
            <p>
                "The bridge gives your account a mailbox for classic clients: older programs that speak the same server’s first protocol. People without an account can then write to you, and you to them."
            </p>
            <div class="warning">
                {icon(Icon::Shield)}
                <p>
                    <strong>"What goes over it is weakly encrypted."</strong>
                    " Its keys are short, nothing proves who wrote a message, and anybody on the server can empty the mailbox of a classic client whose id they know. It can touch nothing else of your account."
                </p>
            </div>
            <Show
                when=move || allowed.get() || is_on.get()
                fallback=|| view! { <p class="note">"This server has no classic bridge."</p> }
            >
                <section>
                    <Switch
                        label="Classic bridge"
                        id="bridge"
                        on=is_on
                        hint=Signal::derive(move || {
                            if is_on.get() {
                                "Classic clients can write to you."
                            } else {
                                "Off. Nobody can reach you with a classic client."
                            }
                        })
                        disabled=form.busy
                        toggle=Callback::new(move |()| {
                            if is_on.get_untracked() {
                                store.dialogs.open(Dialog::BridgeOff);
                            } else {
                                form.send(AccountCommand::SetBridge { on: true });
                            }
                        })
                    />
                    <p class="problem" role="alert">
                        {move || form.problem(About::Form, |_| About::Form).get()}
                    </p>
                </section>
            </Show>
            {move || {
                bridge
                    .get()
                    .map(|bridge| {
                        view! {
                            <section>
                                <h3>"Your fingerprint"</h3>
                                {fingerprint(&bridge.fingerprint)}
                                <p class="hint">
                                    {if bridge.here {
                                        "Classic clients see this for you, if nobody has put another key in between."
                                    } else {
                                        "The bridge was switched on on another of your devices, and works there. To move it here, switch it off and on again."
                                    }}
                                </p>
                            </section>
                        }
                    })
            }}
        </Modal>
    }
}

/// Switches it off.
#[component]
pub(super) fn BridgeOff() -> impl IntoView {
    let store = Store::here();
    let form = Form::new(store).when_done(Deed::BridgeSet, move || {
        store.notices.tell("The classic bridge is off.".to_owned());
        store.dialogs.close();
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        form.send(AccountCommand::SetBridge { on: false });
    };
    view! {
        <Modal title="Switch the bridge off">
            <form on:submit=submit>
                <p>
                    "Classic clients cannot reach you any more, and what waits in the classic mailbox is deleted. The messages that are here stay."
                </p>
                <p class="problem" role="alert">
                    {move || form.problem(About::Form, |_| About::Form).get()}
                </p>
                <Actions busy=form.busy label="Switch off" danger=true />
            </form>
        </Modal>
    }
}
