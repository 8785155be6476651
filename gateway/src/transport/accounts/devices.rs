//! The devices of an account.

use sotto_shared::AccountId;
use sotto_shared::ClientId;
use sotto_shared::account::{AccountPublicKey, DeviceRevocation};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::request::{AddDevice, RenameDevice};
use sotto_shared::sotto::{Error, ErrorCode, Push, Response};

use super::{Answer, Ask, read};
use crate::audit::Event;
use crate::connection::sotto::error;
use crate::storage::account::Change;

impl Ask<'_> {
    pub(super) async fn add_device(&mut self, request: AddDevice) -> Answer {
        let proved = self.peer.proved.as_ref().map(|proved| proved.account);
        let account = proved.ok_or_else(|| error(ErrorCode::LoginNeeded))?;
        let AddDevice {
            certificate,
            device,
        } = request;
        let client = certificate.client;
        let turn = self.accounts.turn(account).await;
        let record = self.proved().await?;
        let key = &record.account.account_key;
        if certificate.verify_for(&account, key).is_err() {
            return Err(error(ErrorCode::BadSignature));
        }
        if client == ClientId::ZERO {
            return Err(error(ErrorCode::BadRequest));
        }
        let change = Change::AddDevice {
            certificate,
            label: device,
        };
        self.accounts.apply(change).await?;
        drop(turn);
        self.event(Event::DeviceAdded { account });
        let sessions = &self.accounts.sessions;
        sessions.push(account, Some(client), Push::DevicesChanged);
        self.devices_changed(account).await;
        self.enter_new(account, client).await
    }

    /// For a device, and for who has logged in and chooses which devices to revoke.
    pub(super) async fn list_devices(&mut self) -> Answer {
        let account = match self.standing.device {
            Some(device) => device.account,
            None => self.proved().await?.account.account,
        };
        let mut devices = read(self.accounts.storage.devices(account)).await?;
        for device in &mut devices {
            let client = device.certificate.client;
            device.online = self.accounts.sessions.is_connected(client);
        }
        Ok(Response::Devices(devices).into())
    }

    pub(super) async fn revoke_devices(&mut self, revocations: Vec<DeviceRevocation>) -> Answer {
        let account = self.device()?.account;
        let _turn = self.accounts.turn(account).await;
        self.check_session()?;
        let record = read(self.accounts.storage.account(account)).await?;
        let record = record.ok_or_else(|| error(ErrorCode::Conflict))?;
        let clients = check_revocations(&revocations, account, &record.account_key)?;
        let change = Change::RevokeDevices {
            account,
            revocations,
        };
        self.accounts.apply(change).await.map_err(unknown_device)?;
        self.revoked(account, &clients).await;
        Ok(Response::Done.into())
    }

    /// Cuts off devices that were revoked.
    pub(super) async fn revoked(&self, account: AccountId, clients: &[ClientId]) {
        if clients.is_empty() {
            return;
        }
        let sessions = &self.accounts.sessions;
        sessions.cut(account, clients, EndReason::Revoked);
        sessions.push(account, None, Push::DevicesChanged);
        let count = clients.len();
        self.event(Event::DevicesRevoked { account, count });
        self.devices_changed(account).await;
    }

    pub(super) async fn rename_device(&mut self, request: RenameDevice) -> Answer {
        let account = self.device()?.account;
        let RenameDevice { client, name } = request;
        let change = Change::RenameDevice {
            account,
            client,
            name,
        };
        self.accounts.apply(change).await.map_err(unknown_device)?;
        let sessions = &self.accounts.sessions;
        sessions.push(account, None, Push::DevicesChanged);
        Ok(Response::Done.into())
    }
}

/// Whose devices they revoke, if the account says so itself.
pub(super) fn check_revocations(
    revocations: &[DeviceRevocation],
    account: AccountId,
    key: &AccountPublicKey,
) -> Result<Vec<ClientId>, Error> {
    revocations
        .iter()
        .map(|revocation| match revocation.verify_for(&account, key) {
            Ok(()) => Ok(revocation.client),
            Err(_) => Err(error(ErrorCode::BadSignature)),
        })
        .collect()
}

fn unknown_device(refused: Error) -> Error {
    match refused.code {
        ErrorCode::Conflict => error(ErrorCode::UnknownDevice),
        _ => refused,
    }
}
