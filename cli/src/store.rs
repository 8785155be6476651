//! The engine's storage in one SQLite file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use sotto_engine::store::{Batch, Direction, Entry, Op, Store, StoreError};

/// Name of the file in the profile folder.
pub(crate) const FILE_NAME: &str = "sotto.db";

/// How long a second process waits for the first one to finish with the profile.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Marks the file as a profile of ours ("Sott").
const APPLICATION_ID: i32 = 0x536f_7474;

/// The format that this version writes, kept as SQLite's `user_version`.
const FORMAT: i32 = 1;

/// Step `n` brings the file from version `n` to `n + 1`. A step is never changed once released.
const MIGRATIONS: [&str; FORMAT as usize] = ["
    CREATE TABLE entries (
        key BLOB NOT NULL PRIMARY KEY,
        value BLOB NOT NULL
    ) STRICT;
"];

/// Why a profile's store could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Another process has it.
    #[error("the profile {} is in use by another sotto", .0.display())]
    InUse(PathBuf),
    /// It was written by a later version.
    #[error("{} has format {found}, this sotto knows formats up to {known}", path.display())]
    Newer {
        path: PathBuf,
        found: i32,
        known: i32,
    },
    /// Some other database.
    #[error("{} is not a Sotto profile", .0.display())]
    Foreign(PathBuf),
    /// The folder or file could not be made.
    #[error("cannot use the folder {}: {error}", path.display())]
    Folder { path: PathBuf, error: io::Error },
    /// SQLite failed.
    #[error("cannot open {}: {error}", path.display())]
    Sqlite {
        path: PathBuf,
        error: rusqlite::Error,
    },
}

/// Ordered keys and opaque values in one table; a batch is a transaction, synced to disk.
///
/// The file stays locked as long as the store is open, so that two processes cannot work on one
/// profile.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    connection: Connection,
}

impl SqliteStore {
    /// Opens the store in this folder, making both if they are not there, and waits at most
    /// `patience` while another process has it.
    pub(crate) fn open(folder: &Path, patience: Duration) -> Result<Self, OpenError> {
        private_folder(folder).map_err(|error| OpenError::Folder {
            path: folder.to_owned(),
            error,
        })?;
        let path = folder.join(FILE_NAME);
        private_file(&path).map_err(|error| OpenError::Folder {
            path: path.clone(),
            error,
        })?;
        Self::open_file(&path, patience).map_err(|error| match error {
            Opening::Sqlite(error) if is_busy(&error) => OpenError::InUse(folder.to_owned()),
            Opening::Sqlite(error)
                if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) =>
            {
                OpenError::Foreign(path)
            }
            Opening::Sqlite(error) => OpenError::Sqlite { path, error },
            Opening::Foreign => OpenError::Foreign(path),
            Opening::Newer(found) => OpenError::Newer {
                path,
                found,
                known: FORMAT,
            },
        })
    }

    fn open_file(path: &Path, patience: Duration) -> Result<Self, Opening> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(patience)?;
        // Exclusive locking comes before the first access: then WAL needs no shared memory file,
        // and the lock taken by the first transaction is kept.
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;",
        )?;
        migrate(&mut connection)?;
        Ok(Self { connection })
    }
}

/// As [`OpenError`], before the path is known.
enum Opening {
    Sqlite(rusqlite::Error),
    Foreign,
    Newer(i32),
}

impl From<rusqlite::Error> for Opening {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn migrate(connection: &mut Connection) -> Result<(), Opening> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        return Err(Opening::Foreign);
    }
    let done = usize::try_from(version).map_err(|_| Opening::Foreign)?;
    let steps = MIGRATIONS.get(done..).ok_or(Opening::Newer(version))?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(())
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Makes a folder that only its owner may enter; an existing one is left as it is.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes an empty file that only its owner may read, or narrows an existing one to that. SQLite
/// gives its companion files the same mode.
fn private_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(0o600);
        let file = options.open(path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))
    }
    #[cfg(not(unix))]
    options.open(path).map(drop)
}

fn backend(error: rusqlite::Error) -> StoreError {
    StoreError::Backend(error.to_string())
}

impl Store for SqliteStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection
            .prepare_cached("SELECT value FROM entries WHERE key = ?1")
            .and_then(|mut select| select.query_row([key], |row| row.get(0)).optional())
            .map_err(backend)
    }

    async fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let sql = match direction {
            Direction::Forward => {
                "SELECT key, value FROM entries WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3"
            }
            Direction::Backward => {
                "SELECT key, value FROM entries WHERE key >= ?1 AND key < ?2
                 ORDER BY key DESC LIMIT ?3"
            }
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached(sql)
            .and_then(|mut select| {
                select
                    .query_map(params![from, to, limit], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })?
                    .collect()
            })
            .map_err(backend)
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        apply(&mut self.connection, batch).map_err(backend)
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        // What was deleted is overwritten, in the file as in the log before it.
        self.connection
            .execute_batch(
                "PRAGMA secure_delete = ON;
                 DELETE FROM entries;",
            )
            .map_err(backend)?;
        // It is gone now, and stays so: the next checkpoint would empty the log, too.
        let _ = self
            .connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
        Ok(())
    }
}

fn apply(connection: &mut Connection, batch: Batch) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut put = transaction.prepare_cached(
            "INSERT INTO entries (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?;
        let mut delete = transaction.prepare_cached("DELETE FROM entries WHERE key = ?1")?;
        for op in batch.ops {
            match op {
                Op::Put(key, value) => put.execute(params![key, value])?,
                Op::Delete(key) => delete.execute([key])?,
            };
        }
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(folder, Duration::ZERO)
    }

    #[test]
    fn sqlite_store_conforms() {
        let folder = tempfile::tempdir().unwrap();
        let mut n = 0;
        block_on(sotto_engine::store::conformance::run(async || {
            n += 1;
            open(&folder.path().join(n.to_string())).unwrap()
        }));
    }

    #[test]
    fn applied_batches_are_there_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path()).unwrap();
        let mut batch = Batch::default();
        batch.put(*b"key", *b"value");
        block_on(store.apply(batch)).unwrap();
        drop(store);
        let store = open(folder.path()).unwrap();
        assert_eq!(block_on(store.get(b"key")), Ok(Some(b"value".to_vec())));
    }

    #[test]
    fn an_open_profile_is_refused_to_others_until_it_closes() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path()).unwrap();
        assert!(matches!(open(folder.path()), Err(OpenError::InUse(_))));
        drop(first);
        assert!(open(folder.path()).is_ok());
    }

    #[test]
    fn later_formats_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        let path = folder.path().join(FILE_NAME);
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(matches!(
            open(folder.path()),
            Err(OpenError::Newer { found: 99, .. })
        ));

        fs::write(&path, "this is no database, whatever its name may say").unwrap();
        assert!(matches!(open(folder.path()), Err(OpenError::Foreign(_))));

        let other = tempfile::tempdir().unwrap();
        let connection = Connection::open(other.path().join(FILE_NAME)).unwrap();
        connection.execute_batch("CREATE TABLE t (x)").unwrap();
        drop(connection);
        assert!(matches!(open(other.path()), Err(OpenError::Foreign(_))));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_a_profile() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a").join("b");
        let mut store = open(&folder).unwrap();
        let mut batch = Batch::default();
        batch.put(*b"key", *b"value");
        block_on(store.apply(batch)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in fs::read_dir(&folder).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }
}
