//! A store in memory, for tests.

use std::collections::BTreeMap;

use super::{Batch, Direction, Entry, Op, Store, StoreError};

/// A store in memory. Cloning it is a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStore {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl MemoryStore {
    /// How many keys are set.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no key is set.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries.get(key).cloned())
    }

    async fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let range = self.entries.range(from.to_vec()..to.to_vec());
        let owned = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(match direction {
            Direction::Forward => range.map(owned).take(limit).collect(),
            Direction::Backward => range.rev().map(owned).take(limit).collect(),
        })
    }

    async fn apply(&mut self, batch: Batch) -> Result<(), StoreError> {
        for op in batch.ops {
            match op {
                Op::Put(key, value) => {
                    self.entries.insert(key, value);
                }
                Op::Delete(key) => {
                    self.entries.remove(&key);
                }
            }
        }
        Ok(())
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.entries.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_store_conforms() {
        crate::block_on(super::super::conformance::run(async || {
            MemoryStore::default()
        }));
    }
}
