//! AES-128-CBC with an IV of zeros and PKCS#7 padding.

use core::fmt;

use rand_core::CryptoRngCore;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::DecryptError;

/// Size of a key in bytes.
pub(super) const KEY_SIZE: usize = sotto_cbc::KEY_SIZE;

/// The key that two clients share.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SymmetricKey([u8; KEY_SIZE]);

impl PartialEq for SymmetricKey {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SymmetricKey {}

impl SymmetricKey {
    /// A new random key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut key = Self([0; KEY_SIZE]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// A key received or stored.
    pub const fn from_bytes(bytes: [u8; KEY_SIZE]) -> Self {
        Self(bytes)
    }

    /// The raw key, to be wrapped or stored encrypted.
    pub const fn expose(&self) -> &[u8; KEY_SIZE] {
        &self.0
    }

    /// Encrypts; the result is the next larger multiple of 16 bytes.
    pub fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        sotto_cbc::encrypt(&self.0, plaintext)
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`DecryptError`] if the ciphertext is no whole number of blocks or its padding is wrong.
    /// There is no integrity: a changed ciphertext may well decrypt.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Vec<u8>, DecryptError> {
        sotto_cbc::decrypt(&self.0, ciphertext).ok_or(DecryptError)
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SymmetricKey(..)")
    }
}
