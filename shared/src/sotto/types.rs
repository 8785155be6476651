//! What requests, responses and pushes are made of.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::wire::{
    Payload, array, blob, bytes, display_name, name, needed, opaque, optional, optional_array, text,
};
use super::{Malformed, proto};
use crate::account::opaque as sizes;
use crate::account::vault::WRAPPED_VAULT_KEY;
use crate::account::{
    AccountName, AccountPublicKey, BridgeCertificate, DeviceCertificate, DevicePublicKey,
    DeviceRevocation, DisplayName, Signature,
};
use crate::classic::PublicKeyBytes;
use crate::limits::{AGENT_MAX, DEVICE_NAME_MAX};
use crate::{AccountId, ClientId};

/// A message of OPAQUE (RFC 9807), of the size that its place in the protocol demands.
#[derive(Clone, PartialEq, Eq)]
pub struct OpaqueMessage(pub Bytes);

impl core::fmt::Debug for OpaqueMessage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "OpaqueMessage({} bytes)", self.0.len())
    }
}

/// An OPAQUE credential, and the vault key under its export key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The RFC's RegistrationRecord.
    pub upload: OpaqueMessage,
    /// By [`crate::account::vault::wrap_vault_key`].
    pub wrapped_vault_key: Bytes,
}

/// What a device is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLabel {
    /// Given by the user: 1 to 64 characters.
    pub name: String,
    /// As in "Firefox on Windows": at most 64 bytes, may be empty.
    pub platform: String,
}

/// A device of the own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its certificate.
    pub certificate: DeviceCertificate,
    /// What it is called.
    pub label: DeviceLabel,
    /// Seconds since 1970.
    pub last_seen: u64,
    /// Whether it is connected now.
    pub online: bool,
}

/// Proof that a classic client is the one's who signs up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarryOver {
    /// By [`crate::account::carry_over::carry_over_answer`].
    pub answer: [u8; 16],
    /// For the classic client.
    pub certificate: BridgeCertificate,
}

/// A classic mailbox of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// Says whose it is.
    pub certificate: BridgeCertificate,
    /// Its public key.
    pub public_key: PublicKeyBytes,
}

/// Somebody's account, as the gateway tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEntry {
    /// Its id.
    pub account: AccountId,
    /// Its key: what contacts verify.
    pub account_key: AccountPublicKey,
    /// Its name.
    pub name: AccountName,
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Nothing for an account that hides it.
    pub presence: Option<Presence>,
    /// Its classic mailbox, if the bridge is on. Not verified yet.
    pub bridge: Option<BridgeCertificate>,
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Whether a device is connected now.
    pub online: bool,
    /// Seconds since 1970, if ever.
    pub last_seen: Option<u64>,
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id; says nothing about its code.
    pub id: [u8; 16],
    /// Seconds since 1970.
    pub expires_at: u64,
}

/// Who may sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RegistrationPolicy {
    /// Everybody.
    Open,
    /// Whoever has an invitation.
    Invitation,
    /// Nobody.
    Closed,
}

/// Who is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DirectoryPolicy {
    /// Everybody is listed.
    Listed,
    /// Only whole names are found.
    Exact,
}

/// The gateway's limits, as it tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of a request's payload before the connection is authenticated.
    pub payload_max_unauthenticated: u32,
    /// Bytes of a request's payload after that.
    pub payload_max: u32,
    /// Requests before the connection is authenticated.
    pub unauthenticated_requests_max: u32,
    /// Seconds that a connection may stay unauthenticated.
    pub unauthenticated_seconds: u32,
    /// Seconds that a nonce can be signed for.
    pub nonce_seconds: u32,
    /// Devices of one account.
    pub devices_max: u32,
    /// Bytes of a sealed vault.
    pub vault_max: u32,
    /// Accounts in one answer.
    pub directory_page_max: u32,
    /// Bytes of one classic message's content.
    pub content_max: u64,
    /// Seconds of silence after which the gateway closes; 0 for never.
    pub idle_seconds: u32,
    /// Bytes of one message to a group.
    pub message_max: u32,
    /// Bytes of the payload of a commit.
    pub commit_max: u32,
    /// Devices of one group.
    pub group_devices_max: u32,
    /// One-time key packages of one device and suite.
    pub key_packages_max: u32,
    /// Entries that wait in one mailbox.
    pub mailbox_entries_max: u32,
    /// Seconds that an entry waits.
    pub mailbox_seconds: u64,
    /// Entries that are pushed before an acknowledgement is awaited.
    pub delivery_window: u32,
}

impl Payload<proto::Credential> for Credential {
    fn read(proto: proto::Credential) -> Result<Self, Malformed> {
        Ok(Self {
            upload: opaque("upload", proto.upload, sizes::REGISTRATION_UPLOAD)?,
            wrapped_vault_key: {
                let field = "wrapped_vault_key";
                let wrapped = blob(field, proto.wrapped_vault_key, WRAPPED_VAULT_KEY)?;
                array::<WRAPPED_VAULT_KEY>(field, &wrapped)?;
                wrapped
            },
        })
    }

    fn write(&self) -> proto::Credential {
        proto::Credential {
            upload: self.upload.0.clone(),
            wrapped_vault_key: self.wrapped_vault_key.clone(),
        }
    }
}

impl Payload<proto::DeviceCertificate> for DeviceCertificate {
    fn read(proto: proto::DeviceCertificate) -> Result<Self, Malformed> {
        Ok(Self {
            account: AccountId::from_bytes(array("account", &proto.account)?),
            account_key: account_key(&proto.account_key)?,
            client: ClientId::from_bytes(array("client", &proto.client)?),
            device_key: DevicePublicKey::from_bytes(array("device_key", &proto.device_key)?)
                .map_err(|_| Malformed::Value("device_key"))?,
            created_at: proto.created_at,
            signature: signature(&proto.signature)?,
        })
    }

    fn write(&self) -> proto::DeviceCertificate {
        proto::DeviceCertificate {
            account: bytes(self.account.as_bytes()),
            account_key: bytes(self.account_key.as_bytes()),
            client: bytes(self.client.as_bytes()),
            device_key: bytes(self.device_key.as_bytes()),
            created_at: self.created_at,
            signature: bytes(self.signature.as_bytes()),
        }
    }
}

impl Payload<proto::DeviceRevocation> for DeviceRevocation {
    fn read(proto: proto::DeviceRevocation) -> Result<Self, Malformed> {
        Ok(Self {
            account: AccountId::from_bytes(array("account", &proto.account)?),
            client: ClientId::from_bytes(array("client", &proto.client)?),
            revoked_at: proto.revoked_at,
            signature: signature(&proto.signature)?,
        })
    }

    fn write(&self) -> proto::DeviceRevocation {
        proto::DeviceRevocation {
            account: bytes(self.account.as_bytes()),
            client: bytes(self.client.as_bytes()),
            revoked_at: self.revoked_at,
            signature: bytes(self.signature.as_bytes()),
        }
    }
}

impl Payload<proto::BridgeCertificate> for BridgeCertificate {
    fn read(proto: proto::BridgeCertificate) -> Result<Self, Malformed> {
        Ok(Self {
            account: AccountId::from_bytes(array("account", &proto.account)?),
            client: ClientId::from_bytes(array("client", &proto.client)?),
            key_digest: array("key_digest", &proto.key_digest)?,
            created_at: proto.created_at,
            signature: signature(&proto.signature)?,
        })
    }

    fn write(&self) -> proto::BridgeCertificate {
        proto::BridgeCertificate {
            account: bytes(self.account.as_bytes()),
            client: bytes(self.client.as_bytes()),
            key_digest: bytes(&self.key_digest),
            created_at: self.created_at,
            signature: bytes(self.signature.as_bytes()),
        }
    }
}

impl Payload<proto::DeviceLabel> for DeviceLabel {
    fn read(proto: proto::DeviceLabel) -> Result<Self, Malformed> {
        Ok(Self {
            name: device_name(proto.name)?,
            platform: text("platform", proto.platform, AGENT_MAX)?,
        })
    }

    fn write(&self) -> proto::DeviceLabel {
        proto::DeviceLabel {
            name: self.name.clone(),
            platform: self.platform.clone(),
        }
    }
}

impl Payload<proto::Device> for Device {
    fn read(proto: proto::Device) -> Result<Self, Malformed> {
        Ok(Self {
            certificate: needed("certificate", proto.certificate)?,
            label: needed("label", proto.label)?,
            last_seen: proto.last_seen,
            online: proto.online,
        })
    }

    fn write(&self) -> proto::Device {
        proto::Device {
            certificate: Some(self.certificate.write()),
            label: Some(self.label.write()),
            last_seen: self.last_seen,
            online: self.online,
        }
    }
}

impl Payload<proto::CarryOver> for CarryOver {
    fn read(proto: proto::CarryOver) -> Result<Self, Malformed> {
        Ok(Self {
            answer: array("answer", &proto.answer)?,
            certificate: needed("certificate", proto.certificate)?,
        })
    }

    fn write(&self) -> proto::CarryOver {
        proto::CarryOver {
            answer: bytes(&self.answer),
            certificate: Some(self.certificate.write()),
        }
    }
}

impl Payload<proto::Bridge> for Bridge {
    fn read(proto: proto::Bridge) -> Result<Self, Malformed> {
        Ok(Self {
            certificate: needed("certificate", proto.certificate)?,
            public_key: PublicKeyBytes(array("public_key", &proto.public_key)?),
        })
    }

    fn write(&self) -> proto::Bridge {
        proto::Bridge {
            certificate: Some(self.certificate.write()),
            public_key: bytes(&self.public_key.0),
        }
    }
}

impl Payload<proto::AccountEntry> for AccountEntry {
    fn read(proto: proto::AccountEntry) -> Result<Self, Malformed> {
        Ok(Self {
            account: AccountId::from_bytes(array("account", &proto.account)?),
            account_key: account_key(&proto.account_key)?,
            name: name(&proto.name)?,
            display_name: display_name(&proto.display_name)?,
            presence: optional(proto.presence)?,
            bridge: optional(proto.bridge)?,
        })
    }

    fn write(&self) -> proto::AccountEntry {
        proto::AccountEntry {
            account: bytes(self.account.as_bytes()),
            account_key: bytes(self.account_key.as_bytes()),
            name: self.name.to_string(),
            display_name: self.display_name.to_string(),
            presence: self.presence.as_ref().map(Payload::write),
            bridge: self.bridge.as_ref().map(Payload::write),
        }
    }
}

impl Payload<proto::Presence> for Presence {
    fn read(proto: proto::Presence) -> Result<Self, Malformed> {
        Ok(Self {
            online: proto.online,
            last_seen: proto.last_seen,
        })
    }

    fn write(&self) -> proto::Presence {
        proto::Presence {
            online: self.online,
            last_seen: self.last_seen,
        }
    }
}

impl Payload<proto::Invitation> for Invitation {
    fn read(proto: proto::Invitation) -> Result<Self, Malformed> {
        Ok(Self {
            id: array("id", &proto.id)?,
            expires_at: proto.expires_at,
        })
    }

    fn write(&self) -> proto::Invitation {
        proto::Invitation {
            id: bytes(&self.id),
            expires_at: self.expires_at,
        }
    }
}

impl Payload<proto::Limits> for Limits {
    fn read(proto: proto::Limits) -> Result<Self, Malformed> {
        Ok(Self {
            payload_max_unauthenticated: proto.payload_max_unauthenticated,
            payload_max: proto.payload_max,
            unauthenticated_requests_max: proto.unauthenticated_requests_max,
            unauthenticated_seconds: proto.unauthenticated_seconds,
            nonce_seconds: proto.nonce_seconds,
            devices_max: proto.devices_max,
            vault_max: proto.vault_max,
            directory_page_max: proto.directory_page_max,
            content_max: proto.content_max,
            idle_seconds: proto.idle_seconds,
            message_max: proto.message_max,
            commit_max: proto.commit_max,
            group_devices_max: proto.group_devices_max,
            key_packages_max: proto.key_packages_max,
            mailbox_entries_max: proto.mailbox_entries_max,
            mailbox_seconds: proto.mailbox_seconds,
            delivery_window: proto.delivery_window,
        })
    }

    fn write(&self) -> proto::Limits {
        proto::Limits {
            payload_max_unauthenticated: self.payload_max_unauthenticated,
            payload_max: self.payload_max,
            unauthenticated_requests_max: self.unauthenticated_requests_max,
            unauthenticated_seconds: self.unauthenticated_seconds,
            nonce_seconds: self.nonce_seconds,
            devices_max: self.devices_max,
            vault_max: self.vault_max,
            directory_page_max: self.directory_page_max,
            content_max: self.content_max,
            idle_seconds: self.idle_seconds,
            message_max: self.message_max,
            commit_max: self.commit_max,
            group_devices_max: self.group_devices_max,
            key_packages_max: self.key_packages_max,
            mailbox_entries_max: self.mailbox_entries_max,
            mailbox_seconds: self.mailbox_seconds,
            delivery_window: self.delivery_window,
        }
    }
}

impl RegistrationPolicy {
    pub(super) fn read(value: i32) -> Result<Self, Malformed> {
        match proto::RegistrationPolicy::try_from(value) {
            Ok(proto::RegistrationPolicy::Open) => Ok(Self::Open),
            Ok(proto::RegistrationPolicy::Invitation) => Ok(Self::Invitation),
            Ok(proto::RegistrationPolicy::Closed) => Ok(Self::Closed),
            _ => Err(Malformed::Value("registration")),
        }
    }

    pub(super) fn write(self) -> i32 {
        match self {
            Self::Open => proto::RegistrationPolicy::Open,
            Self::Invitation => proto::RegistrationPolicy::Invitation,
            Self::Closed => proto::RegistrationPolicy::Closed,
        }
        .into()
    }
}

impl DirectoryPolicy {
    pub(super) fn read(value: i32) -> Result<Self, Malformed> {
        match proto::DirectoryPolicy::try_from(value) {
            Ok(proto::DirectoryPolicy::Listed) => Ok(Self::Listed),
            Ok(proto::DirectoryPolicy::Exact) => Ok(Self::Exact),
            _ => Err(Malformed::Value("directory")),
        }
    }

    pub(super) fn write(self) -> i32 {
        match self {
            Self::Listed => proto::DirectoryPolicy::Listed,
            Self::Exact => proto::DirectoryPolicy::Exact,
        }
        .into()
    }
}

/// Reads a device's name: something to see, and not too much.
pub(super) fn device_name(name: String) -> Result<String, Malformed> {
    let chars = name.chars().count();
    if chars == 0 || chars > DEVICE_NAME_MAX {
        return Err(Malformed::Size {
            field: "name",
            size: chars,
            limit: DEVICE_NAME_MAX,
        });
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        return Err(Malformed::Value("name"));
    }
    Ok(name)
}

pub(super) fn account_key(bytes: &[u8]) -> Result<AccountPublicKey, Malformed> {
    AccountPublicKey::from_bytes(array("account_key", bytes)?)
        .map_err(|_| Malformed::Value("account_key"))
}

pub(super) fn signature(bytes: &[u8]) -> Result<Signature, Malformed> {
    Ok(Signature::from_bytes(array("signature", bytes)?))
}

pub(super) fn optional_client(
    field: &'static str,
    bytes: &[u8],
) -> Result<Option<ClientId>, Malformed> {
    Ok(optional_array(field, bytes)?.map(ClientId::from_bytes))
}

pub(super) fn write_optional_client(client: Option<ClientId>) -> Bytes {
    client.map_or_else(Bytes::new, |client| bytes(client.as_bytes()))
}
