//! Why something was not done or cannot be read.

use sotto_shared::GroupId;
use sotto_shared::sotto::group::Epoch;

use super::{Device, PolicyError};
use crate::store::StoreError;

/// Why an own operation was not done. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MlsError {
    /// There is no such group here.
    #[error("there is no group {0} here")]
    UnknownGroup(GroupId),
    /// There is such a group already.
    #[error("there is a group {0} already")]
    GroupExists(GroupId),
    /// This device was removed from the group.
    #[error("this device is no member of the group any more")]
    Removed,
    /// A commit is staged, and it is not known yet whether the gateway takes it.
    #[error("another change of the group is under way")]
    CommitStaged,
    /// No commit is staged.
    #[error("no change of the group is under way")]
    NoCommitStaged,
    /// Somebody's key package cannot be used.
    #[error("the key package of a device cannot be used: {0}")]
    KeyPackage(KeyPackageError),
    /// A device that is no member.
    #[error("the device is no member of the group")]
    NotAMember,
    /// The group's own rules forbid it.
    #[error(transparent)]
    Refused(#[from] PolicyError),
    /// The stored state of the group cannot be read.
    #[error(transparent)]
    State(#[from] StoreError),
    /// OpenMLS refuses, for a reason that should not be.
    #[error("MLS refuses: {0}")]
    Mls(String),
}

impl MlsError {
    pub(super) fn mls(error: impl core::fmt::Display) -> Self {
        Self::Mls(error.to_string())
    }
}

/// What is wrong with a key package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyPackageError {
    /// Its bytes or signatures.
    #[error("it is damaged or forged")]
    Damaged,
    /// It is of another suite.
    #[error("it is of another suite")]
    Suite,
    /// Its time is over.
    #[error("it expired {} seconds ago", now.saturating_sub(*expires_at))]
    Expired {
        /// Seconds since 1970.
        expires_at: u64,
        /// Seconds since 1970.
        now: u64,
    },
    /// It is valid for longer than any may be, or its maker's clock is wrong.
    #[error("it is valid for {seconds} seconds more")]
    TooLong {
        /// From now.
        seconds: u64,
    },
    /// It is of another device than asked for.
    #[error("it is of another device")]
    AnotherDevice(Device),
    /// Its leaf.
    #[error(transparent)]
    Leaf(#[from] PolicyError),
}

/// Why what was received cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// There is no such group here: a welcome is missing, or it was forgotten.
    #[error("it is of a group that is not here")]
    UnknownGroup,
    /// A commit before it is missing.
    #[error("it is of epoch {}, and this device is in {}", got.0, have.0)]
    EpochAhead {
        /// Epoch of the group here.
        have: Epoch,
        /// Epoch of the message.
        got: Epoch,
    },
    /// The keys of its epoch are deleted; of a commit, the group has gone on already.
    #[error("it is of epoch {}, whose keys are deleted: this device is in {}", got.0, have.0)]
    EpochGone {
        /// Epoch of the group here.
        have: Epoch,
        /// Epoch of the message.
        got: Epoch,
    },
    /// Its key was used, or is so old that it was deleted unused.
    #[error("it was read before")]
    AlreadyRead,
    /// It is this device's own, which only others can read.
    #[error("it is of this device itself")]
    Own,
    /// More messages of its sender before it are missing than can be skipped.
    #[error("too many messages before it are missing")]
    TooFarAhead,
    /// This device was removed from the group.
    #[error("this device is no member of the group any more")]
    Removed,
    /// Cut, changed, forged, or not for this group.
    #[error("it is damaged")]
    Damaged,
    /// A commit, or a proposal, that the group's rules forbid. The group stays where it is, and
    /// can only be joined anew.
    #[error("it is a change that the group's rules forbid: {0}")]
    Refused(#[from] PolicyError),
    /// The stored state of the group cannot be read.
    #[error(transparent)]
    State(#[from] StoreError),
}

/// Why a group cannot be joined. The groups are as before then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JoinError {
    /// The key package that the welcome is for was used before, or expired and was deleted.
    #[error("the invitation is for a key package that is not here any more")]
    NoKeyPackage,
    /// Cut, changed or forged.
    #[error("the invitation is damaged")]
    Damaged,
    /// It is of another group than was asked for.
    #[error("it is of another group")]
    AnotherGroup,
    /// This device is a member already.
    #[error("this device is a member already")]
    AlreadyMember(GroupId),
    /// The group's suite is none of ours.
    #[error("the group is encrypted in a way that this version does not know")]
    Suite,
    /// The group is not as its rules, or Sotto's, want it.
    #[error(transparent)]
    Refused(#[from] PolicyError),
    /// The stored state cannot be read.
    #[error(transparent)]
    State(#[from] StoreError),
}
