//! The devices of members, as the gateway tells them: asked once on each connection, and again
//! when it says that they have changed.

use std::collections::{BTreeMap, BTreeSet};

use sotto_shared::account::{AccountPublicKey, DeviceCertificate, DeviceRevocation};
use sotto_shared::limits::DIRECTORY_PAGE_MAX;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::group::AccountDevices;
use sotto_shared::{AccountId, ClientId};

use super::{Asked, Conversations};

/// What was told of devices.
#[derive(Default)]
pub(super) struct Directory {
    known: BTreeMap<AccountId, Devices>,
    wanted: BTreeSet<AccountId>,
    asked: BTreeSet<AccountId>,
    /// Those that changed while they were asked for.
    outdated: BTreeSet<AccountId>,
}

/// Devices of an account. Not verified yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Devices {
    certificates: Vec<DeviceCertificate>,
    revocations: Vec<DeviceRevocation>,
}

impl Devices {
    /// Those that the account has certified and not revoked.
    pub(super) fn valid<'a>(
        &'a self,
        account: &'a AccountId,
        key: &'a AccountPublicKey,
    ) -> impl Iterator<Item = &'a DeviceCertificate> {
        self.certificates.iter().filter(move |certificate| {
            certificate.verify_for(account, key).is_ok()
                && self.revocation(account, key, certificate.client).is_none()
        })
    }

    /// That a device is revoked.
    pub(super) fn revocation(
        &self,
        account: &AccountId,
        key: &AccountPublicKey,
        client: ClientId,
    ) -> Option<&DeviceRevocation> {
        self.revocations
            .iter()
            .find(|it| it.client == client && it.verify_for(account, key).is_ok())
    }
}

impl Directory {
    pub(super) fn get(&self, account: AccountId) -> Option<&Devices> {
        self.known.get(&account)
    }

    /// Whether all of these were told; the others are asked for.
    pub(super) fn covers(&mut self, accounts: impl IntoIterator<Item = AccountId>) -> bool {
        let mut covers = true;
        for account in accounts {
            if !self.known.contains_key(&account) {
                covers = false;
                if !self.asked.contains(&account) {
                    self.wanted.insert(account);
                }
            }
        }
        covers
    }

    /// What was told does not hold any more.
    pub(super) fn forget(&mut self, account: AccountId) {
        self.known.remove(&account);
        if self.asked.contains(&account) {
            self.outdated.insert(account);
        }
    }

    /// Takes what was told of those who were asked for; whoever is not told of has no devices.
    pub(super) fn take(&mut self, asked: &[AccountId], told: Vec<AccountDevices>) {
        let mut told: BTreeMap<AccountId, AccountDevices> =
            told.into_iter().map(|it| (it.account, it)).collect();
        for account in asked {
            self.asked.remove(account);
            if self.outdated.remove(account) {
                continue;
            }
            let devices = told
                .remove(account)
                .map_or_else(Devices::default, |told| Devices {
                    certificates: told.certificates,
                    revocations: told.revocations,
                });
            self.known.insert(*account, devices);
        }
    }

    /// They could not be asked for.
    pub(super) fn missed(&mut self, asked: &[AccountId]) {
        for account in asked {
            self.asked.remove(account);
            self.outdated.remove(account);
        }
    }
}

impl Conversations {
    pub(super) fn ask_devices(&mut self) {
        let wanted: Vec<AccountId> = core::mem::take(&mut self.directory.wanted)
            .into_iter()
            .collect();
        for page in wanted.chunks(DIRECTORY_PAGE_MAX) {
            self.directory.asked.extend(page);
            self.ask(
                Asked::Devices(page.to_vec()),
                Request::FindDevices(page.to_vec()),
            );
        }
    }
}
