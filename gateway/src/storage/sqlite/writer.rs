//! The thread that writes: group commit and housekeeping.

use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use rusqlite::{Connection, params};
use sotto_shared::ClientId;
use tokio::sync::oneshot;

use super::super::MailboxSize;
use super::super::directory::{Directory, Mailbox};
use super::apply::{Apply, Counts, Undo};
use super::delivery::{self, Mailboxes};
use super::work::{Answer, Work};
use super::{BUSY, OpenError, Options, accounts, open_writer, statements};
use crate::metrics::CommitMetrics;

/// Changes after which a transaction takes no further batch.
const GROUP_WRITES: usize = 2048;
/// Bytes of contents after which a transaction takes no further batch.
const GROUP_BYTES: usize = 4 << 20;
/// Mailbox entries made and deleted after which a transaction is committed, whatever else waits.
const GROUP_ENTRIES: usize = 16 * 1024;
/// Times of last use written in one transaction.
const SEEN_CHUNK: usize = 500;
/// Receipts pruned in one transaction.
const PRUNE_CHUNK: i64 = 500;
/// How often old receipts are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// What the writer is asked to do.
pub(super) enum Order {
    /// Apply a batch, or a change to accounts.
    Work(Work),
    /// Write what is in memory and end.
    Close { done: oneshot::Sender<()> },
}

/// What the writer has of the file system.
pub(super) struct Files {
    pub(super) database: PathBuf,
    /// Locked while the writer lives.
    pub(super) lock: std::fs::File,
}

pub(super) struct Writer {
    database: Connection,
    files: Files,
    options: Options,
    directory: Arc<Directory>,
    metrics: Arc<CommitMetrics>,
    counts: Counts,
    undo: Vec<Undo>,
    mailboxes: Mailboxes,
    /// The write-ahead log still holds what was deleted for good.
    wiped: bool,
    /// Times of last use being written, a chunk at a time.
    seen: Vec<(ClientId, i64)>,
    seen_due: Instant,
    prune_due: Instant,
}

impl Writer {
    pub(super) fn new(
        database: Connection,
        files: Files,
        options: Options,
        directory: Arc<Directory>,
        metrics: Arc<CommitMetrics>,
        mailboxes: Mailboxes,
    ) -> Result<Self, OpenError> {
        let now = Instant::now();
        let mut writer = Self {
            database,
            files,
            directory,
            metrics,
            counts: Counts::default(),
            undo: Vec::new(),
            mailboxes,
            wiped: false,
            seen: Vec::new(),
            seen_due: now + options.last_seen,
            prune_due: now,
            options,
        };
        writer.load_directory()?;
        Ok(writer)
    }

    fn load_directory(&mut self) -> Result<(), rusqlite::Error> {
        let clients = self
            .database
            .prepare(statements::ALL_CLIENTS)?
            .query_map([], |row| {
                let size = MailboxSize {
                    messages: row.get(1)?,
                    bytes: row.get(2)?,
                };
                let client = ClientId::from_bytes(row.get(0)?);
                Ok((client, Arc::new(Mailbox::with_size(size))))
            })?
            .collect::<Result<super::super::directory::Clients, _>>()?;
        self.counts = Counts {
            clients: u64::try_from(clients.len()).unwrap_or(u64::MAX),
            accounts: self
                .database
                .query_row(accounts::statements::COUNT_ACCOUNTS, [], |row| row.get(0))?,
        };
        self.directory.replace(clients);
        Ok(())
    }

    /// Works until told to close, or until nobody can give orders any more.
    pub(super) fn run(mut self, inbox: &Receiver<Order>) {
        loop {
            let next_due = self.seen_due.min(self.prune_due);
            let wait = next_due.saturating_duration_since(Instant::now());
            let closed = match inbox.recv_timeout(wait) {
                Ok(Order::Work(work)) => self.commit_group(work, inbox),
                Ok(Order::Close { done }) => Some(done),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    self.close();
                    return;
                }
            };
            if let Some(done) = closed {
                self.close();
                let _ = done.send(());
                return;
            }
            self.keep_house();
        }
    }

    /// Commits `first` and whatever else waits in one transaction. Gives back who asked to close,
    /// if that was met meanwhile.
    fn commit_group(
        &mut self,
        first: Work,
        inbox: &Receiver<Order>,
    ) -> Option<oneshot::Sender<()>> {
        let mut closed = None;
        let mut group = vec![first];
        let mut writes = 0;
        let mut bytes = 0;
        let mut sized = 0;
        loop {
            for work in group.iter().skip(sized) {
                writes += work.writes();
                bytes += work.content_len();
            }
            sized = group.len();
            if writes >= GROUP_WRITES || bytes >= GROUP_BYTES {
                break;
            }
            match inbox.try_recv() {
                Ok(Order::Work(work)) => group.push(work),
                Ok(Order::Close { done }) => {
                    closed = Some(done);
                    break;
                }
                Err(_) => break,
            }
        }

        while !group.is_empty() {
            group = self.commit_some(group);
        }
        closed
    }

    /// Commits the beginning of a group, and gives back what is left of it.
    fn commit_some(&mut self, mut group: Vec<Work>) -> Vec<Work> {
        let began = Instant::now();
        match self.transact(&group) {
            Ok(answers) => {
                let rest = group.split_off(answers.len().min(group.len()));
                let writes = group.iter().map(Work::writes).sum();
                self.metrics.committed(writes, began.elapsed());
                for (work, answer) in group.into_iter().zip(answers) {
                    work.answer(answer);
                }
                rest
            }
            Err(error) => {
                self.failed(&error);
                self.transact_one_by_one(group);
                Vec::new()
            }
        }
    }

    /// Applies a group that failed as a whole piece by piece, so that one which cannot be stored
    /// does not keep the others from it.
    fn transact_one_by_one(&mut self, group: Vec<Work>) {
        let mut answers = Vec::with_capacity(group.len());
        for work in group {
            let alone = [work];
            let answer = match self.transact(&alone) {
                Ok(mut answers) => answers.pop(),
                Err(error) => {
                    self.failed(&error);
                    None
                }
            };
            let [work] = alone;
            answers.push((answer.unwrap_or_else(|| work.failed()), work));
        }
        for (answer, work) in answers {
            work.answer(answer);
        }
    }

    /// One transaction of a whole group, or of the beginning of one that makes a great deal of
    /// entries. If it fails, everything is as before it, in memory too.
    fn transact(&mut self, group: &[Work]) -> Result<Vec<Answer>, rusqlite::Error> {
        let result = self.try_transact(group);
        if result.is_err() {
            self.roll_back();
        }
        self.undo.clear();
        self.mailboxes.settle();
        result
    }

    fn try_transact(&mut self, group: &[Work]) -> Result<Vec<Answer>, rusqlite::Error> {
        self.database
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])?;
        let mut apply = Apply {
            database: &self.database,
            directory: &self.directory,
            options: &self.options,
            counts: &mut self.counts,
            undo: &mut self.undo,
            wiped: &mut self.wiped,
            mailboxes: &mut self.mailboxes,
            entries: 0,
            now: self.options.clock.now(),
            millis: self.options.clock.now_millis(),
        };
        let mut answers = Vec::with_capacity(group.len());
        for work in group {
            answers.push(work.apply(&mut apply)?);
            if apply.entries >= GROUP_ENTRIES {
                break;
            }
        }
        self.database.prepare_cached("COMMIT")?.execute([])?;
        Ok(answers)
    }

    fn roll_back(&mut self) {
        for undo in self.undo.drain(..).rev() {
            undo.run(&self.directory, &mut self.counts);
        }
        self.mailboxes.forget_all();
        if !self.database.is_autocommit() && self.database.execute_batch("ROLLBACK").is_err() {
            self.reopen();
        }
    }

    /// A connection that cannot even roll back is replaced.
    fn reopen(&mut self) {
        match open_writer(&self.files.database, &self.options) {
            Ok(database) => {
                self.database = database;
                if let Err(error) = self.load_directory() {
                    tracing::error!(%error, "the storage's counters cannot be read again");
                }
            }
            Err(error) => tracing::error!(%error, "the database cannot be opened again"),
        }
    }

    fn failed(&self, error: &rusqlite::Error) {
        self.metrics.failed();
        tracing::error!(%error, "a transaction failed and was rolled back");
    }

    /// Writes some times of last use and prunes some receipts, when they are due.
    fn keep_house(&mut self) {
        if self.wiped {
            self.wiped = !self.empty_log().unwrap_or(false);
        }
        let instant = Instant::now();
        if instant >= self.seen_due {
            if self.seen.is_empty() {
                self.seen = self.directory.take_seen();
            }
            let rest = self.seen.split_off(self.seen.len().min(SEEN_CHUNK));
            let chunk = core::mem::replace(&mut self.seen, rest);
            if let Err(error) = self.write_seen(&chunk) {
                self.failed(&error);
            }
            self.seen_due = instant
                + if self.seen.is_empty() {
                    self.options.last_seen
                } else {
                    Duration::from_millis(100)
                };
        }
        if instant >= self.prune_due {
            if let Err(error) = accounts::prune(&self.database, self.options.clock.now()) {
                self.failed(&error);
            }
            let pruned = self.prune_receipts().unwrap_or_else(|error| {
                self.failed(&error);
                false
            });
            let swept = self.sweep().unwrap_or_else(|error| {
                self.failed(&error);
                false
            });
            self.prune_due = instant
                + if pruned || swept {
                    Duration::from_millis(100)
                } else {
                    PRUNE_EVERY
                };
        }
    }

    /// Moves the write-ahead log into the database and cuts it to nothing; not if that had to wait
    /// for a reader.
    fn empty_log(&self) -> Result<bool, rusqlite::Error> {
        self.database.busy_timeout(Duration::ZERO)?;
        let busy = self
            .database
            .query_row(CHECKPOINT, [], |row| row.get::<_, bool>(0));
        self.database.busy_timeout(BUSY)?;
        Ok(!busy?)
    }

    /// Writes what is in memory, moves the write-ahead log into the database, and lets both go.
    fn close(mut self) {
        self.write_all_seen();
        if let Err(error) = self.database.query_row(CHECKPOINT, [], |_| Ok(())) {
            self.failed(&error);
        }
        drop(self.database);
        drop(self.files.lock);
    }

    fn write_all_seen(&mut self) {
        let mut seen = core::mem::take(&mut self.seen);
        seen.extend(self.directory.take_seen());
        if let Err(error) = self.write_seen(&seen) {
            self.failed(&error);
        }
    }

    fn write_seen(&mut self, seen: &[(ClientId, i64)]) -> Result<(), rusqlite::Error> {
        if seen.is_empty() {
            return Ok(());
        }
        let transaction = self.database.transaction()?;
        {
            let mut update = transaction.prepare_cached(statements::UPDATE_SEEN)?;
            for (client, seconds) in seen {
                update.execute(params![client.as_bytes(), seconds])?;
            }
        }
        transaction.commit()
    }

    /// Deletes some of what is past its time in conversations; whether there was anything.
    fn sweep(&mut self) -> Result<bool, rusqlite::Error> {
        let now = self.options.clock.now_millis();
        let swept = delivery::sweep(&mut self.database, &self.options, now)?;
        if swept.messages > 0 {
            self.mailboxes.forget_all();
            self.metrics.expired.add(swept.messages);
        }
        Ok(swept.anything)
    }

    /// Deletes some receipts that are past their time; whether there were any.
    fn prune_receipts(&self) -> Result<bool, rusqlite::Error> {
        let kept = i64::try_from(self.options.receipts.as_secs()).unwrap_or(i64::MAX);
        let before = self.options.clock.now().saturating_sub(kept);
        let through = self
            .database
            .prepare_cached(statements::OLD_RECEIPTS)?
            .query_map(params![before, PRUNE_CHUNK], |row| row.get::<_, i64>(0))?
            .next()
            .transpose()?;
        let Some(through) = through else {
            return Ok(false);
        };
        self.database
            .prepare_cached(statements::DELETE_RECEIPTS)?
            .execute([through])?;
        Ok(true)
    }
}
