//! OPAQUE (RFC 9807): a password that never leaves the client, not even at registration, and
//! records of it that allow no precomputation.
//!
//! The suite: OPRF and key exchange on ristretto255 with SHA-512, triple Diffie-Hellman, and
//! Argon2id as the key stretching function, which runs on the client only.
//!
//! ```text
//! registration   client: RegistrationStart::new ── request ─▶ gateway: ServerSetup::register
//!                client: RegistrationStart::finish ◀─ response ─┘
//!                        └─ upload ─▶ gateway: PasswordFile::from_bytes, stored
//! login          client: LoginStart::new ─── request ─▶ gateway: ServerSetup::login
//!                client: LoginStart::finish ◀─ response ─┘
//!                        └─ finalization ─▶ gateway: LoginState::finish
//! ```
//!
//! All messages have one exact size each. An account has two records, one for each [`Slot`].

mod client;
mod credential;
mod server;
mod suite;

pub use client::{LoginDone, LoginStart, RegistrationDone, RegistrationStart};
pub use credential::{CredentialId, Identifiers, Slot};
pub use server::{LoginState, PasswordFile, ServerSetup};
pub use suite::{ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES, Suite};

use opaque_ke::errors::ProtocolError;

use super::password::PASSWORD_MAX_BYTES;
use super::secret::secret_bytes;

/// Size of the client's first message of a registration.
pub const REGISTRATION_REQUEST: usize = 32;
/// Size of the gateway's answer to it.
pub const REGISTRATION_RESPONSE: usize = 64;
/// Size of the client's second message of a registration, and of a [`PasswordFile`].
pub const REGISTRATION_UPLOAD: usize = 192;
/// Size of the client's first message of a login.
pub const LOGIN_REQUEST: usize = 96;
/// Size of the gateway's answer to it.
pub const LOGIN_RESPONSE: usize = 320;
/// Size of the client's second message of a login.
pub const LOGIN_FINALIZATION: usize = 64;
/// Size of a stored [`ServerSetup`].
pub const SERVER_SETUP: usize = 128;

secret_bytes! {
    /// What only who knows the password gets out of OPAQUE, the same at each login. The gateway
    /// does not have it. It wraps the vault's key: [`wrap_vault_key`](super::vault::wrap_vault_key).
    ExportKey, 64
}

secret_bytes! {
    /// What client and gateway share after a login, different each time.
    SessionKey, 64
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpaqueError {
    /// The password is wrong, there is no such account, or the gateway is not the one of the
    /// registration: OPAQUE does not tell these apart.
    #[error("wrong name or password")]
    WrongPassword,
    /// A message of the wrong size or with bytes that cannot be.
    #[error("the {message} is malformed: {actual} bytes, {expected} expected")]
    Malformed {
        /// Which message.
        message: &'static str,
        /// The size it has.
        expected: usize,
        /// How many bytes there were.
        actual: usize,
    },
    /// More than [`PASSWORD_MAX_BYTES`] bytes.
    #[error("a password has at most {PASSWORD_MAX_BYTES} bytes, this one has {bytes}")]
    PasswordTooLong {
        /// How many there were.
        bytes: usize,
    },
    /// The library failed where it cannot for these sizes and parameters.
    #[error("the computation of OPAQUE failed")]
    Internal,
}

impl OpaqueError {
    /// A failure while a message of the right form is worked on.
    fn of_message(error: ProtocolError, message: Message, actual: usize) -> Self {
        match error {
            ProtocolError::InvalidLoginError => Self::WrongPassword,
            ProtocolError::LibraryError(_) => Self::Internal,
            _ => message.malformed(actual),
        }
    }
}

/// A message's name and size.
#[derive(Clone, Copy)]
struct Message(&'static str, usize);

impl Message {
    const fn malformed(self, actual: usize) -> OpaqueError {
        OpaqueError::Malformed {
            message: self.0,
            expected: self.1,
            actual,
        }
    }

    fn parse<T>(
        self,
        bytes: &[u8],
        parse: impl FnOnce(&[u8]) -> Result<T, ProtocolError>,
    ) -> Result<T, OpaqueError> {
        if bytes.len() != self.1 {
            return Err(self.malformed(bytes.len()));
        }
        parse(bytes).map_err(|_| self.malformed(bytes.len()))
    }
}
