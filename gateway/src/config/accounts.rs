//! Settings of accounts: who may sign up, who is found.

use clap::{Args, ValueEnum};
use serde::Deserialize;
use sotto_shared::sotto::types::{DirectoryPolicy, RegistrationPolicy};

/// Who may sign up, as it is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Everybody
    Open,
    /// Whoever has an invitation, by the operator or by a user
    Invitation,
    /// Nobody
    Closed,
}

/// Who is found, as it is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Directory {
    /// Everybody is listed
    Listed,
    /// Only whole names are found
    Exact,
}

/// Settings of accounts as given by flag, environment or file.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Accounts (see docs/operations.md)")]
pub struct GivenAccounts {
    /// Who may sign up for an account [default: open]
    #[arg(long, env = "SOTTO_REGISTRATION", value_enum)]
    pub registration: Option<Registration>,

    /// Who is found by other users [default: listed]
    #[arg(long, env = "SOTTO_DIRECTORY", value_enum)]
    pub directory: Option<Directory>,
}

impl GivenAccounts {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            registration: self.registration.or(other.registration),
            directory: self.directory.or(other.directory),
        }
    }

    pub(super) fn settle(self) -> AccountSettings {
        AccountSettings {
            registration: match self.registration.unwrap_or(Registration::Open) {
                Registration::Open => RegistrationPolicy::Open,
                Registration::Invitation => RegistrationPolicy::Invitation,
                Registration::Closed => RegistrationPolicy::Closed,
            },
            directory: match self.directory.unwrap_or(Directory::Listed) {
                Directory::Listed => DirectoryPolicy::Listed,
                Directory::Exact => DirectoryPolicy::Exact,
            },
        }
    }
}

/// Settings of accounts, settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSettings {
    /// Who may sign up.
    pub registration: RegistrationPolicy,
    /// Who is found.
    pub directory: DirectoryPolicy,
}

impl Default for AccountSettings {
    fn default() -> Self {
        GivenAccounts::default().settle()
    }
}
