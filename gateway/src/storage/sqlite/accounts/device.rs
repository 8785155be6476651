//! Devices of an account.

use rusqlite::{OptionalExtension, params};
use sotto_shared::account::{DeviceCertificate, DeviceRevocation};
use sotto_shared::limits::DEVICES_MAX;
use sotto_shared::sotto::types::DeviceLabel;
use sotto_shared::{AccountId, ClientId};

use super::super::super::account::{Applied, Refused};
use super::super::apply::Apply;
use super::apply::{Known, Result, refuse_if};
use super::statements;

impl Apply<'_> {
    pub(super) fn add_device(
        &mut self,
        certificate: &DeviceCertificate,
        label: &DeviceLabel,
    ) -> Result<Applied> {
        let known = self.enabled(certificate.account)?;
        refuse_if(known.key != certificate.account_key, Refused::Unknown)?;
        let stored: Option<(i64, Vec<u8>, Vec<u8>)> = self
            .database
            .prepare_cached(statements::FIND_DEVICE)?
            .query_row([certificate.client.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        if let Some((owner, stored, revocation)) = stored {
            let is_repetition =
                owner == known.number && stored == certificate.to_bytes() && revocation.is_empty();
            refuse_if(!is_repetition, Refused::IdTaken)?;
            return Ok(Applied::Done);
        }
        self.client_id_is_free(certificate.client)?;
        let devices: usize = self
            .database
            .prepare_cached(statements::COUNT_DEVICES)?
            .query_row([known.number], |row| row.get(0))?;
        refuse_if(devices >= DEVICES_MAX, Refused::TooManyDevices)?;
        self.insert_device(known.number, certificate, label)?;
        Ok(Applied::Done)
    }

    pub(super) fn insert_device(
        &mut self,
        number: i64,
        certificate: &DeviceCertificate,
        label: &DeviceLabel,
    ) -> Result<()> {
        let row = params![
            certificate.client.as_bytes(),
            number,
            certificate.to_bytes(),
            label.name,
            label.platform,
            self.now
        ];
        self.execute(statements::INSERT_DEVICE, row)?;
        Ok(())
    }

    /// Gives the devices that were not revoked before.
    pub(super) fn revoke(
        &mut self,
        known: &Known,
        revocations: &[DeviceRevocation],
    ) -> Result<Vec<ClientId>> {
        let mut revoked = Vec::new();
        for revocation in revocations {
            let client = revocation.client;
            let key = params![
                client.as_bytes(),
                known.number,
                revocation.to_bytes(),
                self.now
            ];
            if self.execute(statements::REVOKE_DEVICE, key)? > 0 {
                self.drop_device(client)?;
                revoked.push(client);
                continue;
            }
            let owner: Option<i64> = self
                .database
                .prepare_cached(statements::FIND_DEVICE)?
                .query_row([client.as_bytes()], |row| row.get(0))
                .optional()?;
            refuse_if(owner != Some(known.number), Refused::Unknown)?;
        }
        Ok(revoked)
    }

    pub(super) fn rename_device(
        &mut self,
        account: AccountId,
        client: ClientId,
        name: &str,
    ) -> Result<Applied> {
        let known = self.known(account)?;
        let key = params![client.as_bytes(), known.number, name];
        let renamed = self.execute(statements::RENAME_DEVICE, key)?;
        refuse_if(renamed == 0, Refused::Unknown)?;
        Ok(Applied::Done)
    }

    pub(super) fn device_ids(&mut self, number: i64) -> Result<Vec<ClientId>> {
        let mut statement = self.database.prepare_cached(statements::DEVICE_IDS)?;
        let ids = statement.query_map([number], |row| row.get(0).map(ClientId::from_bytes))?;
        Ok(ids.collect::<core::result::Result<_, _>>()?)
    }

    pub(super) fn seen(&mut self, clients: &[ClientId]) -> Result<Applied> {
        for client in clients {
            let row = params![client.as_bytes(), self.now];
            self.execute(statements::DEVICE_SEEN, row)?;
        }
        Ok(Applied::Done)
    }
}
