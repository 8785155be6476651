//! The vault: what the gateway keeps for an account and cannot read.
//!
//! The content (the account key, settings) is sealed under a random **vault key**; the vault key
//! is wrapped once for each [`Slot`], under a key derived from what OPAQUE exports there. So a new
//! password wraps anew and seals nothing, and a new content wraps nothing.
//!
//! Both are XChaCha20-Poly1305, laid out as format u8 (1) | nonce 24 | ciphertext | tag 16:
//!
//! | | key | associated data |
//! | --- | --- | --- |
//! | vault | vault key | `sotto/3 vault` 00, account 16, version u64 little-endian |
//! | wrapped vault key | HKDF-SHA-512 of the export key, no salt, info `sotto/3 vault key` 00, slot u8 | `sotto/3 wrapped vault key` 00, slot u8, account 16 |
//!
//! The version stops a gateway from passing off an older vault as the present one, as long as the
//! client remembers which version it has seen.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand_core::CryptoRngCore;
use sha2::Sha512;
use zeroize::Zeroizing;

use super::opaque::{ExportKey, Slot};
use super::secret::secret_bytes;
use crate::AccountId;

/// Most bytes of a vault's content: 64 KiB.
pub const VAULT_MAX: usize = 64 * 1024;
/// Bytes that sealing adds.
pub const SEAL_OVERHEAD: usize = 1 + NONCE + TAG;
/// Most bytes of a sealed vault.
pub const SEALED_VAULT_MAX: usize = VAULT_MAX + SEAL_OVERHEAD;
/// Size of a wrapped vault key.
pub const WRAPPED_VAULT_KEY: usize = VaultKey::SIZE + SEAL_OVERHEAD;

const FORMAT: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;

const VAULT_DOMAIN: &[u8] = b"sotto/3 vault\0";
const WRAP_DOMAIN: &[u8] = b"sotto/3 wrapped vault key\0";
const WRAP_KEY_INFO: &[u8] = b"sotto/3 vault key\0";

secret_bytes! {
    /// Opens an account's vault.
    VaultKey, 32
}

impl VaultKey {
    /// A new random key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut key = Self::from_bytes([0; Self::SIZE]);
        rng.fill_bytes(&mut key.0);
        key
    }
}

/// Why a vault or its key does not open or cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// More than fits.
    #[error("the vault holds at most {max} bytes, got {bytes}")]
    TooLarge {
        /// How many there were.
        bytes: usize,
        /// How many there may be.
        max: usize,
    },
    /// Less than there has to be.
    #[error("the sealed bytes are cut: {bytes}, at least {min} expected")]
    TooShort {
        /// How many there were.
        bytes: usize,
        /// How many it takes.
        min: usize,
    },
    /// Sealed by a later version of this program.
    #[error("the vault has format {format}, known is {FORMAT}")]
    UnknownFormat {
        /// The format's number.
        format: u8,
    },
    /// Another key, account, version or slot, or bytes that were changed.
    #[error("the vault does not open with this key")]
    DoesNotOpen,
    /// The cipher refused, which it does for no permitted size.
    #[error("the vault could not be sealed")]
    Seal,
}

/// Seals a vault's content.
///
/// # Errors
/// [`VaultError::TooLarge`] for more than [`VAULT_MAX`] bytes.
pub fn seal_vault(
    key: &VaultKey,
    account: AccountId,
    version: u64,
    content: &[u8],
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<u8>, VaultError> {
    if content.len() > VAULT_MAX {
        return Err(VaultError::TooLarge {
            bytes: content.len(),
            max: VAULT_MAX,
        });
    }
    seal(key.expose(), &vault_data(account, version), content, rng)
}

/// Opens a sealed vault.
///
/// # Errors
/// Any [`VaultError`].
pub fn open_vault(
    key: &VaultKey,
    account: AccountId,
    version: u64,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    if sealed.len() > SEALED_VAULT_MAX {
        return Err(VaultError::TooLarge {
            bytes: sealed.len(),
            max: SEALED_VAULT_MAX,
        });
    }
    open(key.expose(), &vault_data(account, version), sealed)
}

/// Wraps the vault's key for who can log in by this slot: [`WRAPPED_VAULT_KEY`] bytes.
///
/// # Errors
/// [`VaultError::Seal`], which does not happen.
pub fn wrap_vault_key(
    export_key: &ExportKey,
    slot: Slot,
    account: AccountId,
    key: &VaultKey,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<u8>, VaultError> {
    let wrapping_key = wrapping_key(export_key, slot)?;
    seal(&wrapping_key, &wrap_data(slot, account), key.expose(), rng)
}

/// Unwraps the vault's key.
///
/// # Errors
/// Any [`VaultError`].
pub fn unwrap_vault_key(
    export_key: &ExportKey,
    slot: Slot,
    account: AccountId,
    wrapped: &[u8],
) -> Result<VaultKey, VaultError> {
    if wrapped.len() > WRAPPED_VAULT_KEY {
        return Err(VaultError::TooLarge {
            bytes: wrapped.len(),
            max: WRAPPED_VAULT_KEY,
        });
    }
    if wrapped.len() < WRAPPED_VAULT_KEY {
        return Err(VaultError::TooShort {
            bytes: wrapped.len(),
            min: WRAPPED_VAULT_KEY,
        });
    }
    let wrapping_key = wrapping_key(export_key, slot)?;
    let bytes = open(&wrapping_key, &wrap_data(slot, account), wrapped)?;
    let mut key = VaultKey::from_bytes([0; VaultKey::SIZE]);
    key.0
        .iter_mut()
        .zip(bytes.iter())
        .for_each(|(to, from)| *to = *from);
    Ok(key)
}

fn vault_data(account: AccountId, version: u64) -> Vec<u8> {
    [VAULT_DOMAIN, account.as_bytes(), &version.to_le_bytes()].concat()
}

fn wrap_data(slot: Slot, account: AccountId) -> Vec<u8> {
    [WRAP_DOMAIN, &[slot.number()], account.as_bytes()].concat()
}

fn wrapping_key(
    export_key: &ExportKey,
    slot: Slot,
) -> Result<Zeroizing<[u8; VaultKey::SIZE]>, VaultError> {
    let mut key = Zeroizing::new([0; VaultKey::SIZE]);
    Hkdf::<Sha512>::new(None, export_key.expose())
        .expand_multi_info(&[WRAP_KEY_INFO, &[slot.number()]], key.as_mut_slice())
        .map_err(|_| VaultError::Seal)?;
    Ok(key)
}

fn seal(
    key: &[u8; VaultKey::SIZE],
    data: &[u8],
    content: &[u8],
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = XNonce::default();
    rng.fill_bytes(&mut nonce);
    let payload = Payload {
        msg: content,
        aad: data,
    };
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce, payload)
        .map_err(|_| VaultError::Seal)?;
    Ok([&[FORMAT], nonce.as_slice(), &ciphertext].concat())
}

fn open(
    key: &[u8; VaultKey::SIZE],
    data: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let too_short = VaultError::TooShort {
        bytes: sealed.len(),
        min: SEAL_OVERHEAD,
    };
    if sealed.len() < SEAL_OVERHEAD {
        return Err(too_short);
    }
    let (format, rest) = sealed.split_first().ok_or(too_short)?;
    if *format != FORMAT {
        return Err(VaultError::UnknownFormat { format: *format });
    }
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(too_short)?;
    let payload = Payload {
        msg: ciphertext,
        aad: data,
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(XNonce::from_slice(nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| VaultError::DoesNotOpen)
}
