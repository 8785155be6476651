//! Responses: what the gateway answers.

use bytes::Bytes;
use core::time::Duration;
use prost::Message as _;

use super::group::{
    AccountDevices, ClaimedKeyPackage, GroupInfo, GroupOpened, GroupSummary, KeyPackagesLeft,
    Stored, groups,
};
use super::request::{decode, empty, read};
use super::types::{
    AccountEntry, Device, DirectoryPolicy, Invitation, Limits, OpaqueMessage, RegistrationPolicy,
    account_key, optional_client, write_optional_client,
};
use super::wire::{
    Payload, array, blob, bytes, display_name, list, name, needed, opaque, optional_array,
    optional_opaque, text, write_list,
};
use super::{Malformed, ResponseFrame, code, proto};
use crate::account::opaque as sizes;
use crate::account::vault::{SEALED_VAULT_MAX, WRAPPED_VAULT_KEY};
use crate::account::{AccountName, AccountPublicKey, DisplayName, Nonce};
use crate::limits::{
    AGENT_MAX, DEVICES_MAX, DIRECTORY_PAGE_MAX, ERROR_TEXT_MAX, INVITATION_MAX, KEY_PACKAGES_MAX,
    WRAPPED_KEY_SIZE,
};
use crate::{AccountId, ClientId, GatewayId};

/// What the gateway answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// 4000.
    Hello(Box<Hello>),
    /// 4001.
    Pong,
    /// 4002: it was done.
    Done,
    /// 4010.
    RegisterStarted(RegisterStarted),
    /// 4012: the RFC's KE2.
    LoginStarted(OpaqueMessage),
    /// 4013.
    LoggedIn(Box<LoggedIn>),
    /// 4015.
    Session(Session),
    /// 4020.
    Devices(Vec<Device>),
    /// 4030.
    CredentialsStarted(CredentialsStarted),
    /// 4031: the new password epoch.
    CredentialsChanged(u64),
    /// 4050.
    Accounts(Accounts),
    /// 4060.
    Invited(Invited),
    /// 4061.
    Invitations(Vec<Invitation>),
    /// 4070.
    KeyPackagesLeft(KeyPackagesLeft),
    /// 4072: of the devices that have one.
    KeyPackages(Vec<ClaimedKeyPackage>),
    /// 4073: of the accounts that there are.
    DevicesOf(Vec<AccountDevices>),
    /// 4080.
    GroupOpened(GroupOpened),
    /// 4081.
    GroupInfo(Box<GroupInfo>),
    /// 4082: in order of their ids, and whether there are more behind them.
    Groups(Vec<GroupSummary>, bool),
    /// 4083.
    Stored(Stored),
    /// 9000.
    Error(Error),
}

/// What the gateway is, and the nonce of this connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The version to speak.
    pub version: u32,
    /// The gateway's id.
    pub gateway: GatewayId,
    /// To be signed in [`super::request::Authenticate`].
    pub nonce: Nonce,
    /// Milliseconds since 1970.
    pub time: u64,
    /// Program and its version.
    pub agent: String,
    /// What may be sent.
    pub limits: Limits,
    /// Who may sign up.
    pub registration: RegistrationPolicy,
    /// Who is found.
    pub directory: DirectoryPolicy,
    /// Whether an account may have a classic mailbox here.
    pub bridge: bool,
}

/// Answer to the first step of signing up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterStarted {
    /// For the password.
    pub password: OpaqueMessage,
    /// For the recovery code.
    pub recovery: OpaqueMessage,
    /// For the classic client that is carried over.
    pub challenge: Option<[u8; WRAPPED_KEY_SIZE]>,
}

/// Answer to a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// The account.
    pub account: AccountId,
    /// Its key.
    pub account_key: AccountPublicKey,
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Under the export key of the slot that logged in.
    pub wrapped_vault_key: Bytes,
    /// Under the vault key.
    pub vault: Bytes,
    /// Bound to the vault.
    pub vault_version: u64,
    /// Grows with every change of the password.
    pub password_epoch: u64,
}

/// An authenticated device's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The account.
    pub account: AccountId,
    /// The device.
    pub client: ClientId,
    /// The account's name.
    pub name: AccountName,
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Grows with every change of the password.
    pub password_epoch: u64,
    /// Grows with every change of the vault.
    pub vault_version: u64,
    /// Whether nobody is told when the user is here.
    pub hides_presence: bool,
    /// The classic mailbox, if the bridge is on.
    pub bridge: Option<ClientId>,
}

/// Answer to the first step of changing credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsStarted {
    /// For the new password.
    pub password: Option<OpaqueMessage>,
    /// For the new recovery code.
    pub recovery: Option<OpaqueMessage>,
}

/// A page of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// In order of their names.
    pub accounts: Vec<AccountEntry>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// A new invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct Invited {
    /// To be given to whoever is invited.
    pub code: String,
    /// What the gateway keeps of it.
    pub invitation: Invitation,
}

impl core::fmt::Debug for Invited {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Invited")
            .field("invitation", &self.invitation)
            .finish_non_exhaustive()
    }
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What programs go by.
    pub code: ErrorCode,
    /// A sentence for people, at most [`ERROR_TEXT_MAX`] bytes.
    pub message: String,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Why a request was not done, for programs. The numbers stand in `proto/sotto.proto`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code of a later version.
            Other(i32),
        }

        impl ErrorCode {
            fn read(value: i32) -> Self {
                match proto::ErrorCode::try_from(value) {
                    $(Ok(proto::ErrorCode::$name) => Self::$name,)*
                    _ => Self::Other(value),
                }
            }

            /// The number on the wire.
            pub fn number(self) -> i32 {
                match self {
                    $(Self::$name => proto::ErrorCode::$name.into(),)*
                    Self::Other(value) => value,
                }
            }

            /// Every code of this version.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

error_codes! {
    /// The payload is not what the request needs.
    BadRequest,
    /// No request has this code.
    UnknownRequest,
    /// The payload is larger than this connection may send. The connection ends.
    TooLarge,
    /// The first request has to be `ClientHello`, and only the first. The connection ends.
    ExpectedHello,
    /// None of the client's versions is spoken here. The connection ends.
    UnsupportedVersion,
    /// Only for an authenticated device.
    NotAuthenticated,
    /// Only shortly after a login with the password or the recovery code on this connection.
    LoginNeeded,
    /// Name and password do not belong together; or the name is unknown, which looks the same.
    LoginFailed,
    /// Too many failed logins of this account or address: wait.
    LoginLocked,
    /// Too many requests of this kind: wait.
    RateLimited,
    /// The nonce was used before, or is too old. Connect anew.
    NonceUsed,
    /// A signature does not verify, or is somebody else's.
    BadSignature,
    /// No device of this id. It may have been deleted with its account.
    UnknownDevice,
    /// The device was revoked.
    DeviceRevoked,
    /// The account was disabled by the gateway's operator.
    AccountDisabled,
    /// The name is taken.
    NameTaken,
    /// Nobody may sign up.
    RegistrationClosed,
    /// The invitation is unknown, used or expired; or one is needed.
    InvitationInvalid,
    /// The account has as many devices as it may.
    TooManyDevices,
    /// The account has as many open invitations as it may.
    TooManyInvitations,
    /// The state is another than the request expects.
    Conflict,
    /// Not here, or not for this account.
    NotAllowed,
    /// The id is taken, or the classic proof is wrong.
    ProofFailed,
    /// The gateway cannot do it now. Nothing was changed; try again.
    Unavailable,
    /// No group has this id.
    UnknownGroup,
    /// This device is no member of the group.
    NotMember,
    /// The group's epoch is another one: take in what waits in the mailbox, and try again on top.
    StaleEpoch,
    /// The mailboxes of all other members are full.
    MailboxFull,
    /// The group would have more devices than it may.
    GroupFull,
}

impl Response {
    /// Reads a frame's payload.
    ///
    /// # Errors
    /// Any [`Malformed`].
    pub fn decode(frame: ResponseFrame) -> Result<Self, Malformed> {
        let payload = frame.payload;
        Ok(match frame.code {
            code::HELLO => Self::Hello(Box::new(read::<proto::Hello, _>(payload)?)),
            code::PONG => empty::<proto::Pong>(payload).map(|()| Self::Pong)?,
            code::DONE => empty::<proto::Done>(payload).map(|()| Self::Done)?,
            code::REGISTER_STARTED => {
                Self::RegisterStarted(read::<proto::RegisterStarted, _>(payload)?)
            }
            code::LOGIN_STARTED => {
                let proto = decode::<proto::LoginStarted>(payload)?;
                Self::LoginStarted(opaque("response", proto.response, sizes::LOGIN_RESPONSE)?)
            }
            code::LOGGED_IN => Self::LoggedIn(Box::new(read::<proto::LoggedIn, _>(payload)?)),
            code::SESSION => Self::Session(read::<proto::Session, _>(payload)?),
            code::DEVICES => {
                let proto = decode::<proto::Devices>(payload)?;
                Self::Devices(list("devices", proto.devices, DEVICES_MAX)?)
            }
            code::CREDENTIALS_STARTED => {
                Self::CredentialsStarted(read::<proto::CredentialsStarted, _>(payload)?)
            }
            code::CREDENTIALS_CHANGED => Self::CredentialsChanged(
                decode::<proto::CredentialsChanged>(payload)?.password_epoch,
            ),
            code::ACCOUNTS => Self::Accounts(read::<proto::Accounts, _>(payload)?),
            code::INVITED => Self::Invited(read::<proto::Invited, _>(payload)?),
            code::INVITATIONS => {
                let proto = decode::<proto::Invitations>(payload)?;
                Self::Invitations(list("invitations", proto.invitations, DIRECTORY_PAGE_MAX)?)
            }
            code::KEY_PACKAGES_LEFT => {
                Self::KeyPackagesLeft(read::<proto::KeyPackagesLeft, _>(payload)?)
            }
            code::KEY_PACKAGES => {
                let proto = decode::<proto::KeyPackages>(payload)?;
                Self::KeyPackages(list("packages", proto.packages, KEY_PACKAGES_MAX)?)
            }
            code::DEVICES_OF => {
                let proto = decode::<proto::DevicesOf>(payload)?;
                Self::DevicesOf(list("accounts", proto.accounts, DIRECTORY_PAGE_MAX)?)
            }
            code::GROUP_OPENED => Self::GroupOpened(read::<proto::GroupOpened, _>(payload)?),
            code::GROUP_INFO => Self::GroupInfo(Box::new(read::<proto::GroupInfo, _>(payload)?)),
            code::GROUPS => {
                let proto = decode::<proto::Groups>(payload)?;
                Self::Groups(groups(proto.groups)?, proto.more)
            }
            code::STORED => Self::Stored(read::<proto::Stored, _>(payload)?),
            code::ERROR => Self::Error(read::<proto::Error, _>(payload)?),
            other => return Err(Malformed::Code(other)),
        })
    }

    /// The response's frame.
    pub fn to_frame(&self) -> ResponseFrame {
        let (code, payload) = match self {
            Self::Hello(it) => (code::HELLO, it.write().encode_to_vec()),
            Self::Pong => (code::PONG, Vec::new()),
            Self::Done => (code::DONE, Vec::new()),
            Self::RegisterStarted(it) => (code::REGISTER_STARTED, it.write().encode_to_vec()),
            Self::LoginStarted(response) => {
                let response = response.0.clone();
                let proto = proto::LoginStarted { response };
                (code::LOGIN_STARTED, proto.encode_to_vec())
            }
            Self::LoggedIn(it) => (code::LOGGED_IN, it.write().encode_to_vec()),
            Self::Session(it) => (code::SESSION, it.write().encode_to_vec()),
            Self::Devices(devices) => {
                let devices = write_list(devices);
                (code::DEVICES, proto::Devices { devices }.encode_to_vec())
            }
            Self::CredentialsStarted(it) => (code::CREDENTIALS_STARTED, it.write().encode_to_vec()),
            Self::CredentialsChanged(password_epoch) => {
                let password_epoch = *password_epoch;
                let proto = proto::CredentialsChanged { password_epoch };
                (code::CREDENTIALS_CHANGED, proto.encode_to_vec())
            }
            Self::Accounts(it) => (code::ACCOUNTS, it.write().encode_to_vec()),
            Self::Invited(it) => (code::INVITED, it.write().encode_to_vec()),
            Self::Invitations(invitations) => {
                let invitations = write_list(invitations);
                let proto = proto::Invitations { invitations };
                (code::INVITATIONS, proto.encode_to_vec())
            }
            Self::KeyPackagesLeft(it) => (code::KEY_PACKAGES_LEFT, it.write().encode_to_vec()),
            Self::KeyPackages(packages) => {
                let packages = write_list(packages);
                let proto = proto::KeyPackages { packages };
                (code::KEY_PACKAGES, proto.encode_to_vec())
            }
            Self::DevicesOf(accounts) => {
                let accounts = write_list(accounts);
                let proto = proto::DevicesOf { accounts };
                (code::DEVICES_OF, proto.encode_to_vec())
            }
            Self::GroupOpened(it) => (code::GROUP_OPENED, it.write().encode_to_vec()),
            Self::GroupInfo(it) => (code::GROUP_INFO, it.write().encode_to_vec()),
            Self::Groups(groups, more) => {
                let groups = write_list(groups);
                let proto = proto::Groups {
                    groups,
                    more: *more,
                };
                (code::GROUPS, proto.encode_to_vec())
            }
            Self::Stored(it) => (code::STORED, it.write().encode_to_vec()),
            Self::Error(it) => (code::ERROR, it.write().encode_to_vec()),
        };
        ResponseFrame {
            code,
            payload: payload.into(),
        }
    }
}

impl Payload<proto::Hello> for Hello {
    fn read(proto: proto::Hello) -> Result<Self, Malformed> {
        Ok(Self {
            version: proto.version,
            gateway: GatewayId::from_bytes(array("gateway", &proto.gateway)?),
            nonce: Nonce::from_bytes(array("nonce", &proto.nonce)?),
            time: proto.time,
            agent: text("agent", proto.agent, AGENT_MAX)?,
            limits: needed("limits", proto.limits)?,
            registration: RegistrationPolicy::read(proto.registration)?,
            directory: DirectoryPolicy::read(proto.directory)?,
            bridge: proto.bridge,
        })
    }

    fn write(&self) -> proto::Hello {
        proto::Hello {
            version: self.version,
            gateway: bytes(self.gateway.as_bytes()),
            nonce: bytes(self.nonce.as_bytes()),
            time: self.time,
            agent: self.agent.clone(),
            limits: Some(self.limits.write()),
            registration: self.registration.write(),
            directory: self.directory.write(),
            bridge: self.bridge,
        }
    }
}

impl Payload<proto::RegisterStarted> for RegisterStarted {
    fn read(proto: proto::RegisterStarted) -> Result<Self, Malformed> {
        let size = sizes::REGISTRATION_RESPONSE;
        Ok(Self {
            password: opaque("password", proto.password, size)?,
            recovery: opaque("recovery", proto.recovery, size)?,
            challenge: optional_array("challenge", &proto.challenge)?,
        })
    }

    fn write(&self) -> proto::RegisterStarted {
        proto::RegisterStarted {
            password: self.password.0.clone(),
            recovery: self.recovery.0.clone(),
            challenge: self
                .challenge
                .as_ref()
                .map_or_else(Bytes::new, |it| bytes(it)),
        }
    }
}

impl Payload<proto::LoggedIn> for LoggedIn {
    fn read(proto: proto::LoggedIn) -> Result<Self, Malformed> {
        let wrapped = "wrapped_vault_key";
        Ok(Self {
            account: AccountId::from_bytes(array("account", &proto.account)?),
            account_key: account_key(&proto.account_key)?,
            display_name: display_name(&proto.display_name)?,
            wrapped_vault_key: blob(wrapped, proto.wrapped_vault_key, WRAPPED_VAULT_KEY)?,
            vault: blob("vault", proto.vault, SEALED_VAULT_MAX)?,
            vault_version: proto.vault_version,
            password_epoch: proto.password_epoch,
        })
    }

    fn write(&self) -> proto::LoggedIn {
        proto::LoggedIn {
            account: bytes(self.account.as_bytes()),
            account_key: bytes(self.account_key.as_bytes()),
            display_name: self.display_name.to_string(),
            wrapped_vault_key: self.wrapped_vault_key.clone(),
            vault: self.vault.clone(),
            vault_version: self.vault_version,
            password_epoch: self.password_epoch,
        }
    }
}

impl Payload<proto::Session> for Session {
    fn read(proto: proto::Session) -> Result<Self, Malformed> {
        Ok(Self {
            account: AccountId::from_bytes(array("account", &proto.account)?),
            client: ClientId::from_bytes(array("client", &proto.client)?),
            name: name(&proto.name)?,
            display_name: display_name(&proto.display_name)?,
            password_epoch: proto.password_epoch,
            vault_version: proto.vault_version,
            hides_presence: proto.hides_presence,
            bridge: optional_client("bridge", &proto.bridge)?,
        })
    }

    fn write(&self) -> proto::Session {
        proto::Session {
            account: bytes(self.account.as_bytes()),
            client: bytes(self.client.as_bytes()),
            name: self.name.to_string(),
            display_name: self.display_name.to_string(),
            password_epoch: self.password_epoch,
            vault_version: self.vault_version,
            hides_presence: self.hides_presence,
            bridge: write_optional_client(self.bridge),
        }
    }
}

impl Payload<proto::CredentialsStarted> for CredentialsStarted {
    fn read(proto: proto::CredentialsStarted) -> Result<Self, Malformed> {
        let size = sizes::REGISTRATION_RESPONSE;
        Ok(Self {
            password: optional_opaque("password", proto.password, size)?,
            recovery: optional_opaque("recovery", proto.recovery, size)?,
        })
    }

    fn write(&self) -> proto::CredentialsStarted {
        let written = |message: &Option<OpaqueMessage>| {
            message.as_ref().map_or_else(Bytes::new, |it| it.0.clone())
        };
        proto::CredentialsStarted {
            password: written(&self.password),
            recovery: written(&self.recovery),
        }
    }
}

impl Payload<proto::Accounts> for Accounts {
    fn read(proto: proto::Accounts) -> Result<Self, Malformed> {
        Ok(Self {
            accounts: list("accounts", proto.accounts, DIRECTORY_PAGE_MAX)?,
            more: proto.more,
        })
    }

    fn write(&self) -> proto::Accounts {
        proto::Accounts {
            accounts: write_list(&self.accounts),
            more: self.more,
        }
    }
}

impl Payload<proto::Invited> for Invited {
    fn read(proto: proto::Invited) -> Result<Self, Malformed> {
        Ok(Self {
            code: text("code", proto.code, INVITATION_MAX)?,
            invitation: needed("invitation", proto.invitation)?,
        })
    }

    fn write(&self) -> proto::Invited {
        proto::Invited {
            code: self.code.clone(),
            invitation: Some(self.invitation.write()),
        }
    }
}

impl Payload<proto::Error> for Error {
    fn read(proto: proto::Error) -> Result<Self, Malformed> {
        Ok(Self {
            code: ErrorCode::read(proto.code),
            message: crate::name::printable_prefix(proto.message.as_bytes(), ERROR_TEXT_MAX),
            retry_after: proto.retry_after.map(Duration::from_millis),
        })
    }

    fn write(&self) -> proto::Error {
        proto::Error {
            code: self.code.number(),
            message: self.message.clone(),
            retry_after: self
                .retry_after
                .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}
