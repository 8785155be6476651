//! One change to accounts, in a savepoint of the writer's transaction.

use rusqlite::{OptionalExtension, Params};
use sotto_shared::AccountId;
use sotto_shared::account::{AccountName, AccountPublicKey};

use super::super::super::account::{Applied, Change, Refused};
use super::super::apply::Apply;
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
    disabled: bool,
}

impl Apply<'_> {
    /// Applies a change, or leaves everything as it was.
    pub(in super::super) fn change(
        &mut self,
        change: &Change,
    ) -> core::result::Result<core::result::Result<Applied, Refused>, rusqlite::Error> {
        let mark = self.undo.len();
        let mailboxes = self.mailboxes.mark();
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
                self.mailboxes.forget_since(mailboxes);
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
                    disabled: row.get(3)?,
                })
            })
            .optional()?;
        Ok(found.ok_or(Refused::Unknown)?)
    }

    /// An account that is not disabled: what one that was a moment ago still asks for is too late.
    pub(super) fn enabled(&mut self, account: AccountId) -> Result<Known> {
        let known = self.known(account)?;
        refuse_if(known.disabled, Refused::Unknown)?;
        Ok(known)
    }

    pub(super) fn exists(&self, sql: &str, key: impl Params) -> Result<bool> {
        Ok(self.database.prepare_cached(sql)?.exists(key)?)
    }

    pub(super) fn execute(&self, sql: &str, row: impl Params) -> Result<usize> {
        Ok(self.run(sql, row)?)
    }

    pub(in super::super) fn run(
        &self,
        sql: &str,
        row: impl Params,
    ) -> core::result::Result<usize, rusqlite::Error> {
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
