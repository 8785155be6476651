//! The own devices, and invitations.

use std::collections::BTreeSet;

use sotto_shared::ClientId;
use sotto_shared::account::DeviceRevocation;
use sotto_shared::limits::DEVICE_NAME_MAX;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::request::RenameDevice;
use sotto_shared::sotto::response::Invited;
use sotto_shared::sotto::types::{Device, Invitation};

use super::{Accounts, Asked};
use crate::api::{
    AccountEvent, AccountFailure, Deed, DeviceInfo, InvitationInfo, Notice, Passphrase,
    SessionState,
};
use crate::record;
use crate::time::Timestamp;

/// What is known of the own devices.
#[derive(Default)]
pub(super) struct Devices {
    /// Those that were seen already, so that a new one is told of. Nothing before the first list.
    seen: Option<BTreeSet<ClientId>>,
    list: Vec<DeviceInfo>,
    /// Whether a face wants to know.
    is_wanted: bool,
}

impl Devices {
    pub(super) fn restore(&mut self, seen: BTreeSet<ClientId>) {
        self.seen = Some(seen);
    }
}

impl Accounts {
    pub(super) fn ask_devices(&mut self, now: Timestamp) {
        if self.session == SessionState::Open {
            self.ask(Asked::Devices, &Request::ListDevices, now);
        }
    }

    pub(super) fn list_devices(&mut self, now: Timestamp) -> Result<(), AccountFailure> {
        self.check_open()?;
        self.devices.is_wanted = true;
        self.ask_devices(now);
        Ok(())
    }

    pub(super) fn tell_devices(&mut self) {
        if self.devices.is_wanted {
            let list = self.devices.list.clone();
            self.step.tell_account(AccountEvent::Devices(list));
        }
    }

    /// Takes the gateway's list. A device that the account key has not certified was put there by
    /// the gateway, and is told of in any case.
    pub(super) fn devices_told(&mut self, devices: &[Device]) {
        let Some(stored) = &self.stored else {
            return;
        };
        let (account, key, this) = (stored.account, stored.account_key.public(), stored.client());
        let mut list: Vec<DeviceInfo> = devices
            .iter()
            .map(|device| DeviceInfo {
                client: device.certificate.client,
                name: device.label.name.clone(),
                platform: device.label.platform.clone(),
                created_at: device.certificate.created_at,
                last_seen: device.last_seen,
                online: device.online,
                this: device.certificate.client == this,
                certified: device.certificate.verify_for(&account, &key).is_ok(),
            })
            .collect();
        list.sort_by_key(|device| (!device.this, device.created_at));
        let now_there: BTreeSet<ClientId> = list.iter().map(|device| device.client).collect();
        let new: Vec<&DeviceInfo> = match &self.devices.seen {
            Some(seen) => list
                .iter()
                .filter(|it| !seen.contains(&it.client))
                .collect(),
            None => list.iter().filter(|it| !it.certified).collect(),
        };
        for device in &new {
            let name = device.name.clone();
            match device.certified {
                true if device.this => {}
                true => self
                    .step
                    .tell_account(AccountEvent::Notice(Notice::DeviceAdded { name })),
                false => {
                    self.devices.is_wanted = true;
                    self.step.fail(AccountFailure::NotCertified);
                }
            }
        }
        if self.devices.seen.as_ref() != Some(&now_there) {
            self.step.put(record::DEVICES.to_vec(), &now_there);
            self.devices.seen = Some(now_there);
        }
        self.devices.list = list;
        self.tell_devices();
    }

    pub(super) fn revoke_device(
        &mut self,
        client: ClientId,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_open()?;
        match &self.stored {
            Some(stored) if stored.client() != client => {
                self.revoke(&[client], Asked::Revoke, now);
                Ok(())
            }
            _ => Err(AccountFailure::WrongPhase),
        }
    }

    pub(super) fn sign_out(&mut self, now: Timestamp) -> Result<(), AccountFailure> {
        self.check_somebody()?;
        match self.session {
            SessionState::Open | SessionState::PasswordChanged => {}
            SessionState::Closed => return Err(AccountFailure::Offline),
            SessionState::Ended(_) => return Err(AccountFailure::WrongPhase),
        }
        let client = self.wire.client;
        self.revoke(&[client], Asked::SignOut, now);
        Ok(())
    }

    /// Also those that nobody has certified.
    pub(super) fn revoke_all_others(&mut self, devices: &[Device], now: Timestamp) {
        let this = self.wire.client;
        let others: Vec<ClientId> = devices
            .iter()
            .map(|device| device.certificate.client)
            .filter(|client| *client != this)
            .collect();
        match others.as_slice() {
            [] => self.done(Deed::DevicesRevoked),
            others => self.revoke(others, Asked::Revoke, now),
        }
    }

    fn revoke(&mut self, clients: &[ClientId], what: Asked, now: Timestamp) {
        let Some(stored) = &self.stored else {
            return;
        };
        let seconds = now.0 / 1000;
        let revocations = clients
            .iter()
            .map(|client| {
                DeviceRevocation::issue(&stored.account_key, stored.account, *client, seconds)
            })
            .collect();
        self.ask(what, &Request::RevokeDevices(revocations), now);
    }

    pub(super) fn rename_device(
        &mut self,
        client: ClientId,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_open()?;
        let shown: String = name.chars().filter(|c| !c.is_control()).collect();
        let short: String = shown.trim().chars().take(DEVICE_NAME_MAX).collect();
        let name = short.trim_end().to_owned();
        if name.is_empty() {
            return Err(AccountFailure::WrongPhase);
        }
        let request = Request::RenameDevice(RenameDevice { client, name });
        self.ask(Asked::Rename, &request, now);
        Ok(())
    }

    pub(super) fn invited(&mut self, invited: Invited) {
        self.step.tell_account(AccountEvent::Invited {
            code: Passphrase(invited.code),
            id: invited.invitation.id,
            expires_at: invited.invitation.expires_at,
        });
    }

    pub(super) fn invitations_told(&mut self, open: &[Invitation]) {
        let open = open
            .iter()
            .map(|invitation| InvitationInfo {
                id: invitation.id,
                expires_at: invitation.expires_at,
            })
            .collect();
        self.step.tell_account(AccountEvent::Invitations(open));
    }
}
