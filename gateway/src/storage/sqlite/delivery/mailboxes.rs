//! How full mailboxes are and what their last entry is, in the writer's memory: read when it is
//! needed first, so that a message costs one row for each mailbox and no question.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use sotto_shared::ClientId;

use super::statements;

/// What is known of one mailbox.
#[derive(Debug)]
pub(super) struct Mailbox {
    /// Whose it is.
    pub(super) client: ClientId,
    /// Number of the last entry, there still or not.
    pub(super) last: u64,
    pub(super) acknowledged: u64,
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// By group: the entry that says that something was missed, if it is the group's last one.
    pub(super) missed: HashMap<i64, u64>,
}

/// The mailboxes that were needed so far, by number of the device.
#[derive(Debug)]
pub(in super::super) struct Mailboxes {
    known: HashMap<i64, Mailbox>,
    /// Those that the present transaction may have changed.
    touched: Vec<i64>,
    handed: Handed,
}

/// Up to which entry something `Missed` was read by mailbox: such an entry is not changed any more.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Handed(Arc<Mutex<HashMap<ClientId, u64>>>);

impl Handed {
    pub(super) fn note(&self, client: ClientId, number: u64) {
        let mut handed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let through = handed.entry(client).or_default();
        *through = number.max(*through);
    }

    fn includes(&self, client: ClientId, number: u64) -> bool {
        let handed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handed.get(&client).is_some_and(|it| *it >= number)
    }

    fn forget(&self, client: ClientId) {
        let mut handed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handed.remove(&client);
    }
}

impl Mailboxes {
    pub(in super::super) fn new(handed: Handed) -> Self {
        Self {
            known: HashMap::new(),
            touched: Vec::new(),
            handed,
        }
    }

    /// A mailbox, about to be changed.
    pub(super) fn of(
        &mut self,
        database: &Connection,
        device: i64,
    ) -> Result<&mut Mailbox, rusqlite::Error> {
        self.touched.push(device);
        match self.known.entry(device) {
            std::collections::hash_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                Ok(vacant.insert(load(database, device)?))
            }
        }
    }

    /// The entry that can be made to say that more was missed.
    pub(super) fn open_missed(&self, device: i64, group: i64) -> Option<u64> {
        let mailbox = self.known.get(&device)?;
        let number = *mailbox.missed.get(&group)?;
        (!self.handed.includes(mailbox.client, number)).then_some(number)
    }

    /// A mailbox is gone.
    pub(super) fn remove(&mut self, device: i64) {
        self.touched.push(device);
        if let Some(mailbox) = self.known.remove(&device) {
            self.handed.forget(mailbox.client);
        }
    }

    /// Where a change begins that may be taken back.
    pub(in super::super) fn mark(&self) -> usize {
        self.touched.len()
    }

    /// The change was taken back: what it touched is read again when it is needed.
    pub(in super::super) fn forget_since(&mut self, mark: usize) {
        for device in self.touched.drain(mark.min(self.touched.len())..) {
            self.known.remove(&device);
        }
    }

    /// Everything may have changed.
    pub(in super::super) fn forget_all(&mut self) {
        self.known.clear();
        self.touched.clear();
    }

    /// A transaction has ended.
    pub(in super::super) fn settle(&mut self) {
        self.touched.clear();
    }
}

fn load(database: &Connection, device: i64) -> Result<Mailbox, rusqlite::Error> {
    let client = database
        .prepare_cached(statements::DEVICE_ID)?
        .query_row([device], |row| row.get(0))?;
    let acknowledged: Option<u64> = database
        .prepare_cached(statements::ACKNOWLEDGED)?
        .query_row([device], |row| row.get(0))
        .optional()?;
    let acknowledged = acknowledged.unwrap_or_default();
    let (last, entries, bytes): (u64, u64, u64) = database
        .prepare_cached(statements::MEASURE_ENTRIES)?
        .query_row([device], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(Mailbox {
        client: ClientId::from_bytes(client),
        last: last.max(acknowledged),
        acknowledged,
        entries,
        bytes,
        missed: HashMap::new(),
    })
}
