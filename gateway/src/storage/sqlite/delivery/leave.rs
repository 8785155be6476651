//! What goes with a device or an account.

use rusqlite::{OptionalExtension, params};
use sotto_shared::ClientId;

use super::super::apply::Apply;
use super::statements;

type Result<T> = core::result::Result<T, rusqlite::Error>;

impl Apply<'_> {
    /// A device was revoked: its key packages and mailbox go, and it is in no group any more. Its
    /// places are kept until commits remove its leaves.
    pub(in super::super) fn drop_device(&mut self, client: ClientId) -> Result<()> {
        let number: Option<i64> = self
            .database
            .prepare_cached(statements::DEVICE_NUMBER)?
            .query_row([client.as_bytes()], |row| row.get(0))
            .optional()?;
        let Some(number) = number else {
            return Ok(());
        };
        self.empty_device(number)?;
        self.run(statements::SILENCE_MEMBER, [number])?;
        Ok(())
    }

    /// An account is deleted: so are its places, and groups in which nobody is left.
    pub(in super::super) fn drop_account(&mut self, account: i64) -> Result<()> {
        for device in self.numbers(statements::DEVICE_NUMBERS, account)? {
            self.empty_device(device)?;
        }
        let groups = self.numbers(statements::GROUPS_OF_ACCOUNT, account)?;
        self.run(statements::DELETE_MEMBERS, [account])?;
        for group in groups {
            for step in statements::DELETE_EMPTY_GROUP {
                self.run(step, [group])?;
            }
        }
        Ok(())
    }

    fn empty_device(&mut self, device: i64) -> Result<()> {
        self.run(statements::DELETE_PACKAGES, [device])?;
        self.run(statements::DELETE_SENT, [device])?;
        match self.release(device, i64::MAX.unsigned_abs()) {
            Ok(_) => {}
            Err(super::apply::Stop::Sqlite(error)) => return Err(error),
            // Nothing is denied here.
            Err(super::apply::Stop::Denied(_)) => {}
        }
        self.run(statements::DELETE_MAILBOX, [device])?;
        self.mailboxes.remove(device);
        Ok(())
    }

    fn numbers(&self, sql: &str, key: i64) -> Result<Vec<i64>> {
        let mut statement = self.database.prepare_cached(sql)?;
        let rows = statement.query_map(params![key], |row| row.get(0))?;
        rows.collect()
    }
}
