//! A worker that panics says so and ends; it never just falls silent.

use std::panic::PanicHookInfo;

use js_sys::Function;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, Event};

use super::js;
use super::status::broken;
use crate::link;

const SENTENCE: &str = "Sotto ran into an error of its own and stopped. Nothing that was stored is \
                        lost. Reload the page to go on.";

/// From now on a panic, or any other end of the WebAssembly instance (out of memory), is told to
/// the page and to the console, and ends this worker. That frees the lock, so another tab leads.
pub fn watch(scope: &DedicatedWorkerGlobalScope) {
    let ending = scope.clone();
    std::panic::set_hook(Box::new(move |info| {
        report(&place(info));
        end(&js_sys::global().unchecked_into());
    }));
    let on_error = Closure::<dyn FnMut(Event)>::new(move |_event| {
        report("the WebAssembly instance ended");
        end(&ending);
    });
    scope.set_onerror(Some(on_error.into_js_value().unchecked_ref()));
}

/// Where it happened. What it says is left out: it may hold something of the user's.
fn place(info: &PanicHookInfo<'_>) -> String {
    match info.location() {
        Some(place) => format!("panic at {}:{}", place.file(), place.line()),
        None => "panic".to_owned(),
    }
}

fn report(text: &str) {
    let console = js::property(&js_sys::global(), "console");
    if let Some(error) = js::property(&console, "error").dyn_ref::<Function>() {
        let _ = error.call1(
            &console,
            &JsValue::from_str(&format!("Sotto worker: {text}")),
        );
    }
}

fn end(scope: &DedicatedWorkerGlobalScope) {
    let _ = link::send_event(scope, &broken(SENTENCE), None);
    scope.close();
}
