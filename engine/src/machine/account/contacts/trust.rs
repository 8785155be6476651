//! Looking at account keys: safety numbers, scanned codes, changed keys.

use sotto_shared::AccountId;
use sotto_shared::account::SafetyNumber;
use sotto_shared::account::safety_number::{Identity, ScanError};

use super::Accounts;
use crate::account::stored::StoredContact;
use crate::api::{AccountEvent, AccountFailure, ScanResult};
use crate::time::Timestamp;

impl Accounts {
    /// Both sides of a safety number. After a change it is about the new key: that is what the
    /// user has to look at.
    fn both_sides(&self, account: AccountId) -> Result<(Identity, Identity), AccountFailure> {
        let stored = self.stored.as_ref().ok_or(AccountFailure::WrongPhase)?;
        let theirs = &self.contacts.get(account)?.stored;
        let mine = (stored.account, stored.account_key.public());
        Ok((mine, (account, theirs.changed.unwrap_or(theirs.pinned))))
    }

    pub(in crate::machine::account) fn safety_number(
        &mut self,
        account: AccountId,
    ) -> Result<(), AccountFailure> {
        let (mine, theirs) = self.both_sides(account)?;
        let number = SafetyNumber::new(mine, theirs);
        self.step.tell_account(AccountEvent::SafetyNumber {
            account,
            digits: number.to_string(),
            code: number.to_qr(),
        });
        Ok(())
    }

    /// Whether the user saw the number of the key that is told now: the gateway may have changed
    /// it between looking and deciding.
    fn check_seen(&self, account: AccountId, digits: &str) -> Result<(), AccountFailure> {
        let (mine, theirs) = self.both_sides(account)?;
        let seen: String = digits.chars().filter(|it| !it.is_whitespace()).collect();
        match SafetyNumber::new(mine, theirs).digits() == seen {
            true => Ok(()),
            false => Err(AccountFailure::KeyChanged(account)),
        }
    }

    pub(in crate::machine::account) fn set_verified(
        &mut self,
        account: AccountId,
        digits: &str,
    ) -> Result<(), AccountFailure> {
        self.check_seen(account, digits)?;
        self.set_trust(account, true)
    }

    pub(in crate::machine::account) fn set_unverified(
        &mut self,
        account: AccountId,
    ) -> Result<(), AccountFailure> {
        self.check_somebody()?;
        self.set_trust(account, false)
    }

    fn set_trust(&mut self, account: AccountId, verified: bool) -> Result<(), AccountFailure> {
        if self.contacts.get(account)?.stored.changed.is_some() {
            return Err(AccountFailure::KeyChanged(account));
        }
        self.change_contact(account, |contact| contact.verified = verified);
        Ok(())
    }

    /// A code that fits proves the key that the gateway tells now, also a changed one.
    pub(in crate::machine::account) fn scan(
        &mut self,
        account: AccountId,
        code: &str,
    ) -> Result<(), AccountFailure> {
        let (mine, theirs) = self.both_sides(account)?;
        let result = match SafetyNumber::new(mine, theirs).check(code) {
            Ok(()) => ScanResult::Match,
            Err(ScanError::Different) => ScanResult::Different,
            Err(ScanError::SomebodyElses) => ScanResult::SomebodyElses,
            Err(ScanError::YourOwn) => ScanResult::YourOwn,
            Err(ScanError::NotASafetyNumber | ScanError::OtherVersion) => ScanResult::NotACode,
        };
        if result == ScanResult::Match {
            self.change_contact(account, |contact| {
                take_changed_key(contact);
                contact.verified = true;
            });
        }
        self.step
            .tell_account(AccountEvent::Scanned { account, result });
        Ok(())
    }

    pub(in crate::machine::account) fn accept_key(
        &mut self,
        account: AccountId,
        digits: &str,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_seen(account, digits)?;
        if self.contacts.get(account)?.stored.changed.is_some() {
            self.change_contact(account, take_changed_key);
            if self.check_open().is_ok() {
                // Their mailbox, certified by the new key.
                self.ask_accounts(&[account], now);
            }
        }
        Ok(())
    }

    pub(super) fn change_contact(
        &mut self,
        account: AccountId,
        change: impl FnOnce(&mut StoredContact),
    ) {
        if let Some(known) = self.contacts.known.get_mut(&account) {
            change(&mut known.stored);
            self.put_contact(account);
            self.tell_contact(account);
        }
    }
}

/// What was certified by the key before is worth nothing any more.
fn take_changed_key(contact: &mut StoredContact) {
    let Some(key) = contact.changed.take() else {
        return;
    };
    if key != contact.pinned {
        let lost = contact.bridge.take().map(|bridge| bridge.client);
        contact.lost = lost.or(contact.lost);
    }
    contact.pinned = key;
    contact.verified = false;
}
