//! Other people: who is there, which account key is theirs, and which classic mailbox.
//!
//! The key that is seen first is pinned and stays, also when the gateway drops the account and
//! tells of it anew: account ids are never used twice. Another key is an alarm, and until the user
//! has looked at it, it is trusted in nothing.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use sotto_shared::account::safety_number::{Identity, ScanError};
use sotto_shared::account::{AccountName, BridgeCertificate, SafetyNumber};
use sotto_shared::limits::DIRECTORY_PAGE_MAX;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::request::{FindAccounts, ListAccounts};
use sotto_shared::sotto::response::Accounts as Page;
use sotto_shared::sotto::types::AccountEntry;
use sotto_shared::{AccountId, ClientId};

use super::{Accounts, Asked};
use crate::account::stored::StoredContact;
use crate::api::{
    AccountEvent, AccountFailure, Contact, DirectoryPolicy, Notice, Presence, ScanResult, Trust,
};
use crate::machine::classic::Certified;
use crate::machine::is_due;
use crate::record;
use crate::time::Timestamp;

/// How often people of a directory that pushes nothing are asked for.
pub(in crate::machine) const REFRESH_INTERVAL: Duration = Duration::from_secs(60);
/// Most people that are kept. A gateway that tells of more is not listened to.
pub(in crate::machine) const CONTACTS_MAX: usize = 100_000;

/// Everybody known.
#[derive(Default)]
pub(super) struct Contacts {
    known: BTreeMap<AccountId, Known>,
    /// Who was seen on the pages of the directory that is being read.
    reading: Option<BTreeSet<AccountId>>,
    refresh_at: Option<Timestamp>,
    /// Whether what is proven about classic mailboxes has changed.
    certified_changed: bool,
}

struct Known {
    stored: StoredContact,
    presence: Option<Presence>,
    /// Whether the gateway still has them, as far as known.
    is_there: bool,
    /// Whether the gateway says that their bridge is on, as far as known.
    has_bridge: bool,
}

/// What taking over an entry has changed.
#[derive(Default)]
struct Taken {
    is_new: bool,
    shown: bool,
    stored: bool,
    /// The gateway tells a key or a mailbox that is not theirs.
    uncertified: bool,
}

impl Known {
    fn new(stored: StoredContact) -> Self {
        Self {
            has_bridge: stored.bridge.is_some(),
            stored,
            presence: None,
            is_there: true,
        }
    }

    fn shown(&self) -> Contact {
        let stored = &self.stored;
        let was_verified = stored.verified;
        let trust = match (stored.changed, was_verified) {
            (Some(_), was_verified) => Trust::Changed { was_verified },
            (None, true) => Trust::Verified,
            (None, false) => Trust::Unverified,
        };
        let bridge = stored.bridge.as_ref().filter(|_| self.has_bridge);
        Contact {
            account: stored.account,
            name: stored.name.clone(),
            display_name: stored.display_name.clone(),
            presence: self.presence,
            trust,
            classic: bridge.map(|certificate| certificate.client),
        }
    }

    /// Takes over what the gateway says. A name stays as it was first told, and nothing is taken
    /// over under another key than the pinned one.
    fn take(&mut self, entry: &AccountEntry) -> Taken {
        let before = (self.shown(), self.stored.clone());
        let mut taken = Taken {
            shown: !self.is_there,
            ..Taken::default()
        };
        self.is_there = true;
        self.presence = entry.presence;
        if entry.account_key == self.stored.pinned {
            self.stored.changed = None;
            self.stored.display_name = entry.display_name.clone();
            taken.uncertified = !self.take_bridge(entry.bridge.as_ref());
        } else {
            self.stored.changed = Some(entry.account_key);
        }
        taken.shown |= before.0 != self.shown();
        taken.stored = before.1 != self.stored;
        taken
    }

    /// Takes a mailbox if the pinned key has certified it. One that was proven once stays proven
    /// when the gateway tells of none: it is only not shown.
    fn take_bridge(&mut self, told: Option<&BridgeCertificate>) -> bool {
        let Some(told) = told else {
            self.has_bridge = false;
            return true;
        };
        let (account, key) = (self.stored.account, &self.stored.pinned);
        if told.verify_for(&account, key).is_err() {
            return false;
        }
        self.has_bridge = true;
        self.stored.bridge = Some(told.clone());
        true
    }
}

impl Contacts {
    pub(super) fn restore(&mut self, stored: StoredContact) {
        self.certified_changed = true;
        self.known.insert(stored.account, Known::new(stored));
    }

    pub(super) fn stop_reading(&mut self) {
        self.reading = None;
    }

    pub(super) fn refresh_at(&self) -> Option<Timestamp> {
        self.refresh_at
    }

    pub(super) fn take_certified(&mut self) -> Option<BTreeMap<ClientId, Certified>> {
        if !core::mem::take(&mut self.certified_changed) {
            return None;
        }
        let mut certified = BTreeMap::new();
        for Known { stored, .. } in self.known.values() {
            if let Some(bridge) = &stored.bridge {
                let proven = Certified {
                    account: stored.account,
                    key_digest: bridge.key_digest,
                    blocked: stored.changed.is_some(),
                };
                certified.entry(bridge.client).or_insert(proven);
            }
        }
        Some(certified)
    }

    fn get(&self, account: AccountId) -> Result<&Known, AccountFailure> {
        self.known
            .get(&account)
            .filter(|known| known.is_there)
            .ok_or(AccountFailure::NoSuchContact)
    }
}

impl Accounts {
    /// Begins to read the directory, from its first page; or asks for those who are known.
    pub(super) fn read_directory(&mut self, now: Timestamp) {
        match self.gateway.map(|gateway| gateway.directory) {
            Some(DirectoryPolicy::Listed) => {
                self.contacts.refresh_at = None;
                self.contacts.reading = Some(BTreeSet::new());
                self.ask_page(None, now);
            }
            Some(DirectoryPolicy::Exact) => {
                self.contacts.refresh_at = Some(now);
                self.tell_contacts();
            }
            None => {}
        }
    }

    fn ask_page(&mut self, after: Option<AccountName>, now: Timestamp) {
        let limit = u32::try_from(DIRECTORY_PAGE_MAX).unwrap_or(u32::MAX);
        let request = Request::ListAccounts(ListAccounts { after, limit });
        self.ask(Asked::Directory, &request, now);
    }

    pub(super) fn directory_page(&mut self, page: Page, now: Timestamp) {
        for entry in &page.accounts {
            self.take_entry(entry);
            if let Some(reading) = &mut self.contacts.reading {
                reading.insert(entry.account);
            }
        }
        let room = self.contacts.known.len() < CONTACTS_MAX;
        let last = page.accounts.last().map(|entry| entry.name.clone());
        match last.filter(|_| page.more && room) {
            Some(last) => self.ask_page(Some(last), now),
            None => self.directory_read(!page.more),
        }
    }

    /// The directory was read; who was not in it is gone.
    fn directory_read(&mut self, whole: bool) {
        let seen = self.contacts.reading.take().filter(|_| whole);
        if let Some(seen) = seen {
            for (account, known) in &mut self.contacts.known {
                known.is_there = seen.contains(account);
            }
        }
        self.tell_contacts();
    }

    /// Asks for people who are known, in a directory that pushes nothing.
    pub(super) fn refresh_contacts(&mut self, now: Timestamp) {
        match self.contacts.refresh_at {
            Some(at) if is_due(at, now, REFRESH_INTERVAL) => {}
            _ => return,
        }
        self.contacts.refresh_at = Some(now + REFRESH_INTERVAL);
        let known: Vec<AccountId> = self.contacts.known.keys().copied().collect();
        for accounts in known.chunks(DIRECTORY_PAGE_MAX) {
            self.ask_accounts(accounts, now);
        }
    }

    fn ask_accounts(&mut self, accounts: &[AccountId], now: Timestamp) {
        let request = Request::FindAccounts(FindAccounts {
            names: Vec::new(),
            accounts: accounts.to_vec(),
        });
        self.ask(Asked::Refresh(accounts.to_vec()), &request, now);
    }

    /// Whoever was asked for and is not in the answer is gone.
    pub(super) fn refreshed(&mut self, asked: &[AccountId], page: &Page) {
        for entry in &page.accounts {
            if self.take_entry(entry).shown {
                self.tell_contact(entry.account);
            }
        }
        for account in asked {
            if !page.accounts.iter().any(|entry| entry.account == *account) {
                self.account_left(*account);
            }
        }
    }

    pub(super) fn find(&mut self, name: AccountName, now: Timestamp) -> Result<(), AccountFailure> {
        self.check_open()?;
        let request = Request::FindAccounts(FindAccounts {
            names: vec![name.clone()],
            accounts: Vec::new(),
        });
        self.ask(Asked::Find(name), &request, now);
        Ok(())
    }

    pub(super) fn found(&mut self, name: &AccountName, page: &Page) {
        self.refreshed(&[], page);
        let found = self.contacts.known.values();
        let mut found = found.filter(|known| known.is_there && known.stored.name == *name);
        let account = found.next().map(|known| known.stored.account);
        self.step.tell_account(AccountEvent::Found {
            name: name.clone(),
            account,
        });
    }

    /// The gateway pushes news of somebody.
    pub(super) fn account_changed(&mut self, entry: &AccountEntry, joined: bool) {
        let account = entry.account;
        let was_online = self.is_online(account);
        let taken = self.take_entry(entry);
        if taken.shown {
            self.tell_contact(account);
        }
        let notice = match (was_online, self.is_online(account)) {
            _ if taken.is_new && joined => Notice::Joined(account),
            (Some(false) | None, Some(true)) if !taken.is_new => Notice::Online(account),
            (Some(true), Some(false)) => Notice::Offline(account),
            _ => return,
        };
        if self.contacts.reading.is_none() && self.contacts.known.contains_key(&account) {
            self.step.tell_account(AccountEvent::Notice(notice));
        }
    }

    pub(super) fn account_left(&mut self, account: AccountId) {
        let known = self.contacts.known.get_mut(&account);
        if let Some(known) = known.filter(|known| known.is_there) {
            known.is_there = false;
            known.presence = None;
            self.step.tell_account(AccountEvent::ContactGone(account));
        }
    }

    fn is_online(&self, account: AccountId) -> Option<bool> {
        let known = self.contacts.known.get(&account)?;
        known.presence.map(|presence| presence.online)
    }

    /// Takes over what the gateway says of somebody.
    fn take_entry(&mut self, entry: &AccountEntry) -> Taken {
        if self.own_id() == Some(entry.account) {
            return Taken::default();
        }
        let is_new = !self.contacts.known.contains_key(&entry.account);
        if is_new && self.contacts.known.len() >= CONTACTS_MAX {
            return Taken::default();
        }
        let known = self.contacts.known.entry(entry.account).or_insert_with(|| {
            Known::new(StoredContact {
                account: entry.account,
                name: entry.name.clone(),
                display_name: entry.display_name.clone(),
                pinned: entry.account_key,
                verified: false,
                changed: None,
                bridge: None,
            })
        });
        let taken = known.take(entry);
        let taken = Taken {
            is_new,
            shown: is_new || taken.shown,
            stored: is_new || taken.stored,
            ..taken
        };
        if taken.stored {
            self.put_contact(entry.account);
        }
        if taken.uncertified {
            self.step.fail(AccountFailure::NotCertified);
        }
        taken
    }

    fn put_contact(&mut self, account: AccountId) {
        if let Some(known) = self.contacts.known.get(&account) {
            let key = record::account_contact(account);
            self.step.put(key, &known.stored);
            self.contacts.certified_changed = true;
        }
    }

    fn tell_contact(&mut self, account: AccountId) {
        if let Ok(known) = self.contacts.get(account) {
            let contact = known.shown();
            self.step.tell_account(AccountEvent::Contact(contact));
        }
    }

    pub(super) fn tell_contacts(&mut self) {
        let known = self.contacts.known.values().filter(|known| known.is_there);
        let contacts = known.map(Known::shown).collect();
        self.step.tell_account(AccountEvent::Contacts(contacts));
    }

    /// Both sides of a safety number. After a change it is about the new key: that is what the
    /// user has to look at.
    fn both_sides(&self, account: AccountId) -> Result<(Identity, Identity), AccountFailure> {
        let stored = self.stored.as_ref().ok_or(AccountFailure::WrongPhase)?;
        let theirs = &self.contacts.get(account)?.stored;
        let mine = (stored.account, stored.account_key.public());
        Ok((mine, (account, theirs.changed.unwrap_or(theirs.pinned))))
    }

    pub(super) fn safety_number(&mut self, account: AccountId) -> Result<(), AccountFailure> {
        let (mine, theirs) = self.both_sides(account)?;
        let number = SafetyNumber::new(mine, theirs);
        self.step.tell_account(AccountEvent::SafetyNumber {
            account,
            digits: number.to_string(),
            code: number.to_qr(),
        });
        Ok(())
    }

    pub(super) fn set_verified(
        &mut self,
        account: AccountId,
        verified: bool,
    ) -> Result<(), AccountFailure> {
        self.check_somebody()?;
        if self.contacts.get(account)?.stored.changed.is_some() {
            return Err(AccountFailure::KeyChanged(account));
        }
        self.change_contact(account, |contact| contact.verified = verified);
        Ok(())
    }

    /// A code that fits proves the key that the gateway tells now, also a changed one.
    pub(super) fn scan(&mut self, account: AccountId, code: &str) -> Result<(), AccountFailure> {
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

    pub(super) fn accept_key(
        &mut self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<(), AccountFailure> {
        self.check_somebody()?;
        if self.contacts.get(account)?.stored.changed.is_some() {
            self.change_contact(account, take_changed_key);
            if self.check_open().is_ok() {
                // Their mailbox, certified by the new key.
                self.ask_accounts(&[account], now);
            }
        }
        Ok(())
    }

    fn change_contact(&mut self, account: AccountId, change: impl FnOnce(&mut StoredContact)) {
        if let Some(known) = self.contacts.known.get_mut(&account) {
            change(&mut known.stored);
            self.put_contact(account);
            self.tell_contact(account);
        }
    }
}

/// What was certified by the key before is worth nothing any more.
fn take_changed_key(contact: &mut StoredContact) {
    if let Some(key) = contact.changed.take() {
        contact.pinned = key;
        contact.verified = false;
        contact.bridge = None;
    }
}
