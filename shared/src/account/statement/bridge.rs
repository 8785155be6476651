//! Which classic mailbox is an account's.

use sha2::{Digest, Sha256};

use super::{BadSignature, UNSIGNED, check};
use crate::account::key::{AccountKey, AccountPublicKey};
use crate::classic::PublicKeyBytes;
use crate::{AccountId, ClientId};

statement! {
    /// "This classic mailbox, and the RSA key in it, are mine."
    ///
    /// Signed: `sotto/3 bridge certificate` | 00 | account 16 | client 16 | key digest 32 |
    /// created at u64.
    BridgeCertificate signed as "sotto/3 bridge certificate" {
        /// Whose mailbox it is.
        account: AccountId,
        /// The classic mailbox.
        client: ClientId,
        /// SHA-256 of the 160 bytes of the RSA public key: see [`digest`](Self::digest).
        key_digest: [u8; 32],
        /// Seconds since 1970, by the clock of the device that signed. Of two certificates the
        /// later one holds, so that a mailbox that was given up cannot be brought back.
        created_at: u64,
    }
}

impl BridgeCertificate {
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
        let certificate = Self {
            account,
            client,
            key_digest,
            created_at,
            signature: UNSIGNED,
        };
        certificate.signed_by(key)
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
        check(self.account == *account && self.is_by(key))
    }
}
