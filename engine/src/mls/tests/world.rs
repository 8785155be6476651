//! Devices of accounts, and what goes between them.

use core::time::Duration;
use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_shared::account::{AccountKey, AccountPublicKey, DeviceCertificate, DeviceKey};
use sotto_shared::{AccountId, ClientId, GroupId};

use crate::mls::*;
use crate::store::{Batch, Op};
use crate::time::Timestamp;

pub(super) const NOW: Timestamp = Timestamp(1_000_000);

/// What devices know of accounts: all keys.
pub(super) fn known(account: AccountId) -> Option<AccountPublicKey> {
    account_key_of(account).map(|key| key.public())
}

/// The key of the account with this number.
pub(super) fn account_key(number: u8) -> AccountKey {
    AccountKey::from_bytes(&[number; 32])
}

pub(super) fn account(number: u8) -> AccountId {
    AccountId::from_bytes([number; 16])
}

fn account_key_of(account: AccountId) -> Option<AccountKey> {
    Some(account_key(account.as_bytes()[0]))
}

/// A device: device `number` of account `of`, and what it stored.
pub(super) struct Node {
    pub(super) mls: Mls,
    pub(super) key: DeviceKey,
    pub(super) certificate: DeviceCertificate,
    pub(super) disk: BTreeMap<Vec<u8>, Vec<u8>>,
    starts: u8,
}

pub(super) fn client(of: u8, number: u8) -> ClientId {
    let mut bytes = [of; 16];
    bytes[15] = number;
    ClientId::from_bytes(bytes)
}

impl Node {
    pub(super) fn new(of: u8, number: u8) -> Self {
        let mut seed = [of; 32];
        seed[31] = number;
        let key = DeviceKey::from_bytes(&seed);
        let certificate = DeviceCertificate::issue(
            &account_key(of),
            account(of),
            client(of, number),
            key.public(),
            7,
        );
        Self::with(key, certificate)
    }

    pub(super) fn with(key: DeviceKey, certificate: DeviceCertificate) -> Self {
        let rng = ChaCha20Rng::from_seed(*key.to_bytes());
        Self {
            mls: Mls::new(&key, certificate.clone(), rng),
            key,
            certificate,
            disk: BTreeMap::new(),
            starts: 100,
        }
    }

    pub(super) fn client(&self) -> ClientId {
        self.certificate.client
    }

    pub(super) fn device(&self) -> Device {
        Device::from(&self.certificate)
    }

    /// Writes what changed; gives how much that was in bytes.
    pub(super) fn save(&mut self) -> usize {
        let mut batch = Batch::default();
        self.mls.take_changes(&mut batch);
        let mut size = 0;
        for op in batch.ops {
            match op {
                Op::Put(key, value) => {
                    assert!(key.len() <= 64, "{} bytes", key.len());
                    assert!(key.starts_with(crate::record::MLS));
                    size += key.len() + value.len();
                    self.disk.insert(key, value);
                }
                Op::Delete(key) => {
                    self.disk.remove(&key);
                }
            }
        }
        size
    }

    /// Forgets everything that was not saved.
    pub(super) fn restart(&mut self) {
        self.starts += 1;
        let mut seed = *self.key.to_bytes();
        seed[0] = self.starts;
        let rng = ChaCha20Rng::from_seed(seed);
        self.mls = Mls::new(&self.key, self.certificate.clone(), rng);
        for (key, value) in &self.disk {
            self.mls.restore(key.clone(), value.clone());
        }
    }

    /// A fresh key package, as another device reads it.
    pub(super) fn package(&mut self, suite: Suite, for_: &Node) -> KeyPackage {
        let made = self.mls.make_key_packages(suite, 1, NOW).unwrap();
        for_.mls
            .read_key_package(&made[0].bytes, self.device(), suite, NOW, &known)
            .unwrap()
    }
}

pub(super) fn id() -> GroupId {
    GroupId::from_bytes([9; 16])
}

/// A group of these devices, made by the first, whose account is its admin.
pub(super) fn group(suite: Suite, nodes: &mut [Node]) {
    let admin = nodes[0].certificate.account;
    founded(suite, &Policy::group([admin], [1; 32]), nodes);
}

pub(super) fn founded(suite: Suite, policy: &Policy, nodes: &mut [Node]) {
    let (first, others) = nodes.split_first_mut().unwrap();
    first.mls.create(id(), suite, policy).unwrap();
    if others.is_empty() {
        return;
    }
    let add = (others.iter_mut())
        .map(|node| node.package(suite, first))
        .collect();
    let change = Change {
        add,
        ..Change::default()
    };
    let staged = first.mls.commit(id(), &change, NOW).unwrap();
    first.mls.merge(id()).unwrap();
    let welcome = staged.welcome.unwrap();
    for node in others {
        let joined = node.mls.join(&welcome, &known).unwrap();
        assert_eq!(joined.group, id());
        assert_eq!(joined.by, first.device());
    }
}

/// Everybody but the sender reads a message.
pub(super) fn say(nodes: &mut [Node], from: usize, text: &str) {
    let sent = nodes[from].mls.encrypt(id(), text.as_bytes()).unwrap();
    let by = nodes[from].device();
    for (at, node) in nodes.iter_mut().enumerate() {
        if at == from {
            continue;
        }
        let read = node.mls.read(id(), &sent.message, &known).unwrap();
        assert_eq!(
            read,
            Read::Message {
                by,
                epoch: sent.epoch,
                content: text.as_bytes().to_vec()
            },
            "{at}"
        );
    }
}

/// One commits, and all others take it. Those who are added join.
pub(super) fn commit(nodes: &mut [Node], from: usize, change: &Change) -> StagedCommit {
    let staged = nodes[from].mls.commit(id(), change, NOW).unwrap();
    nodes[from].mls.merge(id()).unwrap();
    let added: Vec<_> = staged.added.iter().map(|it| it.client).collect();
    for (at, node) in nodes.iter_mut().enumerate() {
        if at == from {
        } else if added.contains(&node.client()) {
            let welcome = staged.welcome.as_ref().unwrap();
            node.mls.join(welcome, &known).unwrap();
        } else {
            let read = node.mls.read(id(), &staged.commit, &known).unwrap();
            assert!(matches!(read, Read::Commit(_)), "{at}");
        }
    }
    staged
}

pub(super) fn later(time: Timestamp, days: u64) -> Timestamp {
    time + Duration::from_secs(days * 86_400)
}
