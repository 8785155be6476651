//! An account's credentials, profile and end.

use rusqlite::params;
use sotto_shared::AccountId;
use sotto_shared::account::{DeviceRevocation, DisplayName, Slot};

use super::super::super::account::{Applied, StoredCredential};
use super::super::apply::{Apply, Undo};
use super::apply::Result;
use super::statements;

impl Apply<'_> {
    pub(super) fn set_credentials(
        &mut self,
        account: AccountId,
        password: Option<&StoredCredential>,
        recovery: Option<&StoredCredential>,
        revocations: &[DeviceRevocation],
    ) -> Result<Applied> {
        let known = self.enabled(account)?;
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

    pub(super) fn put_credential(
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

    pub(super) fn delete_account(&mut self, account: AccountId) -> Result<Applied> {
        let known = self.known(account)?;
        let devices = self.device_ids(known.number)?;
        self.drop_bridge(known.number)?;
        self.execute(statements::INSERT_USED_ID, [account.as_bytes()])?;
        self.execute(statements::INSERT_USED_DEVICE_IDS, [known.number])?;
        self.reset_login(&known.name)?;
        self.drop_account(known.number)?;
        for step in statements::DELETE_ACCOUNT {
            self.execute(step, [known.number])?;
        }
        self.counts.accounts = self.counts.accounts.saturating_sub(1);
        self.undo.push(Undo::AccountDeleted);
        Ok(Applied::Revoked(devices))
    }

    pub(super) fn update_profile(
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

    pub(super) fn set_disabled(&mut self, account: AccountId, disabled: bool) -> Result<Applied> {
        let known = self.known(account)?;
        self.execute(statements::UPDATE_DISABLED, params![known.number, disabled])?;
        self.show_bridge(known.number, !disabled)?;
        if disabled {
            Ok(Applied::Revoked(self.device_ids(known.number)?))
        } else {
            Ok(Applied::Done)
        }
    }
}
