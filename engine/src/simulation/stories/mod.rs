//! Stories of accounts. Argon2id runs at its full cost, so there are few of them.

mod bridge;
mod lying;
mod recovery;
mod session;
mod signing_in;

use core::time::Duration;

use sotto_shared::account::{AccountKey, DeviceCertificate, DeviceKey};
use sotto_shared::crypto::PrivateKey;
use sotto_shared::sotto::ErrorCode;
use sotto_shared::sotto::types::{Device, DeviceLabel};
use sotto_shared::{AccountId, ClientId};

use super::accounts::Mishap;
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

    /// The safety number as it shows now.
    fn digits(&mut self, at: usize, account: AccountId) -> String {
        self.tell(at, AccountCommand::SafetyNumber { account });
        match self.node(at).account.events.last() {
            Some(AccountEvent::SafetyNumber { digits, .. }) => digits.clone(),
            other => panic!("{other:?}"),
        }
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
