//! Who is registered and how full the mailboxes are, in memory: so that neither validation nor
//! quotas cost a query per message.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use sotto_shared::ClientId;

use super::{MailboxSize, Totals};

/// One client's counters. Only the writer changes the sizes.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    messages: AtomicU64,
    bytes: AtomicU64,
    /// Time of last use not yet written, in seconds since 1970; 0 for none.
    seen: AtomicI64,
}

impl Mailbox {
    pub(super) fn with_size(size: MailboxSize) -> Self {
        Self {
            messages: AtomicU64::new(size.messages),
            bytes: AtomicU64::new(size.bytes),
            seen: AtomicI64::new(0),
        }
    }

    pub(super) fn size(&self) -> MailboxSize {
        MailboxSize {
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn add(&self, size: MailboxSize) {
        self.messages.fetch_add(size.messages, Ordering::Relaxed);
        self.bytes.fetch_add(size.bytes, Ordering::Relaxed);
    }

    pub(super) fn subtract(&self, size: MailboxSize) {
        self.messages.fetch_sub(size.messages, Ordering::Relaxed);
        self.bytes.fetch_sub(size.bytes, Ordering::Relaxed);
    }

    pub(super) fn seen_at(&self, seconds: i64) {
        self.seen.store(seconds, Ordering::Relaxed);
    }

    /// Takes the time of last use if there is one to write.
    fn take_seen(&self) -> Option<i64> {
        match self.seen.swap(0, Ordering::Relaxed) {
            0 => None,
            seconds => Some(seconds),
        }
    }
}

/// All clients.
#[derive(Debug, Default)]
pub(super) struct Directory {
    clients: RwLock<Clients>,
}

/// The clients by id.
pub(super) type Clients = HashMap<ClientId, Arc<Mailbox>>;

impl Directory {
    pub(super) fn replace(&self, clients: Clients) {
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = clients;
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Clients> {
        self.clients.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, client: ClientId) -> Option<Arc<Mailbox>> {
        self.read().get(&client).cloned()
    }

    pub(super) fn insert(&self, client: ClientId, mailbox: Arc<Mailbox>) {
        self.clients
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(client, mailbox);
    }

    pub(super) fn remove(&self, client: ClientId) -> Option<Arc<Mailbox>> {
        self.clients
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&client)
    }

    /// Takes all times of last use that are yet to be written.
    pub(super) fn take_seen(&self) -> Vec<(ClientId, i64)> {
        self.read()
            .iter()
            .filter_map(|(client, mailbox)| Some((*client, mailbox.take_seen()?)))
            .collect()
    }

    pub(super) fn totals(&self) -> Totals {
        let clients = self.read();
        let mut totals = Totals::default();
        for mailbox in clients.values() {
            let size = mailbox.size();
            totals.clients += 1;
            totals.mailboxes.messages += size.messages;
            totals.mailboxes.bytes += size.bytes;
        }
        totals
    }
}
