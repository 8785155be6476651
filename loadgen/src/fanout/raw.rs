//! What the disk takes without a server: the rows of a message to a group, in a plain loop.

use core::time::Duration;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use rand_core::{OsRng, RngCore};
use rusqlite::{Connection, params};

use super::world::GROUP;
use crate::report::number;

/// The gateway's database in its data folder.
pub(super) const DATABASE: &str = "defensive.db";

/// As the gateway sets it, so that neither side checkpoints more often.
const CHECKPOINT_PAGES: u32 = 4096;
const CACHE_KIB: i64 = 16 * 1024;

const MEMBERS: &str = "SELECT Device FROM members";
const INSERT_MESSAGE: &str = "INSERT INTO group_messages \
    (GroupID, Sequence, Epoch, Kind, Sender, StoredAt, Size, Entries) \
    VALUES (?1, ?2, 1, 1, ?1, 1, ?3, ?4)";
const INSERT_CONTENT: &str = "INSERT INTO contents (Message, Content) VALUES (?1, ?2)";
const INSERT_ENTRY: &str = "INSERT INTO entries (Device, Number, Message) VALUES (?1, ?2, ?3)";
const INSERT_SENT: &str =
    "INSERT INTO sent (Device, SendID, Sequence, StoredAt) VALUES (?1, ?2, ?3, 1)";
const NEXT_SEQUENCE: &str = "UPDATE mls_groups SET Sequence = Sequence + 1";

/// What is inserted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    /// Bytes of each message.
    pub(super) content: usize,
    /// Messages in each commit.
    pub(super) batch: usize,
}

/// Messages a second into a copy of the database in `data`, made in `folder` and removed again.
pub(super) fn measure(data: &Path, folder: &Path, rows: Rows, duration: Duration) -> Result<f64> {
    std::fs::create_dir(folder)?;
    let path = folder.join(DATABASE);
    std::fs::copy(data.join(DATABASE), &path)
        .with_context(|| format!("cannot copy the database out of {}", data.display()))?;
    let rate = insert(&path, rows, duration);
    std::fs::remove_dir_all(folder)?;
    rate
}

pub(super) fn open(path: &Path) -> Result<Connection> {
    let database = Connection::open(path)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    database.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(database)
}

fn insert(path: &Path, rows: Rows, duration: Duration) -> Result<f64> {
    let mut database = open(path)?;
    let members: Vec<i64> = {
        let mut statement = database.prepare(MEMBERS)?;
        let found = statement.query_map([], |row| row.get(0))?;
        found.collect::<Result<_, _>>()?
    };
    let mut content = vec![0; rows.content];
    OsRng.fill_bytes(&mut content);
    let size = i64::try_from(rows.content)?;
    let others = i64::try_from(members.len())? - 1;
    let mut senders = members.iter().cycle();
    let begin = Instant::now();
    let mut inserted: u32 = 0;
    while begin.elapsed() < duration {
        let transaction = database.transaction()?;
        for sender in senders.by_ref().take(rows.batch) {
            inserted += 1;
            let sequence = i64::from(inserted) + 1;
            transaction
                .prepare_cached(INSERT_MESSAGE)?
                .execute(params![GROUP.as_bytes(), sequence, size, others])?;
            let message = transaction.last_insert_rowid();
            transaction
                .prepare_cached(INSERT_CONTENT)?
                .execute(params![message, &content[..]])?;
            let mut entry = transaction.prepare_cached(INSERT_ENTRY)?;
            for device in members.iter().filter(|device| *device != sender) {
                entry.execute(params![device, sequence, message])?;
            }
            let mut id = [0; 16];
            OsRng.fill_bytes(&mut id);
            transaction
                .prepare_cached(INSERT_SENT)?
                .execute(params![sender, id, sequence])?;
            transaction.prepare_cached(NEXT_SEQUENCE)?.execute([])?;
        }
        transaction.commit()?;
    }
    Ok(number(inserted.into()) / begin.elapsed().as_secs_f64())
}
