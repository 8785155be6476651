//! What a connection asks of storage and accounts.

use sotto_shared::ClientId;
use sotto_shared::classic::response::{ClientRecord, PublicKeyAnswer};

use super::sotto::{AccountResult, AccountWork};
use crate::storage::{ReadError, Waiting, Write, Written};

/// Work for the storage. Jobs are submitted in the order in which they are handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Sends, which go to the storage without waiting for each other.
    Sends {
        /// Number of the first one on this connection, to be given back with the results.
        first: u64,
        /// One or more.
        batch: Vec<Write>,
    },
    /// A request that nothing may overtake. There is one at a time, and no send beside it.
    Alone(Alone),
}

/// Work of a request that stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alone {
    /// A registration.
    Register(Write),
    /// Another change: deleting what was delivered or acknowledged.
    Write(Write),
    /// All clients.
    Clients {
        /// Who asks.
        requester: ClientId,
    },
    /// A public key.
    PublicKey {
        /// Who asks.
        requester: ClientId,
        /// Whose key.
        wanted: ClientId,
    },
    /// A mailbox's messages.
    Waiting {
        /// Whose.
        mailbox: ClientId,
        /// Whether they will be deleted once delivered: no other connection may deliver them
        /// meanwhile, see [`super::Connection::holds_mailbox`].
        deletes: bool,
    },
    /// A request of version 3.
    Account(Box<AccountWork>),
}

/// Result of an [`Alone`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AloneResult {
    /// Of a registration or another change.
    Written(Written),
    /// All clients.
    Clients(Result<Vec<ClientRecord>, ReadError>),
    /// A public key.
    PublicKey(Result<PublicKeyAnswer, ReadError>),
    /// A mailbox's messages.
    Waiting(Result<Waiting, ReadError>),
    /// Of a request of version 3.
    Account(Box<AccountResult>),
}

impl AloneResult {
    /// Whether this can be the result of that work.
    pub(super) const fn answers(&self, work: &Alone) -> bool {
        matches!(
            (self, work),
            (Self::Written(_), Alone::Register(_) | Alone::Write(_))
                | (Self::Clients(_), Alone::Clients { .. })
                | (Self::PublicKey(_), Alone::PublicKey { .. })
                | (Self::Waiting(_), Alone::Waiting { .. })
                | (Self::Account(_), Alone::Account(_))
        )
    }
}
