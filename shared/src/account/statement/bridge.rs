//! Which classic mailbox is an account's.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BadSignature, Fields, StatementError, check, signed_bytes, whole};
use crate::account::key::{AccountKey, AccountPublicKey, Signature};
use crate::classic::PublicKeyBytes;
use crate::{AccountId, ClientId};

const DOMAIN: &str = "sotto/3 bridge certificate";

/// "This classic mailbox, and the RSA key in it, are mine."
///
/// Signed: `sotto/3 bridge certificate` | 00 | account 16 | client 16 | key
/// digest 32 | created at u64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BridgeCertificate {
    /// Whose mailbox it is.
    pub account: AccountId,
    /// The classic mailbox.
    pub client: ClientId,
    /// SHA-256 of the 160 bytes of the RSA public key: see [`digest`](Self::digest).
    pub key_digest: [u8; 32],
    /// Seconds since 1970, by the clock of the device that signed. Of two certificates the later
    /// one holds, so that a mailbox that was given up cannot be brought back.
    pub created_at: u64,
    /// The account key's signature on all of this.
    pub signature: Signature,
}

impl BridgeCertificate {
    /// Size of [`to_bytes`](Self::to_bytes).
    pub const SIZE: usize = 16 + 16 + 32 + 8 + 64;

    /// The digest of a classic public key.
    pub fn digest(key: &PublicKeyBytes) -> [u8; 32] {
        Sha256::digest(key.0).into()
    }

    /// Certifies a classic mailbox.
    pub fn issue(
        key: &AccountKey,
        account: AccountId,
        client: ClientId,
        key_digest: [u8; 32],
        created_at: u64,
    ) -> Self {
        let mut certificate = Self {
            account,
            client,
            key_digest,
            created_at,
            signature: Signature::from_bytes([0; 64]),
        };
        certificate.signature = key.sign(&certificate.signed());
        certificate
    }

    /// Checks that it is a certificate by this account with this key.
    ///
    /// # Errors
    /// [`BadSignature`], also for another account's certificate.
    pub fn verify_for(
        &self,
        account: &AccountId,
        key: &AccountPublicKey,
    ) -> Result<(), BadSignature> {
        check(self.account == *account && key.verifies(&self.signed(), &self.signature))
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
            client: ClientId::from_bytes(fields.take()?),
            key_digest: fields.take()?,
            created_at: u64::from_le_bytes(fields.take()?),
            signature: fields.signature()?,
        })
    }

    fn signed(&self) -> Vec<u8> {
        self.with_fields(|fields| signed_bytes(DOMAIN, fields))
    }

    fn with_fields<T>(&self, f: impl FnOnce(&[&[u8]]) -> T) -> T {
        f(&[
            self.account.as_bytes(),
            self.client.as_bytes(),
            &self.key_digest,
            &self.created_at.to_le_bytes(),
        ])
    }
}
