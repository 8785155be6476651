//! What the operator does from the command line: to a running gateway over a socket in its data
//! folder, to a stopped one by opening the folder.
//!
//! One request, one answer, each a line of JSON. Whoever can open the socket could as well open
//! the database beside it: both are the gateway user's alone.

mod client;
mod message;
mod operate;
#[cfg(unix)]
mod server;

pub use client::{AskError, ask};
pub use message::{Answer, Request, User};

pub(crate) use operate::{Operate, OperateError};
#[cfg(unix)]
pub(crate) use server::serve;

/// The socket's file in the data folder.
pub const SOCKET: &str = "admin.sock";

/// Longest request in bytes.
#[cfg(unix)]
const REQUEST_MAX: u64 = 4096;

/// Longest time from connecting to the end of the answer.
#[cfg(unix)]
const PATIENCE: core::time::Duration = core::time::Duration::from_secs(30);

/// Days that an invitation is good for, at most: ten years.
pub const INVITATION_DAYS_MAX: u32 = 3650;
