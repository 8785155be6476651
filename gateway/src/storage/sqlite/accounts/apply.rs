//! One change to accounts, in a savepoint of the writer's transaction.

use core::time::Duration;

use rand_core::{OsRng, RngCore as _};
use rusqlite::{OptionalExtension, Params, params};
use sotto_shared::account::{
    AccountName, AccountPublicKey, DeviceCertificate, DeviceRevocation, DisplayName, Slot,
};
use sotto_shared::limits::DEVICES_MAX;
use sotto_shared::sotto::types::{DeviceLabel, Invitation};
use sotto_shared::{AccountId, ClientId};

use super::super::super::account::{
    Applied, Change, INVITATIONS_MAX, NewAccount, Refused, StoredCredential,
};
use super::super::super::clock::whole_seconds;
use super::super::apply::{Apply, Undo};
use super::statements;

/// Why a change stops half-way.
pub(super) enum Stop {
    /// What it did is taken back, and the transaction goes on.
    Refused(Refused),
    /// The transaction has failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

pub(super) type Result<T> = core::result::Result<T, Stop>;

/// An account that a change is about.
pub(super) struct Known {
    pub(super) number: i64,
    pub(super) account: AccountId,
    pub(super) key: AccountPublicKey,
    pub(super) name: AccountName,
}

impl Apply<'_> {
    /// Applies a change, or leaves everything as it was.
    pub(in super::super) fn change(
        &mut self,
        change: &Change,
    ) -> core::result::Result<core::result::Result<Applied, Refused>, rusqlite::Error> {
        let mark = self.undo.len();
        self.run("SAVEPOINT change", [])?;
        let wipes = wipes(change);
        if wipes {
            self.database.pragma_update(None, "secure_delete", "ON")?;
        }
        let result = self.apply_change(change);
        if wipes {
            self.database.pragma_update(None, "secure_delete", "FAST")?;
        }
        match result {
            Ok(applied) => {
                self.run("RELEASE change", [])?;
                *self.wiped |= wipes;
                Ok(Ok(applied))
            }
            Err(Stop::Refused(refused)) => {
                self.run("ROLLBACK TO change", [])?;
                self.run("RELEASE change", [])?;
                for undo in self.undo.drain(mark..).rev() {
                    undo.run(self.directory, self.counts);
                }
                Ok(Err(refused))
            }
            Err(Stop::Sqlite(error)) => Err(error),
        }
    }

    fn apply_change(&mut self, change: &Change) -> Result<Applied> {
        match change {
            Change::Register(account) => self.register_account(account),
            Change::AddDevice { certificate, label } => self.add_device(certificate, label),
            Change::RevokeDevices {
                account,
                revocations,
            } => {
                let known = self.known(*account)?;
                Ok(Applied::Revoked(self.revoke(&known, revocations)?))
            }
            Change::RenameDevice {
                account,
                client,
                name,
            } => self.rename_device(*account, *client, name),
            Change::SetCredentials {
                account,
                password,
                recovery,
                revocations,
            } => self.set_credentials(*account, password.as_ref(), recovery.as_ref(), revocations),
            Change::DeleteAccount(account) => self.delete_account(*account),
            Change::UpdateProfile {
                account,
                display_name,
                hides_presence,
            } => self.update_profile(*account, display_name, *hides_presence),
            Change::SetBridge { account, bridge } => self.set_bridge(*account, bridge.as_ref()),
            Change::Seen(clients) => self.seen(clients),
            Change::LoginFailed(subjects) => self.login_failed(subjects),
            Change::LoginSucceeded(subjects) => self.login_succeeded(subjects),
            Change::Invite {
                by,
                digest,
                lifetime,
            } => self.invite(*by, digest, *lifetime),
            Change::CancelInvitation { by, id } => self.cancel_invitation(*by, id),
            Change::SetDisabled { account, disabled } => self.set_disabled(*account, *disabled),
            Change::ResetLogin(name) => self.reset_login(name),
        }
    }

    fn register_account(&mut self, new: &NewAccount) -> Result<Applied> {
        if self.is_repetition(new)? {
            return Ok(Applied::Done);
        }
        if let Some(digest) = &new.invitation {
            self.use_invitation(digest)?;
        }
        let carried = new.carry_over.as_ref();
        self.name_is_free(&new.name, carried.map(|bridge| bridge.client))?;
        let certificate = &new.certificate;
        self.account_id_is_free(certificate.account)?;
        self.client_id_is_free(certificate.client)?;
        if self.counts.accounts >= self.options.clients {
            return Err(Refused::AccountsFull.into());
        }
        let row = params![
            certificate.account.as_bytes(),
            new.name.as_str(),
            new.display_name.as_str(),
            certificate.account_key.as_bytes(),
            self.now
        ];
        self.execute(statements::INSERT_ACCOUNT, row)?;
        self.counts.accounts += 1;
        self.undo.push(Undo::AccountAdded);
        let number = self.database.last_insert_rowid();
        self.execute(statements::INSERT_VAULT, params![number, &new.vault[..]])?;
        self.put_credential(number, Slot::Password, &new.password)?;
        self.put_credential(number, Slot::Recovery, &new.recovery)?;
        self.insert_device(number, certificate, &new.label)?;
        if let Some(bridge) = carried {
            self.carry_over(number, bridge)?;
        }
        Ok(Applied::Done)
    }

    /// Whether exactly this account was registered before. Its credentials are compared as well:
    /// certificates are no secret, so that whoever has seen one could otherwise be answered as if
    /// the device in it were his.
    fn is_repetition(&mut self, new: &NewAccount) -> Result<bool> {
        let key = params![new.name.as_str(), new.certificate.client.as_bytes()];
        let stored = self
            .database
            .prepare_cached(statements::FIND_REGISTRATION)?
            .query_row(key, |row| {
                let mut columns: [Vec<u8>; 8] = Default::default();
                for (number, column) in columns.iter_mut().enumerate() {
                    *column = row.get(number)?;
                }
                Ok(columns)
            })
            .optional()?;
        let repeated = [
            new.certificate.account.as_bytes().to_vec(),
            new.certificate.account_key.as_bytes().to_vec(),
            new.certificate.to_bytes(),
            new.password.password_file.to_vec(),
            new.password.wrapped_vault_key.to_vec(),
            new.recovery.password_file.to_vec(),
            new.recovery.wrapped_vault_key.to_vec(),
            new.vault.to_vec(),
        ];
        Ok(stored.is_some_and(|stored| stored == repeated))
    }

    fn use_invitation(&mut self, digest: &[u8; 32]) -> Result<()> {
        let number: Option<i64> = self
            .database
            .prepare_cached(statements::FIND_INVITATION)?
            .query_row(params![digest, self.now], |row| row.get(0))
            .optional()?;
        let number = number.ok_or(Refused::InvitationInvalid)?;
        self.execute(statements::USE_INVITATION, [number])?;
        Ok(())
    }

    /// Among accounts, and among classic clients other than the one that is carried over.
    fn name_is_free(&mut self, name: &AccountName, carried: Option<ClientId>) -> Result<()> {
        let carried = carried.unwrap_or(ClientId::ZERO);
        let is_taken = self.exists(statements::IS_ACCOUNT_NAME, [name.as_str()])?
            || self.exists(
                statements::IS_CLASSIC_NAME,
                params![name.as_str(), carried.as_bytes()],
            )?;
        refuse_if(is_taken, Refused::NameTaken)
    }

    fn account_id_is_free(&mut self, account: AccountId) -> Result<()> {
        let id = [account.as_bytes()];
        let is_taken = account == AccountId::ZERO
            || self.exists(statements::IS_ACCOUNT_ID, id)?
            || self.exists(statements::IS_USED_ID, id)?;
        refuse_if(is_taken, Refused::IdTaken)
    }

    /// Among devices and classic clients, today's and former ones. Zero is nobody's: it stands
    /// for a connection that is not authenticated.
    pub(super) fn client_id_is_free(&mut self, client: ClientId) -> Result<()> {
        let id = [client.as_bytes()];
        let is_taken = client == ClientId::ZERO
            || self.exists(statements::IS_DEVICE_ID, id)?
            || self.exists(statements::IS_CLIENT_ID, id)?
            || self.exists(statements::IS_USED_ID, id)?;
        refuse_if(is_taken, Refused::IdTaken)
    }

    fn add_device(
        &mut self,
        certificate: &DeviceCertificate,
        label: &DeviceLabel,
    ) -> Result<Applied> {
        let known = self.known(certificate.account)?;
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

    fn insert_device(
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
    fn revoke(&mut self, known: &Known, revocations: &[DeviceRevocation]) -> Result<Vec<ClientId>> {
        let mut revoked = Vec::new();
        for revocation in revocations {
            let client = revocation.client;
            let key = params![client.as_bytes(), known.number, revocation.to_bytes()];
            if self.execute(statements::REVOKE_DEVICE, key)? > 0 {
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

    fn rename_device(
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

    fn set_credentials(
        &mut self,
        account: AccountId,
        password: Option<&StoredCredential>,
        recovery: Option<&StoredCredential>,
        revocations: &[DeviceRevocation],
    ) -> Result<Applied> {
        let known = self.known(account)?;
        if let Some(credential) = password {
            self.put_credential(known.number, Slot::Password, credential)?;
            self.execute(statements::NEXT_EPOCH, [known.number])?;
            self.reset_login(&known.name)?;
        }
        if let Some(credential) = recovery {
            self.put_credential(known.number, Slot::Recovery, credential)?;
        }
        self.revoke(&known, revocations)?;
        let epoch = self
            .database
            .prepare_cached(statements::FIND_EPOCH)?
            .query_row([known.number], |row| row.get(0))?;
        Ok(Applied::Credentials(epoch))
    }

    fn put_credential(
        &mut self,
        number: i64,
        slot: Slot,
        credential: &StoredCredential,
    ) -> Result<()> {
        let row = params![
            number,
            slot.number(),
            &credential.password_file[..],
            &credential.wrapped_vault_key[..]
        ];
        self.execute(statements::PUT_CREDENTIAL, row)?;
        Ok(())
    }

    fn delete_account(&mut self, account: AccountId) -> Result<Applied> {
        let known = self.known(account)?;
        let devices = self.device_ids(known.number)?;
        self.drop_bridge(known.number)?;
        self.execute(statements::INSERT_USED_ID, [account.as_bytes()])?;
        self.execute(statements::INSERT_USED_DEVICE_IDS, [known.number])?;
        self.reset_login(&known.name)?;
        for step in statements::DELETE_ACCOUNT {
            self.execute(step, [known.number])?;
        }
        self.counts.accounts = self.counts.accounts.saturating_sub(1);
        self.undo.push(Undo::AccountDeleted);
        Ok(Applied::Revoked(devices))
    }

    fn update_profile(
        &mut self,
        account: AccountId,
        display_name: &DisplayName,
        hides_presence: bool,
    ) -> Result<Applied> {
        let known = self.known(account)?;
        let row = params![known.number, display_name.as_str(), hides_presence];
        self.execute(statements::UPDATE_PROFILE, row)?;
        Ok(Applied::Done)
    }

    fn seen(&mut self, clients: &[ClientId]) -> Result<Applied> {
        for client in clients {
            let row = params![client.as_bytes(), self.now];
            self.execute(statements::DEVICE_SEEN, row)?;
        }
        Ok(Applied::Done)
    }

    fn set_disabled(&mut self, account: AccountId, disabled: bool) -> Result<Applied> {
        let known = self.known(account)?;
        self.execute(statements::UPDATE_DISABLED, params![known.number, disabled])?;
        self.show_bridge(known.number, !disabled)?;
        if disabled {
            Ok(Applied::Revoked(self.device_ids(known.number)?))
        } else {
            Ok(Applied::Done)
        }
    }

    fn invite(
        &mut self,
        by: Option<AccountId>,
        digest: &[u8; 32],
        lifetime: Duration,
    ) -> Result<Applied> {
        let mut number = 0;
        if let Some(account) = by {
            number = self.known(account)?.number;
            let open: usize = self
                .database
                .prepare_cached(statements::COUNT_INVITATIONS)?
                .query_row([number, self.now], |row| row.get(0))?;
            refuse_if(open >= INVITATIONS_MAX, Refused::TooManyInvitations)?;
        }
        let is_taken = self.exists(statements::IS_INVITATION, [digest])?;
        refuse_if(is_taken, Refused::IdTaken)?;
        let mut id = [0; 16];
        OsRng.fill_bytes(&mut id);
        let expires_at = self.now.saturating_add(whole_seconds(lifetime));
        let row = params![id, digest, number, expires_at];
        self.execute(statements::INSERT_INVITATION, row)?;
        Ok(Applied::Invited(Invitation {
            id,
            expires_at: u64::try_from(expires_at).unwrap_or(0),
        }))
    }

    fn cancel_invitation(&mut self, by: AccountId, id: &[u8; 16]) -> Result<Applied> {
        let known = self.known(by)?;
        let key = params![id, known.number, self.now];
        let cancelled = self.execute(statements::CANCEL_INVITATION, key)?;
        refuse_if(cancelled == 0, Refused::Unknown)?;
        Ok(Applied::Done)
    }

    pub(super) fn known(&mut self, account: AccountId) -> Result<Known> {
        let found = self
            .database
            .prepare_cached(statements::FIND_NUMBER)?
            .query_row([account.as_bytes()], |row| {
                Ok(Known {
                    number: row.get(0)?,
                    account,
                    key: super::read::account_key(row, 1)?,
                    name: super::read::name(row, 2)?,
                })
            })
            .optional()?;
        Ok(found.ok_or(Refused::Unknown)?)
    }

    fn device_ids(&mut self, number: i64) -> Result<Vec<ClientId>> {
        let mut statement = self.database.prepare_cached(statements::DEVICE_IDS)?;
        let ids = statement.query_map([number], |row| row.get(0).map(ClientId::from_bytes))?;
        Ok(ids.collect::<core::result::Result<_, _>>()?)
    }

    pub(super) fn exists(&self, sql: &str, key: impl Params) -> Result<bool> {
        Ok(self.database.prepare_cached(sql)?.exists(key)?)
    }

    pub(super) fn execute(&self, sql: &str, row: impl Params) -> Result<usize> {
        Ok(self.run(sql, row)?)
    }

    fn run(&self, sql: &str, row: impl Params) -> core::result::Result<usize, rusqlite::Error> {
        self.database.prepare_cached(sql)?.execute(row)
    }
}

/// Whether what is deleted is overwritten in the database file at once. Elsewhere freed pages keep
/// their bytes until they are used again: overwriting every delivered message would write each
/// large one twice.
const fn wipes(change: &Change) -> bool {
    matches!(
        change,
        Change::DeleteAccount(_) | Change::SetBridge { .. } | Change::SetCredentials { .. }
    )
}

pub(super) fn refuse_if(condition: bool, refused: Refused) -> Result<()> {
    if condition {
        Err(refused.into())
    } else {
        Ok(())
    }
}
