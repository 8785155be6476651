//! Creating, joining and forgetting groups, and who is in them.

use openmls::group::{
    GroupId as MlsGroupId, MlsGroup, MlsGroupCreateConfig, StagedWelcome, WelcomeError,
};
use openmls::prelude::{MlsMessageBodyIn, MlsMessageIn, Welcome};
use sotto_shared::GroupId;
use sotto_shared::account::DeviceCertificate;
use sotto_shared::sotto::group::Epoch;
use tls_codec::{DeserializeBytes, Serialize as _};

use super::leaf::{capabilities, lifetime, read, verify_parts};
use super::policy::check_members;
use super::provider::{OpenMlsProvider, join_config};
use super::{
    Device, JoinError, KnownAccounts, Member, Mls, MlsError, Policy, PolicyError, Suite, epoch,
};
use crate::store::StoreError;

/// A group that was joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joined {
    /// Which.
    pub(crate) group: GroupId,
    /// Its suite.
    pub(crate) suite: Suite,
    /// In which epoch.
    pub(crate) epoch: Epoch,
    /// What it is.
    pub(crate) policy: Policy,
    /// The device that let this one in.
    pub(crate) by: Device,
}

impl Mls {
    /// Makes a group whose only member is this device, in epoch 0. Gives the group info that the
    /// gateway is told: MLSMessage with a GroupInfo in it, with the ratchet tree.
    ///
    /// # Errors
    /// [`MlsError::GroupExists`], [`MlsError::Refused`], [`MlsError::State`], [`MlsError::Mls`].
    pub(crate) fn create(
        &mut self,
        id: GroupId,
        suite: Suite,
        policy: &Policy,
    ) -> Result<Vec<u8>, MlsError> {
        if self.has(id) {
            return Err(MlsError::GroupExists(id));
        }
        let join = join_config(0);
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(suite.ciphersuite())
            .capabilities(capabilities())
            .lifetime(lifetime())
            .with_group_context_extensions(policy.to_extensions()?)
            .wire_format_policy(join.wire_format_policy())
            .use_ratchet_tree_extension(true)
            .sender_ratchet_configuration(*join.sender_ratchet_configuration())
            .max_past_epochs(super::provider::PAST_EPOCHS)
            .build();
        let group = MlsGroup::new_with_group_id(
            &self.provider,
            &self.identity,
            &config,
            MlsGroupId::from_slice(id.as_bytes()),
            self.identity.credential(),
        )
        .map_err(MlsError::mls)?;
        let info = group
            .export_group_info(self.provider.crypto(), &self.identity, true)
            .map_err(MlsError::mls)?
            .tls_serialize_detached()
            .map_err(MlsError::mls)?;
        self.groups.insert(id, group);
        Ok(info)
    }

    /// Joins a group by a welcome: MLSMessage with a Welcome in it. All its members are verified.
    /// The key package that it was for is used up, also where the group is refused.
    ///
    /// # Errors
    /// [`JoinError`].
    pub(crate) fn join(
        &mut self,
        welcome: &[u8],
        known: &impl KnownAccounts,
    ) -> Result<Joined, JoinError> {
        let welcome = read_welcome(welcome)?;
        let config = join_config(0);
        let builder = StagedWelcome::build_from_welcome(&self.provider, &config, welcome)
            .map_err(join_error)?;
        let info = builder.processed_welcome().unverified_group_info();
        let id = group_id(info.group_id()).ok_or(JoinError::Damaged)?;
        let staged = builder
            .skip_lifetime_validation()
            .replace_old_group()
            .build()
            .map_err(join_error)?;
        // One that this device was removed from is replaced.
        if self.is_member(id).unwrap_or(false) {
            return Err(JoinError::AlreadyMember(id));
        }
        let context = staged.group_context();
        let suite = Suite::of(context.ciphersuite()).ok_or(JoinError::Suite)?;
        let policy = Policy::from_extensions(context.extensions())?;
        let members = verified(staged.members(), known)?;
        let by = staged.welcome_sender().map_err(|_| JoinError::Damaged)?;
        let by = Device::from(&read(by.credential())?);
        check_founded(&policy, &members)?;
        self.forget(id);
        let group = staged
            .into_group(&self.provider)
            .map_err(|_| JoinError::Damaged)?;
        let joined = Joined {
            group: id,
            suite,
            epoch: epoch(group.epoch()),
            policy,
            by,
        };
        self.groups.insert(id, group);
        Ok(joined)
    }

    /// Forgets a group with all its keys.
    pub(crate) fn forget(&mut self, id: GroupId) {
        self.groups.remove(&id);
        self.provider.state().delete_group(id.as_bytes());
    }

    /// Whether there is such a group here, also one that this device was removed from.
    pub(crate) fn has(&self, id: GroupId) -> bool {
        self.provider.state().groups().contains(id.as_bytes())
    }

    /// The members, in the order of their leaves.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn members(&mut self, id: GroupId) -> Result<Vec<Member>, MlsError> {
        Ok(members(self.group(id)?)?)
    }

    /// The epoch.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn epoch(&mut self, id: GroupId) -> Result<Epoch, MlsError> {
        Ok(epoch(self.group(id)?.epoch()))
    }

    /// What the group is.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn policy(&mut self, id: GroupId) -> Result<Policy, MlsError> {
        Ok(Policy::from_extensions(self.group(id)?.extensions())?)
    }

    /// Its suite.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn suite(&mut self, id: GroupId) -> Result<Suite, MlsError> {
        let suite = self.group(id)?.ciphersuite();
        Suite::of(suite).ok_or_else(|| MlsError::mls(suite))
    }

    /// Whether this device is a member, and was not removed.
    ///
    /// # Errors
    /// [`MlsError::UnknownGroup`], [`MlsError::State`].
    pub(crate) fn is_member(&mut self, id: GroupId) -> Result<bool, MlsError> {
        Ok(self.group(id)?.is_active())
    }

    /// The group, loaded at its first use.
    pub(super) fn group(&mut self, id: GroupId) -> Result<&mut MlsGroup, MlsError> {
        use std::collections::btree_map::Entry;

        match self.groups.entry(id) {
            Entry::Occupied(group) => Ok(group.into_mut()),
            Entry::Vacant(place) => {
                let mls_id = MlsGroupId::from_slice(id.as_bytes());
                let group = MlsGroup::load(self.provider.storage(), &mls_id)?
                    .ok_or(MlsError::UnknownGroup(id))?;
                Ok(place.insert(group))
            }
        }
    }
}

fn join_error(error: WelcomeError<StoreError>) -> JoinError {
    match error {
        WelcomeError::NoMatchingKeyPackage => JoinError::NoKeyPackage,
        WelcomeError::StorageError(error) => JoinError::State(error),
        WelcomeError::UnsupportedCiphersuite(_) => JoinError::Suite,
        _ => JoinError::Damaged,
    }
}

fn read_welcome(bytes: &[u8]) -> Result<Welcome, JoinError> {
    let message =
        MlsMessageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| JoinError::Damaged)?;
    match message.extract() {
        MlsMessageBodyIn::Welcome(welcome) => Ok(welcome),
        _ => Err(JoinError::Damaged),
    }
}

/// Verifies all leaves of a group that is new here.
pub(super) fn verified(
    members: impl Iterator<Item = openmls::group::Member>,
    known: &impl KnownAccounts,
) -> Result<Vec<DeviceCertificate>, PolicyError> {
    let members: Vec<_> = members
        .map(|member| verify_parts(&member.credential, &member.signature_key, known))
        .collect::<Result<_, _>>()?;
    check_members(&members)?;
    Ok(members)
}

/// Checks that nobody is in a direct chat but the two.
pub(super) fn check_founded(
    policy: &Policy,
    members: &[DeviceCertificate],
) -> Result<(), PolicyError> {
    let super::policy::Kind::Direct(pair) = &policy.kind else {
        return Ok(());
    };
    match members.iter().find(|it| !pair.contains(&it.account)) {
        Some(stranger) => Err(PolicyError::ForeignAccount(stranger.account)),
        None => Ok(()),
    }
}

/// The members of a group, whose leaves were verified when they came.
pub(super) fn members(group: &MlsGroup) -> Result<Vec<Member>, PolicyError> {
    group
        .members()
        .map(|member| {
            Ok(Member {
                leaf: member.index.u32(),
                certificate: read(&member.credential)?,
            })
        })
        .collect()
}

/// Our form of a group's id, if it is one.
pub(super) fn group_id(id: &MlsGroupId) -> Option<GroupId> {
    let bytes: [u8; 16] = id.as_slice().try_into().ok()?;
    Some(GroupId::from_bytes(bytes))
}
