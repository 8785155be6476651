//! Requests: what clients ask.

use bytes::Bytes;
use prost::Message as _;

use super::group::{
    ClaimKeyPackages, Commit, CreateGroup, PublishKeyPackages, Send, SendEphemeral, SuiteId,
    accounts, group, suite,
};
use super::types::{
    Bridge, CarryOver, Credential, DeviceLabel, OpaqueMessage, device_name, optional_client,
    signature, write_optional_client,
};
use super::wire::{
    Payload, array, blob, bytes, check_size, display_name, list, name, needed, opaque, optional,
    optional_array, optional_opaque, text, write_list,
};
use super::{Malformed, RequestFrame, code, proto};
use crate::account::opaque as sizes;
use crate::account::vault::SEALED_VAULT_MAX;
use crate::account::{
    AccountName, DeviceCertificate, DeviceRevocation, DisplayName, Signature, Slot,
};
use crate::limits::{AGENT_MAX, DEVICES_MAX, DIRECTORY_PAGE_MAX, INVITATION_MAX};
use crate::{AccountId, ClientId, GroupId};

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// 3000, answered by [`super::Response::Hello`].
    Hello(ClientHello),
    /// 3001, answered by [`super::Response::Pong`].
    Ping,
    /// 3010, answered by [`super::Response::RegisterStarted`].
    RegisterStart(RegisterStart),
    /// 3011, answered by [`super::Response::Session`].
    RegisterFinish(Box<RegisterFinish>),
    /// 3012, answered by [`super::Response::LoginStarted`].
    LoginStart(LoginStart),
    /// 3013, answered by [`super::Response::LoggedIn`].
    LoginFinish(OpaqueMessage),
    /// 3014, answered by [`super::Response::Session`].
    AddDevice(AddDevice),
    /// 3015, answered by [`super::Response::Session`].
    Authenticate(Authenticate),
    /// 3020, answered by [`super::Response::Devices`]. Also after a login, before the device is
    /// added.
    ListDevices,
    /// 3021.
    RevokeDevices(Vec<DeviceRevocation>),
    /// 3022.
    RenameDevice(RenameDevice),
    /// 3030, answered by [`super::Response::CredentialsStarted`].
    CredentialsStart(CredentialsStart),
    /// 3031, answered by [`super::Response::CredentialsChanged`].
    CredentialsFinish(CredentialsFinish),
    /// 3032, with the signature of a [`crate::account::DeletionOrder`].
    DeleteAccount(Signature),
    /// 3040.
    UpdateProfile(UpdateProfile),
    /// 3041; nothing to switch the bridge off.
    SetBridge(Option<Bridge>),
    /// 3050, answered by [`super::Response::Accounts`].
    ListAccounts(ListAccounts),
    /// 3051, answered by [`super::Response::Accounts`].
    FindAccounts(FindAccounts),
    /// 3060, answered by [`super::Response::Invited`].
    Invite,
    /// 3061, answered by [`super::Response::Invitations`].
    ListInvitations,
    /// 3062, by the invitation's id.
    CancelInvitation([u8; 16]),
    /// 3070, answered by [`super::Response::KeyPackagesLeft`].
    PublishKeyPackages(PublishKeyPackages),
    /// 3071, answered by [`super::Response::KeyPackagesLeft`].
    CountKeyPackages(SuiteId),
    /// 3072, answered by [`super::Response::KeyPackages`].
    ClaimKeyPackages(ClaimKeyPackages),
    /// 3073, answered by [`super::Response::DevicesOf`]. At most [`DIRECTORY_PAGE_MAX`].
    FindDevices(Vec<AccountId>),
    /// 3080, answered by [`super::Response::GroupOpened`].
    CreateGroup(CreateGroup),
    /// 3081, answered by [`super::Response::GroupInfo`].
    GetGroupInfo(GroupId),
    /// 3082, answered by [`super::Response::Groups`]: only groups behind this one.
    ListGroups(Option<GroupId>),
    /// 3083, answered by [`super::Response::Stored`].
    Commit(Box<Commit>),
    /// 3084, answered by [`super::Response::Stored`].
    Send(Send),
    /// 3085.
    SendEphemeral(SendEphemeral),
    /// 3086: everything up to this entry of the mailbox is stored at the client.
    Acknowledge(u64),
}

/// First request of every connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Versions that the client speaks.
    pub versions: Vec<u32>,
    /// Program and its version, as in "sotto-web/0.1.0".
    pub agent: String,
}

/// First step of signing up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterStart {
    /// The wanted name.
    pub name: AccountName,
    /// For the password.
    pub password: OpaqueMessage,
    /// For the recovery code.
    pub recovery: OpaqueMessage,
    /// Empty without one.
    pub invitation: String,
    /// A classic client that is to become the account's classic mailbox.
    pub carry_over: Option<ClientId>,
}

/// Second step of signing up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterFinish {
    /// As in the first step.
    pub name: AccountName,
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Of the password.
    pub password: Credential,
    /// Of the recovery code.
    pub recovery: Credential,
    /// By [`crate::account::vault::seal_vault`].
    pub vault: Bytes,
    /// Of the device that signs up; names account and account key.
    pub certificate: DeviceCertificate,
    /// What this device is called.
    pub device: DeviceLabel,
    /// As in the first step.
    pub invitation: String,
    /// Of the classic client in the first step.
    pub carry_over: Option<CarryOver>,
}

/// First step of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginStart {
    /// Who.
    pub name: AccountName,
    /// By password or recovery code.
    pub slot: Slot,
    /// The RFC's KE1.
    pub request: OpaqueMessage,
}

/// After a login: adds the device that logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddDevice {
    /// Signed with the account key out of the vault.
    pub certificate: DeviceCertificate,
    /// What the device is called.
    pub device: DeviceLabel,
}

/// A known device authenticates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticate {
    /// Which.
    pub client: ClientId,
    /// By [`crate::account::login_signature`].
    pub signature: Signature,
}

/// Renames a device of the own account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenameDevice {
    /// Which.
    pub client: ClientId,
    /// 1 to 64 characters.
    pub name: String,
}

/// First step of changing password, recovery code, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsStart {
    /// For the new password.
    pub password: Option<OpaqueMessage>,
    /// For the new recovery code.
    pub recovery: Option<OpaqueMessage>,
}

/// Second step of changing password, recovery code, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsFinish {
    /// Of the new password.
    pub password: Option<Credential>,
    /// Of the new recovery code.
    pub recovery: Option<Credential>,
    /// Devices that are revoked in the same step.
    pub revocations: Vec<DeviceRevocation>,
}

/// Changes the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateProfile {
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Whether nobody is told when they are here.
    pub hides_presence: bool,
}

/// Asks for a page of a listed directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAccounts {
    /// Only names behind this one.
    pub after: Option<AccountName>,
    /// At most [`DIRECTORY_PAGE_MAX`].
    pub limit: u32,
}

/// Asks for accounts that the client can name. At most [`DIRECTORY_PAGE_MAX`] in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindAccounts {
    /// By whole names.
    pub names: Vec<AccountName>,
    /// By ids.
    pub accounts: Vec<AccountId>,
}

impl Request {
    /// Reads a frame's payload.
    ///
    /// # Errors
    /// Any [`Malformed`].
    pub fn decode(frame: RequestFrame) -> Result<Self, Malformed> {
        let payload = frame.payload;
        Ok(match frame.code {
            code::CLIENT_HELLO => Self::Hello(read::<proto::ClientHello, _>(payload)?),
            code::PING => empty::<proto::Ping>(payload).map(|()| Self::Ping)?,
            code::REGISTER_START => Self::RegisterStart(read::<proto::RegisterStart, _>(payload)?),
            code::REGISTER_FINISH => {
                Self::RegisterFinish(Box::new(read::<proto::RegisterFinish, _>(payload)?))
            }
            code::LOGIN_START => Self::LoginStart(read::<proto::LoginStart, _>(payload)?),
            code::LOGIN_FINISH => {
                let proto = decode::<proto::LoginFinish>(payload)?;
                let size = sizes::LOGIN_FINALIZATION;
                Self::LoginFinish(opaque("finalization", proto.finalization, size)?)
            }
            code::ADD_DEVICE => Self::AddDevice(read::<proto::AddDevice, _>(payload)?),
            code::AUTHENTICATE => Self::Authenticate(read::<proto::Authenticate, _>(payload)?),
            code::LIST_DEVICES => {
                empty::<proto::ListDevices>(payload).map(|()| Self::ListDevices)?
            }
            code::REVOKE_DEVICES => {
                let proto = decode::<proto::RevokeDevices>(payload)?;
                Self::RevokeDevices(list("revocations", proto.revocations, DEVICES_MAX)?)
            }
            code::RENAME_DEVICE => Self::RenameDevice(read::<proto::RenameDevice, _>(payload)?),
            code::CREDENTIALS_START => {
                Self::CredentialsStart(read::<proto::CredentialsStart, _>(payload)?)
            }
            code::CREDENTIALS_FINISH => {
                Self::CredentialsFinish(read::<proto::CredentialsFinish, _>(payload)?)
            }
            code::DELETE_ACCOUNT => {
                let proto = decode::<proto::DeleteAccount>(payload)?;
                Self::DeleteAccount(signature(&proto.signature)?)
            }
            code::UPDATE_PROFILE => Self::UpdateProfile(read::<proto::UpdateProfile, _>(payload)?),
            code::SET_BRIDGE => {
                Self::SetBridge(optional(decode::<proto::SetBridge>(payload)?.bridge)?)
            }
            code::LIST_ACCOUNTS => Self::ListAccounts(read::<proto::ListAccounts, _>(payload)?),
            code::FIND_ACCOUNTS => Self::FindAccounts(read::<proto::FindAccounts, _>(payload)?),
            code::INVITE => empty::<proto::Invite>(payload).map(|()| Self::Invite)?,
            code::LIST_INVITATIONS => {
                empty::<proto::ListInvitations>(payload).map(|()| Self::ListInvitations)?
            }
            code::CANCEL_INVITATION => {
                let proto = decode::<proto::CancelInvitation>(payload)?;
                Self::CancelInvitation(array("id", &proto.id)?)
            }
            code::PUBLISH_KEY_PACKAGES => {
                Self::PublishKeyPackages(read::<proto::PublishKeyPackages, _>(payload)?)
            }
            code::COUNT_KEY_PACKAGES => {
                Self::CountKeyPackages(suite(decode::<proto::CountKeyPackages>(payload)?.suite)?)
            }
            code::CLAIM_KEY_PACKAGES => {
                Self::ClaimKeyPackages(read::<proto::ClaimKeyPackages, _>(payload)?)
            }
            code::FIND_DEVICES => {
                let proto = decode::<proto::FindDevices>(payload)?;
                Self::FindDevices(accounts("accounts", &proto.accounts)?)
            }
            code::CREATE_GROUP => Self::CreateGroup(read::<proto::CreateGroup, _>(payload)?),
            code::GET_GROUP_INFO => {
                Self::GetGroupInfo(group(&decode::<proto::GetGroupInfo>(payload)?.group)?)
            }
            code::LIST_GROUPS => {
                let after = decode::<proto::ListGroups>(payload)?.after;
                Self::ListGroups(optional_array("after", &after)?.map(GroupId::from_bytes))
            }
            code::COMMIT => Self::Commit(Box::new(read::<proto::Commit, _>(payload)?)),
            code::SEND => Self::Send(read::<proto::Send, _>(payload)?),
            code::SEND_EPHEMERAL => Self::SendEphemeral(read::<proto::SendEphemeral, _>(payload)?),
            code::ACKNOWLEDGE => Self::Acknowledge(decode::<proto::Acknowledge>(payload)?.up_to),
            other => return Err(Malformed::Code(other)),
        })
    }

    /// The request's code.
    pub const fn code(&self) -> u16 {
        match self {
            Self::Hello(_) => code::CLIENT_HELLO,
            Self::Ping => code::PING,
            Self::RegisterStart(_) => code::REGISTER_START,
            Self::RegisterFinish(_) => code::REGISTER_FINISH,
            Self::LoginStart(_) => code::LOGIN_START,
            Self::LoginFinish(_) => code::LOGIN_FINISH,
            Self::AddDevice(_) => code::ADD_DEVICE,
            Self::Authenticate(_) => code::AUTHENTICATE,
            Self::ListDevices => code::LIST_DEVICES,
            Self::RevokeDevices(_) => code::REVOKE_DEVICES,
            Self::RenameDevice(_) => code::RENAME_DEVICE,
            Self::CredentialsStart(_) => code::CREDENTIALS_START,
            Self::CredentialsFinish(_) => code::CREDENTIALS_FINISH,
            Self::DeleteAccount(_) => code::DELETE_ACCOUNT,
            Self::UpdateProfile(_) => code::UPDATE_PROFILE,
            Self::SetBridge(_) => code::SET_BRIDGE,
            Self::ListAccounts(_) => code::LIST_ACCOUNTS,
            Self::FindAccounts(_) => code::FIND_ACCOUNTS,
            Self::Invite => code::INVITE,
            Self::ListInvitations => code::LIST_INVITATIONS,
            Self::CancelInvitation(_) => code::CANCEL_INVITATION,
            Self::PublishKeyPackages(_) => code::PUBLISH_KEY_PACKAGES,
            Self::CountKeyPackages(_) => code::COUNT_KEY_PACKAGES,
            Self::ClaimKeyPackages(_) => code::CLAIM_KEY_PACKAGES,
            Self::FindDevices(_) => code::FIND_DEVICES,
            Self::CreateGroup(_) => code::CREATE_GROUP,
            Self::GetGroupInfo(_) => code::GET_GROUP_INFO,
            Self::ListGroups(_) => code::LIST_GROUPS,
            Self::Commit(_) => code::COMMIT,
            Self::Send(_) => code::SEND,
            Self::SendEphemeral(_) => code::SEND_EPHEMERAL,
            Self::Acknowledge(_) => code::ACKNOWLEDGE,
        }
    }

    /// The frame of this request by an authenticated device, or by nobody (zero).
    pub fn to_frame(&self, client: ClientId) -> RequestFrame {
        RequestFrame {
            client,
            code: self.code(),
            payload: self.payload(),
        }
    }

    fn payload(&self) -> Bytes {
        let encoded = match self {
            Self::Hello(it) => it.write().encode_to_vec(),
            Self::Ping | Self::ListDevices | Self::Invite | Self::ListInvitations => Vec::new(),
            Self::RegisterStart(it) => it.write().encode_to_vec(),
            Self::RegisterFinish(it) => it.write().encode_to_vec(),
            Self::LoginStart(it) => it.write().encode_to_vec(),
            Self::LoginFinish(finalization) => proto::LoginFinish {
                finalization: finalization.0.clone(),
            }
            .encode_to_vec(),
            Self::AddDevice(it) => it.write().encode_to_vec(),
            Self::Authenticate(it) => it.write().encode_to_vec(),
            Self::RevokeDevices(revocations) => proto::RevokeDevices {
                revocations: write_list(revocations),
            }
            .encode_to_vec(),
            Self::RenameDevice(it) => it.write().encode_to_vec(),
            Self::CredentialsStart(it) => it.write().encode_to_vec(),
            Self::CredentialsFinish(it) => it.write().encode_to_vec(),
            Self::DeleteAccount(signature) => proto::DeleteAccount {
                signature: bytes(signature.as_bytes()),
            }
            .encode_to_vec(),
            Self::UpdateProfile(it) => it.write().encode_to_vec(),
            Self::SetBridge(bridge) => proto::SetBridge {
                bridge: bridge.as_ref().map(Payload::write),
            }
            .encode_to_vec(),
            Self::ListAccounts(it) => it.write().encode_to_vec(),
            Self::FindAccounts(it) => it.write().encode_to_vec(),
            Self::CancelInvitation(id) => proto::CancelInvitation { id: bytes(id) }.encode_to_vec(),
            Self::PublishKeyPackages(it) => it.write().encode_to_vec(),
            Self::CountKeyPackages(suite) => proto::CountKeyPackages {
                suite: suite.0.into(),
            }
            .encode_to_vec(),
            Self::ClaimKeyPackages(it) => it.write().encode_to_vec(),
            Self::FindDevices(accounts) => proto::FindDevices {
                accounts: accounts.iter().map(|id| bytes(id.as_bytes())).collect(),
            }
            .encode_to_vec(),
            Self::CreateGroup(it) => it.write().encode_to_vec(),
            Self::GetGroupInfo(group) => proto::GetGroupInfo {
                group: bytes(group.as_bytes()),
            }
            .encode_to_vec(),
            Self::ListGroups(after) => proto::ListGroups {
                after: after.map(|id| bytes(id.as_bytes())).unwrap_or_default(),
            }
            .encode_to_vec(),
            Self::Commit(it) => it.write().encode_to_vec(),
            Self::Send(it) => it.write().encode_to_vec(),
            Self::SendEphemeral(it) => it.write().encode_to_vec(),
            Self::Acknowledge(up_to) => proto::Acknowledge { up_to: *up_to }.encode_to_vec(),
        };
        encoded.into()
    }
}

pub(super) fn decode<P: prost::Message + Default>(payload: Bytes) -> Result<P, Malformed> {
    P::decode(payload).map_err(Malformed::Protobuf)
}

pub(super) fn read<P: prost::Message + Default, T: Payload<P>>(
    payload: Bytes,
) -> Result<T, Malformed> {
    T::read(decode::<P>(payload)?)
}

/// Reads a message without fields, which may have some in a later version.
pub(super) fn empty<P: prost::Message + Default>(payload: Bytes) -> Result<(), Malformed> {
    decode::<P>(payload).map(drop)
}

impl Payload<proto::ClientHello> for ClientHello {
    fn read(proto: proto::ClientHello) -> Result<Self, Malformed> {
        check_size("versions", proto.versions.len(), 16)?;
        Ok(Self {
            versions: proto.versions,
            agent: text("agent", proto.agent, AGENT_MAX)?,
        })
    }

    fn write(&self) -> proto::ClientHello {
        proto::ClientHello {
            versions: self.versions.clone(),
            agent: self.agent.clone(),
        }
    }
}

impl Payload<proto::RegisterStart> for RegisterStart {
    fn read(proto: proto::RegisterStart) -> Result<Self, Malformed> {
        let size = sizes::REGISTRATION_REQUEST;
        Ok(Self {
            name: name(&proto.name)?,
            password: opaque("password", proto.password, size)?,
            recovery: opaque("recovery", proto.recovery, size)?,
            invitation: text("invitation", proto.invitation, INVITATION_MAX)?,
            carry_over: optional_client("carry_over", &proto.carry_over)?,
        })
    }

    fn write(&self) -> proto::RegisterStart {
        proto::RegisterStart {
            name: self.name.to_string(),
            password: self.password.0.clone(),
            recovery: self.recovery.0.clone(),
            invitation: self.invitation.clone(),
            carry_over: write_optional_client(self.carry_over),
        }
    }
}

impl Payload<proto::RegisterFinish> for RegisterFinish {
    fn read(proto: proto::RegisterFinish) -> Result<Self, Malformed> {
        Ok(Self {
            name: name(&proto.name)?,
            display_name: display_name(&proto.display_name)?,
            password: needed("password", proto.password)?,
            recovery: needed("recovery", proto.recovery)?,
            vault: blob("vault", proto.vault, SEALED_VAULT_MAX)?,
            certificate: needed("certificate", proto.certificate)?,
            device: needed("device", proto.device)?,
            invitation: text("invitation", proto.invitation, INVITATION_MAX)?,
            carry_over: optional(proto.carry_over)?,
        })
    }

    fn write(&self) -> proto::RegisterFinish {
        proto::RegisterFinish {
            name: self.name.to_string(),
            display_name: self.display_name.to_string(),
            password: Some(self.password.write()),
            recovery: Some(self.recovery.write()),
            vault: self.vault.clone(),
            certificate: Some(self.certificate.write()),
            device: Some(self.device.write()),
            invitation: self.invitation.clone(),
            carry_over: self.carry_over.as_ref().map(Payload::write),
        }
    }
}

impl Payload<proto::LoginStart> for LoginStart {
    fn read(proto: proto::LoginStart) -> Result<Self, Malformed> {
        Ok(Self {
            name: name(&proto.name)?,
            slot: match proto::Slot::try_from(proto.slot) {
                Ok(proto::Slot::Password) => Slot::Password,
                Ok(proto::Slot::Recovery) => Slot::Recovery,
                _ => return Err(Malformed::Value("slot")),
            },
            request: opaque("request", proto.request, sizes::LOGIN_REQUEST)?,
        })
    }

    fn write(&self) -> proto::LoginStart {
        proto::LoginStart {
            name: self.name.to_string(),
            slot: match self.slot {
                Slot::Password => proto::Slot::Password,
                Slot::Recovery => proto::Slot::Recovery,
            }
            .into(),
            request: self.request.0.clone(),
        }
    }
}

impl Payload<proto::AddDevice> for AddDevice {
    fn read(proto: proto::AddDevice) -> Result<Self, Malformed> {
        Ok(Self {
            certificate: needed("certificate", proto.certificate)?,
            device: needed("device", proto.device)?,
        })
    }

    fn write(&self) -> proto::AddDevice {
        proto::AddDevice {
            certificate: Some(self.certificate.write()),
            device: Some(self.device.write()),
        }
    }
}

impl Payload<proto::Authenticate> for Authenticate {
    fn read(proto: proto::Authenticate) -> Result<Self, Malformed> {
        Ok(Self {
            client: ClientId::from_bytes(array("client", &proto.client)?),
            signature: signature(&proto.signature)?,
        })
    }

    fn write(&self) -> proto::Authenticate {
        proto::Authenticate {
            client: bytes(self.client.as_bytes()),
            signature: bytes(self.signature.as_bytes()),
        }
    }
}

impl Payload<proto::RenameDevice> for RenameDevice {
    fn read(proto: proto::RenameDevice) -> Result<Self, Malformed> {
        Ok(Self {
            client: ClientId::from_bytes(array("client", &proto.client)?),
            name: device_name(proto.name)?,
        })
    }

    fn write(&self) -> proto::RenameDevice {
        proto::RenameDevice {
            client: bytes(self.client.as_bytes()),
            name: self.name.clone(),
        }
    }
}

impl Payload<proto::CredentialsStart> for CredentialsStart {
    fn read(proto: proto::CredentialsStart) -> Result<Self, Malformed> {
        let size = sizes::REGISTRATION_REQUEST;
        Ok(Self {
            password: optional_opaque("password", proto.password, size)?,
            recovery: optional_opaque("recovery", proto.recovery, size)?,
        })
    }

    fn write(&self) -> proto::CredentialsStart {
        let written = |message: &Option<OpaqueMessage>| {
            message.as_ref().map_or_else(Bytes::new, |it| it.0.clone())
        };
        proto::CredentialsStart {
            password: written(&self.password),
            recovery: written(&self.recovery),
        }
    }
}

impl Payload<proto::CredentialsFinish> for CredentialsFinish {
    fn read(proto: proto::CredentialsFinish) -> Result<Self, Malformed> {
        Ok(Self {
            password: optional(proto.password)?,
            recovery: optional(proto.recovery)?,
            revocations: list("revocations", proto.revocations, DEVICES_MAX)?,
        })
    }

    fn write(&self) -> proto::CredentialsFinish {
        proto::CredentialsFinish {
            password: self.password.as_ref().map(Payload::write),
            recovery: self.recovery.as_ref().map(Payload::write),
            revocations: write_list(&self.revocations),
        }
    }
}

impl Payload<proto::UpdateProfile> for UpdateProfile {
    fn read(proto: proto::UpdateProfile) -> Result<Self, Malformed> {
        Ok(Self {
            display_name: display_name(&proto.display_name)?,
            hides_presence: proto.hides_presence,
        })
    }

    fn write(&self) -> proto::UpdateProfile {
        proto::UpdateProfile {
            display_name: self.display_name.to_string(),
            hides_presence: self.hides_presence,
        }
    }
}

impl Payload<proto::ListAccounts> for ListAccounts {
    fn read(proto: proto::ListAccounts) -> Result<Self, Malformed> {
        Ok(Self {
            after: match proto.after.as_str() {
                "" => None,
                text => Some(name(text)?),
            },
            limit: proto.limit,
        })
    }

    fn write(&self) -> proto::ListAccounts {
        proto::ListAccounts {
            after: self
                .after
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            limit: self.limit,
        }
    }
}

impl Payload<proto::FindAccounts> for FindAccounts {
    fn read(proto: proto::FindAccounts) -> Result<Self, Malformed> {
        let asked = proto.names.len().saturating_add(proto.accounts.len());
        check_size("names", asked, DIRECTORY_PAGE_MAX)?;
        Ok(Self {
            names: proto
                .names
                .iter()
                .map(|text| name(text))
                .collect::<Result<_, _>>()?,
            accounts: accounts("accounts", &proto.accounts)?,
        })
    }

    fn write(&self) -> proto::FindAccounts {
        proto::FindAccounts {
            names: self.names.iter().map(ToString::to_string).collect(),
            accounts: self
                .accounts
                .iter()
                .map(|id| bytes(id.as_bytes()))
                .collect(),
        }
    }
}
