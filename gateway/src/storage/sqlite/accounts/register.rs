//! Signing up.

use rusqlite::params;
use sotto_shared::account::{AccountName, Slot};
use sotto_shared::{AccountId, ClientId};

use super::super::super::account::{Applied, NewAccount, Refused};
use super::super::apply::{Apply, Undo};
use super::apply::{Result, refuse_if};
use super::statements;

impl Apply<'_> {
    pub(super) fn register_account(&mut self, new: &NewAccount) -> Result<Applied> {
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
}
