//! The thread that writes: group commit and housekeeping.

use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use rusqlite::{Connection, params};
use sotto_shared::ClientId;
use tokio::sync::oneshot;

use super::super::directory::{Directory, Mailbox};
use super::super::{MailboxSize, Write, Written};
use super::apply::{Apply, Undo};
use super::{OpenError, Options, now, open_writer, statements};
use crate::metrics::CommitMetrics;

/// Changes after which a transaction takes no further batch.
const GROUP_WRITES: usize = 2048;
/// Bytes of contents after which a transaction takes no further batch.
const GROUP_BYTES: usize = 4 << 20;
/// Times of last use written in one transaction.
const SEEN_CHUNK: usize = 500;
/// Receipts pruned in one transaction.
const PRUNE_CHUNK: i64 = 500;
/// How often old receipts are looked for.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// What the writer is asked to do.
pub(super) enum Order {
    /// Apply a batch.
    Write {
        batch: Vec<Write>,
        done: oneshot::Sender<Vec<Written>>,
    },
    /// Write what is in memory and end.
    Close { done: oneshot::Sender<()> },
}

type Batch = (Vec<Write>, oneshot::Sender<Vec<Written>>);
type Answer = (oneshot::Sender<Vec<Written>>, Vec<Written>);

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
    clients: u64,
    undo: Vec<Undo>,
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
    ) -> Result<Self, OpenError> {
        let now = Instant::now();
        let mut writer = Self {
            database,
            files,
            directory,
            metrics,
            clients: 0,
            undo: Vec::new(),
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
        self.clients = u64::try_from(clients.len()).unwrap_or(u64::MAX);
        self.directory.replace(clients);
        Ok(())
    }

    /// Works until told to close, or until nobody can give orders any more.
    pub(super) fn run(mut self, inbox: &Receiver<Order>) {
        loop {
            let next_due = self.seen_due.min(self.prune_due);
            let wait = next_due.saturating_duration_since(Instant::now());
            let closed = match inbox.recv_timeout(wait) {
                Ok(Order::Write { batch, done }) => self.commit_group((batch, done), inbox),
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
        first: Batch,
        inbox: &Receiver<Order>,
    ) -> Option<oneshot::Sender<()>> {
        let mut closed = None;
        let mut group = vec![first];
        let mut writes = 0;
        let mut bytes = 0;
        let mut sized = 0;
        loop {
            for (batch, _) in group.iter().skip(sized) {
                writes += batch.len();
                bytes += batch.iter().map(content_len).sum::<usize>();
            }
            sized = group.len();
            if writes >= GROUP_WRITES || bytes >= GROUP_BYTES {
                break;
            }
            match inbox.try_recv() {
                Ok(Order::Write { batch, done }) => group.push((batch, done)),
                Ok(Order::Close { done }) => {
                    closed = Some(done);
                    break;
                }
                Err(_) => break,
            }
        }

        let began = Instant::now();
        match self.transact(&group) {
            Ok(answers) => {
                self.metrics.committed(writes, began.elapsed());
                for ((_, done), written) in group.into_iter().zip(answers) {
                    drop(done.send(written));
                }
            }
            Err(error) => {
                self.failed(&error);
                for (done, written) in self.transact_one_by_one(group) {
                    drop(done.send(written));
                }
            }
        }
        closed
    }

    /// Applies a group that failed as a whole batch by batch, so that one which cannot be stored
    /// does not keep the others from it.
    fn transact_one_by_one(&mut self, group: Vec<Batch>) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(group.len());
        for batch in group {
            let alone = [batch];
            let written = match self.transact(&alone) {
                Ok(mut written) => written.pop(),
                Err(error) => {
                    self.failed(&error);
                    None
                }
            };
            let [(batch, done)] = alone;
            answers.push((
                done,
                written.unwrap_or_else(|| vec![Written::Failed; batch.len()]),
            ));
        }
        answers
    }

    /// One transaction. If it fails, everything is as before it, in memory too.
    fn transact(&mut self, group: &[Batch]) -> Result<Vec<Vec<Written>>, rusqlite::Error> {
        let result = self.try_transact(group);
        if result.is_err() {
            self.roll_back();
        }
        self.undo.clear();
        result
    }

    fn try_transact(&mut self, group: &[Batch]) -> Result<Vec<Vec<Written>>, rusqlite::Error> {
        self.database
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])?;
        let mut apply = Apply {
            database: &self.database,
            directory: &self.directory,
            options: &self.options,
            clients: &mut self.clients,
            undo: &mut self.undo,
            now: now(),
        };
        let mut answers = Vec::with_capacity(group.len());
        for (batch, _) in group {
            let written: Result<Vec<_>, _> = batch.iter().map(|write| apply.apply(write)).collect();
            answers.push(written?);
        }
        self.database.prepare_cached("COMMIT")?.execute([])?;
        Ok(answers)
    }

    fn roll_back(&mut self) {
        for undo in self.undo.drain(..).rev() {
            if matches!(undo, Undo::Registered(_)) {
                self.clients -= 1;
            }
            undo.run(&self.directory);
        }
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
            let pruned = self.prune_receipts().unwrap_or_else(|error| {
                self.failed(&error);
                false
            });
            self.prune_due = instant
                + if pruned {
                    Duration::from_millis(100)
                } else {
                    PRUNE_EVERY
                };
        }
    }

    /// Writes what is in memory, moves the write-ahead log into the database, and lets both go.
    fn close(mut self) {
        self.write_all_seen();
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = self.database.query_row(checkpoint, [], |_| Ok(())) {
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

    /// Deletes some receipts that are past their time; whether there were any.
    fn prune_receipts(&self) -> Result<bool, rusqlite::Error> {
        let kept = i64::try_from(self.options.receipts.as_secs()).unwrap_or(i64::MAX);
        let before = now().saturating_sub(kept);
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

fn content_len(write: &Write) -> usize {
    match write {
        Write::Send { message, .. } => message.content.len(),
        _ => 0,
    }
}
