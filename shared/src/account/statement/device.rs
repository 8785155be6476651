//! Which devices are an account's.

use super::{BadSignature, UNSIGNED, check};
use crate::account::key::{AccountKey, AccountPublicKey, DevicePublicKey};
use crate::{AccountId, ClientId};

statement! {
    /// "This device is mine."
    ///
    /// Signed: `sotto/3 device certificate` | 00 | account 16 | account key 32 | client 16 |
    /// device key 32 | created at u64.
    DeviceCertificate signed as "sotto/3 device certificate" {
        /// Whose device it is.
        account: AccountId,
        /// The key that signs.
        account_key: AccountPublicKey,
        /// The device's mailbox.
        client: ClientId,
        /// The device's key.
        device_key: DevicePublicKey,
        /// Seconds since 1970, by the clock of the device that signed.
        created_at: u64,
    }
}

impl DeviceCertificate {
    /// Certifies a device.
    pub fn issue(
        key: &AccountKey,
        account: AccountId,
        client: ClientId,
        device_key: DevicePublicKey,
        created_at: u64,
    ) -> Self {
        let certificate = Self {
            account,
            account_key: key.public(),
            client,
            device_key,
            created_at,
            signature: UNSIGNED,
        };
        certificate.signed_by(key)
    }

    /// Checks the signature against the key inside. It says nothing about whose key that is: see
    /// [`verify_for`](Self::verify_for).
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self) -> Result<(), BadSignature> {
        check(self.is_by(&self.account_key))
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
        check(self.account == *account && self.account_key == *key)?;
        self.verify()
    }
}

statement! {
    /// "This device is mine no more." It holds for good: a device that comes back gets a new
    /// mailbox.
    ///
    /// Signed: `sotto/3 device revocation` | 00 | account 16 | client 16 | revoked at u64.
    DeviceRevocation signed as "sotto/3 device revocation" {
        /// Whose device it was.
        account: AccountId,
        /// The device's mailbox.
        client: ClientId,
        /// Seconds since 1970, by the clock of the device that signed.
        revoked_at: u64,
    }
}

impl DeviceRevocation {
    /// Revokes a device.
    pub fn issue(key: &AccountKey, account: AccountId, client: ClientId, revoked_at: u64) -> Self {
        let revocation = Self {
            account,
            client,
            revoked_at,
            signature: UNSIGNED,
        };
        revocation.signed_by(key)
    }

    /// Checks that it is a revocation by this account with this key.
    ///
    /// # Errors
    /// [`BadSignature`], also for another account's revocation.
    pub fn verify_for(
        &self,
        account: &AccountId,
        key: &AccountPublicKey,
    ) -> Result<(), BadSignature> {
        check(self.account == *account && self.is_by(key))
    }
}
