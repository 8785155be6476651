//! Encryption at rest: every value is sealed under the storage key before it reaches the store.

use core::fmt;

use chacha20poly1305::aead::{AeadInPlace, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Batch, Direction, Entry, Op, Store, StoreError};

/// Size of the storage key.
pub(crate) const KEY: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;

/// The random key under which a store is sealed. Zeroized when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct StorageKey([u8; KEY]);

impl StorageKey {
    /// A new key.
    pub(crate) fn generate(rng: &mut ChaCha20Rng) -> Self {
        let mut key = Self([0; KEY]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// A key that was unwrapped, or handed over by another tab of this origin.
    pub const fn from_bytes(bytes: [u8; KEY]) -> Self {
        Self(bytes)
    }

    /// The raw key: to be wrapped, or handed over to another tab of this origin, in memory only.
    pub const fn expose(&self) -> &[u8; KEY] {
        &self.0
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageKey(..)")
    }
}

/// A store whose values are sealed by XChaCha20-Poly1305: nonce 24, ciphertext, tag 16. The key of
/// the record is authenticated with it, so a value cannot be moved to another key. Record keys
/// themselves are in the clear: they hold ids and positions.
#[derive(Debug)]
pub struct SealedStore<S> {
    store: S,
    key: StorageKey,
    rng: ChaCha20Rng,
}

impl<S: Store> SealedStore<S> {
    /// Wraps a store; `rng` makes the nonces.
    pub(crate) fn new(store: S, key: StorageKey, rng: ChaCha20Rng) -> Self {
        Self { store, key, rng }
    }

    /// The key under which values are sealed.
    pub(crate) fn key(&self) -> &StorageKey {
        &self.key
    }

    /// The store below, for what is not sealed (the key slot).
    pub(crate) fn inner_mut(&mut self) -> &mut S {
        &mut self.store
    }

    /// What is on the disk.
    #[cfg(test)]
    pub(crate) fn snapshot(&self) -> S
    where
        S: Clone,
    {
        self.store.clone()
    }

    /// The store below, without the key.
    pub(crate) fn into_inner(self) -> S {
        self.store
    }

    /// As [`Store::get`].
    pub(crate) async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.store.get(key).await? {
            Some(value) => self.open(key, value).map(Some),
            None => Ok(None),
        }
    }

    /// As [`Store::scan`].
    pub(crate) async fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let sealed = self.store.scan(from, to, direction, limit).await?;
        sealed
            .into_iter()
            .map(|(key, value)| {
                let value = self.open(&key, value)?;
                Ok((key, value))
            })
            .collect()
    }

    /// All entries with `from <= key < to`, but for the key slot, which is not sealed.
    pub(crate) async fn scan_all(&self, from: &[u8], to: &[u8]) -> Result<Vec<Entry>, StoreError> {
        let slot = crate::record::SLOT;
        let after = [slot, &[0]].concat();
        let mut entries = self
            .scan(from, to.min(slot), Direction::Forward, usize::MAX)
            .await?;
        entries.extend(
            self.scan(from.max(&after), to, Direction::Forward, usize::MAX)
                .await?,
        );
        Ok(entries)
    }

    /// As [`Store::apply`].
    pub(crate) async fn apply(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        self.seal_batch(&mut batch)?;
        self.store.apply(batch).await
    }

    /// As [`Store::apply`], with a new key slot, which is not sealed, in the same batch.
    pub(crate) async fn apply_with_slot(
        &mut self,
        mut batch: Batch,
        slot: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.seal_batch(&mut batch)?;
        batch.put(crate::record::SLOT, slot);
        self.store.apply(batch).await
    }

    fn seal_batch(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        for op in &mut batch.ops {
            if let Op::Put(key, value) = op {
                let sealed = self.seal(key, value)?;
                value.zeroize();
                *value = sealed;
            }
        }
        Ok(())
    }

    fn seal(&mut self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        self.rng.fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(NONCE + value.len() + TAG);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(value);
        let body = sealed.get_mut(NONCE..).unwrap_or_default();
        let tag = self
            .cipher()
            .encrypt_in_place_detached(XNonce::from_slice(&nonce), key, body)
            .map_err(|_| StoreError::Backend("a value is too large to be sealed".to_owned()))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    fn open(&self, key: &[u8], mut sealed: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let damaged = StoreError::Damaged {
            bytes: sealed.len(),
        };
        let Some(body_end) = sealed.len().checked_sub(TAG).filter(|end| *end >= NONCE) else {
            return Err(damaged);
        };
        let tag = sealed.split_off(body_end);
        let Some((nonce, body)) = sealed.split_at_mut_checked(NONCE) else {
            return Err(damaged);
        };
        self.cipher()
            .decrypt_in_place_detached(XNonce::from_slice(nonce), key, body, Tag::from_slice(&tag))
            .map_err(|_| damaged)?;
        sealed.drain(..NONCE);
        Ok(sealed)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.expose().into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryStore;
    use super::*;
    use rand_core::SeedableRng;

    fn sealed(store: MemoryStore, key: u8) -> SealedStore<MemoryStore> {
        let rng = ChaCha20Rng::seed_from_u64(1);
        SealedStore::new(store, StorageKey::from_bytes([key; KEY]), rng)
    }

    fn with_secret() -> SealedStore<MemoryStore> {
        let mut store = sealed(MemoryStore::default(), 1);
        let mut batch = Batch::default();
        batch.put(*b"a", *b"attack at dawn");
        crate::block_on(store.apply(batch)).unwrap();
        store
    }

    #[test]
    fn values_come_back_and_are_not_in_the_clear() {
        let store = with_secret();
        assert_eq!(
            crate::block_on(store.get(b"a")),
            Ok(Some(b"attack at dawn".to_vec()))
        );
        let raw = crate::block_on(store.into_inner().get(b"a"))
            .unwrap()
            .unwrap();
        assert!(!raw.windows(6).any(|window| window == b"attack"));
    }

    #[test]
    fn another_key_a_moved_or_a_changed_value_is_damaged() {
        let inner = with_secret().into_inner();
        let raw = crate::block_on(inner.get(b"a")).unwrap().unwrap();
        let damaged = Err(StoreError::Damaged { bytes: raw.len() });
        assert_eq!(crate::block_on(sealed(inner.clone(), 2).get(b"a")), damaged);

        let mut moved = inner.clone();
        let mut batch = Batch::default();
        batch.put(*b"b", raw.clone());
        crate::block_on(moved.apply(batch)).unwrap();
        assert_eq!(crate::block_on(sealed(moved, 1).get(b"b")), damaged);

        for at in 0..raw.len() {
            let mut changed = raw.clone();
            changed[at] ^= 1;
            let mut store = inner.clone();
            let mut batch = Batch::default();
            batch.put(*b"a", changed);
            crate::block_on(store.apply(batch)).unwrap();
            assert_eq!(
                crate::block_on(sealed(store, 1).get(b"a")),
                damaged,
                "byte {at}"
            );
        }
    }

    #[test]
    fn truncated_values_are_damaged_not_a_panic() {
        for length in 0..NONCE + TAG {
            let mut store = MemoryStore::default();
            let mut batch = Batch::default();
            batch.put(*b"a", vec![0; length]);
            crate::block_on(store.apply(batch)).unwrap();
            let got = crate::block_on(sealed(store, 1).get(b"a"));
            assert_eq!(got, Err(StoreError::Damaged { bytes: length }));
        }
    }

    #[test]
    fn storage_key_never_prints() {
        assert_eq!(
            format!("{:?}", StorageKey::from_bytes([7; KEY])),
            "StorageKey(..)"
        );
    }
}
