//! Other people: who is there, which account key is theirs, and which classic mailbox.
//!
//! The key that is seen first is pinned and stays, also when the gateway drops the account and
//! tells of it anew: account ids are never used twice. Another key is an alarm, and until the user
//! has looked at it, it is trusted in nothing.

mod known;
mod trust;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use sotto_shared::account::AccountName;
use sotto_shared::limits::DIRECTORY_PAGE_MAX;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::request::{FindAccounts, ListAccounts};
use sotto_shared::sotto::response::Accounts as Page;
use sotto_shared::sotto::types::AccountEntry;
use sotto_shared::{AccountId, ClientId};

use super::{Accounts, Asked};
use crate::account::stored::StoredContact;
use crate::api::{AccountEvent, AccountFailure, DirectoryPolicy, Notice};
use crate::machine::classic::Certified;
use crate::machine::is_due;
use crate::record;
use crate::time::Timestamp;
use known::{Known, Taken};

/// How often people of a directory that pushes nothing are asked for.
pub(in crate::machine) const REFRESH_INTERVAL: Duration = Duration::from_secs(60);
/// Most people that are kept. A gateway that tells of more is not listened to.
pub(in crate::machine) const CONTACTS_MAX: usize = 100_000;

/// Everybody known.
#[derive(Default)]
pub(super) struct Contacts {
    known: BTreeMap<AccountId, Known>,
    reading: Option<Reading>,
    refresh_at: Option<Timestamp>,
    /// Whether what is proven about classic mailboxes has changed.
    certified_changed: bool,
}

/// A directory that is being read.
#[derive(Default)]
struct Reading {
    /// Who was seen in it, or was told of meanwhile.
    seen: BTreeSet<AccountId>,
    /// The last name of the last page.
    after: Option<AccountName>,
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
                self.contacts.reading = Some(Reading::default());
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
        }
        let has_room = self.contacts.known.len() < CONTACTS_MAX;
        let Some(reading) = &mut self.contacts.reading else {
            return;
        };
        let last = page.accounts.last().map(|entry| entry.name.clone());
        // Pages that do not go on would never end.
        let goes_on = page.more && has_room && last > reading.after;
        match last.filter(|_| goes_on) {
            Some(last) => {
                reading.after = Some(last.clone());
                self.ask_page(Some(last), now);
            }
            None => self.directory_read(!page.more),
        }
    }

    /// The directory was read; who was not in it is gone.
    fn directory_read(&mut self, whole: bool) {
        let reading = self.contacts.reading.take().filter(|_| whole);
        if let Some(reading) = reading {
            for (account, known) in &mut self.contacts.known {
                known.is_there = reading.seen.contains(account);
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
        let mut found = page.accounts.iter().filter(|entry| entry.name == *name);
        let account = found.next().map(|entry| entry.account);
        let account = account.filter(|account| self.contacts.get(*account).is_ok());
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
        if let Some(reading) = &mut self.contacts.reading {
            reading.seen.remove(&account);
        }
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
        if let Some(reading) = &mut self.contacts.reading {
            reading.seen.insert(entry.account);
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
}
