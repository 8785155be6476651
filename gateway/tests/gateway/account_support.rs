//! Accounts to test with.

use rand_core::OsRng;
use sotto_gateway::storage::account::{NewAccount, StoredCredential};
use sotto_shared::account::{
    AccountKey, BridgeCertificate, DeviceCertificate, DeviceKey, DeviceRevocation,
};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::sotto::types::DeviceLabel;
use sotto_shared::{AccountId, ClientId};

/// Somebody with an account key.
pub(crate) struct User {
    pub(crate) key: AccountKey,
    pub(crate) account: AccountId,
    pub(crate) name: String,
}

impl User {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            key: AccountKey::generate(&mut OsRng),
            account: AccountId::random(&mut OsRng),
            name: name.to_owned(),
        }
    }

    /// A sign-up with a new device.
    pub(crate) fn sign_up(&self) -> NewAccount {
        NewAccount {
            name: self.name.parse().unwrap(),
            display_name: format!("{} of the tests", self.name).parse().unwrap(),
            password: credential(&format!("password of {}", self.name)),
            recovery: credential(&format!("recovery of {}", self.name)),
            vault: format!("vault of {}", self.name).into_bytes().into(),
            certificate: self.certify(),
            label: label("first"),
            invitation: None,
            carry_over: None,
        }
    }

    /// A certificate of a new device.
    pub(crate) fn certify(&self) -> DeviceCertificate {
        self.certify_as(ClientId::random(&mut OsRng))
    }

    pub(crate) fn certify_as(&self, client: ClientId) -> DeviceCertificate {
        let device_key = DeviceKey::generate(&mut OsRng).public();
        DeviceCertificate::issue(&self.key, self.account, client, device_key, 1)
    }

    pub(crate) fn revoke(&self, client: ClientId) -> DeviceRevocation {
        DeviceRevocation::issue(&self.key, self.account, client, 2)
    }

    pub(crate) fn bridge(&self, client: ClientId, key: u8) -> (BridgeCertificate, PublicKeyBytes) {
        let key = PublicKeyBytes([key; 160]);
        let digest = BridgeCertificate::digest(&key);
        let certificate = BridgeCertificate::issue(&self.key, self.account, client, digest, 1);
        (certificate, key)
    }
}

pub(crate) fn credential(seed: &str) -> StoredCredential {
    StoredCredential {
        password_file: format!("{seed}: password file").into_bytes().into(),
        wrapped_vault_key: format!("{seed}: wrapped key").into_bytes().into(),
    }
}

pub(crate) fn label(name: &str) -> DeviceLabel {
    DeviceLabel {
        name: name.to_owned(),
        platform: "tests".to_owned(),
    }
}
