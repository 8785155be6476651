//! Ed25519 keys (RFC 8032).
//!
//! Two kinds that cannot be mixed up: the **account key** is what contacts trust; it certifies and
//! revokes devices. The **device key** stays on its device and proves who connects. What they sign
//! is in [`statement`](super::statement) and nowhere else.

use core::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use rand_core::CryptoRngCore;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Size of a secret and of a public key in bytes.
pub const KEY_SIZE: usize = 32;
/// Size of a signature in bytes.
pub const SIGNATURE_SIZE: usize = 64;

/// Bytes that are no public key: no point of the curve, not its canonical form, or one of the
/// points of small order, for which anybody can sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a public key of Ed25519")]
pub struct InvalidKey;

macro_rules! key_pair {
    (
        $(#[$secret_doc:meta])* $secret:ident,
        $(#[$public_doc:meta])* $public:ident
    ) => {
        $(#[$secret_doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $secret(SigningKey);

        impl $secret {
            /// A new random key.
            pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
                let mut bytes = Zeroizing::new([0; KEY_SIZE]);
                rng.fill_bytes(bytes.as_mut_slice());
                Self::from_bytes(&bytes)
            }

            /// A stored key: the seed of RFC 8032, section 5.1.5. Any 32 bytes are one.
            pub fn from_bytes(bytes: &[u8; KEY_SIZE]) -> Self {
                Self(SigningKey::from_bytes(bytes))
            }

            /// The secret seed, to be stored encrypted.
            pub fn to_bytes(&self) -> Zeroizing<[u8; KEY_SIZE]> {
                Zeroizing::new(self.0.to_bytes())
            }

            /// The public half.
            pub fn public(&self) -> $public {
                $public(self.0.verifying_key().to_bytes())
            }

            pub(super) fn sign(&self, message: &[u8]) -> Signature {
                Signature(self.0.sign(message).to_bytes())
            }
        }

        impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($secret), "(..)"))
            }
        }

        $(#[$public_doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "[u8; 32]", into = "[u8; 32]")]
        pub struct $public([u8; KEY_SIZE]);

        impl $public {
            /// Reads a key.
            ///
            /// # Errors
            /// [`InvalidKey`].
            pub fn from_bytes(bytes: [u8; KEY_SIZE]) -> Result<Self, InvalidKey> {
                parse_public(&bytes).map(|_| Self(bytes))
            }

            /// The 32 bytes on the wire.
            pub const fn as_bytes(&self) -> &[u8; KEY_SIZE] {
                &self.0
            }

            /// Whether the signature is this key's on this message, by strict verification: a
            /// signature has one valid form only.
            pub(super) fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
                let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
                parse_public(&self.0)
                    .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
            }
        }

        impl TryFrom<[u8; KEY_SIZE]> for $public {
            type Error = InvalidKey;

            fn try_from(bytes: [u8; KEY_SIZE]) -> Result<Self, InvalidKey> {
                Self::from_bytes(bytes)
            }
        }

        impl From<$public> for [u8; KEY_SIZE] {
            fn from(key: $public) -> Self {
                key.0
            }
        }

        impl fmt::Debug for $public {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($public), "("))?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")
            }
        }
    };
}

key_pair! {
    /// An account's secret key, the root of what its contacts trust. The gateway never has it.
    AccountKey,
    /// An account's public key.
    AccountPublicKey
}

key_pair! {
    /// A device's secret key. It never leaves its device.
    DeviceKey,
    /// A device's public key.
    DevicePublicKey
}

fn parse_public(bytes: &[u8; KEY_SIZE]) -> Result<VerifyingKey, InvalidKey> {
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidKey)?;
    let is_canonical = key.to_edwards().compress().as_bytes() == bytes;
    if key.is_weak() || !is_canonical {
        return Err(InvalidKey);
    }
    Ok(key)
}

/// An Ed25519 signature, not yet verified.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; SIGNATURE_SIZE]);

impl Signature {
    /// From the 64 bytes on the wire.
    pub const fn from_bytes(bytes: [u8; SIGNATURE_SIZE]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes on the wire.
    pub const fn as_bytes(&self) -> &[u8; SIGNATURE_SIZE] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl Serialize for Signature {
    /// As bytes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(SignatureVisitor)
    }
}

struct SignatureVisitor;

impl<'de> Visitor<'de> for SignatureVisitor {
    type Value = Signature;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SIGNATURE_SIZE} bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Signature, E> {
        let array = bytes
            .try_into()
            .map_err(|_| E::invalid_length(bytes.len(), &self))?;
        Ok(Signature(array))
    }

    /// Formats that know no bytes, such as JSON, give numbers.
    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Signature, A::Error> {
        let mut bytes = [0; SIGNATURE_SIZE];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = numbers
                .next_element()?
                .ok_or_else(|| A::Error::invalid_length(at, &self))?;
        }
        match numbers.next_element::<u8>()? {
            None => Ok(Signature(bytes)),
            Some(_) => Err(A::Error::invalid_length(SIGNATURE_SIZE + 1, &self)),
        }
    }
}
