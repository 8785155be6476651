//! Key packages, groups and mailboxes: what the gateway does for conversations (RFC 9750's delivery
//! service). It sees ids, sizes and times; what the messages of MLS (RFC 9420) hold, it cannot read.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::wire::{
    Payload, array, blob, bytes, check_size, list, needed, optional_array, write_list,
};
use super::{Malformed, proto};
use crate::account::{DeviceCertificate, DeviceRevocation};
use crate::limits::{
    COMMIT_PAYLOAD_MAX, DELIVERIES_MAX, DEVICES_MAX, DIRECTORY_PAGE_MAX, GROUP_DEVICES_MAX,
    GROUPS_PAGE_MAX, KEY_PACKAGE_MAX, KEY_PACKAGES_MAX, MESSAGE_MAX, REVOCATIONS_MAX,
};
use crate::{AccountId, ClientId, GroupId, SendId};

/// Number of an MLS cipher suite (RFC 9420, section 17.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SuiteId(pub u16);

/// An epoch of a group: counts up from 0 with every commit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The one behind it.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Place of a commit or message in its group: counts up from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct GroupSeq(pub u64);

/// What kind of conversation a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GroupKind {
    /// Two accounts, or one with itself; there is one such group for each pair.
    Direct,
    /// Invited members.
    Group,
    /// Everybody on this gateway who wants; there is one.
    Lobby,
}

/// A key package to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPackage {
    /// MLSMessage with a KeyPackage in it.
    pub package: Bytes,
    /// Handed out when no other is left, and any number of times.
    pub last_resort: bool,
    /// Seconds since 1970: not handed out after that.
    pub expires_at: u64,
}

/// Publishes key packages of one suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishKeyPackages {
    /// Of all of them.
    pub suite: SuiteId,
    /// At most [`KEY_PACKAGES_MAX`] and a last resort.
    pub packages: Vec<KeyPackage>,
    /// Removes what was published of this suite before.
    pub replace: bool,
}

/// What is left of the own key packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPackagesLeft {
    /// Of which.
    pub suite: SuiteId,
    /// One-time packages.
    pub one_time: u32,
    /// Whether there is one of last resort.
    pub last_resort: bool,
}

/// Asks for one key package of each of these devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimKeyPackages {
    /// Of this suite.
    pub suite: SuiteId,
    /// At most [`KEY_PACKAGES_MAX`].
    pub clients: Vec<ClientId>,
}

/// Somebody's key package. Not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedKeyPackage {
    /// Whose.
    pub client: ClientId,
    /// MLSMessage with a KeyPackage in it.
    pub package: Bytes,
}

/// The devices of an account, as the gateway tells them. Not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDevices {
    /// Whose.
    pub account: AccountId,
    /// Of its devices.
    pub certificates: Vec<DeviceCertificate>,
    /// Newest first.
    pub revocations: Vec<DeviceRevocation>,
}

/// Makes a group, whose only member is this device, in epoch 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateGroup {
    /// Client-made.
    pub group: GroupId,
    /// What it is.
    pub kind: GroupKind,
    /// Its suite, for good.
    pub suite: SuiteId,
    /// The other account of a direct chat, and only of one.
    pub peer: Option<AccountId>,
    /// MLSMessage with a GroupInfo in it, with the ratchet tree.
    pub group_info: Bytes,
}

/// A group that was created, or was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOpened {
    /// Which. A direct chat of the two or a lobby that is there has another id than was asked for.
    pub group: GroupId,
    /// Whether it was created by this request.
    pub created: bool,
}

/// A group in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSummary {
    /// Which.
    pub group: GroupId,
    /// What it is.
    pub kind: GroupKind,
    /// Its suite.
    pub suite: SuiteId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Place of the last thing that was stored for it.
    pub sequence: GroupSeq,
    /// Whether this device is a member.
    pub member: bool,
    /// Whether another device of this account is one.
    pub account_member: bool,
}

/// A group and what is needed to join it by an external commit (RFC 9420, section 12.4.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    /// In numbers.
    pub summary: GroupSummary,
    /// MLSMessage with a GroupInfo in it. Not verified yet.
    pub group_info: Bytes,
}

/// Ends an epoch. The first commit of each epoch is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// A repeated request is done once.
    pub id: SendId,
    /// Of which group.
    pub group: GroupId,
    /// The epoch that it ends.
    pub epoch: Epoch,
    /// MLSMessage.
    pub commit: Bytes,
    /// Of the new epoch, with the ratchet tree.
    pub group_info: Bytes,
    /// Devices that it adds, without the sender of an external one.
    pub added: Vec<ClientId>,
    /// Devices that it removes.
    pub removed: Vec<ClientId>,
    /// MLSMessage with a Welcome in it, for those who are added; empty without.
    pub welcome: Bytes,
    /// The sender joins by it, and is no member, or was one and lost its state.
    pub external: bool,
}

/// A message to a group, or a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// A repeated request is done once.
    pub id: SendId,
    /// To whom.
    pub group: GroupId,
    /// In which it was encrypted.
    pub epoch: Epoch,
    /// MLSMessage.
    pub message: Bytes,
}

/// A message to those who are online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendEphemeral {
    /// To whom.
    pub group: GroupId,
    /// In which it was encrypted.
    pub epoch: Epoch,
    /// MLSMessage.
    pub message: Bytes,
}

/// Where something was stored. It is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the group.
    pub sequence: GroupSeq,
    /// Milliseconds since 1970.
    pub time: u64,
}

/// An entry of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Counts up from 1 in each mailbox, without gaps.
    pub number: u64,
    /// Where it belongs.
    pub group: GroupId,
    /// Its place there. A welcome has that of its commit.
    pub sequence: GroupSeq,
    /// In which it was sent; of a welcome, that which it opens.
    pub epoch: Epoch,
    /// What it is.
    pub kind: DeliveryKind,
    /// The device that sent it.
    pub sender: ClientId,
    /// Milliseconds since 1970.
    pub time: u64,
    /// MLSMessage.
    pub payload: Bytes,
}

/// What an entry of a mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeliveryKind {
    /// A message or a proposal.
    Message,
    /// A commit.
    Commit,
    /// A welcome.
    Welcome,
    /// Things of this group expired or found the mailbox full; the entry's place is that of the
    /// last of them.
    Missed,
}

/// A message that was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ephemeral {
    /// Where it belongs.
    pub group: GroupId,
    /// In which it was encrypted.
    pub epoch: Epoch,
    /// The device that sent it.
    pub sender: ClientId,
    /// MLSMessage.
    pub message: Bytes,
}

impl Payload<proto::KeyPackage> for KeyPackage {
    fn read(proto: proto::KeyPackage) -> Result<Self, Malformed> {
        Ok(Self {
            package: some("package", proto.package, KEY_PACKAGE_MAX)?,
            last_resort: proto.last_resort,
            expires_at: proto.expires_at,
        })
    }

    fn write(&self) -> proto::KeyPackage {
        proto::KeyPackage {
            package: self.package.clone(),
            last_resort: self.last_resort,
            expires_at: self.expires_at,
        }
    }
}

impl Payload<proto::PublishKeyPackages> for PublishKeyPackages {
    fn read(proto: proto::PublishKeyPackages) -> Result<Self, Malformed> {
        Ok(Self {
            suite: suite(proto.suite)?,
            packages: list("packages", proto.packages, KEY_PACKAGES_MAX + 1)?,
            replace: proto.replace,
        })
    }

    fn write(&self) -> proto::PublishKeyPackages {
        proto::PublishKeyPackages {
            suite: self.suite.0.into(),
            packages: write_list(&self.packages),
            replace: self.replace,
        }
    }
}

impl Payload<proto::KeyPackagesLeft> for KeyPackagesLeft {
    fn read(proto: proto::KeyPackagesLeft) -> Result<Self, Malformed> {
        Ok(Self {
            suite: suite(proto.suite)?,
            one_time: proto.one_time,
            last_resort: proto.last_resort,
        })
    }

    fn write(&self) -> proto::KeyPackagesLeft {
        proto::KeyPackagesLeft {
            suite: self.suite.0.into(),
            one_time: self.one_time,
            last_resort: self.last_resort,
        }
    }
}

impl Payload<proto::ClaimKeyPackages> for ClaimKeyPackages {
    fn read(proto: proto::ClaimKeyPackages) -> Result<Self, Malformed> {
        Ok(Self {
            suite: suite(proto.suite)?,
            clients: clients("clients", &proto.clients, KEY_PACKAGES_MAX)?,
        })
    }

    fn write(&self) -> proto::ClaimKeyPackages {
        proto::ClaimKeyPackages {
            suite: self.suite.0.into(),
            clients: write_clients(&self.clients),
        }
    }
}

impl Payload<proto::ClaimedKeyPackage> for ClaimedKeyPackage {
    fn read(proto: proto::ClaimedKeyPackage) -> Result<Self, Malformed> {
        Ok(Self {
            client: client("client", &proto.client)?,
            package: some("package", proto.package, KEY_PACKAGE_MAX)?,
        })
    }

    fn write(&self) -> proto::ClaimedKeyPackage {
        proto::ClaimedKeyPackage {
            client: bytes(self.client.as_bytes()),
            package: self.package.clone(),
        }
    }
}

impl Payload<proto::AccountDevices> for AccountDevices {
    fn read(proto: proto::AccountDevices) -> Result<Self, Malformed> {
        Ok(Self {
            account: account("account", &proto.account)?,
            certificates: list("certificates", proto.certificates, DEVICES_MAX)?,
            revocations: list("revocations", proto.revocations, REVOCATIONS_MAX)?,
        })
    }

    fn write(&self) -> proto::AccountDevices {
        proto::AccountDevices {
            account: bytes(self.account.as_bytes()),
            certificates: write_list(&self.certificates),
            revocations: write_list(&self.revocations),
        }
    }
}

impl Payload<proto::CreateGroup> for CreateGroup {
    fn read(proto: proto::CreateGroup) -> Result<Self, Malformed> {
        let kind = GroupKind::read(proto.kind)?;
        let peer = optional_array("peer", &proto.peer)?.map(AccountId::from_bytes);
        if peer.is_some() != (kind == GroupKind::Direct) {
            return Err(Malformed::Value("peer"));
        }
        Ok(Self {
            group: group(&proto.group)?,
            kind,
            suite: suite(proto.suite)?,
            peer,
            group_info: some("group_info", proto.group_info, COMMIT_PAYLOAD_MAX)?,
        })
    }

    fn write(&self) -> proto::CreateGroup {
        proto::CreateGroup {
            group: bytes(self.group.as_bytes()),
            kind: self.kind.write(),
            suite: self.suite.0.into(),
            peer: self.peer.map(|it| bytes(it.as_bytes())).unwrap_or_default(),
            group_info: self.group_info.clone(),
        }
    }
}

impl Payload<proto::GroupOpened> for GroupOpened {
    fn read(proto: proto::GroupOpened) -> Result<Self, Malformed> {
        Ok(Self {
            group: group(&proto.group)?,
            created: proto.created,
        })
    }

    fn write(&self) -> proto::GroupOpened {
        proto::GroupOpened {
            group: bytes(self.group.as_bytes()),
            created: self.created,
        }
    }
}

impl Payload<proto::GroupSummary> for GroupSummary {
    fn read(proto: proto::GroupSummary) -> Result<Self, Malformed> {
        Ok(Self {
            group: group(&proto.group)?,
            kind: GroupKind::read(proto.kind)?,
            suite: suite(proto.suite)?,
            epoch: Epoch(proto.epoch),
            sequence: GroupSeq(proto.sequence),
            member: proto.member,
            account_member: proto.account_member,
        })
    }

    fn write(&self) -> proto::GroupSummary {
        proto::GroupSummary {
            group: bytes(self.group.as_bytes()),
            kind: self.kind.write(),
            suite: self.suite.0.into(),
            epoch: self.epoch.0,
            sequence: self.sequence.0,
            member: self.member,
            account_member: self.account_member,
        }
    }
}

impl Payload<proto::GroupInfo> for GroupInfo {
    fn read(proto: proto::GroupInfo) -> Result<Self, Malformed> {
        Ok(Self {
            summary: needed("summary", proto.summary)?,
            group_info: some("group_info", proto.group_info, COMMIT_PAYLOAD_MAX)?,
        })
    }

    fn write(&self) -> proto::GroupInfo {
        proto::GroupInfo {
            summary: Some(self.summary.write()),
            group_info: self.group_info.clone(),
        }
    }
}

impl Payload<proto::Commit> for Commit {
    fn read(proto: proto::Commit) -> Result<Self, Malformed> {
        Ok(Self {
            id: send_id(&proto.id)?,
            group: group(&proto.group)?,
            epoch: Epoch(proto.epoch),
            commit: some("commit", proto.commit, COMMIT_PAYLOAD_MAX)?,
            group_info: some("group_info", proto.group_info, COMMIT_PAYLOAD_MAX)?,
            added: clients("added", &proto.added, GROUP_DEVICES_MAX)?,
            removed: clients("removed", &proto.removed, GROUP_DEVICES_MAX)?,
            welcome: blob("welcome", proto.welcome, COMMIT_PAYLOAD_MAX)?,
            external: proto.external,
        })
    }

    fn write(&self) -> proto::Commit {
        proto::Commit {
            id: bytes(self.id.as_bytes()),
            group: bytes(self.group.as_bytes()),
            epoch: self.epoch.0,
            commit: self.commit.clone(),
            group_info: self.group_info.clone(),
            added: write_clients(&self.added),
            removed: write_clients(&self.removed),
            welcome: self.welcome.clone(),
            external: self.external,
        }
    }
}

impl Payload<proto::Send> for Send {
    fn read(proto: proto::Send) -> Result<Self, Malformed> {
        Ok(Self {
            id: send_id(&proto.id)?,
            group: group(&proto.group)?,
            epoch: Epoch(proto.epoch),
            message: some("message", proto.message, MESSAGE_MAX)?,
        })
    }

    fn write(&self) -> proto::Send {
        proto::Send {
            id: bytes(self.id.as_bytes()),
            group: bytes(self.group.as_bytes()),
            epoch: self.epoch.0,
            message: self.message.clone(),
        }
    }
}

impl Payload<proto::SendEphemeral> for SendEphemeral {
    fn read(proto: proto::SendEphemeral) -> Result<Self, Malformed> {
        Ok(Self {
            group: group(&proto.group)?,
            epoch: Epoch(proto.epoch),
            message: some("message", proto.message, MESSAGE_MAX)?,
        })
    }

    fn write(&self) -> proto::SendEphemeral {
        proto::SendEphemeral {
            group: bytes(self.group.as_bytes()),
            epoch: self.epoch.0,
            message: self.message.clone(),
        }
    }
}

impl Payload<proto::Stored> for Stored {
    fn read(proto: proto::Stored) -> Result<Self, Malformed> {
        Ok(Self {
            sequence: GroupSeq(proto.sequence),
            time: proto.time,
        })
    }

    fn write(&self) -> proto::Stored {
        proto::Stored {
            sequence: self.sequence.0,
            time: self.time,
        }
    }
}

impl Payload<proto::Delivery> for Delivery {
    fn read(proto: proto::Delivery) -> Result<Self, Malformed> {
        Ok(Self {
            number: proto.number,
            group: group(&proto.group)?,
            sequence: GroupSeq(proto.sequence),
            epoch: Epoch(proto.epoch),
            kind: DeliveryKind::read(proto.kind)?,
            sender: client("sender", &proto.sender)?,
            time: proto.time,
            payload: blob("payload", proto.payload, COMMIT_PAYLOAD_MAX)?,
        })
    }

    fn write(&self) -> proto::Delivery {
        proto::Delivery {
            number: self.number,
            group: bytes(self.group.as_bytes()),
            sequence: self.sequence.0,
            epoch: self.epoch.0,
            kind: self.kind.write(),
            sender: bytes(self.sender.as_bytes()),
            time: self.time,
            payload: self.payload.clone(),
        }
    }
}

impl Payload<proto::Ephemeral> for Ephemeral {
    fn read(proto: proto::Ephemeral) -> Result<Self, Malformed> {
        Ok(Self {
            group: group(&proto.group)?,
            epoch: Epoch(proto.epoch),
            sender: client("sender", &proto.sender)?,
            message: some("message", proto.message, MESSAGE_MAX)?,
        })
    }

    fn write(&self) -> proto::Ephemeral {
        proto::Ephemeral {
            group: bytes(self.group.as_bytes()),
            epoch: self.epoch.0,
            sender: bytes(self.sender.as_bytes()),
            message: self.message.clone(),
        }
    }
}

impl GroupKind {
    fn read(value: i32) -> Result<Self, Malformed> {
        match proto::GroupKind::try_from(value) {
            Ok(proto::GroupKind::Direct) => Ok(Self::Direct),
            Ok(proto::GroupKind::Group) => Ok(Self::Group),
            Ok(proto::GroupKind::Lobby) => Ok(Self::Lobby),
            _ => Err(Malformed::Value("kind")),
        }
    }

    fn write(self) -> i32 {
        match self {
            Self::Direct => proto::GroupKind::Direct,
            Self::Group => proto::GroupKind::Group,
            Self::Lobby => proto::GroupKind::Lobby,
        }
        .into()
    }
}

impl DeliveryKind {
    fn read(value: i32) -> Result<Self, Malformed> {
        match proto::DeliveryKind::try_from(value) {
            Ok(proto::DeliveryKind::Message) => Ok(Self::Message),
            Ok(proto::DeliveryKind::Commit) => Ok(Self::Commit),
            Ok(proto::DeliveryKind::Welcome) => Ok(Self::Welcome),
            Ok(proto::DeliveryKind::Missed) => Ok(Self::Missed),
            _ => Err(Malformed::Value("kind")),
        }
    }

    fn write(self) -> i32 {
        match self {
            Self::Message => proto::DeliveryKind::Message,
            Self::Commit => proto::DeliveryKind::Commit,
            Self::Welcome => proto::DeliveryKind::Welcome,
            Self::Missed => proto::DeliveryKind::Missed,
        }
        .into()
    }
}

pub(super) fn suite(number: u32) -> Result<SuiteId, Malformed> {
    u16::try_from(number)
        .map(SuiteId)
        .map_err(|_| Malformed::Value("suite"))
}

pub(super) fn group(bytes: &[u8]) -> Result<GroupId, Malformed> {
    Ok(GroupId::from_bytes(array("group", bytes)?))
}

pub(super) fn account(field: &'static str, bytes: &[u8]) -> Result<AccountId, Malformed> {
    Ok(AccountId::from_bytes(array(field, bytes)?))
}

/// Reads accounts that are asked for.
pub(super) fn accounts(field: &'static str, ids: &[Bytes]) -> Result<Vec<AccountId>, Malformed> {
    check_size(field, ids.len(), DIRECTORY_PAGE_MAX)?;
    ids.iter().map(|id| account(field, id)).collect()
}

pub(super) fn entries(protos: Vec<proto::Delivery>) -> Result<Vec<Delivery>, Malformed> {
    list("entries", protos, DELIVERIES_MAX)
}

pub(super) fn groups(protos: Vec<proto::GroupSummary>) -> Result<Vec<GroupSummary>, Malformed> {
    list("groups", protos, GROUPS_PAGE_MAX)
}

fn send_id(bytes: &[u8]) -> Result<SendId, Malformed> {
    Ok(SendId::from_bytes(array("id", bytes)?))
}

fn client(field: &'static str, bytes: &[u8]) -> Result<ClientId, Malformed> {
    Ok(ClientId::from_bytes(array(field, bytes)?))
}

fn clients(field: &'static str, ids: &[Bytes], limit: usize) -> Result<Vec<ClientId>, Malformed> {
    check_size(field, ids.len(), limit)?;
    ids.iter().map(|id| client(field, id)).collect()
}

fn write_clients(clients: &[ClientId]) -> Vec<Bytes> {
    clients.iter().map(|id| bytes(id.as_bytes())).collect()
}

/// Reads up to `limit` bytes, but some.
fn some(field: &'static str, bytes: Bytes, limit: usize) -> Result<Bytes, Malformed> {
    if bytes.is_empty() {
        return Err(Malformed::Missing(field));
    }
    blob(field, bytes, limit)
}
