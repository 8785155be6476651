//! The end of an account.

use serde::{Deserialize, Serialize};

use super::{BadSignature, Fields, Nonce, StatementError, check, signed_bytes, whole};
use crate::account::key::{AccountKey, AccountPublicKey, Signature};
use crate::{AccountId, GatewayId};

const DOMAIN: &str = "sotto/3 account deletion";

/// "Delete my account, here and now."
///
/// Signed: `sotto/3 account deletion` | 00 | account 16 | gateway 16 | nonce 32. The gateway takes
/// it for its own id and a nonce that it gave to this connection, and each nonce once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeletionOrder {
    /// Which account.
    pub account: AccountId,
    /// At which gateway.
    pub gateway: GatewayId,
    /// The gateway's nonce.
    pub nonce: Nonce,
    /// The account key's signature on all of this.
    pub signature: Signature,
}

impl DeletionOrder {
    /// Size of [`to_bytes`](Self::to_bytes).
    pub const SIZE: usize = 16 + 16 + 32 + 64;

    /// Orders the deletion.
    pub fn issue(key: &AccountKey, account: AccountId, gateway: GatewayId, nonce: Nonce) -> Self {
        let mut order = Self {
            account,
            gateway,
            nonce,
            signature: Signature::from_bytes([0; 64]),
        };
        order.signature = key.sign(&order.signed());
        order
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
        check(key.verifies(&self.signed(), &self.signature))
    }

    /// The bytes to send or store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.with_fields(|fields| whole(fields, &self.signature))
    }

    /// Reads [`to_bytes`](Self::to_bytes), and verifies nothing.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        let mut fields = Fields::new(bytes, Self::SIZE)?;
        Ok(Self {
            account: AccountId::from_bytes(fields.take()?),
            gateway: GatewayId::from_bytes(fields.take()?),
            nonce: Nonce::from_bytes(fields.take()?),
            signature: fields.signature()?,
        })
    }

    fn signed(&self) -> Vec<u8> {
        self.with_fields(|fields| signed_bytes(DOMAIN, fields))
    }

    fn with_fields<T>(&self, f: impl FnOnce(&[&[u8]]) -> T) -> T {
        f(&[
            self.account.as_bytes(),
            self.gateway.as_bytes(),
            self.nonce.as_bytes(),
        ])
    }
}
