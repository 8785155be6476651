//! Whether a commit is one that its group allows.

use std::collections::{BTreeMap, BTreeSet};

use sotto_shared::account::{AccountPublicKey, DeviceCertificate};
use sotto_shared::{AccountId, ClientId};

use super::{Kind, Policy, PolicyError};
use crate::mls::{Device, Removal};

/// A commit, whose new leaves were verified one by one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Commit<'a> {
    /// Who made it.
    pub(crate) by: Device,
    /// The new leaf of who made it, where that is no member: it joins by this commit.
    pub(crate) joiner: Option<&'a Joiner>,
    /// Devices that it adds, without the joiner.
    pub(crate) added: &'a [DeviceCertificate],
    /// Devices that it removes.
    pub(crate) removed: &'a [Removal],
    /// The policy that it sets.
    pub(crate) policy: Option<&'a Policy>,
}

/// Who joins by its own commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joiner {
    /// Its new leaf.
    pub(crate) certificate: DeviceCertificate,
}

/// Checks a commit against the group as it was before it.
///
/// # Errors
/// What is forbidden; the first such thing.
pub(crate) fn check(
    commit: &Commit<'_>,
    policy: &Policy,
    members: &[DeviceCertificate],
) -> Result<(), PolicyError> {
    let group = Group { policy, members };
    if let Some(joiner) = commit.joiner {
        group.check_joiner(&joiner.certificate, commit)?;
    }
    for certificate in commit.added {
        group.check_added(commit.by, certificate)?;
    }
    for removal in commit.removed {
        group.check_removal(commit, removal)?;
    }
    if let Some(new) = commit.policy {
        group.check_policy(commit.by, new)?;
    }
    check_members(group.after(commit))
}

/// Checks what must hold of the members of any group: no mailbox twice, and one key for each
/// account.
///
/// # Errors
/// [`PolicyError::DoubleDevice`], [`PolicyError::TwoAccountKeys`].
pub(in crate::mls) fn check_members<'a>(
    members: impl IntoIterator<Item = &'a DeviceCertificate>,
) -> Result<(), PolicyError> {
    let mut clients: BTreeSet<ClientId> = BTreeSet::new();
    let mut keys: BTreeMap<AccountId, AccountPublicKey> = BTreeMap::new();
    for member in members {
        if !clients.insert(member.client) {
            return Err(PolicyError::DoubleDevice(member.into()));
        }
        let key = keys.entry(member.account).or_insert(member.account_key);
        if *key != member.account_key {
            return Err(PolicyError::TwoAccountKeys(member.account));
        }
    }
    Ok(())
}

struct Group<'a> {
    policy: &'a Policy,
    members: &'a [DeviceCertificate],
}

impl Group<'_> {
    fn has_account(&self, account: AccountId) -> bool {
        self.members.iter().any(|member| member.account == account)
    }

    fn is_admin(&self, account: AccountId) -> bool {
        let Kind::Group { admins } = &self.policy.kind else {
            return false;
        };
        let is_orphaned = !admins.iter().any(|admin| self.has_account(*admin));
        is_orphaned || admins.contains(&account)
    }

    fn check_joiner(
        &self,
        joiner: &DeviceCertificate,
        commit: &Commit<'_>,
    ) -> Result<(), PolicyError> {
        // An external commit is for joining: it may take the place of its maker's old leaf.
        let is_only_old_leaf = (commit.removed.iter())
            .all(|removal| Device::from(&removal.certificate) == Device::from(joiner));
        if !commit.added.is_empty() || commit.policy.is_some() || !is_only_old_leaf {
            return Err(PolicyError::UnknownChange);
        }
        let is_welcome = match &self.policy.kind {
            Kind::Direct(pair) => pair.contains(&joiner.account),
            Kind::Group { .. } => self.has_account(joiner.account),
            Kind::Lobby => true,
        };
        if is_welcome {
            Ok(())
        } else {
            Err(PolicyError::ForeignAccount(joiner.account))
        }
    }

    fn check_added(&self, by: Device, added: &DeviceCertificate) -> Result<(), PolicyError> {
        let account = added.account;
        match &self.policy.kind {
            Kind::Direct(pair) if pair.contains(&account) => Ok(()),
            _ if self.has_account(account) => Ok(()),
            Kind::Group { .. } if self.is_admin(by.account) => Ok(()),
            Kind::Group { .. } => Err(PolicyError::NotAdmin(by.account)),
            Kind::Direct(_) | Kind::Lobby => Err(PolicyError::ForeignAccount(account)),
        }
    }

    fn check_removal(&self, commit: &Commit<'_>, removal: &Removal) -> Result<(), PolicyError> {
        let removed = Device::from(&removal.certificate);
        let by = removal.by.account;
        let is_own = by == removed.account;
        if is_own || removal.is_revoked || self.is_admin(by) {
            return Ok(());
        }
        match &self.policy.kind {
            Kind::Group { .. } => Err(PolicyError::NotAdmin(by)),
            Kind::Direct(_) | Kind::Lobby => Err(PolicyError::NotTheirs {
                by: commit.by.account,
                of: removed,
            }),
        }
    }

    fn check_policy(&self, by: Device, new: &Policy) -> Result<(), PolicyError> {
        match (&self.policy.kind, &new.kind) {
            (Kind::Direct(old), Kind::Direct(new)) if old == new => Ok(()),
            (Kind::Group { .. }, Kind::Group { .. }) if self.is_admin(by.account) => Ok(()),
            (Kind::Group { .. }, Kind::Group { .. }) | (Kind::Lobby, Kind::Lobby) => {
                Err(PolicyError::NotAdmin(by.account))
            }
            _ => Err(PolicyError::KindChanged),
        }
    }

    /// The members after the commit.
    fn after<'b>(&'b self, commit: &Commit<'b>) -> impl Iterator<Item = &'b DeviceCertificate> {
        let removed: BTreeSet<_> = (commit.removed.iter())
            .map(|removal| removal.certificate.client)
            .collect();
        (self.members.iter())
            .filter(move |member| !removed.contains(&member.client))
            .chain(commit.added)
            .chain(commit.joiner.map(|joiner| &joiner.certificate))
    }
}
