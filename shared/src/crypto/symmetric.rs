//! AES-128-CBC with an IV of zeros and PKCS#7 padding.

use core::fmt;

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use rand_core::CryptoRngCore;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::DecryptError;

/// Size of a key in bytes.
pub(super) const KEY_SIZE: usize = 16;
/// Size of a block, and of the IV.
const BLOCK: usize = 16;

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
        cbc::Encryptor::<Aes128>::new(&self.0.into(), &[0; BLOCK].into())
            .encrypt_padded_vec_mut::<Pkcs7>(plaintext)
    }

    /// Decrypts.
    ///
    /// # Errors
    /// [`DecryptError`] if the ciphertext is no whole number of blocks or its padding is wrong.
    /// There is no integrity: a changed ciphertext may well decrypt.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Vec<u8>, DecryptError> {
        cbc::Decryptor::<Aes128>::new(&self.0.into(), &[0; BLOCK].into())
            .decrypt_padded_vec_mut::<Pkcs7>(ciphertext)
            .map_err(|_| DecryptError)
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SymmetricKey(..)")
    }
}
