//! The embedded storage: one SQLite file, one thread that writes, a few that read.
//!
//! The writer commits whatever waits in one transaction (group commit) with `synchronous=FULL`,
//! and only then gives results. Readers see what was committed.

mod accounts;
mod apply;
mod delivery;
mod migrations;
mod reader;
mod statements;
mod work;
mod writer;

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use sotto_shared::ClientId;
use sotto_shared::classic::response::{ClientRecord, PublicKeyAnswer};

use super::account::GatewayIdentity;
use super::clock::Clock;
use super::delivery::MailboxBounds;
use super::directory::Directory;
use super::{MailboxSize, Pending, ReadError, Refusal, Storage, Totals, Waiting, Write, Written};
use crate::metrics::CommitMetrics;
use reader::{Query, Readers};
use work::Work;
use writer::{Order, Writer};

/// The database's file in the data folder.
pub const FILE: &str = "defensive.db";
/// The file whose lock keeps a second gateway from the same data folder.
pub const LOCK_FILE: &str = "gateway.lock";

/// Threads that read.
const READERS: usize = 2;
/// Pages in the write-ahead log at which the writer moves them into the database: 16 MiB.
const CHECKPOINT_PAGES: u32 = 4096;
/// How long a connection waits for another one's lock.
const BUSY: Duration = Duration::from_secs(5);
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
/// The write-ahead log's file is cut to this after it was larger.
const LOG_FILE_MAX: i64 = 64 << 20;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the lock file.
    #[error("cannot use the data folder {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another gateway is running on it.
    #[error("the data folder {path} is in use by another gateway")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The schema is of a later version.
    #[error("the database has schema {found}, this gateway knows up to {known}: use a newer one")]
    Newer {
        /// In the database.
        found: u32,
        /// Known here.
        known: u32,
    },
    /// The gateway's own identity in it cannot be read.
    #[error("the database's table `gateway` is damaged: restore it from a backup")]
    Identity,
    /// Anything else that SQLite says.
    #[error("cannot open the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// No thread could be started.
    #[error("cannot start a storage thread: {0}")]
    Thread(std::io::Error),
}

/// Bounds of the storage.
#[derive(Debug, Clone)]
pub struct Options {
    /// Registered clients in all, and accounts in all.
    pub clients: u64,
    /// What one mailbox may hold.
    pub mailbox: MailboxSize,
    /// Of the mailboxes of version 3.
    pub delivery: MailboxBounds,
    /// How long receipts, and ids of sends, are kept.
    pub receipts: Duration,
    /// How often times of last use are written.
    pub last_seen: Duration,
    /// Largest size of the database file in bytes; 0 for none.
    pub database_max: u64,
    /// Where the time is from.
    pub clock: Clock,
}

impl From<&crate::config::Limits> for Options {
    fn from(limits: &crate::config::Limits) -> Self {
        Self {
            clients: limits.clients,
            mailbox: MailboxSize {
                messages: limits.mailbox_messages,
                bytes: limits.mailbox_bytes,
            },
            delivery: MailboxBounds {
                entries: limits.delivery_entries,
                bytes: limits.delivery_bytes,
                expiry: limits.delivery_expiry,
            },
            receipts: limits.receipts,
            last_seen: limits.last_seen,
            database_max: limits.database_max,
            clock: Clock::default(),
        }
    }
}

/// SQLite in a data folder.
#[derive(Debug)]
pub struct SqliteStorage {
    directory: Arc<Directory>,
    writer: Mutex<mpsc::Sender<Order>>,
    readers: Readers,
    identity: GatewayIdentity,
    clock: Clock,
    handed: delivery::Handed,
}

impl SqliteStorage {
    /// Opens the database in `folder`, making both if they are missing.
    ///
    /// # Errors
    /// Any [`OpenError`].
    pub fn open(
        folder: &Path,
        options: Options,
        metrics: Arc<CommitMetrics>,
    ) -> Result<Self, OpenError> {
        let lock = lock(folder)?;
        let path = folder.join(FILE);
        make_private(folder).map_err(|source| OpenError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        let mut database = open_writer(&path, &options)?;
        migrations::migrate(&mut database)?;
        let identity = accounts::identity(&mut database)?;
        let clock = options.clock.clone();

        let directory = Arc::new(Directory::default());
        let files = writer::Files {
            database: path.clone(),
            lock,
        };
        let handed = delivery::Handed::default();
        let mailboxes = delivery::Mailboxes::new(handed.clone());
        let known = Arc::clone(&directory);
        let writer = Writer::new(database, files, options, known, metrics, mailboxes)?;
        let (sender, inbox) = mpsc::channel();
        std::thread::Builder::new()
            .name("storage-writer".to_owned())
            .spawn(move || writer.run(&inbox))
            .map_err(OpenError::Thread)?;
        Ok(Self {
            directory,
            writer: Mutex::new(sender),
            readers: Readers::start(&path, READERS)?,
            identity,
            clock,
            handed,
        })
    }

    fn order(&self, order: Order) {
        // A writer that is gone drops the order, and the waiting side learns it thereby.
        drop(
            self.writer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .send(order),
        );
    }

    /// Whether the asking client is known; if so it counts as used now.
    fn check_requester(&self, requester: ClientId) -> Result<(), ReadError> {
        let mailbox = self
            .directory
            .find(requester)
            .ok_or(ReadError::Refused(Refusal::UnknownRequester))?;
        mailbox.seen_at(self.clock.now());
        Ok(())
    }

    fn ask<T: Send + 'static>(
        &self,
        requester: ClientId,
        query: impl Query<T>,
    ) -> Pending<Result<T, ReadError>> {
        match self.check_requester(requester) {
            Ok(()) => self.readers.ask(query),
            Err(refused) => Pending::ready(Err(refused)),
        }
    }
}

impl Storage for SqliteStorage {
    fn write(&self, batch: Vec<Write>) -> Pending<Vec<Written>> {
        let (done, pending) = Pending::new();
        self.order(Order::Work(Work::Batch { batch, done }));
        pending
    }

    fn clients(&self, requester: ClientId) -> Pending<Result<Vec<ClientRecord>, ReadError>> {
        self.ask(requester, move |database| {
            reader::clients(database, requester)
        })
    }

    fn public_key(
        &self,
        requester: ClientId,
        wanted: ClientId,
    ) -> Pending<Result<PublicKeyAnswer, ReadError>> {
        self.ask(requester, move |database| {
            reader::public_key(database, wanted)
        })
    }

    fn waiting(&self, mailbox: ClientId, bytes_max: usize) -> Pending<Result<Waiting, ReadError>> {
        let empty = |size: MailboxSize| size == MailboxSize::default();
        if self.mailbox_size(mailbox).is_some_and(empty) {
            // Most pulls find nothing; they cost no query.
            return Pending::ready(self.check_requester(mailbox).map(|()| Waiting::default()));
        }
        self.ask(mailbox, move |database| {
            reader::waiting(database, mailbox, bytes_max)
        })
    }

    fn mailbox_size(&self, mailbox: ClientId) -> Option<MailboxSize> {
        self.directory.find(mailbox).map(|mailbox| mailbox.size())
    }

    fn client_count(&self) -> u64 {
        u64::try_from(self.directory.read().len()).unwrap_or(u64::MAX)
    }

    fn totals(&self) -> Totals {
        self.directory.totals()
    }

    fn ready(&self) -> Pending<bool> {
        self.readers.ask_ready()
    }

    fn close(&self) -> Pending<()> {
        let (done, pending) = Pending::new();
        self.order(Order::Close { done });
        pending
    }
}

fn lock(folder: &Path) -> Result<std::fs::File, OpenError> {
    let folder_error = |source| OpenError::Folder {
        path: folder.to_owned(),
        source,
    };
    make_private_folder(folder).map_err(folder_error)?;
    let file = std::fs::File::create(folder.join(LOCK_FILE)).map_err(folder_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: folder.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(folder_error(error)),
    }
}

/// Only the gateway's own user has business in the data folder.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The database holds the secrets of the gateway: its files are made for the gateway's own user
/// alone, and those that were made for more are tightened. SQLite gives a new write-ahead log the
/// permissions of the database.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(folder.join(FILE))?;
    #[cfg(unix)]
    for file in [
        FILE.to_owned(),
        format!("{FILE}-wal"),
        format!("{FILE}-shm"),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join(file);
        match std::fs::metadata(&path) {
            Ok(known) if known.permissions().mode() & 0o077 != 0 => {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens the connection that writes.
fn open_writer(path: &Path, options: &Options) -> Result<Connection, rusqlite::Error> {
    let database = Connection::open(path)?;
    database.busy_timeout(BUSY)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    database.pragma_update(None, "journal_size_limit", LOG_FILE_MAX)?;
    // What is deleted from a page that stays in use is overwritten, since that page is written
    // anyway. Where accounts are deleted, freed pages are overwritten as well.
    database.pragma_update(None, "secure_delete", "FAST")?;
    database.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    if options.database_max > 0 {
        let page: u64 = database.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = (options.database_max / page).max(1);
        // Tells the limit that holds, which is never below the present size.
        database.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    database.set_prepared_statement_cache_capacity(192);
    Ok(database)
}

/// Opens a connection that only reads.
fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(BUSY)?;
    database.set_prepared_statement_cache_capacity(64);
    Ok(database)
}
