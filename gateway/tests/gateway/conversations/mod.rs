//! Conversations over the wire: key packages, groups, mailboxes.

mod crash;
mod delivery;
mod groups;
mod limits;
mod notices;

use std::time::Duration;

use bytes::Bytes;
use rand_core::OsRng;
use sotto_shared::sotto::group::{
    ClaimKeyPackages, Commit, CreateGroup, Delivery, DeliveryKind, Epoch, GroupKind, GroupOpened,
    GroupSeq, KeyPackage, PublishKeyPackages, Send, SendEphemeral, Stored, SuiteId,
};
use sotto_shared::sotto::{ErrorCode, Push, Request, Response};
use sotto_shared::{AccountId, ClientId, GroupId, SendId};

use crate::account_client::{Device, Line, Person, code_of, session_of};
use crate::support::TestGateway;

const SUITE: SuiteId = SuiteId(0x004D);

/// Somebody who has signed up, and their connection.
struct Talker {
    person: Person,
    line: Line,
    /// What was delivered and not looked at yet.
    entries: Vec<Delivery>,
}

impl Talker {
    fn sign_up(gateway: &TestGateway, name: &str) -> Self {
        let mut line = Line::open(gateway);
        let person = Person::sign_up(name, &mut line);
        Self {
            person,
            line,
            entries: Vec::new(),
        }
    }

    fn on_websocket(gateway: &TestGateway, name: &str) -> Self {
        let mut line = Line::websocket(gateway);
        line.say_hello();
        let person = Person::sign_up(name, &mut line);
        Self {
            person,
            line,
            entries: Vec::new(),
        }
    }

    const fn client(&self) -> ClientId {
        self.person.device.client
    }

    /// Comes again, on another connection.
    fn reconnect(&mut self, gateway: &TestGateway) {
        self.line = Line::open(gateway);
        session_of(self.line.authenticate(&self.person.device));
        self.entries.clear();
    }

    fn create(&mut self, create: CreateGroup) -> GroupOpened {
        match self.line.ask(&Request::CreateGroup(create)) {
            Response::GroupOpened(opened) => opened,
            other => panic!("{other:?}"),
        }
    }

    /// A group of this one and others, in epoch 1 if there are any.
    fn group(&mut self, others: &[ClientId]) -> GroupId {
        let group = GroupId::random(&mut OsRng);
        assert!(self.create(plain(group)).created);
        if !others.is_empty() {
            let mut commit = commit(group, 0);
            commit.added = others.to_vec();
            commit.welcome = Bytes::from_static(b"welcome");
            self.commit(commit).unwrap();
        }
        group
    }

    fn commit(&mut self, commit: Commit) -> Result<Stored, ErrorCode> {
        stored(self.line.ask(&Request::Commit(Box::new(commit))))
    }

    fn send(&mut self, send: Send) -> Result<Stored, ErrorCode> {
        stored(self.line.ask(&Request::Send(send)))
    }

    fn say(&mut self, group: GroupId, epoch: u64, text: &str) -> Stored {
        self.send(message(group, epoch, text)).unwrap()
    }

    fn acknowledge(&mut self, up_to: u64) {
        self.line.done(&Request::Acknowledge(up_to));
    }

    /// The next entry that is pushed.
    fn next(&mut self) -> Delivery {
        while self.entries.is_empty() {
            if let Push::Delivered(entries) = self.line.own_push() {
                assert!(!entries.is_empty());
                self.entries = entries;
            }
        }
        self.entries.remove(0)
    }

    fn texts(&mut self, count: usize) -> Vec<String> {
        let text = |entry: Delivery| String::from_utf8(entry.payload.to_vec()).unwrap();
        (0..count).map(|_| text(self.next())).collect()
    }

    /// Everything that was pushed until now.
    fn pushed(&mut self) -> Vec<Push> {
        self.line.ask(&Request::Ping);
        self.line.pushes.drain(..).collect()
    }

    /// What was delivered until now and not looked at yet.
    fn delivered(&mut self) -> Vec<Delivery> {
        let mut entries = core::mem::take(&mut self.entries);
        for push in self.pushed() {
            if let Push::Delivered(more) = push {
                entries.extend(more);
            }
        }
        entries
    }
}

fn stored(response: Response) -> Result<Stored, ErrorCode> {
    match response {
        Response::Stored(stored) => Ok(stored),
        other => Err(code_of(other)),
    }
}

fn plain(group: GroupId) -> CreateGroup {
    CreateGroup {
        group,
        kind: GroupKind::Group,
        suite: SUITE,
        peer: None,
        group_info: Bytes::from_static(b"group info 0"),
    }
}

fn direct(peer: AccountId) -> CreateGroup {
    CreateGroup {
        kind: GroupKind::Direct,
        peer: Some(peer),
        ..plain(GroupId::random(&mut OsRng))
    }
}

fn commit(group: GroupId, epoch: u64) -> Commit {
    Commit {
        id: SendId::random(&mut OsRng),
        group,
        epoch: Epoch(epoch),
        commit: Bytes::from(format!("commit {epoch}")),
        group_info: Bytes::from(format!("group info {}", epoch + 1)),
        added: Vec::new(),
        removed: Vec::new(),
        welcome: Bytes::new(),
        external: false,
    }
}

fn message(group: GroupId, epoch: u64, text: &str) -> Send {
    Send {
        id: SendId::random(&mut OsRng),
        group,
        epoch: Epoch(epoch),
        message: Bytes::copy_from_slice(text.as_bytes()),
    }
}

fn typing(group: GroupId, epoch: u64, size: usize) -> Request {
    Request::SendEphemeral(SendEphemeral {
        group,
        epoch: Epoch(epoch),
        message: vec![b't'; size].into(),
    })
}

/// Waits until something is so.
fn eventually(mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < crate::support::PATIENCE, "never");
        std::thread::sleep(Duration::from_millis(10));
    }
}
