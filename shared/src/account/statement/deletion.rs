//! The end of an account.

use super::{BadSignature, Nonce, UNSIGNED, check};
use crate::account::key::{AccountKey, AccountPublicKey};
use crate::{AccountId, GatewayId};

statement! {
    /// "Delete my account, here and now."
    ///
    /// Signed: `sotto/3 account deletion` | 00 | account 16 | gateway 16 | nonce 32. The gateway
    /// takes it for its own id and a nonce that it gave to this connection, and each nonce once.
    DeletionOrder signed as "sotto/3 account deletion" {
        /// Which account.
        account: AccountId,
        /// At which gateway.
        gateway: GatewayId,
        /// The gateway's nonce.
        nonce: Nonce,
    }
}

impl DeletionOrder {
    /// Orders the deletion.
    pub fn issue(key: &AccountKey, account: AccountId, gateway: GatewayId, nonce: Nonce) -> Self {
        let order = Self {
            account,
            gateway,
            nonce,
            signature: UNSIGNED,
        };
        order.signed_by(key)
    }

    /// Checks that this account, with this key, gave the order to this gateway for this nonce.
    ///
    /// # Errors
    /// [`BadSignature`], also for an order to somebody else or of another time.
    pub fn verify_for(
        &self,
        account: &AccountId,
        key: &AccountPublicKey,
        gateway: &GatewayId,
        nonce: &Nonce,
    ) -> Result<(), BadSignature> {
        check(self.account == *account && self.gateway == *gateway && self.nonce == *nonce)?;
        check(self.is_by(key))
    }
}
