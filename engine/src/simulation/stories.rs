//! Stories of accounts. Argon2id runs at its full cost, so there are few of them.

use core::time::Duration;

use sotto_shared::account::{AccountKey, DeviceCertificate, DeviceKey};
use sotto_shared::crypto::PrivateKey;
use sotto_shared::sotto::types::{Device, DeviceLabel};
use sotto_shared::{AccountId, ClientId};

use super::node::Node;
use super::{Faults, NONE, World};
use crate::api::{
    AccountCommand, AccountEvent, AccountFailure, AccountStatus, Command, Contact, Deed,
    DeviceInfo, DeviceName, Failure, Notice, Passphrase, Phase, ScanResult, SendFailure,
    SessionEnd, SessionState, State, Trust,
};
use crate::machine::Profile;

const PASSWORD: &str = "correct horse battery";
const ANOTHER: &str = "staple of a battery";

fn words(text: &str) -> Passphrase {
    Passphrase(text.to_owned())
}

fn device() -> DeviceName {
    DeviceName {
        name: "Test".to_owned(),
        platform: "Model".to_owned(),
    }
}

fn sign_up(name: &str) -> AccountCommand {
    AccountCommand::SignUp {
        name: name.parse().unwrap(),
        display_name: name.parse().unwrap(),
        password: words(PASSWORD),
        invitation: None,
        device: device(),
        stay_unlocked: true,
    }
}

fn sign_in(name: &str, password: &str) -> AccountCommand {
    AccountCommand::SignIn {
        name: name.parse().unwrap(),
        password: words(password),
        device: device(),
        stay_unlocked: true,
    }
}

fn status(node: &Node) -> &AccountStatus {
    node.account.status.as_ref().unwrap()
}

fn is_open(node: &Node) -> bool {
    let status = node.account.status.as_ref();
    status.is_some_and(|status| status.session == SessionState::Open)
}

fn failed(node: &Node, failure: &AccountFailure) -> bool {
    let failure = Failure::Account(failure.clone());
    node.account.failures.contains(&failure)
}

fn did(node: &Node, deed: Deed) -> bool {
    node.account.events.contains(&AccountEvent::Done(deed))
}

impl World {
    fn node(&self, at: usize) -> &Node {
        &self.nodes[at]
    }

    fn tell(&mut self, at: usize, command: AccountCommand) {
        let now = self.now;
        self.nodes[at].command(Command::Account(command), now, NONE);
    }

    /// Goes on without faults until something holds, and a little longer.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..4_000 {
            if holds(self) {
                return self.run(60, NONE);
            }
            self.step(NONE);
        }
        let states: Vec<String> = self.nodes.iter().map(Node::state).collect();
        let failures: Vec<_> = self.nodes.iter().map(|it| &it.account.failures).collect();
        panic!("never: {what}; {states:?}, {failures:?}");
    }

    /// People who have signed up, in this order.
    fn signed_up(seed: u64, names: &[&str]) -> Self {
        let mut world = Self::empty(seed, Profile::Reliable);
        for (at, name) in names.iter().enumerate() {
            world.tell(at, sign_up(name));
            world.until("signed up", |world| is_open(world.node(at)));
        }
        world
    }

    fn account(&self, at: usize) -> AccountId {
        status(self.node(at)).account
    }

    /// How one sees another.
    fn contact(&self, at: usize, of: usize) -> &Contact {
        &self.node(at).account.contacts[&self.account(of)]
    }

    fn bridge_on(&mut self, at: usize) -> ClientId {
        self.tell(at, AccountCommand::SetBridge { on: true });
        self.until("bridge on", |world| did(world.node(at), Deed::BridgeSet));
        let bridge = status(self.node(at)).bridge.as_ref().unwrap();
        assert!(bridge.here && !bridge.fingerprint.is_empty());
        bridge.client
    }

    fn devices(&mut self, at: usize) -> Vec<DeviceInfo> {
        self.nodes[at].account.events.clear();
        self.tell(at, AccountCommand::ListDevices);
        let list = |node: &Node| {
            node.account.events.iter().rev().find_map(|it| match it {
                AccountEvent::Devices(devices) => Some(devices.clone()),
                _ => None,
            })
        };
        self.until("devices", |world| list(world.node(at)).is_some());
        list(self.node(at)).unwrap()
    }
}

#[test]
fn signing_up_under_crashes_ends_in_a_whole_account_or_none() {
    let harsh = Faults {
        crash: 12,
        drop: 25,
        clock: 0,
    };
    for seed in 1..=4 {
        let mut world = World::empty(seed, Profile::Reliable);
        let mut tries = 0;
        while !is_open(world.node(0)) {
            if *world.node(0).phase() == Phase::Unregistered {
                let name = format!("alice{tries}");
                let command = Command::Account(sign_up(&name));
                world.nodes[0].command(command, world.now, harsh);
            }
            world.run(40, harsh);
            tries += 1;
            assert!(tries < 300, "seed {seed}: she never got in");
        }
        let name = status(world.node(0)).name.to_string();
        // Every name that the gateway has is the one that she has: no half account is left.
        assert_eq!(world.gateway.accounts(), [(name, 1)], "seed {seed}");
        assert!(status(world.node(0)).recovery_code_waits);
    }
}

#[test]
fn a_second_device_signs_in_and_the_first_is_told() {
    let mut world = World::signed_up(11, &["alice"]);
    world.tell(1, sign_in("alice", ANOTHER));
    world.until("refused", |world| {
        failed(world.node(1), &AccountFailure::LoginFailed)
    });
    assert_eq!(*world.node(1).phase(), Phase::Unregistered);
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("signed in", |world| is_open(world.node(1)));
    assert_eq!(world.account(0), world.account(1));
    let added = AccountEvent::Notice(Notice::DeviceAdded {
        name: "Test".to_owned(),
    });
    assert!(world.node(0).account.events.contains(&added));
    assert!(!world.node(1).account.events.contains(&added));
    let devices = world.devices(1);
    assert!(
        devices
            .iter()
            .all(|device| device.certified && device.online)
    );
    assert!(devices.first().is_some_and(|device| device.this));
    assert_eq!(devices.len(), 2);
}

#[test]
fn a_password_changed_elsewhere_silences_a_device_until_it_is_confirmed() {
    let mut world = World::signed_up(12, &["alice"]);
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("signed in", |world| is_open(world.node(1)));
    let change = AccountCommand::ChangePassword {
        current: words(PASSWORD),
        new: words(ANOTHER),
        revoke_others: false,
    };
    world.tell(0, change);
    world.until("changed", |world| {
        did(world.node(0), Deed::PasswordChanged)
            && status(world.node(1)).session == SessionState::PasswordChanged
    });
    assert!(is_open(world.node(0)));
    world.tell(1, AccountCommand::RevokeOtherDevices);
    assert!(failed(world.node(1), &AccountFailure::WrongPhase));
    let now = world.now;
    world.nodes[1].drop_connection(now, NONE);
    world.until("found again", |world| {
        status(world.node(1)).session == SessionState::PasswordChanged
    });
    let confirm = |password| AccountCommand::ConfirmPassword {
        password: words(password),
    };
    world.tell(1, confirm(PASSWORD));
    world.until("refused", |world| {
        failed(world.node(1), &AccountFailure::LoginFailed)
    });
    world.tell(1, confirm(ANOTHER));
    world.until("confirmed", |world| is_open(world.node(1)));
    assert!(did(world.node(1), Deed::PasswordConfirmed));
}

#[test]
fn a_revoked_device_says_why_and_stays_away() {
    let mut world = World::signed_up(13, &["alice"]);
    world.tell(1, sign_in("alice", PASSWORD));
    world.until("signed in", |world| is_open(world.node(1)));
    let client = status(world.node(1)).client;
    world.tell(0, AccountCommand::RevokeDevice { client });
    let revoked = SessionState::Ended(SessionEnd::Revoked);
    world.until("revoked", |world| {
        did(world.node(0), Deed::DevicesRevoked) && status(world.node(1)).session == revoked
    });
    world.run(2_000, NONE);
    assert_eq!(status(world.node(1)).session, revoked);
    assert_eq!(world.devices(0).len(), 1);
    world.tell(1, AccountCommand::Forget);
    assert_eq!(*world.node(1).phase(), Phase::Unregistered);
    world.tell(0, AccountCommand::SignOut);
    world.until("signed out", |world| {
        *world.node(0).phase() == Phase::Unregistered
    });
}

#[test]
fn a_device_that_the_gateway_planted_is_an_alarm() {
    let mut world = World::signed_up(14, &["alice"]);
    let key = AccountKey::from_bytes(&[7; 32]);
    let device_key = DeviceKey::from_bytes(&[8; 32]).public();
    let client = ClientId::from_bytes([6; 16]);
    let account = world.account(0);
    world.gateway.v3.planted.push(Device {
        certificate: DeviceCertificate::issue(&key, account, client, device_key, 1),
        label: DeviceLabel {
            name: "Evil".to_owned(),
            platform: String::new(),
        },
        last_seen: 0,
        online: true,
    });
    let devices = world.devices(0);
    let planted = devices.iter().find(|device| device.client == client);
    assert!(planted.is_some_and(|device| !device.certified));
    assert!(failed(world.node(0), &AccountFailure::NotCertified));
}

#[test]
fn a_changed_key_stops_sends_until_it_was_looked_at() {
    let mut world = World::signed_up(15, &["alice", "bob"]);
    let [alice, bob] = [0, 1].map(|at| world.account(at));
    world.bridge_on(0);
    let mailbox = world.bridge_on(1);
    world.until("their mailbox", |world| {
        world.contact(0, 1).classic == Some(mailbox) && world.node(0).people().contains(&mailbox)
    });
    let verify = AccountCommand::SetVerified {
        account: bob,
        verified: true,
    };
    world.tell(0, verify.clone());
    assert_eq!(world.contact(0, 1).trust, Trust::Verified);
    let joined = AccountEvent::Notice(Notice::Joined(bob));
    assert!(world.node(0).account.events.contains(&joined));

    let lie = AccountKey::from_bytes(&[5; 32]).public();
    world.gateway.lie(bob, lie);
    let changed = Trust::Changed { was_verified: true };
    world.until("alarm", |world| world.contact(0, 1).trust == changed);
    world.tell(0, verify);
    let stop = AccountFailure::KeyChanged(bob);
    assert!(failed(world.node(0), &stop));
    world.nodes[0].account.failures.clear();
    let text = Command::SendText {
        to: mailbox,
        text: "hello?".to_owned(),
    };
    let now = world.now;
    world.nodes[0].command(text.clone(), now, NONE);
    assert!(failed(world.node(0), &stop));
    world.run(200, NONE);
    assert!(world.node(0).messages(mailbox).is_empty());
    // It survives a restart, and a gateway that drops the account and tells of it anew.
    world.nodes[0].restart(now);
    world.until("alarm again", |world| {
        is_open(world.node(0)) && world.contact(0, 1).trust == changed
    });

    world.tell(0, AccountCommand::AcceptKey { account: bob });
    assert_eq!(world.contact(0, 1).trust, Trust::Unverified);
    assert_eq!(
        world.contact(0, 1).classic,
        None,
        "the new key has certified none"
    );
    // Bob's device still has its true key: his code is about another one.
    world.tell(1, AccountCommand::SafetyNumber { account: alice });
    let code = world.node(1).account.events.iter().find_map(|it| match it {
        AccountEvent::SafetyNumber { code, .. } => Some(code.clone()),
        _ => None,
    });
    let scan = AccountCommand::Scan {
        account: bob,
        code: code.clone().unwrap(),
    };
    world.tell(0, scan.clone());
    let scanned = |result| AccountEvent::Scanned {
        account: bob,
        result,
    };
    assert!(
        world
            .node(0)
            .account
            .events
            .contains(&scanned(ScanResult::Different))
    );
    // The gateway tells the truth again: that is a change too, and the scan proves it.
    world.gateway.v3.lies.clear();
    world.nodes[0].restart(now);
    world.until("alarm once more", |world| {
        is_open(world.node(0)) && matches!(world.contact(0, 1).trust, Trust::Changed { .. })
    });
    world.tell(0, scan);
    assert!(
        world
            .node(0)
            .account
            .events
            .contains(&scanned(ScanResult::Match))
    );
    assert_eq!(world.contact(0, 1).trust, Trust::Verified);
}

#[test]
fn a_bridged_account_and_a_classic_client_lose_and_double_nothing() {
    let faults = Faults {
        crash: 60,
        drop: 40,
        clock: 0,
    };
    for seed in 21..=23 {
        let mut world = World::signed_up(seed, &["alice"]);
        world.bridge_on(0);
        for (at, name) in [(1, "bob"), (2, "carol")] {
            let name = name.parse().unwrap();
            let now = world.now;
            world.nodes[at].command(Command::Register { name }, now, NONE);
        }
        world.until("registered", |world| {
            world.nodes.iter().all(|node| node.people().len() == 2)
        });
        for _ in 0..30 {
            world.act(faults);
            world.run(12, faults);
        }
        world.settle();
        world.check(seed);
    }
}

#[test]
fn a_classic_identity_is_carried_over_and_loses_nothing() {
    let mut world = World::empty(31, Profile::Reliable);
    for (at, name) in [(0, "alice"), (1, "bob")] {
        let name = name.parse().unwrap();
        let now = world.now;
        world.nodes[at].command(Command::Register { name }, now, NONE);
    }
    world.until("registered", |world| {
        world.nodes.iter().take(2).all(|it| it.people().len() == 1)
    });
    let (alice, bob) = (world.node(0).id(), world.node(1).id());
    let send = |world: &mut World, at: usize, to, text: &str| {
        let text = text.to_owned();
        let now = world.now;
        world.nodes[at].command(Command::SendText { to, text }, now, NONE);
    };
    send(&mut world, 0, bob, "before");
    world.tell(0, sign_up("alice"));
    world.until("signed up", |world| is_open(world.node(0)));
    assert_eq!(world.node(0).id(), alice);
    send(&mut world, 1, alice, "after");
    world.settle_first(2);
    world.check(31);
    assert!(world.node(0).messages(bob).len() >= 3);

    world.tell(0, AccountCommand::SetBridge { on: false });
    world.until("off", |world| did(world.node(0), Deed::BridgeSet));
    send(&mut world, 0, bob, "into the void");
    assert_eq!(
        world.node(0).account.failures.last(),
        Some(&Failure::WrongPhase)
    );
    assert!(!world.node(0).messages(bob).is_empty(), "history stays");
}

#[test]
fn a_mailbox_key_that_is_not_the_certified_one_is_refused() {
    let mut world = World::signed_up(32, &["alice", "bob"]);
    world.bridge_on(0);
    let mailbox = world.bridge_on(1);
    world.until("their mailbox", |world| {
        world.contact(0, 1).classic == Some(mailbox) && world.node(0).people().contains(&mailbox)
    });
    let evil = PrivateKey::generate(&mut world.rng).unwrap();
    world
        .gateway
        .swap_key(mailbox, evil.public().to_wire().unwrap());
    let text = Command::SendText {
        to: mailbox,
        text: "secret".to_owned(),
    };
    let now = world.now;
    world.nodes[0].command(text, now, NONE);
    world.run(600, NONE);
    let messages = world.node(0).messages(mailbox);
    let refused = State::Failed(SendFailure::UnusableKey);
    assert!(!messages.is_empty());
    assert!(messages.iter().all(|message| message.state == refused));
}

#[test]
fn a_restarting_gateway_is_left_alone_for_as_long_as_it_asks() {
    let mut world = World::signed_up(33, &["alice"]);
    let pause = Duration::from_secs(90);
    world.gateway.restart(pause, Duration::from_secs(10));
    world.until("closed", |world| {
        status(world.node(0)).session == SessionState::Closed
    });
    let closed = world.now;
    world.until("open again", |world| is_open(world.node(0)));
    let away = Duration::from_millis(world.now - closed);
    assert!(away > pause - Duration::from_secs(10), "{away:?}");
    assert!(away < pause + Duration::from_secs(30), "{away:?}");
}

#[test]
fn a_deleted_account_leaves_nothing_here_or_there() {
    let mut world = World::signed_up(34, &["alice", "bob"]);
    let alice = world.account(0);
    let delete = AccountCommand::Delete {
        password: words(PASSWORD),
    };
    world.tell(0, delete);
    world.until("deleted", |world| {
        *world.node(0).phase() == Phase::Unregistered
    });
    assert_eq!(world.gateway.accounts(), [("bob".to_owned(), 1)]);
    assert!(!world.node(1).account.contacts.contains_key(&alice));
}

#[test]
fn a_recovery_code_opens_the_account_and_is_used_up() {
    let mut world = World::signed_up(35, &["alice"]);
    let code = |node: &Node| {
        node.account.events.iter().find_map(|it| match it {
            AccountEvent::RecoveryCode(code) => Some(code.clone()),
            _ => None,
        })
    };
    let old = code(world.node(0)).unwrap();
    world.tell(0, AccountCommand::RecoveryCodeSaved);
    assert!(!status(world.node(0)).recovery_code_waits);
    let recover = AccountCommand::Recover {
        name: "alice".parse().unwrap(),
        code: old.clone(),
        password: words(ANOTHER),
        device: device(),
        revoke_others: false,
        stay_unlocked: false,
    };
    world.tell(1, recover);
    world.until("recovered", |world| is_open(world.node(1)));
    assert!(code(world.node(1)).is_some_and(|new| new != old));
    assert_eq!(status(world.node(0)).session, SessionState::PasswordChanged);
}
