//! The worker: the engine's host in the browser. It owns keys, storage and the connection.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`tabs`] | one engine for all tabs: who leads, commands and events between tabs |
//! | [`leader`] | what the leading worker does: opens the store, runs the engine, opens it again |
//! | [`host`] | the engine's event loop |
//! | `audience` | whose page an event is for |
//! | [`indexeddb`] | the engine's store |
//! | [`socket`] | the connection to the gateway |
//! | [`files`] | files between the page (blobs) and the engine (bytes) |
//! | [`life`] | whether the page is alive or put away |
//! | [`crash`] | a panic is told, never silent |
//! | [`page`] | the page's side of it: tells when it is put away, asks to keep the data |
//! | [`bench`] | figures for `cargo xtask bench` |

mod audience;
pub mod bench;
pub mod crash;
pub mod files;
pub mod host;
pub mod indexeddb;
pub mod js;
pub mod leader;
pub mod life;
pub mod lock;
pub mod page;
pub mod socket;
pub mod status;
pub mod tabs;

use core::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use self::host::Input;
use self::life::Life;
use self::status::broken;
use self::tabs::{Tab, Term};
use crate::link;

/// Name of the lock that the leading worker holds.
const LOCK: &str = "sotto-engine";

/// What a page posts, beside commands, as a plain string: it is being frozen or put into the
/// back/forward cache, or unloaded.
pub const FREEZE: &str = "freeze";

/// What a page posts as a plain string: it is back after [`FREEZE`].
pub const RESUME: &str = "resume";

/// What a page posts as a plain string to be answered with the figures of [`bench::run`].
pub const BENCH: &str = "bench";

/// Starts the worker. Does nothing where this is not a dedicated worker.
pub fn start() {
    let Ok(page) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    crash::watch(&page);
    // The address of this script carries the hash of the build.
    let build = page.location().pathname();
    let port = page.clone();
    let show = move |event: &_, payload: Option<&_>| {
        // Fails only on what cannot be cloned; there is no such thing in an event.
        let _ = link::send_event(&port, event, payload);
    };
    let tab = match Tab::join(build, show) {
        Ok(tab) => tab,
        Err(error) => {
            let reason = format!(
                "The browser keeps Sotto from working ({}).",
                js::error_text(&error)
            );
            let _ = link::send_event(&page, &broken(reason), None);
            return;
        }
    };
    let life = Rc::new(Life::default());
    listen_to_page(&page, &tab, &life);
    listen_to_network(&page, &tab);
    // Fails only if an array cannot be cloned.
    let _ = link::send_ready(&page);
    spawn_local(take_turns(page, tab, life));
}

/// Leads whenever this worker gets the lock, for as long as its page is alive.
async fn take_turns(page: DedicatedWorkerGlobalScope, tab: Rc<Tab>, life: Rc<Life>) {
    loop {
        life.alive().await;
        let lock = match select(pin!(life.frozen()), pin!(lock::acquire(LOCK))).await {
            Either::Left(_) => continue,
            Either::Right((lock, _)) => lock,
        };
        let held = lock.map_err(|error| error.to_string());
        let term = tabs::random().map_err(|error| error.to_string());
        let (_held, term) = match (held, term) {
            (Ok(held), Ok(term)) => (held, Term(term)),
            (Err(reason), _) | (_, Err(reason)) => {
                let _ = link::send_event(&page, &broken(reason), None);
                return;
            }
        };
        let mut queue = tab.begin_leading(term);
        leader::lead(&tab, &mut queue, &life).await;
        tab.end_leading();
    }
}

fn listen_to_page(page: &DedicatedWorkerGlobalScope, tab: &Rc<Tab>, life: &Rc<Life>) {
    let (scope, tab, life) = (page.clone(), Rc::clone(tab), Rc::clone(life));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        if let Some((command, payload)) = link::decode_command(&data) {
            tab.on_command(command, payload);
            return;
        }
        match data.as_string().as_deref() {
            Some(FREEZE) => life.set_frozen(true),
            Some(RESUME) => {
                tab.come_back();
                life.set_frozen(false);
            }
            Some(BENCH) => {
                let _ = scope.post_message(&bench::run());
            }
            _ => {}
        }
    });
    page.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
}

fn listen_to_network(page: &DedicatedWorkerGlobalScope, tab: &Rc<Tab>) {
    let tab = Rc::clone(tab);
    let on_online = Closure::<dyn FnMut(JsValue)>::new(move |_event| {
        if let Some(queue) = tab.queue() {
            let _ = queue.unbounded_send(Input::BackOnline);
        }
    });
    page.set_ononline(Some(on_online.into_js_value().unchecked_ref()));
}
