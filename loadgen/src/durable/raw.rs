//! What the disk takes without a server: batched inserts into the gateway's own schema, in a plain
//! loop.

use core::time::Duration;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use rand_core::{OsRng, RngCore};
use rusqlite::{Connection, params};
use sotto_shared::ClientId;
use sotto_shared::classic::MessageKind;

use crate::report::number;

/// The gateway's database in its data folder.
pub(super) const DATABASE: &str = "defensive.db";

const INSERT: &str = "INSERT INTO messages (ToClient, FromClient, Type, Content, StoredAt) \
    VALUES (?1, ?2, ?3, ?4, ?5)";
/// As the gateway sets it, so that neither side checkpoints more often.
const CHECKPOINT_PAGES: u32 = 4096;
const CACHE_KIB: i64 = 16 * 1024;

/// What is inserted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) senders: &'a [ClientId],
    pub(super) mailboxes: &'a [ClientId],
    /// Bytes of each content.
    pub(super) content: usize,
}

/// Inserts a second into a copy of the database in `data`, made in `folder` and removed again, with
/// `batch` rows in each commit.
pub(super) fn measure(
    data: &Path,
    folder: &Path,
    rows: Rows<'_>,
    batch: usize,
    duration: Duration,
) -> Result<f64> {
    std::fs::create_dir(folder)?;
    let path = folder.join(DATABASE);
    std::fs::copy(data.join(DATABASE), &path)
        .with_context(|| format!("cannot copy the database out of {}", data.display()))?;
    let rate = insert(&path, rows, batch, duration);
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

fn insert(path: &Path, rows: Rows<'_>, batch: usize, duration: Duration) -> Result<f64> {
    let mut database = open(path)?;
    let mut content = vec![0; rows.content];
    OsRng.fill_bytes(&mut content);
    // The same mixture as the connections make: senders in turn, each to one mailbox after another.
    let Rows {
        senders, mailboxes, ..
    } = rows;
    let mut ends = (0..).flat_map(|turn| {
        let lanes = senders.iter().enumerate();
        lanes.filter_map(move |(number, from)| {
            let to = mailboxes.get((number * 37 + turn) % mailboxes.len())?;
            Some((from, to))
        })
    });
    let begin = Instant::now();
    let mut inserted = 0;
    while begin.elapsed() < duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let transaction = database.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT)?;
            for (from, to) in ends.by_ref().take(batch) {
                insert.execute(params![
                    to.as_bytes(),
                    from.as_bytes(),
                    MessageKind::TEXT.0,
                    &content[..],
                    i64::try_from(now)?
                ])?;
                inserted += 1;
            }
        }
        transaction.commit()?;
    }
    Ok(number(inserted) / begin.elapsed().as_secs_f64())
}
