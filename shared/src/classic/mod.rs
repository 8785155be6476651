//! The classic dialect (versions 1 and 2): one request, one response, strictly in turn.
//!
//! [`request`] and [`response`] hold one type per frame and write them; [`RequestDecoder`] (the
//! server's side) and [`ResponseDecoder`] (the client's side) read them from bytes that arrive cut
//! anywhere. See `docs/protocol.md` for every offset.
//!
//! Beside the seed's codes stand three *reliable* ones of Sotto's own (610, 613, 614), with which
//! a client that crashes at any moment loses and doubles nothing. Other servers answer them with
//! an error, and a client then keeps to the seed's codes.

mod rejected;
pub mod request;
mod request_decoder;
mod request_frame;
pub mod response;
mod response_decoder;

pub use rejected::{RejectReason, Rejected};
pub use request::{Request, RequestBody};
pub use request_decoder::{Decoded, RequestDecoder, decode_message};
pub use response::Response;
pub use response_decoder::{ResponseDecoder, ResponseError};

use serde::{Deserialize, Serialize};

/// Version of a classic frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// Text only.
    V1,
    /// With files and a database.
    #[default]
    V2,
}

impl Version {
    /// The version byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

/// Request codes.
pub mod code {
    /// Register a name and a public key.
    pub const REGISTER: u16 = 600;
    /// List the other clients.
    pub const LIST_CLIENTS: u16 = 601;
    /// Ask for a client's public key.
    pub const PUBLIC_KEY: u16 = 602;
    /// Send a message.
    pub const SEND: u16 = 603;
    /// Pull waiting messages; they are deleted once the answer is written.
    pub const PULL: u16 = 604;
    /// Reliable: as 600, and repeating it with the same name and key is answered alike.
    pub const REGISTER_ONCE: u16 = 610;
    /// Reliable: as 603, with a client-made id that makes repeating it harmless.
    pub const SEND_ONCE: u16 = 613;
    /// Reliable: as 604, but messages are deleted only when the next one acknowledges them.
    pub const PULL_AFTER: u16 = 614;
    /// Answer to 600 and 610.
    pub const REGISTERED: u16 = 2100;
    /// Answer to 601.
    pub const CLIENT_LIST: u16 = 2101;
    /// Answer to 602.
    pub const PUBLIC_KEY_ANSWER: u16 = 2102;
    /// Answer to 603 and 613.
    pub const STORED: u16 = 2103;
    /// Answer to 604 and 614.
    pub const WAITING: u16 = 2104;
    /// Answer to whatever could not be done.
    pub const ERROR: u16 = 9000;
}

/// What a message is. Gateways store any kind untouched; clients know these four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageKind(pub u8);

impl MessageKind {
    /// Asks for a symmetric key; empty content.
    pub const KEY_REQUEST: Self = Self(1);
    /// Carries a symmetric key, wrapped for the addressee.
    pub const KEY: Self = Self(2);
    /// Text under the symmetric key.
    pub const TEXT: Self = Self(3);
    /// A file under the symmetric key.
    pub const FILE: Self = Self(4);
}

/// A public key as it stands on the wire, not looked into: gateways pass keys on as they came.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKeyBytes(pub [u8; crate::limits::PUBLIC_KEY_SIZE]);

impl core::fmt::Debug for PublicKeyBytes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PublicKeyBytes(..)")
    }
}
