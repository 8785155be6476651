//! Other people: who is there, which account key is theirs, and which classic mailbox.
//!
//! The key that is seen first is pinned and stays, also when the gateway drops the account and
//! tells of it anew: account ids are never used twice. Another key is an alarm, and so is another
//! account under a name that is known; until the user has looked, neither is trusted in anything.
//!
//! A classic mailbox belongs to one account: the first that has certified it, or a verified one.

mod known;
#[cfg(test)]
mod tests;
mod trust;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use sotto_shared::account::{AccountName, AccountPublicKey};
use sotto_shared::limits::DIRECTORY_PAGE_MAX;
use sotto_shared::sotto::Request;
use sotto_shared::sotto::request::{FindAccounts, ListAccounts};
use sotto_shared::sotto::response::Accounts as Page;
use sotto_shared::sotto::types::AccountEntry;
use sotto_shared::{AccountId, ClientId};

use super::{Accounts, Asked};
use crate::account::stored::StoredContact;
use crate::api::{AccountEvent, AccountFailure, DirectoryPolicy, Notice};
use crate::machine::classic::{Certified, Mailboxes};
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
    /// Who has, or had, each name.
    names: BTreeMap<AccountName, BTreeSet<AccountId>>,
    /// Who has certified each mailbox.
    owners: BTreeMap<ClientId, AccountId>,
    /// Names that the classic client has not heard of yet.
    new_names: Vec<AccountName>,
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
        let account = stored.account;
        self.known.insert(account, Known::new(stored));
        self.index(account);
    }

    pub(super) fn stop_reading(&mut self) {
        self.reading = None;
    }

    /// The key that is pinned.
    pub(super) fn pinned(&self, account: AccountId) -> Option<AccountPublicKey> {
        Some(self.known.get(&account)?.stored.pinned)
    }

    /// Whether another key is told than the pinned one.
    pub(super) fn has_changed(&self, account: AccountId) -> bool {
        let known = self.known.get(&account);
        known.is_some_and(|known| known.stored.changed.is_some())
    }

    pub(super) fn refresh_at(&self) -> Option<Timestamp> {
        self.refresh_at
    }

    pub(super) fn take_mailboxes(&mut self) -> Option<Mailboxes> {
        if !core::mem::take(&mut self.certified_changed) {
            return None;
        }
        let mut mailboxes = Mailboxes {
            names: core::mem::take(&mut self.new_names),
            ..Mailboxes::default()
        };
        for Known { stored, .. } in self.known.values() {
            mailboxes.lost.extend(stored.lost);
            let Some(bridge) = &stored.bridge else {
                continue;
            };
            if self.owners.get(&bridge.client) == Some(&stored.account) {
                let proven = Certified {
                    account: stored.account,
                    key_digest: bridge.key_digest,
                    blocked: stored.changed.is_some(),
                };
                mailboxes.certified.insert(bridge.client, proven);
            }
        }
        Some(mailboxes)
    }

    /// Makes somebody findable by name and mailbox. Whoever loses the mailbox to them is given.
    fn index(&mut self, account: AccountId) -> Option<AccountId> {
        let stored = &self.known.get(&account)?.stored;
        let name = &stored.name;
        if !self.names.contains_key(name) {
            self.new_names.push(name.clone());
        }
        self.names.entry(name.clone()).or_default().insert(account);
        let client = stored.bridge.as_ref()?.client;
        if !self.may_claim(client, account) {
            return None;
        }
        let before = self.owners.insert(client, account);
        before.filter(|before| *before != account)
    }

    /// Whether a mailbox is nobody else's: nobody has certified it before, but somebody who is not
    /// verified while this account is.
    fn may_claim(&self, client: ClientId, account: AccountId) -> bool {
        let is_verified = |account| {
            let known = self.known.get(&account);
            known.is_some_and(|known| known.stored.verified && known.stored.changed.is_none())
        };
        match self.owners.get(&client) {
            Some(owner) if *owner != account => is_verified(account) && !is_verified(*owner),
            Some(_) | None => true,
        }
    }

    /// Somebody of whom nothing was known. Under a name that somebody else has or had, it is as if
    /// their key had changed.
    fn stranger(&self, entry: &AccountEntry) -> StoredContact {
        let namesakes = self.names.get(&entry.name);
        let is_verified = |account: &AccountId| {
            let known = self.known.get(account);
            known.is_some_and(|known| known.stored.verified)
        };
        StoredContact {
            account: entry.account,
            name: entry.name.clone(),
            display_name: entry.display_name.clone(),
            pinned: entry.account_key,
            verified: namesakes.is_some_and(|all| all.iter().any(is_verified)),
            changed: namesakes.map(|_| entry.account_key),
            bridge: None,
            lost: None,
        }
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

    pub(super) fn ask_accounts(&mut self, accounts: &[AccountId], now: Timestamp) {
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
        // Not somebody who is known here under another name.
        let is_known = |account: &AccountId| {
            let known = self.contacts.get(*account);
            known.is_ok_and(|known| known.stored.name == *name)
        };
        let account = account.filter(is_known);
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
        if is_new {
            let stranger = Known::new(self.contacts.stranger(entry));
            self.contacts.known.insert(entry.account, stranger);
        }
        let may_claim = entry.bridge.as_ref().is_none_or(|bridge| {
            let own = self.stored.as_ref().and_then(|stored| stored.bridge);
            own != Some(bridge.client) && self.contacts.may_claim(bridge.client, entry.account)
        });
        let Some(known) = self.contacts.known.get_mut(&entry.account) else {
            return Taken::default();
        };
        let taken = known.take(entry, may_claim);
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
        if let Some(loser) = self.contacts.index(account) {
            self.change_contact(loser, |contact| contact.bridge = None);
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
