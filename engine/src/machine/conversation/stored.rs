//! What is kept of a conversation: one record of its own, one for each thing that waits to be sent,
//! one for each line.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sotto_shared::account::DeviceCertificate;
use sotto_shared::content::Receipt;
use sotto_shared::sotto::group::{self, DeliveryKind, Epoch, GroupKind, GroupSeq};
use sotto_shared::{AccountId, ClientId, GroupId, SendId};

use crate::api::{Cause, ConversationState, NotSent, Seq};
use crate::mls::{StagedCommit, Suite};
use crate::time::Timestamp;

/// How far the mailbox was read, and what else there is one of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredMailbox {
    /// The last entry that was taken in.
    pub(super) last: u64,
    /// Suites of which this device has published key packages.
    pub(super) published: BTreeSet<u16>,
    /// What could not be read.
    pub(super) undecryptable: BTreeMap<Cause, u64>,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) rejoined: u64,
    /// Whether others are told what was delivered and read here.
    pub(super) receipts: bool,
}

impl Default for StoredMailbox {
    fn default() -> Self {
        Self {
            last: 0,
            published: BTreeSet::new(),
            undecryptable: BTreeMap::new(),
            received: 0,
            sent: 0,
            rejoined: 0,
            receipts: true,
        }
    }
}

/// How a conversation stands with the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// The gateway has yet to hear of it.
    Creating {
        /// Of epoch 0.
        group_info: Vec<u8>,
    },
    /// This device has yet to join it by a commit of its own.
    Joining {
        /// It was a member before.
        again: bool,
    },
    /// This device is a member.
    Member,
    /// It cannot go on before it is joined anew.
    Broken(Cause),
    /// The user has left.
    Left,
    /// The user was removed.
    Removed,
}

/// What is to be changed in a group. It stays here until the group is so, whoever's commit made it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Wishes {
    pub(super) add: BTreeSet<AccountId>,
    pub(super) remove: BTreeSet<AccountId>,
    pub(super) admins: BTreeMap<AccountId, bool>,
    pub(super) profile: Option<Vec<u8>>,
    /// The user leaves.
    pub(super) leave: bool,
    /// New keys for this device.
    pub(super) update: bool,
    /// Others asked to leave.
    pub(super) let_go: bool,
    /// New members need the profile.
    pub(super) relay: bool,
}

impl Wishes {
    /// Whether a commit is needed for them, or may be.
    pub(super) fn want_commit(&self) -> bool {
        !self.add.is_empty()
            || !self.remove.is_empty()
            || !self.admins.is_empty()
            || self.profile.is_some()
            || self.leave
            || self.update
    }
}

/// A commit that the gateway may have taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staged {
    pub(super) id: SendId,
    pub(super) epoch: Epoch,
    commit: Vec<u8>,
    group_info: Vec<u8>,
    welcome: Vec<u8>,
    pub(super) added: Vec<DeviceCertificate>,
    pub(super) removed: Vec<DeviceCertificate>,
    /// By which this device joins.
    pub(super) external: bool,
}

impl Staged {
    pub(super) fn new(id: SendId, staged: StagedCommit, external: bool) -> Self {
        Self {
            id,
            epoch: staged.epoch,
            commit: staged.commit,
            group_info: staged.group_info,
            welcome: staged.welcome.unwrap_or_default(),
            added: staged.added,
            removed: staged.removed,
            external,
        }
    }

    pub(super) fn request(&self, group: GroupId) -> group::Commit {
        let clients = |all: &[DeviceCertificate]| all.iter().map(|it| it.client).collect();
        group::Commit {
            id: self.id,
            group,
            epoch: self.epoch,
            commit: Bytes::copy_from_slice(&self.commit),
            group_info: Bytes::copy_from_slice(&self.group_info),
            added: match self.external {
                true => Vec::new(),
                false => clients(&self.added),
            },
            removed: clients(&self.removed),
            welcome: Bytes::copy_from_slice(&self.welcome),
            external: self.external,
        }
    }
}

/// An account in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredMember {
    pub(super) account: AccountId,
    pub(super) devices: u32,
    pub(super) admin: bool,
}

/// A conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredConversation {
    pub(super) id: GroupId,
    pub(super) kind: GroupKind,
    /// Number of the suite.
    pub(super) suite: u16,
    pub(super) peer: Option<AccountId>,
    pub(super) stage: Stage,
    /// Bytes that have the digest of the policy; nothing while they are not known.
    pub(super) profile: Option<Vec<u8>>,
    /// The last one that was shown.
    pub(super) shown_profile: Option<Vec<u8>>,
    pub(super) members: Vec<StoredMember>,
    pub(super) wishes: Wishes,
    pub(super) staged: Option<Staged>,
    /// Number of the next thing to send.
    pub(super) next_number: u64,
    /// Counter of the last own content that the gateway has.
    pub(super) counter: u64,
    /// Counters of the last contents of other devices.
    pub(super) counters: BTreeMap<ClientId, u64>,
    pub(super) receipts: BTreeMap<AccountId, Receipt>,
    /// Place of the last thing that came.
    pub(super) last_seq: GroupSeq,
    /// Place of the last own thing.
    pub(super) own_seq: GroupSeq,
    /// Place of the last text of somebody else.
    pub(super) heard: Seq,
    /// What was told of it.
    pub(super) receipted: Receipt,
    pub(super) active_at: Timestamp,
    pub(super) pinned: bool,
    pub(super) muted: bool,
    pub(super) archived: bool,
    /// Own messages under the present keys, and since when they are used.
    pub(super) sent_since: u32,
    pub(super) keys_since: Timestamp,
    /// The epoch in which this device asked to be removed.
    pub(super) left_in: Option<Epoch>,
}

impl StoredConversation {
    pub(super) fn new(
        id: GroupId,
        kind: GroupKind,
        suite: u16,
        stage: Stage,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            suite,
            peer: None,
            stage,
            profile: None,
            shown_profile: None,
            members: Vec::new(),
            wishes: Wishes::default(),
            staged: None,
            next_number: 1,
            counter: 0,
            counters: BTreeMap::new(),
            receipts: BTreeMap::new(),
            last_seq: GroupSeq(0),
            own_seq: GroupSeq(0),
            heard: Seq(0),
            receipted: Receipt::default(),
            active_at: now,
            pinned: false,
            muted: false,
            archived: false,
            sent_since: 0,
            keys_since: now,
            left_in: None,
        }
    }

    pub(super) fn suite(&self) -> Option<Suite> {
        Suite::from_id(group::SuiteId(self.suite))
    }

    pub(super) fn state(&self) -> ConversationState {
        match &self.stage {
            Stage::Creating { .. } | Stage::Joining { .. } => ConversationState::Joining,
            // Nobody is there who could take note; whoever comes will.
            Stage::Member if self.wishes.leave && self.members.len() <= 1 => {
                ConversationState::Left
            }
            Stage::Member if self.wishes.leave => ConversationState::Leaving,
            Stage::Member => ConversationState::Active,
            Stage::Broken(cause) => ConversationState::Broken(*cause),
            Stage::Left => ConversationState::Left,
            Stage::Removed => ConversationState::Removed,
        }
    }

    /// Whether something can be sent there, now or later.
    pub(super) fn takes_messages(&self) -> bool {
        !self.wishes.leave
            && matches!(
                self.stage,
                Stage::Creating { .. } | Stage::Joining { .. } | Stage::Member
            )
    }

    pub(super) fn has_member(&self, account: AccountId) -> bool {
        self.members.iter().any(|member| member.account == account)
    }
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// A content as bytes, its counter not set yet.
    Content(Vec<u8>),
    /// The wish of this device to be removed.
    Leave,
}

/// Something that waits to be sent, or for its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(super) what: What,
    /// The same for every try.
    pub(super) id: SendId,
    pub(super) at: Timestamp,
    /// As it was, or may have been, transmitted.
    pub(super) sealed: Option<Sealed>,
    pub(crate) failed: Option<NotSent>,
}

/// Something encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    pub(super) epoch: Epoch,
    pub(super) message: Vec<u8>,
}

/// An entry of the mailbox that cannot be read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredDelivery {
    pub(super) sequence: GroupSeq,
    pub(super) epoch: Epoch,
    pub(super) kind: DeliveryKind,
    pub(super) sender: ClientId,
    pub(super) time: u64,
    pub(super) payload: Vec<u8>,
}

impl From<&group::Delivery> for StoredDelivery {
    fn from(entry: &group::Delivery) -> Self {
        Self {
            sequence: entry.sequence,
            epoch: entry.epoch,
            kind: entry.kind,
            sender: entry.sender,
            time: entry.time,
            payload: entry.payload.to_vec(),
        }
    }
}
