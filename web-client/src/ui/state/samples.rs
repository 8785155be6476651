//! Values for tests.

use sotto_engine::api::{
    AccountStatus, Body, Connection, Contact, KeyState, LastMessage, Message, Person, Phase,
    Preview, Seq, SessionState, State, Status, Trust,
};
use sotto_engine::time::Timestamp;
use sotto_shared::{AccountId, ClientId};

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

pub(crate) fn contact(n: u8, name: &str, display_name: &str) -> Contact {
    Contact {
        account: AccountId::from_bytes([n; 16]),
        name: name.parse().unwrap(),
        display_name: display_name.parse().unwrap(),
        presence: None,
        trust: Trust::Unverified,
        classic: None,
    }
}

pub(crate) fn status(phase: Phase) -> Status {
    Status {
        phase,
        connection: Connection::Online,
        passphrase: false,
        gateway: None,
        account: None,
    }
}

pub(crate) fn account_status() -> AccountStatus {
    AccountStatus {
        account: AccountId::from_bytes([1; 16]),
        client: id(1),
        name: "ada".parse().unwrap(),
        display_name: "Ada".parse().unwrap(),
        hides_presence: false,
        session: SessionState::Open,
        recovery_code_waits: false,
        bridge: None,
        auto_lock: None,
        stays_unlocked: false,
    }
}
