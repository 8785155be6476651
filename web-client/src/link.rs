//! What travels between the page and its worker.
//!
//! A message is a JavaScript array `[Uint8Array, payload?]`: a postcard-encoded [`Command`] (page
//! to worker) or [`Event`] (worker to page), and beside it what should not be copied through
//! encodings: the `Blob` of a file. [`Command::SendFile`] and [`Event::FileContent`] travel with
//! empty `content` and the blob as payload.
//!
//! A worker loses what is posted to it before its WebAssembly runs. So it says first that it
//! listens, by an empty array ([`send_ready`]), and the page posts nothing before the worker's
//! first message.

use js_sys::{Array, Uint8Array};
use serde::{Serialize, de::DeserializeOwned};
pub use sotto_engine::api::{Command, Event};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BroadcastChannel, DedicatedWorkerGlobalScope, MessagePort, Worker};

/// Something that messages can be posted to.
pub trait Port {
    /// Posts a structured clone of `message`.
    ///
    /// # Errors
    /// What JavaScript throws: the value cannot be cloned, or the port is closed.
    fn post(&self, message: &JsValue) -> Result<(), JsValue>;
}

macro_rules! port {
    ($($type:ty),*) => {
        $(impl Port for $type {
            fn post(&self, message: &JsValue) -> Result<(), JsValue> {
                self.post_message(message)
            }
        })*
    };
}
port!(
    Worker,
    DedicatedWorkerGlobalScope,
    MessagePort,
    BroadcastChannel
);

/// Sends a command to the worker, with the blob of a file beside it.
///
/// # Errors
/// What JavaScript throws when posting fails.
pub fn send_command(
    port: &impl Port,
    command: &Command,
    payload: Option<&Blob>,
) -> Result<(), JsValue> {
    port.post(&encode_command(command, payload))
}

/// Sends an event to the page, with the blob of a file beside it.
///
/// # Errors
/// What JavaScript throws when posting fails.
pub fn send_event(port: &impl Port, event: &Event, payload: Option<&Blob>) -> Result<(), JsValue> {
    port.post(&encode_event(event, payload))
}

/// Tells the page that the worker listens from now on.
///
/// # Errors
/// What JavaScript throws when posting fails.
pub fn send_ready(port: &impl Port) -> Result<(), JsValue> {
    port.post(&Array::new())
}

/// A command as it is posted.
pub fn encode_command(command: &Command, payload: Option<&Blob>) -> JsValue {
    encode(command, payload)
}

/// An event as it is posted.
pub fn encode_event(event: &Event, payload: Option<&Blob>) -> JsValue {
    encode(event, payload)
}

/// Reads a posted message (`MessageEvent::data`) as a command; nothing if it is none.
pub fn decode_command(message: &JsValue) -> Option<(Command, Option<Blob>)> {
    decode(message)
}

/// Reads a posted message (`MessageEvent::data`) as an event; nothing if it is none, as when the
/// worker says that it listens.
pub fn decode_event(message: &JsValue) -> Option<(Event, Option<Blob>)> {
    decode(message)
}

fn encode(value: &impl Serialize, payload: Option<&Blob>) -> JsValue {
    // The types of the engine's face have no way to fail in postcard; an empty array would be
    // ignored by the other side.
    let Ok(bytes) = postcard::to_stdvec(value) else {
        return Array::new().into();
    };
    let message = Array::of1(&Uint8Array::from(bytes.as_slice()));
    if let Some(blob) = payload {
        message.push(blob);
    }
    message.into()
}

fn decode<T: DeserializeOwned>(message: &JsValue) -> Option<(T, Option<Blob>)> {
    let message: &Array = message.dyn_ref()?;
    let bytes: Uint8Array = message.get(0).dyn_into().ok()?;
    let value = postcard::from_bytes(&bytes.to_vec()).ok()?;
    Some((value, message.get(1).dyn_into().ok()))
}
