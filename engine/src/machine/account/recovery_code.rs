//! The recovery code, from before the gateway hears of it until the user has it on paper.

use super::{Accounts, Run};
use crate::account::stored::StoredCode;
use crate::api::{AccountEvent, AccountFailure};
use crate::record;

impl Accounts {
    /// Writes a code down that the next request puts in place.
    pub(super) fn keep_new_code(&mut self, run: &Run) {
        let code = run.new_code();
        if code.is_some() && code != self.new_code {
            self.new_code = code;
            if let Some(code) = &self.new_code {
                self.step.put(record::NEW_CODE.to_vec(), code);
            }
        }
    }

    /// The gateway has not taken it, or it is kept elsewhere now.
    pub(super) fn forget_new_code(&mut self) -> Option<StoredCode> {
        let code = self.new_code.take()?;
        self.step.batch.delete(record::NEW_CODE);
        Some(code)
    }

    /// A code whose answer was lost: it is the account's as far as known here, and waits to be
    /// written down.
    pub(super) fn take_new_code(&mut self) {
        let name = self.new_code.as_ref().map(|code| &code.name);
        let is_own = self.stored.as_ref().map(|stored| &stored.name) == name;
        if self.flow.is_some() || !is_own {
            return;
        }
        if let Some(code) = self.forget_new_code() {
            self.change(|stored| stored.recovery_code = Some(code.code));
            self.step.status = true;
        }
    }

    pub(super) fn tell_recovery_code(&mut self) {
        let code = match (&self.stored, &self.new_code) {
            (Some(stored), _) => stored.recovery_code.clone(),
            // Of an account that could not be signed in to here.
            (None, Some(new)) if self.flow.is_none() => Some(new.code.clone()),
            (None, _) => None,
        };
        if let Some(code) = code {
            self.step.tell_account(AccountEvent::RecoveryCode(code));
        }
    }

    pub(super) fn recovery_code_saved(&mut self) -> Result<(), AccountFailure> {
        match (&self.stored, &self.flow) {
            (Some(_), _) => self.change(|stored| stored.recovery_code = None),
            (None, None) if self.new_code.is_some() => {
                self.forget_new_code();
            }
            (None, _) => return Err(AccountFailure::WrongPhase),
        }
        Ok(())
    }
}
