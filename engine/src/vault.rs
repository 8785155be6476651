//! Passphrases: sealing a secret under one, and the key slot of the local store.
//!
//! Argon2id (RFC 9106) with 64 MiB and three passes derives the key; XChaCha20-Poly1305 seals.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::api::Passphrase;
use crate::record;
use crate::store::{Batch, Direction, StorageKey, Store, StoreError};

/// Memory of the key derivation in KiB.
const MEMORY_KIB: u32 = 64 * 1024;
/// Passes over it.
const PASSES: u32 = 3;
/// Lanes.
const LANES: u32 = 1;
/// Most memory that a sealed box from elsewhere may ask for, in KiB.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
/// Most passes that a sealed box from elsewhere may ask for.
const PASSES_MAX: u32 = 10;

/// The passphrase is wrong, or the box is damaged: the two cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wrong passphrase")]
pub(crate) struct WrongPassphrase;

/// Something sealed under a passphrase, with all that opening it takes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PassphraseBox {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; 16],
    nonce: [u8; 24],
    sealed: Vec<u8>,
}

impl PassphraseBox {
    /// Seals; `purpose` is bound to it.
    pub(crate) fn seal(
        passphrase: &Passphrase,
        purpose: &[u8],
        secret: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Result<Self, WrongPassphrase> {
        let mut this = Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: [0; 16],
            nonce: [0; 24],
            sealed: Vec::new(),
        };
        rng.fill_bytes(&mut this.salt);
        rng.fill_bytes(&mut this.nonce);
        let payload = Payload {
            msg: secret,
            aad: purpose,
        };
        this.sealed = this
            .cipher(passphrase)?
            .encrypt(XNonce::from_slice(&this.nonce), payload)
            .map_err(|_| WrongPassphrase)?;
        Ok(this)
    }

    /// Opens what was sealed for the same purpose.
    pub(crate) fn open(
        &self,
        passphrase: &Passphrase,
        purpose: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, WrongPassphrase> {
        let payload = Payload {
            msg: &self.sealed,
            aad: purpose,
        };
        self.cipher(passphrase)?
            .decrypt(XNonce::from_slice(&self.nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| WrongPassphrase)
    }

    fn cipher(&self, passphrase: &Passphrase) -> Result<XChaCha20Poly1305, WrongPassphrase> {
        if self.memory_kib > MEMORY_KIB_MAX || self.passes > PASSES_MAX || self.lanes != LANES {
            return Err(WrongPassphrase);
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None)
            .map_err(|_| WrongPassphrase)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.0.as_bytes(), &self.salt, key.as_mut())
            .map_err(|_| WrongPassphrase)?;
        Ok(XChaCha20Poly1305::new(key.as_slice().into()))
    }
}

const SLOT_PURPOSE: &[u8] = b"sotto storage key v1";

/// The one record of the store that is not sealed: it holds the storage key.
#[derive(Serialize, Deserialize)]
pub(crate) enum KeySlot {
    /// In the clear: no passphrase was set.
    Open([u8; 32]),
    /// Under a passphrase.
    Passphrase(PassphraseBox),
}

impl KeySlot {
    /// A slot under a passphrase, or an open one.
    pub(crate) fn new(
        key: &StorageKey,
        passphrase: Option<&Passphrase>,
        rng: &mut ChaCha20Rng,
    ) -> Result<Self, StoreError> {
        match passphrase {
            None => Ok(Self::Open(*key.expose())),
            Some(passphrase) => PassphraseBox::seal(passphrase, SLOT_PURPOSE, key.expose(), rng)
                .map(Self::Passphrase)
                .map_err(|_| StoreError::Backend("the key derivation failed".to_owned())),
        }
    }

    /// What a passphrase is needed for, if one is.
    pub(crate) fn sealed(&self) -> Option<PassphraseBox> {
        match self {
            Self::Open(_) => None,
            Self::Passphrase(sealed) => Some(sealed.clone()),
        }
    }
}

impl Drop for KeySlot {
    fn drop(&mut self) {
        if let Self::Open(key) = self {
            key.zeroize();
        }
    }
}

/// What stands in a store's key slot.
#[derive(Debug)]
pub(crate) enum Slot {
    /// The key, usable at once. Whether it is under a passphrase all the same (never: `false`).
    Open(StorageKey),
    /// A passphrase is needed.
    Locked(PassphraseBox),
}

/// Reads the key slot; a store without any record gets a new one.
pub(crate) async fn open_slot<S: Store>(
    store: &mut S,
    rng: &mut ChaCha20Rng,
) -> Result<Slot, StoreError> {
    match store.get(record::SLOT).await? {
        Some(bytes) => {
            let slot: KeySlot = record::decode(&bytes)?;
            Ok(match &slot {
                KeySlot::Open(key) => Slot::Open(StorageKey::from_bytes(*key)),
                KeySlot::Passphrase(sealed) => Slot::Locked(sealed.clone()),
            })
        }
        None if store
            .scan(&[], &[0xff], Direction::Forward, 1)
            .await?
            .is_empty() =>
        {
            let key = StorageKey::generate(rng);
            write_slot(store, &KeySlot::Open(*key.expose())).await?;
            Ok(Slot::Open(key))
        }
        None => Err(StoreError::Incomplete),
    }
}

/// Opens a locked slot.
pub(crate) fn unlock(
    sealed: &PassphraseBox,
    passphrase: &Passphrase,
) -> Result<StorageKey, WrongPassphrase> {
    let key = sealed.open(passphrase, SLOT_PURPOSE)?;
    let key: [u8; 32] = key.as_slice().try_into().map_err(|_| WrongPassphrase)?;
    Ok(StorageKey::from_bytes(key))
}

async fn write_slot<S: Store>(store: &mut S, slot: &KeySlot) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.put(record::SLOT, record::encode(slot)?);
    store.apply(batch).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use rand_core::SeedableRng;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase(text.to_owned())
    }

    #[test]
    fn a_new_store_is_open_and_keeps_its_key() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut store = MemoryStore::default();
        let Slot::Open(first) = crate::block_on(open_slot(&mut store, &mut rng)).unwrap() else {
            panic!("locked")
        };
        let Slot::Open(second) = crate::block_on(open_slot(&mut store, &mut rng)).unwrap() else {
            panic!("locked")
        };
        assert_eq!(first, second);
    }

    #[test]
    fn wrong_passphrase_opens_nothing_and_the_right_one_still_does() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let mut store = MemoryStore::default();
        let key = StorageKey::generate(&mut rng);
        let slot = KeySlot::new(&key, Some(&passphrase("right")), &mut rng).unwrap();
        crate::block_on(write_slot(&mut store, &slot)).unwrap();
        let Slot::Locked(sealed) = crate::block_on(open_slot(&mut store, &mut rng)).unwrap() else {
            panic!("open")
        };
        assert_eq!(unlock(&sealed, &passphrase("wrong")), Err(WrongPassphrase));
        assert_eq!(unlock(&sealed, &passphrase("right")), Ok(key));
    }

    #[test]
    fn records_without_a_slot_are_reported_not_reset() {
        let mut store = MemoryStore::default();
        let mut batch = Batch::default();
        batch.put(*b"m", *b"something");
        crate::block_on(store.apply(batch)).unwrap();
        let before = store.clone();
        let slot = crate::block_on(open_slot(&mut store, &mut ChaCha20Rng::seed_from_u64(3)));
        assert_eq!(slot.unwrap_err(), StoreError::Incomplete);
        assert_eq!(store, before);
    }

    #[test]
    fn a_box_that_asks_for_too_much_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let mut sealed =
            PassphraseBox::seal(&passphrase("p"), b"test", b"secret", &mut rng).unwrap();
        assert!(sealed.open(&passphrase("p"), b"another purpose").is_err());
        sealed.memory_kib = MEMORY_KIB_MAX + 1;
        assert_eq!(
            sealed.open(&passphrase("p"), b"test").unwrap_err(),
            WrongPassphrase
        );
    }
}
