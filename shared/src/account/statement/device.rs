//! Which devices are an account's.

use serde::{Deserialize, Serialize};

use super::{BadSignature, Fields, StatementError, check, signed_bytes, whole};
use crate::account::key::{AccountKey, AccountPublicKey, DevicePublicKey, Signature};
use crate::{AccountId, ClientId};

const CERTIFICATE_DOMAIN: &str = "sotto/3 device certificate";
const REVOCATION_DOMAIN: &str = "sotto/3 device revocation";

/// "This device is mine."
///
/// Signed: `sotto/3 device certificate` | 00 | account 16 | account key 32 | client 16 | device
/// key 32 | created at u64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceCertificate {
    /// Whose device it is.
    pub account: AccountId,
    /// The key that signs.
    pub account_key: AccountPublicKey,
    /// The device's mailbox.
    pub client: ClientId,
    /// The device's key.
    pub device_key: DevicePublicKey,
    /// Seconds since 1970, by the clock of the device that signed.
    pub created_at: u64,
    /// The account key's signature on all of this.
    pub signature: Signature,
}

impl DeviceCertificate {
    /// Size of [`to_bytes`](Self::to_bytes).
    pub const SIZE: usize = 16 + 32 + 16 + 32 + 8 + 64;

    /// Certifies a device.
    pub fn issue(
        key: &AccountKey,
        account: AccountId,
        client: ClientId,
        device_key: DevicePublicKey,
        created_at: u64,
    ) -> Self {
        let mut certificate = Self {
            account,
            account_key: key.public(),
            client,
            device_key,
            created_at,
            signature: Signature::from_bytes([0; 64]),
        };
        certificate.signature = key.sign(&certificate.signed());
        certificate
    }

    /// Checks the signature against the key inside. It says nothing about whose key that is: see
    /// [`verify_for`](Self::verify_for).
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self) -> Result<(), BadSignature> {
        check(self.account_key.verifies(&self.signed(), &self.signature))
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
            account_key: AccountPublicKey::from_bytes(fields.take()?)?,
            client: ClientId::from_bytes(fields.take()?),
            device_key: DevicePublicKey::from_bytes(fields.take()?)?,
            created_at: u64::from_le_bytes(fields.take()?),
            signature: fields.signature()?,
        })
    }

    fn signed(&self) -> Vec<u8> {
        self.with_fields(|fields| signed_bytes(CERTIFICATE_DOMAIN, fields))
    }

    fn with_fields<T>(&self, f: impl FnOnce(&[&[u8]]) -> T) -> T {
        f(&[
            self.account.as_bytes(),
            self.account_key.as_bytes(),
            self.client.as_bytes(),
            self.device_key.as_bytes(),
            &self.created_at.to_le_bytes(),
        ])
    }
}

/// "This device is mine no more." It holds for good: a device that comes back gets a new mailbox.
///
/// Signed: `sotto/3 device revocation` | 00 | account 16 | client 16 | revoked at u64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceRevocation {
    /// Whose device it was.
    pub account: AccountId,
    /// The device's mailbox.
    pub client: ClientId,
    /// Seconds since 1970, by the clock of the device that signed.
    pub revoked_at: u64,
    /// The account key's signature on all of this.
    pub signature: Signature,
}

impl DeviceRevocation {
    /// Size of [`to_bytes`](Self::to_bytes).
    pub const SIZE: usize = 16 + 16 + 8 + 64;

    /// Revokes a device.
    pub fn issue(key: &AccountKey, account: AccountId, client: ClientId, revoked_at: u64) -> Self {
        let mut revocation = Self {
            account,
            client,
            revoked_at,
            signature: Signature::from_bytes([0; 64]),
        };
        revocation.signature = key.sign(&revocation.signed());
        revocation
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
            revoked_at: u64::from_le_bytes(fields.take()?),
            signature: fields.signature()?,
        })
    }

    fn signed(&self) -> Vec<u8> {
        self.with_fields(|fields| signed_bytes(REVOCATION_DOMAIN, fields))
    }

    fn with_fields<T>(&self, f: impl FnOnce(&[&[u8]]) -> T) -> T {
        f(&[
            self.account.as_bytes(),
            self.client.as_bytes(),
            &self.revoked_at.to_le_bytes(),
        ])
    }
}
