//! Small bridges to JavaScript that the rest of the worker stands on.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Function, Reflect};
use sotto_engine::time::Timestamp;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::WorkerGlobalScope;

/// Longest delay that `setTimeout` keeps; a longer one would fire at once.
const DELAY_MAX_MS: u128 = i32::MAX as u128;

/// The time now.
pub fn now() -> Timestamp {
    // Whole milliseconds since 1970 fit an f64 exactly; `as` saturates.
    Timestamp(js_sys::Date::now().max(0.0) as u64)
}

/// The worker's global scope; nothing if this runs anywhere else.
pub fn scope() -> Option<WorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

/// A property; `undefined` if it cannot be read.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Name of an error, as `QuotaExceededError`; empty if it has none.
pub fn error_name(error: &JsValue) -> String {
    property(error, "name").as_string().unwrap_or_default()
}

/// An error in words: name and message.
pub fn error_text(error: &JsValue) -> String {
    let name = error_name(error);
    let message = property(error, "message").as_string().unwrap_or_default();
    match (name.is_empty(), message.is_empty()) {
        (false, false) => format!("{name}: {message}"),
        (false, true) => name,
        (true, false) => message,
        (true, true) => error
            .as_string()
            .unwrap_or_else(|| "unknown error".to_owned()),
    }
}

/// A `setTimeout` that is taken back when dropped.
#[derive(Debug)]
pub struct Timeout {
    id: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Timeout {
    /// Calls `callback` once after `delay` (at most 24 days).
    pub fn new(delay: Duration, callback: impl FnOnce() + 'static) -> Self {
        let callback = Closure::once(callback);
        let millis = delay.as_millis().min(DELAY_MAX_MS) as f64;
        let id = call_global("setTimeout", callback.as_ref(), &JsValue::from_f64(millis));
        Self {
            id,
            _callback: callback,
        }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        call_global("clearTimeout", &self.id, &JsValue::UNDEFINED);
    }
}

fn call_global(name: &str, first: &JsValue, second: &JsValue) -> JsValue {
    let global = js_sys::global();
    property(&global, name)
        .dyn_ref::<Function>()
        .and_then(|function| function.call2(&global, first, second).ok())
        .unwrap_or(JsValue::UNDEFINED)
}

/// Comes back after `delay`.
pub async fn sleep(delay: Duration) {
    let (done, waiting) = oneshot::channel();
    let _timeout = Timeout::new(delay, move || {
        let _ = done.send(());
    });
    let _ = waiting.await;
}

/// One future, settled by the first of its callbacks that is called.
pub struct First<T> {
    sender: Rc<Cell<Option<oneshot::Sender<T>>>>,
    receiver: oneshot::Receiver<T>,
}

impl<T: 'static> Default for First<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: 'static> First<T> {
    /// Nothing was called yet.
    pub fn new() -> Self {
        let (sender, receiver) = oneshot::channel();
        Self {
            sender: Rc::new(Cell::new(Some(sender))),
            receiver,
        }
    }

    /// A function that settles with what it is given.
    pub fn settle(&self) -> impl Fn(T) + 'static {
        let sender = Rc::clone(&self.sender);
        move |value| {
            if let Some(sender) = sender.take() {
                let _ = sender.send(value);
            }
        }
    }

    /// A callback that settles with what `value` makes of the event.
    pub fn on(&self, mut value: impl FnMut(JsValue) -> T + 'static) -> Closure<dyn FnMut(JsValue)> {
        let settle = self.settle();
        Closure::new(move |event| settle(value(event)))
    }

    /// What the first callback said; nothing if all callbacks were dropped uncalled.
    pub async fn settled(self) -> Option<T> {
        let Self { sender, receiver } = self;
        drop(sender);
        receiver.await.ok()
    }
}
