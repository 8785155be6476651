//! Which commit a group needs: what was wished for, and the devices of its members.

use std::collections::BTreeSet;

use sotto_shared::AccountId;
use sotto_shared::ClientId;
use sotto_shared::account::{AccountPublicKey, DeviceRevocation};
use sotto_shared::content::Profile;

use super::devices::Directory;
use super::stored::{StoredMember, Wishes};
use crate::mls::policy::Kind;
use crate::mls::{Device, Member, Policy};

/// What a commit is to do.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) add: Vec<Device>,
    pub(super) remove: Vec<ClientId>,
    pub(super) revocations: Vec<DeviceRevocation>,
    pub(super) policy: Option<Policy>,
    /// A commit is needed even if there is nothing else in it.
    pub(super) anyway: bool,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && self.policy.is_none() && !self.anyway
    }
}

/// A group as it is, and as it is wished to be.
pub(super) struct Situation<'a> {
    pub(super) own: Device,
    pub(super) policy: &'a Policy,
    pub(super) members: &'a [Member],
    pub(super) wishes: &'a Wishes,
}

impl Situation<'_> {
    /// The accounts that are to be members, as far as others let them in.
    pub(super) fn accounts(&self) -> BTreeSet<AccountId> {
        let mut accounts: BTreeSet<AccountId> = match &self.policy.kind {
            Kind::Lobby => return BTreeSet::new(),
            Kind::Direct(pair) => pair.iter().copied().collect(),
            Kind::Group { .. } => (self.members.iter())
                .map(|member| member.certificate.account)
                .chain(self.wishes.add.iter().copied())
                .collect(),
        };
        accounts.retain(|account| !self.wishes.remove.contains(account));
        if self.wishes.leave {
            accounts.remove(&self.own.account);
        }
        accounts
    }

    /// Whether the own account may change who is in the group, and what it is.
    pub(super) fn is_admin(&self) -> bool {
        match &self.policy.kind {
            Kind::Direct(_) => true,
            Kind::Lobby => false,
            Kind::Group { admins } => {
                let is_there = |admin: &AccountId| {
                    let mut members = self.members.iter();
                    members.any(|member| member.certificate.account == *admin)
                };
                admins.contains(&self.own.account) || !admins.iter().any(is_there)
            }
        }
    }

    /// The commit that is needed, given the devices of [`accounts`](Self::accounts).
    pub(super) fn plan(
        &self,
        directory: &Directory,
        pinned: impl Fn(AccountId) -> Option<AccountPublicKey>,
    ) -> Plan {
        let mut plan = Plan {
            anyway: self.wishes.update,
            ..Plan::default()
        };
        let accounts = self.accounts();
        for account in &accounts {
            let leaf = |it: &&Member| it.certificate.account == *account;
            let of_leaf = self.members.iter().find(leaf);
            let key = pinned(*account).or(of_leaf.map(|it| it.certificate.account_key));
            let (Some(key), Some(devices)) = (key, directory.get(*account)) else {
                continue;
            };
            for certificate in devices.valid(account, &key) {
                let mut leaves = self.members.iter();
                if !leaves.any(|it| it.certificate.client == certificate.client) {
                    plan.add.push(Device::from(certificate));
                }
            }
            for member in self.members.iter().filter(leaf) {
                let client = member.certificate.client;
                let revocation = devices.revocation(account, &key, client);
                if let Some(revocation) = revocation.filter(|_| client != self.own.client) {
                    plan.remove.push(client);
                    plan.revocations.push(revocation.clone());
                }
            }
        }
        let goes = |account: AccountId| {
            self.wishes.remove.contains(&account)
                || self.wishes.leave && account == self.own.account
        };
        for member in self.members {
            let Device { account, client } = Device::from(&member.certificate);
            if goes(account) && client != self.own.client && !plan.remove.contains(&client) {
                plan.remove.push(client);
            }
        }
        plan.policy = self.policy();
        plan
    }

    /// The policy as it is wished to be, if that is another one.
    fn policy(&self) -> Option<Policy> {
        let mut policy = self.policy.clone();
        if let Kind::Group { admins } = &mut policy.kind {
            for (account, admin) in &self.wishes.admins {
                match admin {
                    true => admins.insert(*account),
                    false => admins.remove(account),
                };
            }
            admins.retain(|account| !self.wishes.remove.contains(account));
        }
        if let Some(profile) = &self.wishes.profile {
            policy.profile = Profile::digest(profile);
        }
        (policy != *self.policy).then_some(policy)
    }
}

impl Wishes {
    /// Forgets what has come true.
    pub(super) fn prune(&mut self, members: &[StoredMember]) {
        let find = |account: &AccountId| members.iter().find(|it| it.account == *account);
        self.add.retain(|account| find(account).is_none());
        self.remove.retain(|account| find(account).is_some());
        self.admins
            .retain(|account, admin| find(account).is_some_and(|it| it.admin != *admin));
    }

    /// Forgets what only admins may do; whether there was any of it.
    pub(super) fn resign(&mut self) -> bool {
        let had = !self.add.is_empty()
            || !self.remove.is_empty()
            || !self.admins.is_empty()
            || self.profile.is_some();
        self.add.clear();
        self.remove.clear();
        self.admins.clear();
        self.profile = None;
        had
    }
}
