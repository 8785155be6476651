//! What this device keeps of the account, sealed in the local store.
//!
//! The classic mailbox of the account, if its key is here, is the classic identity of this store
//! ([`record::IDENTITY`](crate::record::IDENTITY)), as it was before there was an account.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sotto_shared::account::{
    AccountKey, AccountName, AccountPublicKey, BridgeCertificate, DeviceCertificate, DeviceKey,
    DisplayName,
};
use sotto_shared::sotto::response::Session;
use sotto_shared::{AccountId, ClientId, GatewayId};
use zeroize::Zeroizing;

use crate::api::{AccountFailure, Passphrase};

/// Highest password epoch that can be: nobody changes a password so often. A gateway that tells a
/// higher one would silence a device for ever.
pub(crate) const PASSWORD_EPOCH_MAX: u64 = 1 << 32;

/// The account and this device of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAccount {
    pub(crate) account: AccountId,
    pub(crate) name: AccountName,
    pub(crate) display_name: DisplayName,
    pub(crate) hides_presence: bool,
    /// Where the account is: no other gateway gets a signature.
    pub(crate) gateway: GatewayId,
    #[serde(with = "seed")]
    pub(crate) account_key: AccountKey,
    #[serde(with = "seed")]
    pub(crate) device_key: DeviceKey,
    /// Of this device: names its client id.
    pub(crate) certificate: DeviceCertificate,
    /// Of the password that the local store is locked with; 0 before the first session.
    pub(crate) password_epoch: u64,
    /// The newest that was seen.
    pub(crate) vault_version: u64,
    /// The classic mailbox, if the bridge is on.
    pub(crate) bridge: Option<ClientId>,
    /// Until the user has it on paper.
    pub(crate) recovery_code: Option<Passphrase>,
}

impl StoredAccount {
    /// This device's id.
    pub(crate) fn client(&self) -> ClientId {
        self.certificate.client
    }

    /// Takes over what the gateway says when this device is authenticated, also for the first
    /// time. The password epoch stays as it is known here: a newer one means that the password was
    /// changed elsewhere.
    pub(crate) fn confirmed(mut self, session: Session) -> Result<Self, AccountFailure> {
        if session.account != self.account
            || session.client != self.client()
            || session.name != self.name
            || session.password_epoch > PASSWORD_EPOCH_MAX
        {
            return Err(AccountFailure::BadAnswer);
        }
        if session.vault_version < self.vault_version {
            return Err(AccountFailure::VaultBroken);
        }
        self.vault_version = session.vault_version;
        self.display_name = session.display_name;
        self.hides_presence = session.hides_presence;
        self.bridge = session.bridge;
        if self.password_epoch == 0 {
            self.password_epoch = session.password_epoch;
        }
        Ok(self)
    }
}

/// A recovery code that was made for an account, until it is known here as that account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredCode {
    /// Whose. The account may not be signed in here yet.
    pub(crate) name: AccountName,
    pub(crate) code: Passphrase,
}

/// Somebody with an account, as this device knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredContact {
    pub(crate) account: AccountId,
    pub(crate) name: AccountName,
    pub(crate) display_name: DisplayName,
    /// The first key that was seen, or the last that the user took.
    pub(crate) pinned: AccountPublicKey,
    /// Whether the user has compared the safety number of the pinned key.
    pub(crate) verified: bool,
    /// Another key that the gateway tells, until the user has looked.
    pub(crate) changed: Option<AccountPublicKey>,
    /// Verified under the pinned key.
    pub(crate) bridge: Option<BridgeCertificate>,
    /// A mailbox that only the key before has certified: nothing is sent there.
    pub(crate) lost: Option<ClientId>,
}

/// How the local store is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct StoredLock {
    /// Minutes without the user until it locks by itself.
    pub(crate) auto_lock: Option<u16>,
}

/// Secret keys by their seeds.
trait Seed: Sized {
    fn seed(&self) -> Zeroizing<[u8; 32]>;
    fn from_seed(seed: &[u8; 32]) -> Self;
}

impl Seed for AccountKey {
    fn seed(&self) -> Zeroizing<[u8; 32]> {
        self.to_bytes()
    }

    fn from_seed(seed: &[u8; 32]) -> Self {
        Self::from_bytes(seed)
    }
}

impl Seed for DeviceKey {
    fn seed(&self) -> Zeroizing<[u8; 32]> {
        self.to_bytes()
    }

    fn from_seed(seed: &[u8; 32]) -> Self {
        Self::from_bytes(seed)
    }
}

mod seed {
    use super::{Deserialize, Deserializer, Seed, Serialize, Serializer, Zeroizing};

    pub(super) fn serialize<K: Seed, S: Serializer>(
        key: &K,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        key.seed().serialize(serializer)
    }

    pub(super) fn deserialize<'de, K: Seed, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<K, D::Error> {
        let bytes = Zeroizing::new(<[u8; 32]>::deserialize(deserializer)?);
        Ok(K::from_seed(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record;
    use serde::de::DeserializeOwned;
    use sha2::{Digest, Sha256};

    fn account() -> StoredAccount {
        let account = AccountId::from_bytes([1; 16]);
        let client = ClientId::from_bytes([2; 16]);
        let account_key = AccountKey::from_bytes(&[3; 32]);
        let device_key = DeviceKey::from_bytes(&[4; 32]);
        let certificate =
            DeviceCertificate::issue(&account_key, account, client, device_key.public(), 5);
        StoredAccount {
            account,
            name: AccountName::parse("alice").unwrap(),
            display_name: DisplayName::parse("Alice").unwrap(),
            hides_presence: true,
            gateway: GatewayId::from_bytes([6; 16]),
            account_key,
            device_key,
            certificate,
            password_epoch: 7,
            vault_version: 1,
            bridge: Some(ClientId::from_bytes([8; 16])),
            recovery_code: Some(Passphrase("CODE".to_owned())),
        }
    }

    fn session() -> Session {
        let known = account();
        Session {
            account: known.account,
            client: known.client(),
            name: known.name,
            display_name: DisplayName::parse("Alice B").unwrap(),
            password_epoch: 9,
            vault_version: 1,
            hides_presence: false,
            bridge: None,
        }
    }

    fn frozen<T>(value: &T, digest: &str)
    where
        T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug,
    {
        let bytes = record::encode(value).unwrap();
        assert_eq!(&record::decode::<T>(&bytes).unwrap(), value);
        let found: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(found, digest, "records of old stores cannot be read");
    }

    #[test]
    fn records_have_these_bytes_for_ever() {
        frozen(
            &account(),
            "cf80fdbe0b677585c29657ccb8db2b219a30b83da471202af6bef98a4c77d9f6",
        );
        let contact = StoredContact {
            account: AccountId::from_bytes([1; 16]),
            name: AccountName::parse("bob").unwrap(),
            display_name: DisplayName::parse("Bob").unwrap(),
            pinned: AccountKey::from_bytes(&[2; 32]).public(),
            verified: true,
            changed: Some(AccountKey::from_bytes(&[3; 32]).public()),
            bridge: Some(BridgeCertificate::issue(
                &AccountKey::from_bytes(&[2; 32]),
                AccountId::from_bytes([1; 16]),
                ClientId::from_bytes([4; 16]),
                [5; 32],
                6,
            )),
            lost: Some(ClientId::from_bytes([7; 16])),
        };
        frozen(
            &contact,
            "35d3df4f12797acddca8ac05e24e9b7de759818cfd24cf55976e1a21b9f86350",
        );
        let lock = StoredLock {
            auto_lock: Some(300),
        };
        assert_eq!(record::encode(&lock).unwrap(), [1, 1, 0xac, 2]);
    }

    #[test]
    fn a_session_of_somebody_else_is_refused() {
        let strangers = [
            Session {
                account: AccountId::ZERO,
                ..session()
            },
            Session {
                client: ClientId::ZERO,
                ..session()
            },
            Session {
                name: AccountName::parse("mallory").unwrap(),
                ..session()
            },
        ];
        for session in strangers {
            assert_eq!(
                account().confirmed(session).unwrap_err(),
                AccountFailure::BadAnswer
            );
        }
    }

    #[test]
    fn an_older_vault_and_an_absurd_password_epoch_are_refused() {
        let newer = StoredAccount {
            vault_version: 2,
            ..account()
        };
        assert_eq!(
            newer.confirmed(session()).unwrap_err(),
            AccountFailure::VaultBroken
        );
        let at_epoch = |password_epoch| Session {
            password_epoch,
            ..session()
        };
        assert!(account().confirmed(at_epoch(PASSWORD_EPOCH_MAX)).is_ok());
        assert_eq!(
            account()
                .confirmed(at_epoch(PASSWORD_EPOCH_MAX + 1))
                .unwrap_err(),
            AccountFailure::BadAnswer
        );
    }

    #[test]
    fn a_session_brings_the_profile_but_no_password_change_goes_unnoticed() {
        let confirmed = account().confirmed(session()).unwrap();
        assert_eq!(confirmed.display_name.to_string(), "Alice B");
        assert_eq!(confirmed.password_epoch, 7);
        let fresh = StoredAccount {
            password_epoch: 0,
            ..account()
        };
        assert_eq!(fresh.confirmed(session()).unwrap().password_epoch, 9);
    }

    #[test]
    fn no_key_prints() {
        let shown = format!("{:?}", account());
        assert!(shown.contains("AccountKey(..)") && shown.contains("DeviceKey(..)"));
        assert!(!shown.contains("CODE"));
    }
}
