//! What a version 3 connection asks of accounts.

use core::time::Duration;

use sotto_shared::account::Nonce;
use sotto_shared::sotto::{Request, Response};
use sotto_shared::{AccountId, ClientId};

/// A version 3 request to be done, with what the connection has proved before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountWork {
    /// What was proved.
    pub standing: Standing,
    /// What is asked.
    pub request: Request,
    /// This connection's nonce, for the requests that use it up.
    pub nonce: Option<Nonce>,
}

/// What a connection has proved. Only results of its own requests change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The device that is connected.
    pub device: Option<Device>,
    /// The last login by password or recovery code, which need not be fresh any more.
    pub login: Option<Login>,
}

/// An authenticated device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Its account.
    pub account: AccountId,
    /// Its mailbox.
    pub client: ClientId,
}

/// A login by password or recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// To which account.
    pub account: AccountId,
    /// When, on the connection's clock.
    pub at: Duration,
}

/// What became of an [`AccountWork`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountResult {
    /// The answer.
    pub response: Response,
    /// What it proves.
    pub proves: Option<Proof>,
}

/// What a result says about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Password or recovery code are right.
    LoggedIn(AccountId),
    /// It is this device that is connected.
    Device(Device),
    /// The account is gone, and the connection ends.
    AccountGone,
}

impl From<Response> for AccountResult {
    fn from(response: Response) -> Self {
        Self {
            response,
            proves: None,
        }
    }
}
