//! Storage: ordered keys, opaque values, atomic batches.
//!
//! The trait is small so that every platform can have it: [`MemoryStore`] for tests, IndexedDB in
//! the browser, SQLite natively. All of them pass [`conformance`]. What goes in is sealed by
//! [`SealedStore`] first, so a store never sees anything but keys and ciphertext.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod memory;
mod sealed;

pub use memory::MemoryStore;
pub use sealed::{SealedStore, StorageKey};

use core::future::Future;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Sets a key.
    Put(Vec<u8>, Vec<u8>),
    /// Removes a key; nothing happens if it is not there.
    Delete(Vec<u8>),
}

/// Changes that are made all or none, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// The changes.
    pub ops: Vec<Op>,
}

impl Batch {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Sets a key.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.ops.push(Op::Put(key.into(), value.into()));
    }

    /// Removes a key.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) {
        self.ops.push(Op::Delete(key.into()));
    }
}

/// From which end a scan begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Forward,
    /// Largest key first.
    Backward,
}

/// Why a store did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The platform's storage failed.
    #[error("the local store failed: {0}")]
    Backend(String),
    /// A value that was changed or was not written under this key.
    #[error("a record of the local store ({bytes} bytes) is damaged or under another key")]
    Damaged {
        /// Size of the sealed value.
        bytes: usize,
    },
    /// A record that this version cannot read.
    #[error("a record of the local store cannot be read: {0}")]
    Unreadable(String),
    /// Records are there, but the key slot that opens them is not.
    #[error("the local store is incomplete: its key is gone, its records are not")]
    Incomplete,
}

/// Ordered keys, opaque values, atomic batches.
///
/// Keys are at most 64 bytes and compare as bytes. A batch that was applied is durable: it
/// survives a crash of the process right after.
pub trait Store {
    /// The value under a key.
    ///
    /// # Errors
    /// [`StoreError::Backend`].
    fn get(&self, key: &[u8]) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>>;

    /// Entries with `from <= key < to`, at most `limit`, from the end that `direction` names.
    ///
    /// # Errors
    /// [`StoreError::Backend`].
    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreError>>;

    /// Makes all changes of the batch, or none.
    ///
    /// # Errors
    /// [`StoreError::Backend`]; nothing was changed then.
    fn apply(&mut self, batch: Batch) -> impl Future<Output = Result<(), StoreError>>;

    /// Removes everything, or nothing. What it held cannot be found on the disk any more, as far as
    /// the platform can do that.
    ///
    /// # Errors
    /// [`StoreError::Backend`]; nothing was removed then.
    fn clear(&mut self) -> impl Future<Output = Result<(), StoreError>>;
}
