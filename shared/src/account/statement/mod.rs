//! Everything that account and device keys sign.
//!
//! The signed bytes of each statement are its domain string, one zero byte, and fields of fixed
//! size in the order given at its type; numbers are little-endian. No two statements can have the
//! same bytes, and none can be taken for a signature of MLS, which begins with a length and
//! `MLS 1.0`.
//!
//! | statement | signed by | says |
//! | --- | --- | --- |
//! | [`DeviceCertificate`] | account key | this device is mine |
//! | [`DeviceRevocation`] | account key | this device is mine no more |
//! | [`BridgeCertificate`] | account key | this classic mailbox and its RSA key are mine |
//! | [`DeletionOrder`] | account key | delete my account, here and now |
//! | [`login_signature`] | device key | it is me who connects, here and now |
//!
//! Where a statement is sent or stored whole, its form is the same fields and then the signature:
//! `to_bytes` and `from_bytes`. Reading does not verify.

use super::key::{AccountPublicKey, DevicePublicKey, InvalidKey, SIGNATURE_SIZE, Signature};
use crate::{AccountId, ClientId, GatewayId};

/// Defines a statement of the account key: its fields in the order in which they are signed, and
/// behind them the signature.
macro_rules! statement {
    (
        $(#[$doc:meta])*
        $name:ident signed as $domain:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
            /// The account key's signature on all of this.
            pub signature: $crate::account::key::Signature,
        }

        impl $name {
            /// Size of [`to_bytes`](Self::to_bytes).
            pub const SIZE: usize = $(<$type as super::Field>::SIZE +)+
                $crate::account::key::SIGNATURE_SIZE;

            /// The bytes to send or store.
            pub fn to_bytes(&self) -> Vec<u8> {
                let mut bytes = self.fields();
                bytes.extend_from_slice(self.signature.as_bytes());
                bytes
            }

            /// Reads [`to_bytes`](Self::to_bytes), and verifies nothing.
            ///
            /// # Errors
            /// [`StatementError`](super::StatementError).
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, super::StatementError> {
                let mut fields = super::Fields::new(bytes, Self::SIZE)?;
                Ok(Self {
                    $($field: super::Field::take(&mut fields)?,)+
                    signature: fields.array().map($crate::account::key::Signature::from_bytes)?,
                })
            }

            fn signed_by(mut self, key: &$crate::account::key::AccountKey) -> Self {
                self.signature = key.sign(&self.signed());
                self
            }

            fn is_by(&self, key: &$crate::account::key::AccountPublicKey) -> bool {
                key.verifies(&self.signed(), &self.signature)
            }

            fn signed(&self) -> Vec<u8> {
                super::signed_bytes($domain, &self.fields())
            }

            fn fields(&self) -> Vec<u8> {
                let mut bytes = Vec::with_capacity(Self::SIZE);
                $(super::Field::put(&self.$field, &mut bytes);)+
                bytes
            }
        }
    };
}

mod bridge;
mod deletion;
mod device;
mod login;

pub use bridge::BridgeCertificate;
pub use deletion::DeletionOrder;
pub use device::{DeviceCertificate, DeviceRevocation};
pub use login::{Nonce, login_signature, verify_login};

/// A signature is not of the key, or not on these fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit")]
pub struct BadSignature;

/// Bytes are no statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not the statement's exact size.
    #[error("the statement has {expected} bytes, got {actual}")]
    Size {
        /// The size it has.
        expected: usize,
        /// How many bytes there were.
        actual: usize,
    },
    /// A key in it is none.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

/// The signature of a statement that is still to be signed.
const UNSIGNED: Signature = Signature::from_bytes([0; SIGNATURE_SIZE]);

/// The bytes to sign.
fn signed_bytes(domain: &str, fields: &[u8]) -> Vec<u8> {
    [domain.as_bytes(), &[0], fields].concat()
}

/// What stands in a statement, always at the same size.
trait Field: Sized {
    const SIZE: usize;

    fn put(&self, bytes: &mut Vec<u8>);

    fn take(fields: &mut Fields<'_>) -> Result<Self, StatementError>;
}

macro_rules! fields {
    ($($type:ty, $size:literal, $to:expr, $from:expr;)+) => {$(
        impl Field for $type {
            const SIZE: usize = $size;

            fn put(&self, bytes: &mut Vec<u8>) {
                let to: fn(&Self) -> [u8; $size] = $to;
                bytes.extend_from_slice(&to(self));
            }

            fn take(fields: &mut Fields<'_>) -> Result<Self, StatementError> {
                let from: fn([u8; $size]) -> Result<Self, StatementError> = $from;
                from(fields.array()?)
            }
        }
    )+};
}

fields! {
    AccountId, 16, |id| *id.as_bytes(), |bytes| Ok(Self::from_bytes(bytes));
    ClientId, 16, |id| *id.as_bytes(), |bytes| Ok(Self::from_bytes(bytes));
    GatewayId, 16, |id| *id.as_bytes(), |bytes| Ok(Self::from_bytes(bytes));
    Nonce, 32, |nonce| *nonce.as_bytes(), |bytes| Ok(Self::from_bytes(bytes));
    AccountPublicKey, 32, |key| *key.as_bytes(), |bytes| Ok(Self::from_bytes(bytes)?);
    DevicePublicKey, 32, |key| *key.as_bytes(), |bytes| Ok(Self::from_bytes(bytes)?);
    [u8; 32], 32, |bytes| *bytes, Ok;
    u64, 8, |number| number.to_le_bytes(), |bytes| Ok(Self::from_le_bytes(bytes));
}

/// Takes fields off a statement whose size was checked.
struct Fields<'a> {
    rest: &'a [u8],
    error: StatementError,
}

impl<'a> Fields<'a> {
    fn new(bytes: &'a [u8], expected: usize) -> Result<Self, StatementError> {
        let error = StatementError::Size {
            expected,
            actual: bytes.len(),
        };
        if bytes.len() == expected {
            Ok(Self { rest: bytes, error })
        } else {
            Err(error)
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StatementError> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(self.error)?;
        self.rest = rest;
        Ok(*field)
    }
}

fn check(is_good: bool) -> Result<(), BadSignature> {
    if is_good { Ok(()) } else { Err(BadSignature) }
}
