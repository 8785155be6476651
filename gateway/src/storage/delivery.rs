//! What survives a restart of conversations: key packages, groups, mailboxes.

use core::time::Duration;

use sotto_shared::sotto::group::{
    AccountDevices, ClaimedKeyPackage, Commit, CreateGroup, Delivery, Epoch, GroupInfo,
    GroupOpened, GroupSummary, KeyPackagesLeft, PublishKeyPackages, Send as Message, Stored,
    SuiteId,
};
use sotto_shared::{AccountId, ClientId, GroupId};

use super::{Pending, ReadError};

/// Where key packages, groups and mailboxes are kept. As with [`super::Storage`], every call is
/// submitted before it returns, and a result of [`DeliveryStorage::submit`] comes when the change
/// is durable. A device that is revoked, and an account that is deleted, loses its key packages,
/// memberships and mailbox in the same step.
pub trait DeliveryStorage: core::fmt::Debug + Send + Sync + 'static {
    /// Applies one change, whole or not at all.
    fn submit(&self, change: Act) -> Pending<Result<Acted, Denied>>;

    /// What is left of a device's key packages.
    fn key_packages_left(
        &self,
        client: ClientId,
        suite: SuiteId,
    ) -> Pending<Result<KeyPackagesLeft, ReadError>>;

    /// The devices of those among these accounts that can be found: who is disabled is found by
    /// the own account and by those who share a group.
    fn devices_of(
        &self,
        asker: AccountId,
        accounts: Vec<AccountId>,
    ) -> Pending<Result<Vec<AccountDevices>, ReadError>>;

    /// What a device needs to join a group; nothing if there is no such group, or none that it may
    /// join.
    fn group_info(
        &self,
        client: ClientId,
        group: GroupId,
    ) -> Pending<Result<Option<GroupInfo>, ReadError>>;

    /// A page of the groups that a device may join or is in, in order of their ids.
    fn groups(
        &self,
        client: ClientId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Pending<Result<Vec<GroupSummary>, ReadError>>;

    /// A mailbox's entries behind one, in order: up to so many, and as many as their contents take
    /// no more than `bytes_max`; at least one if there is any. Deletes nothing.
    fn entries(
        &self,
        mailbox: ClientId,
        after: u64,
        limit: usize,
        bytes_max: usize,
    ) -> Pending<Result<Entries, ReadError>>;

    /// Who hears what a device says in a group; nothing if there is no such group.
    fn audience(
        &self,
        client: ClientId,
        group: GroupId,
    ) -> Pending<Result<Option<Audience>, ReadError>>;

    /// Other accounts that share a group with one, the lobby aside; up to so many.
    fn neighbours(
        &self,
        account: AccountId,
        limit: usize,
    ) -> Pending<Result<Vec<AccountId>, ReadError>>;
}

/// Groups that one account may have created, and that are there still.
pub const GROUPS_CREATED_MAX: u32 = 1_000;
/// Cipher suites of which a device may have key packages.
pub const SUITES_MAX: u32 = 4;

/// Bounds of mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxBounds {
    /// Entries of one mailbox.
    pub entries: u64,
    /// Bytes of their contents.
    pub bytes: u64,
    /// How long an entry waits.
    pub expiry: Duration,
}

impl Default for MailboxBounds {
    fn default() -> Self {
        Self {
            entries: 100_000,
            bytes: 1 << 30,
            expiry: Duration::from_secs(90 * 24 * 3600),
        }
    }
}

/// A change to key packages, groups or mailboxes. Who asks is a device that is not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Publishes key packages. Beyond
    /// [`KEY_PACKAGES_MAX`](sotto_shared::limits::KEY_PACKAGES_MAX) the oldest go; a last resort
    /// takes the place of the one before.
    Publish {
        /// Whose.
        by: ClientId,
        /// Which.
        packages: PublishKeyPackages,
    },
    /// Hands out key packages: a one-time package once, the last resort as often as is asked.
    Claim {
        /// Of this suite.
        suite: SuiteId,
        /// Of these devices.
        wanted: Vec<Wanted>,
    },
    /// Makes a group.
    Create {
        /// Its member.
        by: ClientId,
        /// The group.
        group: CreateGroup,
    },
    /// Ends an epoch.
    Commit {
        /// Who commits.
        by: ClientId,
        /// The commit.
        commit: Commit,
    },
    /// Stores a message.
    Send {
        /// Who sends.
        by: ClientId,
        /// The message.
        message: Message,
    },
    /// Deletes a mailbox's entries up to and including one, if there is or was such an entry.
    Acknowledge {
        /// Whose mailbox.
        by: ClientId,
        /// The last entry that is stored at the client.
        up_to: u64,
    },
}

/// A device of which a key package is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub client: ClientId,
    /// Whether a one-time package is given; or else the last resort alone.
    pub one_time: bool,
}

/// What became of an [`Act`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// Key packages were published; what is there now.
    Published(KeyPackagesLeft),
    /// Of the devices that had one.
    Claimed {
        /// What is handed out.
        packages: Vec<ClaimedKeyPackage>,
        /// How many of them are of last resort.
        last_resorts: u64,
    },
    /// A group was created, or was there.
    Opened(GroupOpened),
    /// A commit or message was stored.
    Stored {
        /// Where.
        stored: Stored,
        /// Devices for which something new waits.
        reached: Vec<ClientId>,
        /// Mailboxes that were full.
        missed: u64,
    },
    /// It was stored before.
    Repeated(Stored),
    /// So many entries are gone.
    Acknowledged(u64),
}

/// Why an [`Act`] was not done. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denied {
    /// Who asks is no device of an account that is not disabled.
    NoDevice,
    /// There is no such group.
    UnknownGroup,
    /// Who asks is no member.
    NotMember,
    /// The commit or message is of another epoch than the group.
    StaleEpoch,
    /// No mailbox takes it.
    MailboxFull,
    /// It would have more devices than a group may.
    GroupFull,
    /// A device that is to be added is unknown or revoked.
    UnknownDevice,
    /// There is no such account.
    UnknownPeer,
    /// A direct chat is of its two accounts; only who belongs to a group joins by itself; who is
    /// added needs a welcome.
    NotAllowed,
    /// The group's id is another group's.
    IdTaken,
    /// As many groups, or suites of key packages, as there may be.
    TooMany,
    /// The storage is failing.
    Failed,
}

/// Entries of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entries {
    /// In order.
    pub entries: Vec<Delivery>,
    /// Whether there may be more behind them.
    pub more: bool,
}

/// Who hears what a device says in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The group's epoch.
    pub epoch: Epoch,
    /// Whether the device is a member.
    pub member: bool,
    /// The other member devices.
    pub others: Vec<ClientId>,
}
