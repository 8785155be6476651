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

mod bridge;
mod deletion;
mod device;
mod login;

pub use bridge::BridgeCertificate;
pub use deletion::DeletionOrder;
pub use device::{DeviceCertificate, DeviceRevocation};
pub use login::{Nonce, login_signature, verify_login};

use super::key::{InvalidKey, SIGNATURE_SIZE, Signature};

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

/// The bytes to sign.
fn signed_bytes(domain: &str, fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = domain.as_bytes().to_vec();
    bytes.push(0);
    fields
        .iter()
        .for_each(|field| bytes.extend_from_slice(field));
    bytes
}

/// The bytes to send or store.
fn whole(fields: &[&[u8]], signature: &Signature) -> Vec<u8> {
    let mut bytes = fields.concat();
    bytes.extend_from_slice(signature.as_bytes());
    bytes
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

    fn take<const N: usize>(&mut self) -> Result<[u8; N], StatementError> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(self.error)?;
        self.rest = rest;
        Ok(*field)
    }

    fn signature(&mut self) -> Result<Signature, StatementError> {
        self.take::<SIGNATURE_SIZE>().map(Signature::from_bytes)
    }
}

fn check(is_good: bool) -> Result<(), BadSignature> {
    if is_good { Ok(()) } else { Err(BadSignature) }
}
