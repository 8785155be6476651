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

use super::Options;
use crate::report::number;

/// The gateway's database in its data folder.
pub(super) const DATABASE: &str = "defensive.db";

const INSERT: &str = "INSERT INTO messages (ToClient, FromClient, Type, Content, StoredAt) \
    VALUES (?1, ?2, ?3, ?4, ?5)";
/// As the gateway sets it, so that neither side checkpoints more often.
const CHECKPOINT_PAGES: u32 = 4096;
const CACHE_KIB: i64 = 16 * 1024;

/// Inserts a second into a copy of the database in `data`, made in `folder` and removed again.
pub(super) fn measure(
    data: &Path,
    folder: &Path,
    senders: &[ClientId],
    mailboxes: &[ClientId],
    options: &Options,
) -> Result<f64> {
    std::fs::create_dir(folder)?;
    let path = folder.join(DATABASE);
    std::fs::copy(data.join(DATABASE), &path)
        .with_context(|| format!("cannot copy the database out of {}", data.display()))?;
    let rate = insert(&path, senders, mailboxes, options, options.duration() / 2);
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

fn insert(
    path: &Path,
    senders: &[ClientId],
    mailboxes: &[ClientId],
    options: &Options,
    duration: Duration,
) -> Result<f64> {
    let mut database = open(path)?;
    database.execute("DELETE FROM messages", [])?;
    let mut content = vec![0; usize::try_from(options.content)?];
    OsRng.fill_bytes(&mut content);
    // The same mixture as the connections make: senders in turn, each to one mailbox after another.
    let mut ends = (0..).flat_map(|turn| {
        senders
            .iter()
            .enumerate()
            .filter_map(move |(number, from)| {
                let to = mailboxes.get((number * 37 + turn) % mailboxes.len())?;
                Some((from, to))
            })
    });
    let begin = Instant::now();
    let mut rows = 0;
    while begin.elapsed() < duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let transaction = database.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT)?;
            for (from, to) in ends.by_ref().take(usize::try_from(options.raw_batch)?) {
                insert.execute(params![
                    to.as_bytes(),
                    from.as_bytes(),
                    MessageKind::TEXT.0,
                    &content[..],
                    i64::try_from(now)?
                ])?;
                rows += 1;
            }
        }
        transaction.commit()?;
    }
    Ok(number(rows) / begin.elapsed().as_secs_f64())
}
