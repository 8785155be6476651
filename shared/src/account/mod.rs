//! Accounts of version 3: the cryptography that both gateway and clients use.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`name`] | account names and display names |
//! | [`key`] | Ed25519 keys of accounts and devices |
//! | [`statement`] | everything that those keys sign, byte by byte |
//! | [`password`] | which passwords are let in |
//! | [`recovery_code`] | the printed code that opens an account whose password is lost |
//! | [`opaque`] | proof of a password that never leaves the client (RFC 9807) |
//! | [`vault`] | what the gateway keeps for an account and cannot read |
//! | [`carry_over`] | proof that a classic client is one's own |
//! | [`safety_number`] | what two people compare to know that nobody sits between them |
//!
//! Nothing here is a construction of our own, but the layout of bytes: see each module for its
//! source, and `docs/security.md` for the crates beneath.

mod secret;

pub mod carry_over;
pub mod key;
pub mod name;
pub mod opaque;
pub mod password;
pub mod recovery_code;
pub mod safety_number;
pub mod statement;
pub mod vault;

pub use key::{AccountKey, AccountPublicKey, DeviceKey, DevicePublicKey, Signature};
pub use name::{AccountName, DisplayName};
pub use opaque::Slot;
pub use recovery_code::RecoveryCode;
pub use safety_number::SafetyNumber;
pub use statement::{
    BadSignature, BridgeCertificate, DeletionOrder, DeviceCertificate, DeviceRevocation, Nonce,
};
pub use vault::VaultKey;
