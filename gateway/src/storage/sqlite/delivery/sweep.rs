//! What is past its time.

use rusqlite::{Connection, params};

use super::super::Options;
use super::statements;

/// Rows of each kind that go in one transaction.
const SWEEP_CHUNK: i64 = 500;

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Swept {
    /// Messages of which their mailboxes say now that they were missed.
    pub(in super::super) messages: u64,
    /// Whether there may be more of anything.
    pub(in super::super) anything: bool,
}

/// Lets some of what waited for too long expire: its entries stay where they are, say that it was
/// missed, and keep no content. Key packages that expired and ids of sends that are past their time
/// are deleted.
pub(in super::super) fn sweep(
    database: &mut Connection,
    options: &Options,
    now: i64,
) -> Result<Swept, rusqlite::Error> {
    let before = |kept: core::time::Duration| {
        now.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
    };
    let transaction = database.transaction()?;
    let old: Vec<i64> = {
        let mut statement = transaction.prepare_cached(statements::OLD_MESSAGES)?;
        let key = params![before(options.delivery.expiry), SWEEP_CHUNK];
        let rows = statement.query_map(key, |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    for message in &old {
        for sql in [statements::EXPIRE_MESSAGE, statements::DELETE_CONTENT] {
            transaction.prepare_cached(sql)?.execute([message])?;
        }
    }
    let packages = transaction
        .prepare_cached(statements::OLD_PACKAGES)?
        .execute(params![now / 1000, SWEEP_CHUNK])?;
    let until = before(options.receipts);
    let sent: Option<i64> = {
        let mut statement = transaction.prepare_cached(statements::OLDEST_SENT)?;
        let mut rows = statement.query([SWEEP_CHUNK])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(1)? > until {
                break;
            }
            last = Some(row.get(0)?);
        }
        last
    };
    if let Some(last) = sent {
        transaction
            .prepare_cached(statements::DELETE_SENT_UP_TO)?
            .execute([last])?;
    }
    transaction.commit()?;
    Ok(Swept {
        messages: u64::try_from(old.len()).unwrap_or(u64::MAX),
        anything: !old.is_empty() || packages > 0 || sent.is_some(),
    })
}
