//! What stands in the vault: postcard behind a version byte, as records of the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sotto_shared::account::AccountKey;
use zeroize::{Zeroize, Zeroizing};

use crate::record;
use crate::store::StoreError;

/// The vault's version at sign-up: it grows with every change of the content.
pub(crate) const FIRST_VAULT_VERSION: u64 = 1;

/// The content of an account's vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VaultContent {
    pub(crate) account_key: AccountKey,
    /// Settings that all devices share, by name. Those of a later Sotto are kept as they are.
    pub(crate) settings: BTreeMap<String, Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    account_key: [u8; 32],
    settings: BTreeMap<String, Vec<u8>>,
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.account_key.zeroize();
    }
}

impl VaultContent {
    /// Of a new account.
    pub(crate) fn new(account_key: AccountKey) -> Self {
        Self {
            account_key,
            settings: BTreeMap::new(),
        }
    }

    /// The bytes to seal.
    pub(crate) fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let stored = Stored {
            account_key: *self.account_key.to_bytes(),
            settings: self.settings.clone(),
        };
        record::encode(&stored).map(Zeroizing::new)
    }

    /// Reads what was unsealed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut stored: Stored = record::decode(bytes)?;
        Ok(Self {
            account_key: AccountKey::from_bytes(&stored.account_key),
            settings: core::mem::take(&mut stored.settings),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> VaultContent {
        let settings = [("a".to_owned(), vec![1, 2])].into();
        VaultContent {
            account_key: AccountKey::from_bytes(&[7; 32]),
            settings,
        }
    }

    #[test]
    fn the_content_has_these_bytes_for_ever() {
        let bytes = [[1].as_slice(), &[7; 32], &[1, 1, b'a', 2, 1, 2]].concat();
        assert_eq!(*content().to_bytes().unwrap(), bytes);
        assert_eq!(VaultContent::from_bytes(&bytes).unwrap(), content());
    }

    #[test]
    fn cut_or_newer_content_is_refused() {
        let bytes = content().to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(
                VaultContent::from_bytes(&bytes[..length]).is_err(),
                "{length}"
            );
        }
        let mut newer = bytes.clone();
        newer[0] = 2;
        assert!(VaultContent::from_bytes(&newer).is_err());
    }
}
