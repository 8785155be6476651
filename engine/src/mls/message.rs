//! Encrypting, and reading what others sent.

use openmls::framing::errors::{MessageDecryptionError, SecretTreeError};
use openmls::group::{
    MlsGroup, ProcessMessageError, QueuedProposal, StagedCommit as MlsStagedCommit, ValidationError,
};
use openmls::prelude::{
    ContentType, LeafNodeIndex, MlsGroupStateError, MlsMessageIn, ProcessedMessageContent,
    Proposal, ProtocolMessage, Sender,
};
use sotto_shared::GroupId;
use sotto_shared::account::{DeviceCertificate, DeviceRevocation};
use sotto_shared::sotto::group::Epoch;
use tls_codec::{DeserializeBytes, Serialize as _};

use super::group::{group_id, members};
use super::leaf::{Identity, read, verify};
use super::policy::{Commit, Joiner, check};
use super::provider::{Kind, OpenMlsProvider, Provider, StorageKey, join_config, padding_step};
use super::{Device, KnownAccounts, Member, Mls, MlsError, Policy, PolicyError, Unreadable, epoch};
use crate::store::StoreError;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encrypted {
    /// It can be read in this epoch.
    pub(crate) epoch: Epoch,
    /// MLSMessage with a PrivateMessage in it.
    pub(crate) message: Vec<u8>,
}

/// What was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// A message.
    Message {
        /// Who sent it.
        by: Device,
        /// In which epoch.
        epoch: Epoch,
        /// What was encrypted.
        content: Vec<u8>,
    },
    /// A commit, which is in force now.
    Commit(CommitSummary),
    /// A device asks to be removed: the next commit of any member does it.
    Leaving(Device),
}

/// What a commit of somebody else did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitSummary {
    /// The epoch that it began.
    pub(crate) epoch: Epoch,
    /// Who made it.
    pub(crate) by: Device,
    /// Whether its maker joined by it; it is in `added` too. Where it is in `removed` as well, it
    /// was a member before and lost its state.
    pub(crate) is_external: bool,
    /// Devices that are members since.
    pub(crate) added: Vec<DeviceCertificate>,
    /// Devices that are members no more.
    pub(crate) removed: Vec<Removal>,
    /// The new policy, where it changed.
    pub(crate) policy: Option<Policy>,
    /// Whether this device is a member no more.
    pub(crate) removes_me: bool,
}

/// A device that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removal {
    /// Which.
    pub(crate) certificate: DeviceCertificate,
    /// Who wanted it: who made the commit, or the device that asked to leave.
    pub(crate) by: Device,
    /// Whether its account revoked it.
    pub(crate) is_revoked: bool,
}

impl Removal {
    pub(super) fn new(
        certificate: &DeviceCertificate,
        by: Device,
        revocations: &[DeviceRevocation],
    ) -> Self {
        let is_revoked = revocations.iter().any(|revocation| {
            revocation.client == certificate.client
                && revocation
                    .verify_for(&certificate.account, &certificate.account_key)
                    .is_ok()
        });
        Self {
            certificate: certificate.clone(),
            by,
            is_revoked,
        }
    }
}

/// Proposals of devices that ask to leave.
pub(super) type Proposals = Vec<QueuedProposal>;

impl Mls {
    /// Encrypts a content for the members of the current epoch, padded.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::Removed`], [`MlsError::State`], [`MlsError::Mls`].
    pub(crate) fn encrypt(&mut self, id: GroupId, content: &[u8]) -> Result<Encrypted, MlsError> {
        let (group, provider, identity) = self.parts(id)?;
        if !group.is_active() {
            return Err(MlsError::Removed);
        }
        let config = join_config(padding_step(content.len()));
        group.set_configuration(provider.storage(), &config)?;
        let message = group
            .create_message(provider, identity, content)
            .map_err(MlsError::mls)?
            .tls_serialize_detached()
            .map_err(MlsError::mls)?;
        Ok(Encrypted {
            epoch: epoch(group.epoch()),
            message,
        })
    }

    /// Asks the others to remove this device: nobody can remove itself. It is a message to send. A
    /// commit that another member made meanwhile may have to be read first, and this repeated.
    ///
    /// # Errors
    /// [`MlsError::CommitStaged`] and as [`encrypt`](Self::encrypt).
    pub(crate) fn leave(&mut self, id: GroupId) -> Result<Encrypted, MlsError> {
        if self.is_staged(id)? {
            return Err(MlsError::CommitStaged);
        }
        let (group, provider, identity) = self.parts(id)?;
        if !group.is_active() {
            return Err(MlsError::Removed);
        }
        let own = group.own_leaf_index();
        let (message, _) = group
            .propose_remove_member(provider, identity, own)
            .map_err(MlsError::mls)?;
        let proposals: Proposals = group.pending_proposals().cloned().collect();
        group.clear_pending_proposals(provider.storage())?;
        let epoch = epoch(group.epoch());
        for proposal in proposals {
            self.keep_leaving(id, proposal)?;
        }
        Ok(Encrypted {
            epoch,
            message: message.tls_serialize_detached().map_err(MlsError::mls)?,
        })
    }

    /// Reads what others sent to a group: MLSMessage with a PrivateMessage, or with a PublicMessage
    /// that is an external commit. A commit that is allowed is in force at once, and an own one that
    /// was staged is gone.
    ///
    /// # Errors
    /// [`Unreadable`]; the group is as before then.
    pub(crate) fn read(
        &mut self,
        id: GroupId,
        message: &[u8],
        known: &impl KnownAccounts,
    ) -> Result<Read, Unreadable> {
        let message = parse(message)?;
        if group_id(message.group_id()) != Some(id) {
            return Err(Unreadable::Damaged);
        }
        let got = epoch(message.epoch());
        let have = self.check_epoch(id, got, message.content_type())?;
        let is_commit = message.content_type() == ContentType::Commit;
        let leaving = if is_commit {
            self.leaving(id)?
        } else {
            Vec::new()
        };
        let (group, provider, _) = self.parts(id)?;
        for proposal in leaving {
            group.store_pending_proposal(provider.storage(), proposal)?;
        }
        let read = process(group, provider, message, (have, got), known);
        group.clear_pending_proposals(provider.storage())?;
        match read? {
            Processed::Message { by, content } => Ok(Read::Message {
                by,
                epoch: got,
                content,
            }),
            Processed::Commit(summary) => {
                self.forget_leaving(id)?;
                Ok(Read::Commit(summary))
            }
            Processed::Leaving(device, proposal) => {
                self.keep_leaving(id, *proposal)?;
                Ok(Read::Leaving(device))
            }
        }
    }

    fn check_epoch(
        &mut self,
        id: GroupId,
        got: Epoch,
        content: ContentType,
    ) -> Result<Epoch, Unreadable> {
        let group = self.group(id)?;
        let have = epoch(group.epoch());
        if !group.is_active() {
            return Err(Unreadable::Removed);
        }
        let is_message = content == ContentType::Application;
        match got.cmp(&have) {
            core::cmp::Ordering::Greater => Err(Unreadable::EpochAhead { have, got }),
            core::cmp::Ordering::Less if !is_message => Err(Unreadable::EpochGone { have, got }),
            _ => Ok(have),
        }
    }

    /// The group, and what it takes to work with it.
    pub(super) fn parts(
        &mut self,
        id: GroupId,
    ) -> Result<(&mut MlsGroup, &Provider, &Identity), MlsError> {
        self.group(id)?;
        let group = self.groups.get_mut(&id).ok_or(MlsError::UnknownGroup(id))?;
        Ok((group, &self.provider, &self.identity))
    }

    /// The group, which was used before.
    pub(super) fn loaded(&self, id: GroupId) -> Result<&MlsGroup, MlsError> {
        self.groups.get(&id).ok_or(MlsError::UnknownGroup(id))
    }

    /// Who asked to leave in this epoch.
    pub(super) fn leaving(&self, id: GroupId) -> Result<Proposals, StoreError> {
        Ok(self
            .provider
            .state()
            .read(&leaving_key(id)?)?
            .unwrap_or_default())
    }

    fn keep_leaving(&mut self, id: GroupId, proposal: QueuedProposal) -> Result<(), StoreError> {
        let mut proposals = self.leaving(id)?;
        proposals.retain(|it| leaf_of(it) != leaf_of(&proposal));
        proposals.push(proposal);
        self.provider.state().write(&leaving_key(id)?, &proposals)
    }

    pub(super) fn forget_leaving(&mut self, id: GroupId) -> Result<(), StoreError> {
        self.provider.state().delete(&leaving_key(id)?);
        Ok(())
    }
}

impl From<MlsError> for Unreadable {
    fn from(error: MlsError) -> Self {
        match error {
            MlsError::UnknownGroup(_) => Self::UnknownGroup,
            MlsError::State(error) => Self::State(error),
            MlsError::Refused(error) => Self::Refused(error),
            _ => Self::Damaged,
        }
    }
}

/// The leaf that a proposal would remove.
pub(super) fn leaf_of(proposal: &QueuedProposal) -> Option<u32> {
    match proposal.proposal() {
        Proposal::Remove(removal) => Some(removal.removed().u32()),
        _ => None,
    }
}

fn leaving_key(id: GroupId) -> Result<StorageKey, StoreError> {
    let id = openmls::group::GroupId::from_slice(id.as_bytes());
    StorageKey::in_group(Kind::Leaving, &id)
}

fn parse(bytes: &[u8]) -> Result<ProtocolMessage, Unreadable> {
    MlsMessageIn::tls_deserialize_exact_bytes(bytes)
        .ok()
        .and_then(|message| message.try_into_protocol_message().ok())
        .ok_or(Unreadable::Damaged)
}

enum Processed {
    Message { by: Device, content: Vec<u8> },
    Commit(CommitSummary),
    Leaving(Device, Box<QueuedProposal>),
}

fn process(
    group: &mut MlsGroup,
    provider: &Provider,
    message: ProtocolMessage,
    epochs: (Epoch, Epoch),
    known: &impl KnownAccounts,
) -> Result<Processed, Unreadable> {
    let processed = group
        .process_message(provider, message)
        .map_err(|error| unreadable(error, epochs))?;
    let sender = processed.sender().clone();
    let by = read(processed.credential())?;
    let aad = processed.aad().to_vec();
    match processed.into_content() {
        ProcessedMessageContent::ApplicationMessage(content) => Ok(Processed::Message {
            by: Device::from(&by),
            content: content.into_bytes(),
        }),
        ProcessedMessageContent::ProposalMessage(proposal) => {
            let members = members(group)?;
            let is_own = leaf_of(&proposal)
                .and_then(|leaf| members.iter().find(|member| member.leaf == leaf))
                .is_some_and(|member| member.certificate.client == by.client);
            if is_own {
                Ok(Processed::Leaving(Device::from(&by), proposal))
            } else {
                Err(PolicyError::UnknownChange.into())
            }
        }
        ProcessedMessageContent::StagedCommitMessage(staged) => {
            let summary = check_commit(group, &staged, &sender, &aad, known)?;
            group
                .merge_staged_commit(provider, *staged)
                .map_err(|_| Unreadable::Damaged)?;
            Ok(Processed::Commit(summary))
        }
        ProcessedMessageContent::OwnPrivateMessage | ProcessedMessageContent::OwnPendingCommit => {
            Err(Unreadable::Own)
        }
        ProcessedMessageContent::ExternalJoinProposalMessage(_) => {
            Err(PolicyError::UnknownChange.into())
        }
    }
}

/// What a commit does, if it may.
fn check_commit(
    group: &MlsGroup,
    staged: &MlsStagedCommit,
    sender: &Sender,
    aad: &[u8],
    known: &impl KnownAccounts,
) -> Result<CommitSummary, PolicyError> {
    let old = Old(members(group)?);
    let revocations = revocations(aad)?;
    let path = staged.update_path_leaf_node();
    let (by, joiner) = match sender {
        Sender::NewMemberCommit => {
            let leaf = path.ok_or(PolicyError::UnknownChange)?;
            let certificate = verify(leaf, known)?;
            (Device::from(&certificate), Some(Joiner { certificate }))
        }
        _ => {
            let by = old.sender(sender)?;
            if let Some(leaf) = path {
                let is_same = leaf.signature_key().as_slice()
                    == by.device_key.as_bytes().as_slice()
                    && read(leaf.credential())? == *by;
                if !is_same {
                    return Err(PolicyError::IdentityChanged(by.into()));
                }
            }
            (Device::from(by), None)
        }
    };
    let (mut added, mut removed, mut policy) = (Vec::new(), Vec::new(), None);
    for proposal in staged.queued_proposals() {
        match proposal.proposal() {
            Proposal::Add(add) => added.push(verify(add.key_package().leaf_node(), known)?),
            Proposal::Remove(removal) => {
                let certificate = old.at(removal.removed())?;
                let by = match proposal.sender() {
                    Sender::NewMemberCommit => by,
                    sender => Device::from(old.sender(sender)?),
                };
                removed.push(Removal::new(certificate, by, &revocations));
            }
            Proposal::GroupContextExtensions(extensions) => {
                policy = Some(Policy::from_extensions(extensions.extensions())?);
            }
            Proposal::ExternalInit(_) if joiner.is_some() => {}
            _ => return Err(PolicyError::UnknownChange),
        }
    }
    let certificates: Vec<_> = (old.0.iter())
        .map(|member| member.certificate.clone())
        .collect();
    let commit = Commit {
        by,
        joiner: joiner.as_ref(),
        added: &added,
        removed: &removed,
        policy: policy.as_ref(),
    };
    check(
        &commit,
        &Policy::from_extensions(group.extensions())?,
        &certificates,
    )?;
    let is_external = joiner.is_some();
    added.extend(joiner.map(|joiner| joiner.certificate));
    Ok(CommitSummary {
        epoch: epoch(staged.epoch()),
        by,
        is_external,
        added,
        removed,
        policy,
        removes_me: staged.self_removed(),
    })
}

/// The members before a commit.
struct Old(Vec<Member>);

impl Old {
    fn at(&self, leaf: LeafNodeIndex) -> Result<&DeviceCertificate, PolicyError> {
        (self.0.iter())
            .find(|member| member.leaf == leaf.u32())
            .map(|member| &member.certificate)
            .ok_or(PolicyError::ForeignLeaf)
    }

    fn sender(&self, sender: &Sender) -> Result<&DeviceCertificate, PolicyError> {
        match sender {
            Sender::Member(leaf) => self.at(*leaf),
            _ => Err(PolicyError::UnknownChange),
        }
    }
}

fn revocations(aad: &[u8]) -> Result<Vec<DeviceRevocation>, PolicyError> {
    aad.chunks(DeviceRevocation::SIZE)
        .map(|bytes| DeviceRevocation::from_bytes(bytes).map_err(|_| PolicyError::UnknownChange))
        .collect()
}

fn unreadable(error: ProcessMessageError<StoreError>, (have, got): (Epoch, Epoch)) -> Unreadable {
    match error {
        ProcessMessageError::StorageError(error) => Unreadable::State(error),
        ProcessMessageError::GroupStateError(MlsGroupStateError::UseAfterEviction) => {
            Unreadable::Removed
        }
        ProcessMessageError::ValidationError(ValidationError::NoPastEpochData) => {
            Unreadable::EpochGone { have, got }
        }
        ProcessMessageError::ValidationError(ValidationError::UnableToDecrypt(
            MessageDecryptionError::SecretTreeError(error),
        )) => match error {
            SecretTreeError::TooDistantInThePast if got < have => {
                Unreadable::EpochGone { have, got }
            }
            SecretTreeError::SecretReuseError | SecretTreeError::TooDistantInThePast => {
                Unreadable::AlreadyRead
            }
            SecretTreeError::TooDistantInTheFuture => Unreadable::TooFarAhead,
            _ => Unreadable::Damaged,
        },
        _ => Unreadable::Damaged,
    }
}
