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

#[cfg(test)]
mod tests {
    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        let bytes: Vec<u8> = (0..text.len() / 2)
            .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        bytes.try_into().unwrap()
    }

    /// RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
    const RFC_8032: [(&str, &str, &[u8], &str); 3] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            b"",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            b"\x72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            b"\xaf\x82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];

    #[test]
    fn keys_and_signatures_are_those_of_rfc_8032() {
        for (secret, public, message, signature) in RFC_8032 {
            let key = AccountKey::from_bytes(&hex(secret));
            assert_eq!(*key.to_bytes(), hex(secret));
            assert_eq!(*key.public().as_bytes(), hex(public));
            assert_eq!(*key.sign(message).as_bytes(), hex(signature));
            let public = DevicePublicKey::from_bytes(hex(public)).unwrap();
            assert!(public.verifies(message, &Signature::from_bytes(hex(signature))));
            assert!(!public.verifies(b"another", &Signature::from_bytes(hex(signature))));
        }
    }

    #[test]
    fn a_signature_has_one_form_only() {
        const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
        let (_, public, message, signature) = RFC_8032[2];
        let mut bytes: [u8; 64] = hex(signature);
        let mut carry = 0;
        for (byte, addend) in bytes[32..].iter_mut().zip(hex::<32>(ORDER)) {
            let sum = u16::from(*byte) + u16::from(addend) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert_eq!(carry, 0, "the sum fits");
        let public = AccountPublicKey::from_bytes(hex(public)).unwrap();
        assert!(!public.verifies(message, &Signature::from_bytes(bytes)));
    }

    #[test]
    fn points_of_small_order_are_no_keys() {
        for text in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        ] {
            assert_eq!(
                AccountPublicKey::from_bytes(hex(text)),
                Err(InvalidKey),
                "{text}"
            );
        }
    }

    #[test]
    fn a_point_has_one_form_only() {
        let mut points = 0;
        for excess in 0..19 {
            for sign in [0x7f, 0xff] {
                let mut bytes = [0xff; 32];
                bytes[0] = 0xed + excess;
                bytes[31] = sign;
                points += usize::from(VerifyingKey::from_bytes(&bytes).is_ok());
                assert_eq!(
                    DevicePublicKey::from_bytes(bytes),
                    Err(InvalidKey),
                    "{excess}"
                );
            }
        }
        assert!(points > 4, "the library alone lets {points} of them in");
    }

    #[test]
    fn bytes_off_the_curve_are_no_key() {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        assert_eq!(AccountPublicKey::from_bytes(bytes), Err(InvalidKey));
        let json = serde_json::to_string(&bytes).unwrap();
        assert!(serde_json::from_str::<AccountPublicKey>(&json).is_err());
    }

    #[test]
    fn signatures_are_read_back_whole_or_not_at_all() {
        let signature = Signature::from_bytes(hex(RFC_8032[0].3));
        let json = serde_json::to_string(&signature).unwrap();
        assert_eq!(serde_json::from_str::<Signature>(&json).unwrap(), signature);
        for length in [0, 63, 65] {
            let json = serde_json::to_string(&vec![7_u8; length]).unwrap();
            assert!(
                serde_json::from_str::<Signature>(&json).is_err(),
                "{length}"
            );
        }
    }
}
