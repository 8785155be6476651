//! Values for tests.

use sotto_engine::api::{Body, KeyState, LastMessage, Message, Person, Preview, Seq, State};
use sotto_engine::time::Timestamp;
use sotto_shared::ClientId;

pub(crate) fn id(n: u8) -> ClientId {
    ClientId::from_bytes([n; 16])
}

pub(crate) fn person(n: u8, name: &str) -> Person {
    Person {
        client: id(n),
        name: name.parse().unwrap(),
        listed: true,
        key: KeyState::None,
        fingerprint: None,
        unread: 0,
        last: None,
        account: None,
    }
}

pub(crate) fn said(text: &str, at: u64) -> Option<LastMessage> {
    Some(LastMessage {
        at: Timestamp(at),
        mine: false,
        preview: Preview::Text(text.to_owned()),
    })
}

pub(crate) fn text(seq: u64, mine: bool, at: u64) -> Message {
    Message {
        seq: Seq(seq),
        at: Timestamp(at),
        mine,
        body: Body::Text(format!("message {seq}")),
        state: if mine { State::Stored } else { State::Received },
    }
}
