//! What a page does for its worker, beside sending commands. Runs in the page.

use core::cell::Cell;

use js_sys::{Function, Promise};
use sotto_engine::api::{Event, Phase};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{EventTarget, MessageEvent, Worker};

use super::{FREEZE, RESUME, js};
use crate::link;

/// Tells the worker when the page is put away and when it is back, and asks the browser to keep
/// the site's data once there is an identity to lose. Called once, for as long as the page lives.
pub fn attend(worker: &Worker) {
    let window = js_sys::global();
    let document = js::property(&window, "document");
    // `pagehide` also comes when the page is closed: giving up the lead then is faster than
    // waiting for the browser to end the worker.
    post_on(&window, "pagehide", worker, FREEZE);
    post_on(&document, "freeze", worker, FREEZE);
    post_on(&document, "resume", worker, RESUME);
    let resuming = worker.clone();
    listen(&window, "pageshow", move |event| {
        // The first `pageshow` of a page is no return.
        if js::property(&event, "persisted").is_truthy() {
            post(&resuming, RESUME);
        }
    });
    keep_data(worker);
}

fn keep_data(worker: &Worker) {
    let asked = Cell::new(false);
    listen(worker, "message", move |event| {
        if asked.get() {
            return;
        }
        let data = event.unchecked_ref::<MessageEvent>().data();
        if let Some((Event::Status(status), _)) = link::decode_event(&data)
            && matches!(status.phase, Phase::Ready { .. })
        {
            asked.set(true);
            spawn_local(persist());
        }
    });
}

/// Asks the browser not to evict what is stored when space runs short. It may say no, and then
/// everything works as before.
async fn persist() {
    let storage = js::property(&js::property(&js_sys::global(), "navigator"), "storage");
    let Some(persist) = js::property(&storage, "persist")
        .dyn_ref::<Function>()
        .cloned()
    else {
        return;
    };
    if let Ok(promise) = persist
        .call0(&storage)
        .and_then(|promise| promise.dyn_into::<Promise>())
    {
        let _ = JsFuture::from(promise).await;
    }
}

fn post_on(target: &JsValue, event: &str, worker: &Worker, word: &'static str) {
    let worker = worker.clone();
    listen(target, event, move |_event| post(&worker, word));
}

fn post(worker: &Worker, word: &str) {
    // A string can always be posted.
    let _ = worker.post_message(&JsValue::from_str(word));
}

fn listen(target: &JsValue, event: &str, callback: impl Fn(JsValue) + 'static) {
    let callback = Closure::<dyn Fn(JsValue)>::new(callback).into_js_value();
    if let Some(target) = target.dyn_ref::<EventTarget>() {
        let _ = target.add_event_listener_with_callback(event, callback.unchecked_ref());
    }
}
