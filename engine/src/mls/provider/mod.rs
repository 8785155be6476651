//! What OpenMLS stands on: two suites, randomness that is given, and storage in memory whose
//! changes go into batches.

mod config;
mod crypto;
mod storage;
#[cfg(test)]
mod tests;
mod values;
mod xwing;

pub(super) use openmls_traits::OpenMlsProvider;
use rand_chacha::ChaCha20Rng;

pub(super) use config::{PAST_EPOCHS, join_config, padding_step};
use crypto::Crypto;
pub(super) use storage::{Kind, Storage, StorageKey};

/// The provider that OpenMLS is given.
#[derive(Debug)]
pub(super) struct Provider {
    crypto: Crypto,
    storage: Storage,
}

impl Provider {
    pub(super) fn new(rng: ChaCha20Rng) -> Self {
        Self {
            crypto: Crypto::new(rng),
            storage: Storage::default(),
        }
    }

    pub(super) fn state(&self) -> &Storage {
        &self.storage
    }
}

impl OpenMlsProvider for Provider {
    type CryptoProvider = Crypto;
    type RandProvider = Crypto;
    type StorageProvider = Storage;

    fn storage(&self) -> &Storage {
        &self.storage
    }

    fn crypto(&self) -> &Crypto {
        &self.crypto
    }

    fn rand(&self) -> &Crypto {
        &self.crypto
    }
}
