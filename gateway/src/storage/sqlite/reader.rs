//! The threads that read.

use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};
use sotto_shared::classic::response::{
    ClientRecord, PublicKeyAnswer, WAITING_PREFIX, WaitingMessage,
};
use sotto_shared::classic::{MessageKind, PublicKeyBytes};
use sotto_shared::{ClientId, UserName};

use super::super::{Pending, ReadError, Refusal, StoredId, Waiting};
use super::{OpenError, open_reader, statements};

/// A question to the database.
pub(super) trait Query<T>:
    FnOnce(&Connection) -> Result<T, QueryError> + Send + 'static
{
}

impl<T, F> Query<T> for F where F: FnOnce(&Connection) -> Result<T, QueryError> + Send + 'static {}

/// Why a question has no answer.
pub(super) enum QueryError {
    Refused(Refusal),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

type Task = Box<dyn FnOnce(&Connection) + Send>;

/// A pool of threads, each with a connection of its own.
#[derive(Debug)]
pub(super) struct Readers {
    tasks: Mutex<mpsc::Sender<Task>>,
}

impl Readers {
    pub(super) fn start(path: &Path, threads: usize) -> Result<Self, OpenError> {
        let (tasks, inbox) = mpsc::channel();
        let inbox = Arc::new(Mutex::new(inbox));
        for number in 0..threads {
            let database = open_reader(path)?;
            let inbox = Arc::clone(&inbox);
            std::thread::Builder::new()
                .name(format!("storage-reader-{number}"))
                .spawn(move || run(&database, &inbox))
                .map_err(OpenError::Thread)?;
        }
        Ok(Self {
            tasks: Mutex::new(tasks),
        })
    }

    pub(super) fn ask<T: Send + 'static>(
        &self,
        query: impl Query<T>,
    ) -> Pending<Result<T, ReadError>> {
        let (done, pending) = Pending::new();
        self.submit(Box::new(move |database| {
            let result = query(database).map_err(|error| match error {
                QueryError::Refused(refusal) => ReadError::Refused(refusal),
                QueryError::Sqlite(error) => {
                    tracing::error!(%error, "a query failed");
                    ReadError::Failed
                }
            });
            drop(done.send(result));
        }));
        pending
    }

    pub(super) fn ask_ready(&self) -> Pending<bool> {
        let (done, pending) = Pending::new();
        self.submit(Box::new(move |database| {
            let found: Result<i64, _> = database.query_row(statements::READY, [], |row| row.get(0));
            let _ = done.send(found.is_ok_and(|tables| tables == 1));
        }));
        pending
    }

    fn submit(&self, task: Task) {
        drop(
            self.tasks
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .send(task),
        );
    }
}

fn run(database: &Connection, inbox: &Mutex<Receiver<Task>>) {
    loop {
        let task = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match task {
            Ok(task) => task(database),
            Err(_) => return,
        }
    }
}

pub(super) fn clients(
    database: &Connection,
    requester: ClientId,
) -> Result<Vec<ClientRecord>, QueryError> {
    let mut statement = database.prepare_cached(statements::LIST_CLIENTS)?;
    let rows = statement.query_map([requester.as_bytes()], |row| {
        let name = row.get_ref(1)?.as_bytes()?;
        Ok(ClientRecord {
            client: ClientId::from_bytes(row.get(0)?),
            name: UserName::from_field_lossy(name),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn public_key(
    database: &Connection,
    wanted: ClientId,
) -> Result<PublicKeyAnswer, QueryError> {
    let key = database
        .prepare_cached(statements::FIND_KEY)?
        .query_row([wanted.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or(QueryError::Refused(Refusal::UnknownClient))?;
    Ok(PublicKeyAnswer {
        client: wanted,
        public_key: PublicKeyBytes(key),
    })
}

pub(super) fn waiting(
    database: &Connection,
    mailbox: ClientId,
    bytes_max: usize,
) -> Result<Waiting, QueryError> {
    let mut statement = database.prepare_cached(statements::WAITING)?;
    let mut rows = statement.query([mailbox.as_bytes()])?;
    let mut waiting = Waiting::default();
    let mut left = bytes_max;
    while let Some(row) = rows.next()? {
        let content = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
        let size = WAITING_PREFIX + content.len();
        if size > left && !waiting.messages.is_empty() {
            break;
        }
        left = left.saturating_sub(size);
        let stored = StoredId(row.get(0)?);
        waiting.through = Some(stored);
        waiting.messages.push(WaitingMessage {
            from: ClientId::from_bytes(row.get(1)?),
            message: stored.on_wire(),
            kind: MessageKind(row.get(2)?),
            content: Bytes::copy_from_slice(content),
        });
    }
    Ok(waiting)
}
