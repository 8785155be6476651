//! What conversations ask of the account: its device, the keys of others, and the connection.

use sotto_shared::AccountId;
use sotto_shared::account::AccountPublicKey;
use sotto_shared::limits::DIRECTORY_PAGE_MAX;
use sotto_shared::sotto::Request;

use super::{Accounts, Asked};
use crate::account::stored::StoredAccount;
use crate::api::SessionState;
use crate::machine::conversation::{self, Inbound};
use crate::time::Timestamp;

impl Accounts {
    /// The account that is signed in here, and this device of it.
    pub(in crate::machine) fn stored(&self) -> Option<&StoredAccount> {
        self.stored.as_deref()
    }

    /// Whether the gateway may be asked for things of the account.
    pub(in crate::machine) fn is_open(&self) -> bool {
        self.session == SessionState::Open
    }

    /// The key that is pinned for an account, the own one included.
    pub(in crate::machine) fn pinned_key(&self, account: AccountId) -> Option<AccountPublicKey> {
        match &self.stored {
            Some(stored) if stored.account == account => Some(stored.account_key.public()),
            _ => self.contacts.pinned(account),
        }
    }

    /// Whether an account's key has changed and the user has not looked at it yet.
    pub(in crate::machine) fn has_changed_key(&self, account: AccountId) -> bool {
        self.contacts.has_changed(account)
    }

    /// Transmits a request of conversations.
    pub(in crate::machine) fn ask_for(
        &mut self,
        asked: conversation::Asked,
        request: &Request,
        now: Timestamp,
    ) {
        self.ask(Asked::Conversation(Box::new(asked)), request, now);
    }

    /// What arrived for conversations, in order.
    pub(in crate::machine) fn take_inbound(&mut self) -> Vec<Inbound> {
        core::mem::take(&mut self.inbound)
    }

    /// Asks who these are, of whom nothing is known.
    pub(in crate::machine) fn learn(&mut self, accounts: &[AccountId], now: Timestamp) {
        let strangers: Vec<AccountId> = accounts
            .iter()
            .copied()
            .filter(|account| self.pinned_key(*account).is_none())
            .collect();
        for page in strangers.chunks(DIRECTORY_PAGE_MAX) {
            self.ask_accounts(page, now);
        }
    }
}
