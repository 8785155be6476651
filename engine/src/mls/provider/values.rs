//! Values in memory, cut into pieces, so that a change of a few bytes writes a few kilobytes.
//!
//! The secrets of a group of a hundred devices are one value of hundreds of kilobytes, of which
//! each message changes the end.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use crate::store::{Batch, StoreError};

/// Size of a piece in bytes.
const PIECE: usize = 4096;

/// Values by key, and which of their pieces changed.
#[derive(Default)]
pub(super) struct Values {
    /// Key and number of the piece, 2 bytes, big-endian.
    pieces: BTreeMap<Vec<u8>, Zeroizing<Vec<u8>>>,
    changed: BTreeSet<Vec<u8>>,
}

impl core::fmt::Debug for Values {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Values(..)")
    }
}

impl Values {
    /// Loads what a batch of [`take_changes`](Self::take_changes) stored.
    pub(super) fn restore(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.pieces.insert(key, Zeroizing::new(value));
    }

    /// Writes what changed since the last time.
    pub(super) fn take_changes(&mut self, batch: &mut Batch) {
        for key in core::mem::take(&mut self.changed) {
            match self.pieces.get(&key) {
                Some(value) => batch.put(key, value.as_slice()),
                None => batch.delete(key),
            }
        }
    }

    pub(super) fn has(&self, key: &[u8]) -> bool {
        self.pieces.contains_key(&piece(key, 0))
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut pieces = self.pieces.range(piece(key, 0)..=piece(key, u16::MAX));
        let mut value = pieces.next()?.1.clone();
        for (_, piece) in pieces {
            value.extend_from_slice(piece);
        }
        Some(value)
    }

    /// Sets a value; what is equal to before does not count as changed.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let mut count: u16 = 0;
        // An empty value is one empty piece.
        for bytes in value.chunks(PIECE).chain(value.is_empty().then_some(value)) {
            let key = piece(key, count);
            count = count
                .checked_add(1)
                .ok_or_else(|| StoreError::Unreadable(format!("{} bytes", value.len())))?;
            if self.pieces.get(&key).is_some_and(|old| **old == *bytes) {
                continue;
            }
            self.pieces
                .insert(key.clone(), Zeroizing::new(bytes.to_vec()));
            self.changed.insert(key);
        }
        self.remove_range(&piece(key, count), &piece(key, u16::MAX));
        Ok(())
    }

    pub(super) fn delete(&mut self, key: &[u8]) {
        self.remove_range(&piece(key, 0), &piece(key, u16::MAX));
    }

    /// Deletes all values whose keys begin so.
    pub(super) fn delete_all(&mut self, prefix: &[u8]) {
        let keys: Vec<_> = self
            .pieces
            .range(prefix.to_vec()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix))
            .cloned()
            .collect();
        for key in keys {
            self.pieces.remove(&key);
            self.changed.insert(key);
        }
    }

    /// The keys that begin so, without the numbers of their pieces.
    pub(super) fn keys(&self, prefix: &[u8]) -> BTreeSet<Vec<u8>> {
        self.pieces
            .range(prefix.to_vec()..)
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(prefix))
            .filter_map(|key| key.split_last_chunk::<2>())
            .map(|(key, _)| key.to_vec())
            .collect()
    }

    fn remove_range(&mut self, from: &[u8], to: &[u8]) {
        let keys: Vec<_> = self
            .pieces
            .range(from.to_vec()..=to.to_vec())
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.pieces.remove(&key);
            self.changed.insert(key);
        }
    }

    /// How much is held, in bytes of keys and values.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.pieces
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum()
    }
}

fn piece(key: &[u8], number: u16) -> Vec<u8> {
    [key, &number.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Op;

    fn changes(values: &mut Values) -> Vec<Op> {
        let mut batch = Batch::default();
        values.take_changes(&mut batch);
        batch.ops
    }

    #[test]
    fn equal_values_are_no_change() {
        let mut values = Values::default();
        values.put(b"a", b"one").unwrap();
        assert_eq!(changes(&mut values).len(), 1);
        values.put(b"a", b"one").unwrap();
        assert_eq!(changes(&mut values), []);
    }

    #[test]
    fn a_change_writes_its_piece_alone() {
        let mut values = Values::default();
        let mut value = vec![7; 10 * PIECE];
        values.put(b"a", &value).unwrap();
        assert_eq!(changes(&mut values).len(), 10);
        value[3 * PIECE] = 8;
        values.put(b"a", &value).unwrap();
        assert_eq!(
            changes(&mut values),
            [Op::Put(
                b"a\x00\x03".to_vec(),
                value[3 * PIECE..4 * PIECE].to_vec()
            )]
        );
        assert_eq!(*values.get(b"a").unwrap(), value);
    }

    #[test]
    fn what_was_stored_is_read_back_whole() {
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let mut values = Values::default();
            let value = vec![9; size];
            values.put(b"a", &vec![1; 5 * PIECE]).unwrap();
            values.put(b"a", &value).unwrap();
            let mut restored = Values::default();
            for op in changes(&mut values) {
                match op {
                    Op::Put(key, value) => restored.restore(key, value),
                    Op::Delete(key) => assert!(!restored.pieces.contains_key(&key)),
                }
            }
            assert_eq!(*restored.get(b"a").unwrap(), value, "{size}");
            values.delete(b"a");
            assert!(values.get(b"a").is_none());
            assert!(
                changes(&mut values)
                    .iter()
                    .all(|op| matches!(op, Op::Delete(_)))
            );
        }
    }

    #[test]
    fn keys_are_found_by_their_beginning() {
        let mut values = Values::default();
        for key in [&b"ab"[..], b"ac", b"b"] {
            values.put(key, &[1; 2 * PIECE]).unwrap();
        }
        let keys: Vec<_> = values.keys(b"a").into_iter().collect();
        assert_eq!(keys, [b"ab", b"ac"]);
        values.delete_all(b"a");
        assert!(values.keys(b"a").is_empty());
        assert!(values.get(b"b").is_some());
    }
}
