//! Identifiers.

use core::fmt;
use core::str::FromStr;

use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};

/// Text that should have been 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 hexadecimal digits, got {length} characters or a character that is none")]
pub struct ParseIdError {
    /// How many characters there were.
    pub length: usize,
}

macro_rules! id16 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The all-zero id.
            pub const ZERO: Self = Self([0; 16]);

            /// From the 16 bytes on the wire.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes on the wire.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// A random id of 16 non-zero bytes. Some clients keep ids as C strings and would lose
            /// whatever follows a zero byte.
            pub fn random(rng: &mut impl CryptoRngCore) -> Self {
                let mut bytes = [0; 16];
                rng.fill_bytes(&mut bytes);
                for byte in &mut bytes {
                    while *byte == 0 {
                        rng.fill_bytes(core::slice::from_mut(byte));
                    }
                }
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Parses 32 hexadecimal digits of either case.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let error = ParseIdError { length: text.chars().count() };
                if text.len() != 32 || !text.is_ascii() {
                    return Err(error);
                }
                let mut bytes = [0; 16];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    let digits = core::str::from_utf8(pair).map_err(|_| error)?;
                    *byte = u8::from_str_radix(digits, 16).map_err(|_| error)?;
                    if digits.starts_with('+') {
                        return Err(error);
                    }
                }
                Ok(Self(bytes))
            }
        }
    };
}

id16! {
    /// A registered client, that is, one mailbox. Made by the gateway.
    ClientId
}

id16! {
    /// A client-made id of one send: a repeated send with the same id is stored once.
    SendId
}

id16! {
    /// An account: made by the client that signs up.
    AccountId
}

id16! {
    /// A gateway: made by itself when it starts for the first time, and kept.
    GatewayId
}

id16! {
    /// An MLS group, that is, a conversation: made by the client that creates it.
    GroupId
}

id16! {
    /// What a message of a conversation holds, made by its sender: what replies, reactions, edits and
    /// deletions refer to. The gateway does not see it.
    ContentId
}

/// A stored message's number, unique per server.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct MessageId(pub u32);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    #[test]
    fn random_ids_hold_no_zero_byte() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..2_000 {
            assert!(!ClientId::random(&mut rng).as_bytes().contains(&0));
        }
    }

    #[test]
    fn text_form_round_trips_in_either_case() {
        let id = ClientId::random(&mut ChaCha8Rng::seed_from_u64(2));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
    }

    #[test]
    fn anything_but_32_hex_digits_is_refused() {
        for text in [
            "",
            "12",
            "+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1",
            "zz345678901234567890123456789012",
            "ä2345678901234567890123456789012",
        ] {
            assert!(text.parse::<ClientId>().is_err(), "{text}");
        }
    }
}
