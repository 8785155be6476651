//! Invitations.

use core::time::Duration;

use rand_core::{OsRng, RngCore as _};
use rusqlite::{OptionalExtension, params};
use sotto_shared::AccountId;
use sotto_shared::sotto::types::Invitation;

use super::super::super::account::{Applied, INVITATIONS_MAX, Refused};
use super::super::super::clock::whole_seconds;
use super::super::apply::Apply;
use super::apply::{Result, refuse_if};
use super::statements;

impl Apply<'_> {
    pub(super) fn invite(
        &mut self,
        by: Option<AccountId>,
        digest: &[u8; 32],
        lifetime: Duration,
    ) -> Result<Applied> {
        let mut number = 0;
        if let Some(account) = by {
            number = self.enabled(account)?.number;
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

    pub(super) fn use_invitation(&mut self, digest: &[u8; 32]) -> Result<()> {
        let number: Option<i64> = self
            .database
            .prepare_cached(statements::FIND_INVITATION)?
            .query_row(params![digest, self.now], |row| row.get(0))
            .optional()?;
        let number = number.ok_or(Refused::InvitationInvalid)?;
        self.execute(statements::USE_INVITATION, [number])?;
        Ok(())
    }

    pub(super) fn cancel_invitation(&mut self, by: AccountId, id: &[u8; 16]) -> Result<Applied> {
        let known = self.known(by)?;
        let key = params![id, known.number, self.now];
        let cancelled = self.execute(statements::CANCEL_INVITATION, key)?;
        refuse_if(cancelled == 0, Refused::Unknown)?;
        Ok(Applied::Done)
    }
}
