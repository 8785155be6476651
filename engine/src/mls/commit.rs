//! Own changes of a group: staged until the gateway took them.

use openmls::group::{CommitMessageBundle, MlsGroup, QueuedProposal};
use openmls::messages::group_info::VerifiableGroupInfo;
use openmls::prelude::{LeafNodeParameters, MlsMessageBodyIn, MlsMessageIn};
use serde::{Deserialize, Serialize};
use sotto_shared::account::{DeviceCertificate, DeviceRevocation};
use sotto_shared::sotto::group::Epoch;
use sotto_shared::{ClientId, GroupId};
use tls_codec::{DeserializeBytes, Serialize as _};

use super::group::{check_founded, group_id, members, verified};
use super::leaf::capabilities;
use super::message::{Proposals, Removal, leaf_of};
use super::policy::{Commit, Joiner, check};
use super::provider::{Kind, OpenMlsProvider, StorageKey, join_config};
use super::{
    Device, JoinError, KeyPackage, KnownAccounts, Member, Mls, MlsError, Policy, Suite, epoch,
};
use crate::time::Timestamp;

/// What to change in a group. Nothing of all: new keys for this device.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    /// Devices to add.
    pub(crate) add: Vec<KeyPackage>,
    /// Devices to remove.
    pub(crate) remove: Vec<ClientId>,
    /// Revocations of devices to remove: whoever holds one may.
    pub(crate) revocations: Vec<DeviceRevocation>,
    /// The policy to set.
    pub(crate) policy: Option<Policy>,
}

/// A commit that takes effect when the gateway takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StagedCommit {
    /// The epoch that it ends.
    pub(crate) epoch: Epoch,
    /// MLSMessage with the commit.
    pub(crate) commit: Vec<u8>,
    /// MLSMessage with a Welcome, for those who are added.
    pub(crate) welcome: Option<Vec<u8>>,
    /// MLSMessage with the GroupInfo of the next epoch, with the ratchet tree.
    pub(crate) group_info: Vec<u8>,
    /// Devices that it adds.
    pub(crate) added: Vec<DeviceCertificate>,
    /// Devices that it removes, also those that asked for it themselves.
    pub(crate) removed: Vec<DeviceCertificate>,
}

/// What is kept of a group that this device joins by a commit of its own.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Joining;

impl Mls {
    /// Stages a commit. Devices that asked to leave are removed by it too, and this device gets new
    /// keys in any case.
    ///
    /// # Errors
    /// [`MlsError`]; [`MlsError::Refused`] for what others would refuse.
    pub(crate) fn commit(
        &mut self,
        id: GroupId,
        change: &Change,
        now: Timestamp,
    ) -> Result<StagedCommit, MlsError> {
        let suite = self.suite(id)?;
        for package in &change.add {
            package.check(suite, now).map_err(MlsError::KeyPackage)?;
        }
        self.check_free(id)?;
        let leaving = self.leaving(id)?;
        let own = Device::from(&self.identity.certificate);
        let group = self.loaded(id)?;
        let members = members(group)?;
        let plan = Plan::new(change, &members, leaving, own)?;
        plan.check(
            change,
            &Policy::from_extensions(group.extensions())?,
            &members,
        )?;
        let result = self.stage(id, change, plan);
        // Proposals are kept beside, since nothing could be sent while they lie there.
        let (group, provider, _) = self.parts(id)?;
        group.clear_pending_proposals(provider.storage())?;
        result
    }

    fn stage(
        &mut self,
        id: GroupId,
        change: &Change,
        plan: Plan,
    ) -> Result<StagedCommit, MlsError> {
        let (group, provider, identity) = self.parts(id)?;
        let ends = epoch(group.epoch());
        for proposal in plan.leaving {
            group.store_pending_proposal(provider.storage(), proposal)?;
        }
        group.set_aad(aad(&change.revocations));
        let mut builder = group
            .commit_builder()
            .force_self_update(true)
            .propose_adds(change.add.iter().map(|package| package.package.clone()))
            .propose_removals(plan.remove);
        if let Some(policy) = &change.policy {
            builder = builder
                .propose_group_context_extensions(policy.to_extensions()?)
                .map_err(MlsError::mls)?;
        }
        let bundle = builder
            .load_psks(provider.storage())
            .map_err(MlsError::mls)?
            .build(provider.rand(), provider.crypto(), identity, |_| true)
            .map_err(MlsError::mls)?
            .stage_commit(provider)
            .map_err(MlsError::mls)?;
        let added = (change.add.iter())
            .map(|package| package.certificate.clone())
            .collect();
        to_staged(ends, bundle, added, plan.removed)
    }

    /// The staged commit was taken: the group is in the next epoch.
    ///
    /// # Errors
    /// [`MlsError::NoCommitStaged`], [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn merge(&mut self, id: GroupId) -> Result<Epoch, MlsError> {
        let (group, provider, _) = self.parts(id)?;
        let joining = joining(id)?;
        if provider.state().has(&joining) {
            // OpenMLS has a group that is joined so in the new epoch at once.
            provider.state().delete(&joining);
            return Ok(epoch(group.epoch()));
        }
        if group.pending_commit().is_none() {
            return Err(MlsError::NoCommitStaged);
        }
        group
            .merge_pending_commit(provider)
            .map_err(MlsError::mls)?;
        let epoch = epoch(group.epoch());
        self.forget_leaving(id)?;
        Ok(epoch)
    }

    /// The staged commit was not taken. The group is as it was; a group that was being joined by it
    /// is forgotten.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn discard(&mut self, id: GroupId) -> Result<(), MlsError> {
        let (group, provider, _) = self.parts(id)?;
        if provider.state().has(&joining(id)?) {
            self.forget(id);
            return Ok(());
        }
        Ok(group.clear_pending_commit(provider.storage())?)
    }

    /// Whether a commit is staged.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn is_staged(&mut self, id: GroupId) -> Result<bool, MlsError> {
        let (group, provider, _) = self.parts(id)?;
        Ok(group.pending_commit().is_some() || provider.state().has(&joining(id)?))
    }

    /// Stages a commit by which this device joins a group itself, given its group info: MLSMessage
    /// with a GroupInfo in it, with the ratchet tree. All members are verified. An old leaf of this
    /// device is removed; an old state of the group here is forgotten at once, and only called for
    /// where it is of no use any more.
    ///
    /// # Errors
    /// [`JoinError`].
    pub(crate) fn join_by_commit(
        &mut self,
        id: GroupId,
        group_info: &[u8],
        known: &impl KnownAccounts,
    ) -> Result<StagedCommit, JoinError> {
        let info = read_group_info(group_info)?;
        if group_id(info.group_id()) != Some(id) {
            return Err(JoinError::AnotherGroup);
        }
        Suite::of(info.ciphersuite()).ok_or(JoinError::Suite)?;
        let ends = epoch(info.epoch());
        let policy = Policy::from_extensions(info.group_context().extensions())?;
        let mut rejoins = false;
        let builder = MlsGroup::external_commit_builder()
            .with_config(join_config(0))
            .skip_lifetime_validation()
            .build_group(&self.provider, info, self.identity.credential())
            .map_err(|_| JoinError::Damaged)?
            .leaf_node_parameters(
                LeafNodeParameters::builder()
                    .with_capabilities(capabilities())
                    .build(),
            )
            .load_psks(self.provider.storage())
            .map_err(|_| JoinError::Damaged)?
            .build(
                self.provider.rand(),
                self.provider.crypto(),
                &self.identity,
                |proposal| {
                    rejoins |= leaf_of(proposal).is_some();
                    true
                },
            )
            .map_err(|_| JoinError::Damaged)?;
        self.groups.remove(&id);
        self.provider.state().delete_group(id.as_bytes());
        let (group, bundle) = builder
            .finalize(&self.provider)
            .map_err(|_| JoinError::Damaged)?;
        let joined = self.check_joined(&group, &policy, rejoins, known);
        self.groups.insert(id, group);
        if let Err(error) = joined {
            self.forget(id);
            return Err(error);
        }
        let key = joining(id).map_err(|_| JoinError::Damaged)?;
        self.provider.state().write(&key, &Joining)?;
        let own = self.identity.certificate.clone();
        let removed = rejoins.then(|| own.clone()).into_iter().collect();
        to_staged(ends, bundle, vec![own], removed).map_err(|_| JoinError::Damaged)
    }

    /// Checks a group that this device joins by itself: as others will, and all of them.
    fn check_joined(
        &self,
        group: &MlsGroup,
        policy: &Policy,
        rejoins: bool,
        known: &impl KnownAccounts,
    ) -> Result<(), JoinError> {
        let certificate = self.identity.certificate.clone();
        let by = Device::from(&certificate);
        let mut before = verified(group.members(), known)?;
        check_founded(policy, &before)?;
        let mut removed = Vec::new();
        if rejoins {
            removed.push(Removal::new(&certificate, by, &[]));
        } else {
            before.retain(|member| member.client != certificate.client);
        }
        let commit = Commit {
            by,
            joiner: Some(&Joiner { certificate }),
            added: &[],
            removed: &removed,
            policy: None,
        };
        Ok(check(&commit, policy, &before)?)
    }

    fn check_free(&mut self, id: GroupId) -> Result<(), MlsError> {
        if !self.is_member(id)? {
            return Err(MlsError::Removed);
        }
        if self.is_staged(id)? {
            return Err(MlsError::CommitStaged);
        }
        Ok(())
    }
}

/// What a commit will do, with leaves in place of devices.
struct Plan {
    remove: Vec<openmls::prelude::LeafNodeIndex>,
    leaving: Vec<QueuedProposal>,
    /// All that it removes.
    removed: Vec<DeviceCertificate>,
    removals: Vec<Removal>,
    by: Device,
}

impl Plan {
    fn new(
        change: &Change,
        members: &[Member],
        mut leaving: Proposals,
        by: Device,
    ) -> Result<Self, MlsError> {
        let mut plan = Self {
            remove: Vec::new(),
            leaving: Vec::new(),
            removed: Vec::new(),
            removals: Vec::new(),
            by,
        };
        for client in &change.remove {
            let member = (members.iter())
                .find(|member| member.certificate.client == *client)
                .ok_or(MlsError::NotAMember)?;
            if *client == by.client {
                return Err(MlsError::NotAMember);
            }
            leaving.retain(|proposal| leaf_of(proposal) != Some(member.leaf));
            plan.remove
                .push(openmls::prelude::LeafNodeIndex::new(member.leaf));
            plan.removed.push(member.certificate.clone());
            plan.removals
                .push(Removal::new(&member.certificate, by, &change.revocations));
        }
        for proposal in leaving {
            let leaf = leaf_of(&proposal);
            let member = members.iter().find(|member| Some(member.leaf) == leaf);
            match member {
                Some(member) if member.certificate.client != by.client => {
                    plan.removed.push(member.certificate.clone());
                    plan.leaving.push(proposal);
                }
                _ => {}
            }
        }
        Ok(plan)
    }

    /// As others will check it.
    fn check(&self, change: &Change, policy: &Policy, members: &[Member]) -> Result<(), MlsError> {
        let added: Vec<_> = (change.add.iter())
            .map(|package| package.certificate.clone())
            .collect();
        let members: Vec<_> = (members.iter())
            .map(|member| member.certificate.clone())
            .collect();
        let commit = Commit {
            by: self.by,
            joiner: None,
            added: &added,
            removed: &self.removals,
            policy: change.policy.as_ref(),
        };
        Ok(check(&commit, policy, &members)?)
    }
}

fn to_staged(
    epoch: Epoch,
    bundle: CommitMessageBundle,
    added: Vec<DeviceCertificate>,
    removed: Vec<DeviceCertificate>,
) -> Result<StagedCommit, MlsError> {
    let (commit, welcome, group_info) = bundle.into_messages();
    let group_info = group_info.ok_or_else(|| MlsError::mls("there is no group info"))?;
    Ok(StagedCommit {
        epoch,
        commit: commit.tls_serialize_detached().map_err(MlsError::mls)?,
        welcome: welcome
            .map(|welcome| welcome.tls_serialize_detached())
            .transpose()
            .map_err(MlsError::mls)?,
        group_info: group_info.tls_serialize_detached().map_err(MlsError::mls)?,
        added,
        removed,
    })
}

pub(super) fn read_group_info(bytes: &[u8]) -> Result<VerifiableGroupInfo, JoinError> {
    let message =
        MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| JoinError::Damaged)?;
    match message.extract() {
        MlsMessageBodyIn::GroupInfo(info) => Ok(info),
        _ => Err(JoinError::Damaged),
    }
}

/// The authenticated data of a commit: its revocations, one after the other.
fn aad(revocations: &[DeviceRevocation]) -> Vec<u8> {
    revocations
        .iter()
        .flat_map(DeviceRevocation::to_bytes)
        .collect()
}

fn joining(id: GroupId) -> Result<StorageKey, MlsError> {
    let id = openmls::group::GroupId::from_slice(id.as_bytes());
    Ok(StorageKey::in_group(Kind::Joining, &id)?)
}
