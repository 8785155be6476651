//! AES-128-CBC with an IV of zeros and PKCS#7 padding: the work of the classic dialect's
//! encryption, for `sotto_shared::crypto` alone.
//!
//! It is a crate of its own for the web build: the generics of `cbc` and `cipher` are compiled
//! where they are used, with that crate's optimisation. Here it is speed; in `sotto-shared`, which
//! crunches no bytes itself, it is size.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};

/// Size of a key in bytes.
pub const KEY_SIZE: usize = 16;
/// Size of a block, and of the IV.
const BLOCK: usize = 16;

/// Encrypts; the result is the next larger multiple of 16 bytes.
pub fn encrypt(key: &[u8; KEY_SIZE], plaintext: &[u8]) -> Vec<u8> {
    cbc::Encryptor::<Aes128>::new(key.into(), &[0; BLOCK].into())
        .encrypt_padded_vec_mut::<Pkcs7>(plaintext)
}

/// Decrypts; nothing if the ciphertext is no whole number of blocks or its padding is wrong. There
/// is no integrity: a changed ciphertext may well decrypt.
pub fn decrypt(key: &[u8; KEY_SIZE], ciphertext: &[u8]) -> Option<Vec<u8>> {
    cbc::Decryptor::<Aes128>::new(key.into(), &[0; BLOCK].into())
        .decrypt_padded_vec_mut::<Pkcs7>(ciphertext)
        .ok()
}
