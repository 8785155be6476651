//! What authenticated devices ask.

use super::*;

impl ModelGateway {
    pub(super) fn of_device(
        &mut self,
        id: AccountId,
        this: ClientId,
        request: Request,
    ) -> Response {
        let account = self.v3.accounts.get_mut(&id).unwrap();
        match request {
            Request::ListDevices => {
                let online = |client| {
                    let mut here = self.v3.connections.values().filter_map(|it| it.device);
                    here.any(|(_, it)| it == client)
                };
                let devices = account
                    .devices
                    .iter()
                    .filter(|(device, _)| !account.revoked.contains(&device.client))
                    .map(|(certificate, label)| Device {
                        online: online(certificate.client),
                        certificate: certificate.clone(),
                        label: label.clone(),
                        last_seen: 0,
                    });
                let planted = self.v3.planted.iter().cloned();
                Response::Devices(devices.chain(planted).collect())
            }
            Request::RevokeDevices(revocations) => {
                for revocation in &revocations {
                    revocation.verify_for(&id, &account.key).unwrap();
                }
                let clients: Vec<ClientId> = revocations.iter().map(|it| it.client).collect();
                self.v3.delivery.revoked(&revocations);
                self.revoke(id, &clients);
                Response::Done
            }
            Request::RenameDevice(rename) => {
                for (device, label) in &mut account.devices {
                    if device.client == rename.client {
                        label.name.clone_from(&rename.name);
                    }
                }
                self.v3
                    .push(&Push::DevicesChanged, |to, it| to == id && it != this);
                Response::Done
            }
            Request::UpdateProfile(profile) => {
                account.display_name = profile.display_name;
                account.hides_presence = profile.hides_presence;
                self.v3.tell_of(id, false);
                Response::Done
            }
            Request::SetBridge(bridge) => {
                let name = account.name.to_string().parse().unwrap();
                let old = account.bridge.take().map(|it| it.client);
                account.bridge = bridge.as_ref().map(|it| it.certificate.clone());
                if let Some(old) = old {
                    self.remove_classic(old);
                }
                if let Some(bridge) = bridge {
                    let client = bridge.certificate.client;
                    self.add_classic(client, name, bridge.public_key);
                }
                self.v3.tell_of(id, false);
                Response::Done
            }
            Request::ListAccounts(list) => {
                let mut all: Vec<AccountEntry> = self
                    .v3
                    .accounts
                    .values()
                    .map(|account| self.v3.entry(account))
                    .filter(|it| list.after.as_ref().is_none_or(|after| it.name > *after))
                    .collect();
                all.sort_by(|a, b| a.name.cmp(&b.name));
                // Pages of one, so that there are pages.
                let more = all.len() > 1;
                all.truncate(1);
                Response::Accounts(Accounts {
                    accounts: all,
                    more,
                })
            }
            Request::FindAccounts(find) => {
                let accounts = self.v3.accounts.values();
                let wanted = accounts
                    .filter(|it| find.names.contains(&it.name) || find.accounts.contains(&it.id));
                Response::Accounts(Accounts {
                    accounts: wanted.map(|account| self.v3.entry(account)).collect(),
                    more: false,
                })
            }
            other => self.conversations(id, this, other),
        }
    }

    pub(super) fn revoke(&mut self, id: AccountId, clients: &[ClientId]) {
        let account = self.v3.accounts.get_mut(&id).unwrap();
        account.revoked.extend(clients);
        self.v3
            .push(&Push::SessionEnded(EndReason::Revoked), |_, it| {
                clients.contains(&it)
            });
        for connection in self.v3.connections.values_mut() {
            if connection
                .device
                .is_some_and(|(_, it)| clients.contains(&it))
            {
                connection.is_cut = true;
            }
        }
        self.v3.push(&Push::DevicesChanged, |to, it| {
            to == id && !clients.contains(&it)
        });
        self.v3.push(&Push::DevicesOfChanged(id), |to, _| to != id);
    }
}
