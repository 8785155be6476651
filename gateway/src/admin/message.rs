//! What is said on the socket.

use serde::{Deserialize, Serialize};
use sotto_shared::account::AccountName;

use crate::storage::account::AccountSummary;

/// What the operator wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// A new invitation.
    Invite {
        /// How long it is good for; 1 to [`super::INVITATION_DAYS_MAX`].
        days: u32,
    },
    /// All accounts.
    UserList {},
    /// Nobody gets in with this account any more, and its devices are cut off.
    UserDisable {
        /// Whose.
        name: AccountName,
    },
    /// Takes that back.
    UserEnable {
        /// Whose.
        name: AccountName,
    },
    /// Deletes an account with everything that belongs to it.
    UserDelete {
        /// Whose.
        name: AccountName,
    },
    /// Forgets an account's failed logins, so that it is not locked any more.
    UserResetLogin {
        /// Whose.
        name: AccountName,
    },
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Answer {
    /// It was done.
    Done,
    /// An invitation, whose code is told only now.
    Invited {
        /// To be given to whoever is invited.
        code: String,
        /// Seconds since 1970.
        expires_at: u64,
        /// Where the web app takes it, if the gateway knows its address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<String>,
    },
    /// All accounts.
    Users {
        /// In order of their names.
        users: Vec<User>,
    },
    /// It was not done.
    Error {
        /// Why.
        message: String,
    },
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its name.
    pub name: AccountName,
    /// Its id, as in the audit log.
    pub account: String,
    /// Devices that are not revoked.
    pub devices: u64,
    /// Seconds since 1970.
    pub created_at: u64,
    /// Seconds since 1970; zero for never.
    pub last_seen: u64,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether it has a classic mailbox.
    pub bridge: bool,
}

impl From<AccountSummary> for User {
    fn from(summary: AccountSummary) -> Self {
        Self {
            name: summary.name,
            account: summary.account.to_string(),
            devices: summary.devices,
            created_at: summary.created_at,
            last_seen: summary.last_seen,
            disabled: summary.disabled,
            bridge: summary.bridge,
        }
    }
}
