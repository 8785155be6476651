//! Values for tests.

use sotto_engine::api::{
    AccountStatus, Body, Connection, Contact, Conversation, ConversationState, GroupKind, Item,
    ItemBody, ItemState, KeyState, LastMessage, Member, Message, Person, Phase, Place, Preview,
    Seq, SessionState, State, Status, Suite, Trust,
};
use sotto_engine::time::Timestamp;
use sotto_shared::{AccountId, ClientId, GroupId};

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

pub(crate) fn account(n: u8) -> AccountId {
    AccountId::from_bytes([n; 16])
}

pub(crate) fn group(n: u8) -> GroupId {
    GroupId::from_bytes([n; 16])
}

pub(crate) fn member(n: u8) -> Member {
    Member {
        account: account(n),
        admin: false,
        devices: 1,
        delivered: Seq(0),
        read: Seq(0),
    }
}

pub(crate) fn conversation(n: u8) -> Conversation {
    Conversation {
        id: group(n),
        kind: GroupKind::Direct,
        suite: Suite::PostQuantum,
        peer: None,
        name: String::new(),
        picture: None,
        members: Vec::new(),
        members_total: 0,
        state: ConversationState::Active,
        unread: 0,
        unread_mentions: 0,
        read_up_to: Seq(0),
        last: None,
        active_at: Timestamp(0),
        pinned: false,
        muted: false,
        archived: false,
        timer: 0,
    }
}

pub(crate) fn line(seq: u64) -> Item {
    Item {
        place: Place::At(Seq(seq)),
        at: Timestamp(seq * 1000),
        author: account(2),
        mine: false,
        body: ItemBody::Text {
            text: format!("line {seq}"),
            mentions: Vec::new(),
        },
        state: ItemState::Received,
        reactions: Vec::new(),
        edited: false,
        reply: None,
        expires_at: None,
    }
}
