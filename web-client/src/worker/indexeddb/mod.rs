//! The engine's store on IndexedDB: one database, one object store, binary keys.
//!
//! IndexedDB compares binary keys byte by byte, so the order is that of [`Store`]. Values are
//! `Uint8Array`s. A batch is one transaction with strict durability: it is reported as done only
//! after the browser flushed it to disk.

mod error;
mod migrations;
mod open;
mod request;

use core::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use sotto_engine::store::{Batch, Direction, Entry, Op, Store, StoreError};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    IdbCursor, IdbCursorDirection, IdbDatabase, IdbKeyRange, IdbObjectStore, IdbTransaction,
};

use self::error::backend;
use self::request::{committed, result};
use super::js;

pub use self::open::OpenError;

/// Name of the database that holds everything Sotto keeps in this browser.
pub const DATABASE: &str = "sotto";

/// The one object store.
const RECORDS: &str = "records";

/// Why the browser or another tab closed the connection to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The browser closed it: site data was cleared, or the disk failed.
    ByBrowser,
    /// Somebody wants to change or delete the database.
    ForChange,
}

/// The engine's store on IndexedDB.
#[derive(Debug)]
pub struct IndexedDbStore {
    database: IdbDatabase,
    closed: Rc<Cell<Option<Closed>>>,
    _handlers: [Closure<dyn FnMut(JsValue)>; 2],
}

impl IndexedDbStore {
    /// Opens the database `name`, and makes or migrates it where needed. `on_closed` is called
    /// when the connection is closed by anybody else; the store answers with errors from then on.
    ///
    /// # Errors
    /// [`OpenError`] says in a sentence what the user can do.
    pub async fn open(name: &str, on_closed: impl Fn(Closed) + 'static) -> Result<Self, OpenError> {
        let database = open::open(name).await?;
        let closed = Rc::new(Cell::new(None));
        let on_closed = Rc::new(on_closed);
        let handler = |why: Closed| {
            let (database, closed, on_closed) =
                (database.clone(), Rc::clone(&closed), Rc::clone(&on_closed));
            Closure::<dyn FnMut(JsValue)>::new(move |_event| {
                database.close();
                closed.set(Some(why));
                on_closed(why);
            })
        };
        let handlers = [handler(Closed::ByBrowser), handler(Closed::ForChange)];
        let [by_browser, for_change] = &handlers;
        database.set_onclose(Some(by_browser.as_ref().unchecked_ref()));
        database.set_onversionchange(Some(for_change.as_ref().unchecked_ref()));
        Ok(Self {
            database,
            closed,
            _handlers: handlers,
        })
    }

    fn reading(&self) -> Result<IdbObjectStore, StoreError> {
        self.refuse_closed()?;
        self.database
            .transaction_with_str(RECORDS)
            .and_then(|transaction| transaction.object_store(RECORDS))
            .map_err(|error| backend(&error))
    }

    /// A read-write transaction that is done when it is on disk. Called by name because web-sys
    /// has the `durability` option only in its unstable part.
    fn writing(&self) -> Result<IdbTransaction, StoreError> {
        self.refuse_closed()?;
        let options = Object::new();
        Reflect::set(&options, &"durability".into(), &"strict".into())
            .and_then(|_| Reflect::get(&self.database, &"transaction".into()))
            .and_then(JsCast::dyn_into::<Function>)
            .and_then(|open| {
                open.call3(
                    &self.database,
                    &RECORDS.into(),
                    &"readwrite".into(),
                    &options,
                )
            })
            .and_then(JsCast::dyn_into)
            .map_err(|error| backend(&error))
    }

    fn refuse_closed(&self) -> Result<(), StoreError> {
        match self.closed.get() {
            None => Ok(()),
            Some(Closed::ByBrowser) => Err(StoreError::Backend(
                "the browser closed it (was the site's data cleared?)".to_owned(),
            )),
            Some(Closed::ForChange) => Err(StoreError::Backend(
                "another tab is changing or deleting it".to_owned(),
            )),
        }
    }
}

impl Drop for IndexedDbStore {
    fn drop(&mut self) {
        self.database.set_onclose(None);
        self.database.set_onversionchange(None);
        self.database.close();
    }
}

impl Store for IndexedDbStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let request = self
            .reading()?
            .get(&binary(key))
            .map_err(|error| backend(&error))?;
        let value = result(&request).await?;
        if value.is_undefined() {
            Ok(None)
        } else {
            bytes(value).map(Some)
        }
    }

    async fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        // IndexedDB takes an empty range for an error, and a limit of 0 for none.
        if from >= to || limit == 0 {
            return Ok(Vec::new());
        }
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let records = self.reading()?;
        let range = half_open(&binary(from), &binary(to))?;
        match direction {
            Direction::Forward => entries(&records, &range, limit).await,
            Direction::Backward => {
                // One request for all values is many times faster than a cursor that stops at
                // each. So the cursor only finds where the last `limit` entries begin.
                let lowest = nth_last_key(&records, &range, limit).await?;
                let range = match lowest {
                    Some(lowest) => half_open(&lowest, &binary(to))?,
                    None => range,
                };
                let mut entries = entries(&records, &range, limit).await?;
                entries.reverse();
                Ok(entries)
            }
        }
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let transaction = self.writing()?;
        finished(&transaction, issue(&transaction, &batch)).await
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        let transaction = self.writing()?;
        finished(&transaction, issue_clear(&transaction)).await
    }
}

/// Waits until what was issued is on disk, or takes all of it back.
async fn finished(
    transaction: &IdbTransaction,
    issued: Result<(), JsValue>,
) -> Result<(), StoreError> {
    match issued {
        Ok(()) => committed(transaction).await,
        Err(error) => {
            // Fails only when the browser has aborted it already.
            let _ = transaction.abort();
            Err(backend(&error))
        }
    }
}

fn issue_clear(transaction: &IdbTransaction) -> Result<(), JsValue> {
    transaction.object_store(RECORDS)?.clear().map(drop)
}

fn issue(transaction: &IdbTransaction, batch: &Batch) -> Result<(), JsValue> {
    let records = transaction.object_store(RECORDS)?;
    for op in &batch.ops {
        match op {
            Op::Put(key, value) => records.put_with_key(&binary(value), &binary(key))?,
            Op::Delete(key) => records.delete(&binary(key))?,
        };
    }
    // It begins to commit by itself, having nothing more to do once this task is over.
    Ok(())
}

/// The first `limit` entries of the range.
async fn entries(
    records: &IdbObjectStore,
    range: &IdbKeyRange,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let keys = records
        .get_all_keys_with_key_and_limit(range, limit)
        .map_err(|error| backend(&error))?;
    let values = records
        .get_all_with_key_and_limit(range, limit)
        .map_err(|error| backend(&error))?;
    // Requests of one transaction are answered in order; the second answer follows the first.
    let keys: Array = result(&keys).await?.unchecked_into();
    let values: Array = result(&values).await?.unchecked_into();
    keys.iter()
        .zip(values.iter())
        .map(|(key, value)| Ok((bytes(key)?, bytes(value)?)))
        .collect()
}

/// Key of the entry that is `n`-th from the end of the range; nothing if there are fewer.
async fn nth_last_key(
    records: &IdbObjectStore,
    range: &IdbKeyRange,
    n: u32,
) -> Result<Option<JsValue>, StoreError> {
    let request = records
        .open_key_cursor_with_range_and_direction(range, IdbCursorDirection::Prev)
        .map_err(|error| backend(&error))?;
    let mut cursor = result(&request).await?;
    if n > 1 && cursor.is_object() {
        let at: &IdbCursor = cursor.unchecked_ref();
        at.advance(n - 1).map_err(|error| backend(&error))?;
        cursor = result(&request).await?;
    }
    if !cursor.is_object() {
        return Ok(None);
    }
    Ok(Some(js::property(&cursor, "key")))
}

fn half_open(from: &JsValue, to: &JsValue) -> Result<IdbKeyRange, StoreError> {
    IdbKeyRange::bound_with_lower_open_and_upper_open(from, to, false, true)
        .map_err(|error| backend(&error))
}

fn binary(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// Bytes of a key (which comes back as `ArrayBuffer`) or a value (`Uint8Array`, as it was put).
fn bytes(value: JsValue) -> Result<Vec<u8>, StoreError> {
    if value.is_instance_of::<Uint8Array>() || value.is_instance_of::<js_sys::ArrayBuffer>() {
        Ok(Uint8Array::new(&value).to_vec())
    } else {
        Err(StoreError::Unreadable(
            "a record that is not binary".to_owned(),
        ))
    }
}
