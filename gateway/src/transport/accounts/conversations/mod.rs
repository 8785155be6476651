//! Conversations: key packages, groups, messages.

mod groups;
mod key_packages;
mod messages;

use core::time::Duration;
use std::sync::Arc;

use sotto_shared::sotto::{Error, ErrorCode, Push};
use sotto_shared::{AccountId, ClientId};
use tokio::sync::Semaphore;

use super::allowance::{Allowance, Rate};
use super::{Accounts, Ask, read};
use crate::connection::sotto::error;
use crate::storage::delivery::{Act, Acted, DeliveryStorage, Denied};

/// Devices of which the devices of one account may claim key packages. More are refused.
pub const CLAIMS: Rate = Rate {
    most: 2_048,
    over: Duration::from_secs(3600),
};
/// One-time key packages of one device that are handed out, whoever asks. Beyond it there is the
/// last resort: so that nobody drains a device.
pub const ONE_TIME_CLAIMS: Rate = Rate {
    most: 60,
    over: Duration::from_secs(3600),
};
/// The same for one account that asks.
pub const ONE_TIME_CLAIMS_BY_ONE: Rate = Rate {
    most: 5,
    over: Duration::from_secs(3600),
};
/// Ephemeral messages of one device. More are refused.
pub const EPHEMERALS: Rate = Rate {
    most: 20,
    over: Duration::from_secs(10),
};
/// Most bytes of an ephemeral message.
pub const EPHEMERAL_MAX: usize = 4 * 1024;
/// A message counts once more for each of these bytes, where messages are counted.
pub const SEND_UNIT: usize = 64 * 1024;
/// Accounts that are told when one of their neighbours' devices change. Others learn it when they
/// ask.
pub const DEVICE_NOTICES_MAX: usize = 10_000;

/// Mailboxes that are read at once.
const FETCHES: usize = 64;

/// What conversations share.
#[derive(Debug)]
pub(crate) struct Conversations {
    pub(crate) storage: Arc<dyn DeliveryStorage>,
    /// To be held while a mailbox is read.
    pub(crate) fetches: Semaphore,
    sends: Allowance<ClientId>,
    ephemerals: Allowance<ClientId>,
    claims: Allowance<AccountId>,
    one_time_claims: Allowance<ClientId>,
    one_time_claims_by_one: Allowance<(AccountId, ClientId)>,
}

impl Conversations {
    pub(super) fn new(storage: Arc<dyn DeliveryStorage>) -> Self {
        Self {
            storage,
            fetches: Semaphore::new(FETCHES),
            sends: Allowance::default(),
            ephemerals: Allowance::default(),
            claims: Allowance::default(),
            one_time_claims: Allowance::default(),
            one_time_claims_by_one: Allowance::default(),
        }
    }

    async fn act(&self, act: Act) -> Result<Acted, Error> {
        let acted = self.storage.submit(act).await;
        acted
            .unwrap_or(Err(Denied::Failed))
            .map_err(|denied| error(code_of(denied)))
    }
}

impl Accounts {
    /// The accounts to be told when the devices of one change.
    pub(super) async fn neighbours(&self, account: AccountId) -> Vec<AccountId> {
        let storage = &self.conversations.storage;
        let found = storage.neighbours(account, DEVICE_NOTICES_MAX);
        read(found).await.unwrap_or_default()
    }

    /// Tells them.
    pub(super) fn tell_devices_changed(&self, account: AccountId, neighbours: &[AccountId]) {
        for neighbour in neighbours {
            let push = Push::DevicesOfChanged(account);
            self.sessions.push(*neighbour, None, push);
        }
    }
}

impl Ask<'_> {
    /// Tells those who share a group with an account that its devices have changed.
    pub(super) async fn devices_changed(&self, account: AccountId) {
        let neighbours = self.accounts.neighbours(account).await;
        self.accounts.tell_devices_changed(account, &neighbours);
    }
}

const fn code_of(denied: Denied) -> ErrorCode {
    match denied {
        Denied::NoDevice => ErrorCode::NotAuthenticated,
        Denied::UnknownGroup => ErrorCode::UnknownGroup,
        Denied::NotMember => ErrorCode::NotMember,
        Denied::StaleEpoch => ErrorCode::StaleEpoch,
        Denied::MailboxFull => ErrorCode::MailboxFull,
        Denied::GroupFull => ErrorCode::GroupFull,
        Denied::UnknownDevice => ErrorCode::UnknownDevice,
        Denied::UnknownPeer | Denied::IdTaken => ErrorCode::Conflict,
        Denied::NotAllowed | Denied::TooMany => ErrorCode::NotAllowed,
        Denied::Failed => ErrorCode::Unavailable,
    }
}
