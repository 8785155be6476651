//! Groups of devices: MLS (RFC 9420) by OpenMLS, and what Sotto asks of it beyond.
//!
//! One [`Mls`] holds all groups of this device. It does no I/O and reads no clock; all randomness is
//! of the generator that it was made with. Its state is in memory, loaded by
//! [`restore`](Mls::restore); what a call changed is written by
//! [`take_changes`](Mls::take_changes), to be stored before anything is sent or acknowledged.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `provider` | cryptography of two suites, randomness, storage |
//! | [`suite`](Suite) | the suites |
//! | `leaf` | who a leaf is: every credential is a device certificate |
//! | [`policy`] | what a group is and who may change it |
//! | `key_package` | what others need to add this device |
//! | `group` | creating, joining, leaving, members |
//! | `commit` | own changes of a group, staged until the gateway took them |
//! | `message` | encrypting, and reading what others sent |
//!
//! The gateway decides which commit of an epoch is taken. So an own one is **staged**: it takes
//! effect by [`merge`](Mls::merge), or never, by [`discard`](Mls::discard) or by the commit of
//! somebody else.

mod commit;
mod error;
mod group;
mod key_package;
mod leaf;
mod message;
pub(crate) mod policy;
mod provider;
mod suite;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use openmls::group::MlsGroup;
use rand_chacha::ChaCha20Rng;
use sotto_shared::account::{AccountPublicKey, DeviceCertificate, DeviceKey};
use sotto_shared::sotto::group::Epoch;
use sotto_shared::{AccountId, ClientId, GroupId};

pub(crate) use commit::{Change, StagedCommit};
pub(crate) use error::{JoinError, MlsError, Unreadable};
pub(crate) use group::Joined;
pub(crate) use key_package::{KeyPackage, LIFETIME, OwnKeyPackage};
pub(crate) use message::{CommitSummary, Encrypted, Read, Removal};
pub(crate) use policy::{Policy, PolicyError};
pub(crate) use suite::Suite;

use crate::store::Batch;
use leaf::Identity;
use provider::Provider;

/// The account keys that are pinned here.
pub(crate) trait KnownAccounts {
    /// The key of an account, if it is known: a certificate under another one is refused.
    fn account_key(&self, account: AccountId) -> Option<AccountPublicKey>;
}

impl<F: Fn(AccountId) -> Option<AccountPublicKey>> KnownAccounts for F {
    fn account_key(&self, account: AccountId) -> Option<AccountPublicKey> {
        self(account)
    }
}

/// A device of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Device {
    /// Whose.
    pub(crate) account: AccountId,
    /// Which.
    pub(crate) client: ClientId,
}

impl From<&DeviceCertificate> for Device {
    fn from(certificate: &DeviceCertificate) -> Self {
        Self {
            account: certificate.account,
            client: certificate.client,
        }
    }
}

/// A device in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its place in the tree: the rank by which members take turns.
    pub(crate) leaf: u32,
    /// Which device it is, verified.
    pub(crate) certificate: DeviceCertificate,
}

/// All groups of this device.
pub(crate) struct Mls {
    identity: Identity,
    provider: Provider,
    /// Those that were used since the start. Their state is in the storage too.
    groups: BTreeMap<GroupId, MlsGroup>,
}

impl core::fmt::Debug for Mls {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Mls(..)")
    }
}

impl Mls {
    /// For this device, without any groups yet.
    pub(crate) fn new(key: &DeviceKey, certificate: DeviceCertificate, rng: ChaCha20Rng) -> Self {
        #[cfg(test)]
        in_order();
        Self {
            identity: Identity::new(key, certificate),
            provider: Provider::new(rng),
            groups: BTreeMap::new(),
        }
    }

    /// Loads a record that a batch of [`take_changes`](Self::take_changes) stored. The keys of all
    /// of them begin with [`record::MLS`](crate::record::MLS).
    pub(crate) fn restore(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.provider.state().restore(key, value);
    }

    /// Writes all records that changed since the last time.
    pub(crate) fn take_changes(&mut self, batch: &mut Batch) {
        self.provider.state().take_changes(batch);
    }

    /// How much is stored, in bytes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.provider.state().size()
    }

    /// The groups that there are, also those that are left and not forgotten yet.
    pub(crate) fn groups(&self) -> Vec<GroupId> {
        let groups = self.provider.state().groups();
        groups.into_iter().map(GroupId::from_bytes).collect()
    }
}

/// An epoch as OpenMLS has it.
fn epoch(epoch: openmls::group::GroupEpoch) -> Epoch {
    Epoch(epoch.as_u64())
}

/// OpenMLS encrypts for many at once, and which of them gets which randomness is a matter of luck
/// then. In the browser it does not.
#[cfg(test)]
fn in_order() {
    // Somebody did it before.
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build_global();
}
