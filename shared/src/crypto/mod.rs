//! The classic dialect's cryptography: RSA-1024 with exponent 17 and OAEP-SHA1 to pass a key on,
//! AES-128-CBC with a zero IV for what is said.
//!
//! It is weak by its specification, and kept so that other people's clients can be talked to.
//! `docs/security.md` lists the attacks. Nothing but the classic dialect may use it.

#[cfg(test)]
mod known_answers;
mod rsa;
mod symmetric;

pub use rsa::{KeyError, PrivateKey, PublicKey};
pub use symmetric::SymmetricKey;

/// Decryption failed. Whatever the cause (length, padding, key), it looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decryption failed")]
pub struct DecryptError;
