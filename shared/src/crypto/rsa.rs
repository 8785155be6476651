//! RSA-1024 with public exponent 17; OAEP with SHA-1 and MGF1-SHA-1, empty label.

use core::fmt;

use rand_core::CryptoRngCore;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Oaep, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::symmetric::KEY_SIZE;
use super::{DecryptError, SymmetricKey};
use crate::classic::PublicKeyBytes;
use crate::limits::{PUBLIC_KEY_SIZE, WRAPPED_KEY_SIZE};

/// Modulus size.
const BITS: usize = 1024;
/// The exponent with which the DER form has exactly 160 bytes.
const EXPONENT: u32 = 17;

/// Why bytes are no key, or no key could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the DER form of such a key.
    #[error("not an RSA key in the expected DER form")]
    Encoding,
    /// A key of another size.
    #[error("an RSA key of {BITS} bits was expected, this one has {bits}")]
    Size {
        /// Modulus size in bits.
        bits: usize,
    },
    /// Key generation or wrapping failed.
    #[error("the RSA operation failed")]
    Operation,
}

/// A client's private key. Zeroized when dropped, never printed.
#[derive(Clone)]
pub struct PrivateKey(RsaPrivateKey);

impl PrivateKey {
    /// Makes a key. Takes tens of milliseconds on a desktop, a second on a phone.
    ///
    /// # Errors
    /// [`KeyError::Operation`] if no key was found.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Result<Self, KeyError> {
        let key = RsaPrivateKey::new_with_exp(rng, BITS, &BigUint::from(EXPONENT))
            .map_err(|_| KeyError::Operation)?;
        Ok(Self(key))
    }

    /// Reads PKCS#8 DER.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] or [`KeyError::Size`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let key = RsaPrivateKey::from_pkcs8_der(der).map_err(|_| KeyError::Encoding)?;
        check_size(&key)?;
        Ok(Self(key))
    }

    /// Writes PKCS#8 DER.
    ///
    /// # Errors
    /// [`KeyError::Operation`]; does not happen to a key that was made or read here.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der = self.0.to_pkcs8_der().map_err(|_| KeyError::Operation)?;
        Ok(Zeroizing::new(der.as_bytes().to_vec()))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.to_public_key())
    }

    /// Unwraps a symmetric key. `rng` blinds the private operation.
    ///
    /// # Errors
    /// [`DecryptError`], whatever the cause.
    pub fn unwrap_key(
        &self,
        rng: &mut impl CryptoRngCore,
        wrapped: &[u8],
    ) -> Result<SymmetricKey, DecryptError> {
        let plain = open(&self.0, rng, wrapped)?;
        let bytes: &[u8; KEY_SIZE] = plain.as_slice().try_into().map_err(|_| DecryptError)?;
        Ok(SymmetricKey::from_bytes(*bytes))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// A client's public key, looked into and found usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(RsaPublicKey);

impl PublicKey {
    /// Reads the wire's DER SubjectPublicKeyInfo. A shorter DER with zeros behind it is borne.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] or [`KeyError::Size`].
    pub fn from_wire(bytes: &PublicKeyBytes) -> Result<Self, KeyError> {
        let der = match bytes.0 {
            // SEQUENCE with a one-byte length behind 0x81.
            [0x30, 0x81, length, ..] => bytes.0.get(..3 + usize::from(length)),
            _ => None,
        };
        let key = RsaPublicKey::from_public_key_der(der.ok_or(KeyError::Encoding)?)
            .map_err(|_| KeyError::Encoding)?;
        check_size(&key)?;
        Ok(Self(key))
    }

    /// Writes the wire's 160 bytes.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if the exponent is one whose DER form has another size.
    pub fn to_wire(&self) -> Result<PublicKeyBytes, KeyError> {
        let der = self.0.to_public_key_der().map_err(|_| KeyError::Encoding)?;
        let bytes: [u8; PUBLIC_KEY_SIZE] =
            der.as_bytes().try_into().map_err(|_| KeyError::Encoding)?;
        Ok(PublicKeyBytes(bytes))
    }

    /// Wraps a symmetric key for this key's owner.
    ///
    /// # Errors
    /// [`KeyError::Operation`]; does not happen to a key of this size.
    pub fn wrap_key(
        &self,
        rng: &mut impl CryptoRngCore,
        key: &SymmetricKey,
    ) -> Result<[u8; WRAPPED_KEY_SIZE], KeyError> {
        seal(&self.0, rng, key.expose())?
            .try_into()
            .map_err(|_| KeyError::Operation)
    }
}

/// RSAES-OAEP (RFC 8017, 7.1.1) with SHA-1, MGF1-SHA-1 and an empty label.
pub(super) fn seal(
    key: &RsaPublicKey,
    rng: &mut impl CryptoRngCore,
    plaintext: &[u8],
) -> Result<Vec<u8>, KeyError> {
    key.encrypt(rng, Oaep::new::<Sha1>(), plaintext)
        .map_err(|_| KeyError::Operation)
}

/// The inverse of [`seal`] (RFC 8017, 7.1.2). `rng` blinds the private operation.
pub(super) fn open(
    key: &RsaPrivateKey,
    rng: &mut impl CryptoRngCore,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    key.decrypt_blinded(rng, Oaep::new::<Sha1>(), ciphertext)
        .map(Zeroizing::new)
        .map_err(|_| DecryptError)
}

fn check_size(key: &impl PublicKeyParts) -> Result<(), KeyError> {
    match key.n().bits() {
        BITS => Ok(()),
        bits => Err(KeyError::Size { bits }),
    }
}
