//! The protocol that Sotto's clients and its gateway speak.
//!
//! This crate is pure: bytes, time and randomness come in as arguments. It opens no socket, reads
//! no clock, and builds for native targets and for `wasm32-unknown-unknown` (where the program
//! switches on the feature `js` of `getrandom` 0.2, which stands beneath its dependencies).
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`id`], [`name`] | identifiers and user names, parsed at the edge |
//! | [`wire`] | what all dialects share: headers, byte order, the version byte that selects the dialect |
//! | [`sotto`] | dialect of version 3: every request, response and push |
//! | [`classic`] | dialect of versions 1 and 2: every request and response, and incremental decoders |
//! | [`account`] | accounts of version 3: keys, signed statements, OPAQUE, vault, recovery code, safety number |
//! | [`crypto`] | the classic dialect's cryptography: RSA-1024 OAEP-SHA1 and AES-128-CBC |
//! | [`limits`] | every bound of the wire, as a named constant |
//!
//! The protocol itself is described byte by byte in `docs/protocol.md`.

pub mod account;
pub mod classic;
pub mod content;
pub mod crypto;
pub mod id;
pub mod limits;
pub mod name;
pub mod sotto;
pub mod wire;

pub use id::{AccountId, ClientId, ContentId, GatewayId, GroupId, MessageId, SendId};
pub use name::UserName;
