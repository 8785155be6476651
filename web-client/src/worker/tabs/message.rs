//! What the workers of all tabs say to each other.
//!
//! On the channel travels a JavaScript array `[build, from leader?, Uint8Array postcard, Blob?]`.
//! After an update, tabs of two builds can be open at once. Their messages may not be readable to
//! each other, but the first two fields always are.

use js_sys::{Array, Uint8Array};
use serde::{Deserialize, Serialize};
use sotto_engine::api::{Command, Event};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

/// A tab's random name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TabId(pub u64);

/// Random name of one leader's time in office: a tab that leads twice has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term(pub u64);

/// A command's number in its tab: counts up from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CommandId(pub u64);

/// What the workers of all tabs say to each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Message {
    /// A new tab asks who leads.
    Hello,
    /// A page's command, for the leader of this term only.
    Command {
        /// Whose term.
        term: Term,
        /// Whose command.
        tab: TabId,
        /// Its number there.
        id: CommandId,
        /// The command; a file's content is the payload.
        command: Command,
    },
    /// The leader is there.
    Leading {
        /// Its term.
        term: Term,
    },
    /// The leader did this command, and everything that came of it is stored.
    Accepted {
        /// Whose command.
        tab: TabId,
        /// Its number there.
        id: CommandId,
    },
    /// An event for the page of one tab, or of all.
    Event {
        /// Only for this tab.
        to: Option<TabId>,
        /// The event; a file's content is the payload.
        event: Event,
    },
    /// The storage key while the store is unlocked, so that the next leader need not ask for the
    /// passphrase again. It is in the memory of this origin's workers only.
    StorageKey(Option<SharedKey>),
}

/// Bytes of a storage key on their way; never printed.
#[derive(Clone, Serialize, Deserialize, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub(super) struct SharedKey(pub [u8; 32]);

impl core::fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SharedKey(..)")
    }
}

/// What arrived on the channel.
#[derive(Debug)]
pub(super) enum Received {
    /// A message of this build, with the blob of a file beside it.
    Message(Message, Option<Blob>),
    /// Something from a tab that runs another build.
    OtherBuild {
        /// Whether that tab leads.
        leader: bool,
    },
    /// Nothing that makes sense.
    Garbage,
}

/// A message as it is posted.
pub(super) fn encode(build: &str, message: &Message, payload: Option<&Blob>) -> JsValue {
    let from_leader = !matches!(message, Message::Hello | Message::Command { .. });
    // These types have no way to fail in postcard; an empty message would be ignored as garbage.
    let bytes = postcard::to_stdvec(message).unwrap_or_default();
    let array = Array::of3(
        &build.into(),
        &from_leader.into(),
        &Uint8Array::from(&*bytes),
    );
    if let Some(blob) = payload {
        array.push(blob);
    }
    array.into()
}

/// Reads what was posted (`MessageEvent::data`).
pub(super) fn decode(build: &str, data: &JsValue) -> Received {
    let Some(array) = data.dyn_ref::<Array>() else {
        return Received::Garbage;
    };
    match array.get(0).as_string() {
        Some(other) if other != build => {
            return Received::OtherBuild {
                leader: array.get(1).is_truthy(),
            };
        }
        Some(_) => {}
        None => return Received::Garbage,
    }
    let message = array
        .get(2)
        .dyn_into::<Uint8Array>()
        .ok()
        .and_then(|bytes| postcard::from_bytes(&bytes.to_vec()).ok());
    match message {
        Some(message) => Received::Message(message, array.get(3).dyn_into().ok()),
        None => Received::Garbage,
    }
}
