//! The Sotto gateway: stores and forwards what it cannot read.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`config`] | settings: flags, environment, file, defaults; every limit |
//! | [`invitation`] | codes of invitations |
//! | [`connection`] | one connection without socket, clock and storage |
//! | [`storage`] | clients, mailboxes, accounts, conversations, durably |
//! | `transport` | TCP and WebSocket sockets, limits over all connections |
//! | `tls` | the certificate: files, self-signed, ACME |
//! | `http` | the web app, health, metrics |
//! | [`admin`] | the operator's commands |
//! | [`audit`], [`metrics`] | what operators see |
//!
//! [`Gateway::start`] puts them together; `docs/operations.md` says how to run it.

pub mod admin;
pub mod audit;
pub mod config;
pub mod connection;
mod gateway;
mod http;
pub mod invitation;
pub mod metrics;
mod stop;
pub mod storage;
mod tls;
mod transport;

pub use gateway::{Addresses, Gateway, StartError};
pub use tls::{Fingerprint, TlsError};
pub use transport::accounts::{
    CLAIMS, DEVICE_NOTICES_MAX, EPHEMERAL_MAX, EPHEMERALS, NOTICE_PAUSE, ONE_TIME_CLAIMS,
    ONE_TIME_CLAIMS_BY_ONE, PRESENCE_PUSH_MAX, Rate, SEARCH_WINDOW, SEARCHES_MAX, SEND_UNIT,
};
