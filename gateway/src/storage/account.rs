//! What survives a restart of version 3: accounts, devices, credentials, invitations, failed logins.

use core::time::Duration;
use std::net::IpAddr;

use bytes::Bytes;
use sotto_shared::account::{
    AccountName, AccountPublicKey, BridgeCertificate, DeviceCertificate, DeviceRevocation,
    DisplayName, Slot,
};
use sotto_shared::classic::PublicKeyBytes;
use sotto_shared::sotto::types::{AccountEntry, Device, DeviceLabel, Invitation};
use sotto_shared::{AccountId, ClientId, GatewayId};

use super::{Pending, ReadError};

/// Where accounts are kept. As with [`super::Storage`], every call is submitted before it returns,
/// and a result of [`AccountStorage::apply`] comes when the change is durable.
pub trait AccountStorage: core::fmt::Debug + Send + Sync + 'static {
    /// The gateway's id and the OPAQUE server set-up (its serialisation), made at the first start.
    fn identity(&self) -> GatewayIdentity;

    /// Applies one change, whole or not at all.
    fn apply(&self, change: Change) -> Pending<Result<Applied, Refused>>;

    /// The account and password file of a name, which is all that the beginning of a login needs,
    /// so that it does not take longer for a name that somebody has.
    fn password_file(
        &self,
        name: AccountName,
        slot: Slot,
    ) -> Pending<Result<Option<(AccountId, Bytes)>, ReadError>>;

    /// What the end of a login of this name needs; nothing for an unknown name. A disabled account is given
    /// too, so that only whoever knows the password learns that it is disabled.
    fn login(
        &self,
        name: AccountName,
        slot: Slot,
    ) -> Pending<Result<Option<LoginRecord>, ReadError>>;

    /// A device, revoked or not; nothing for an unknown one.
    fn device(&self, client: ClientId) -> Pending<Result<Option<DeviceRecord>, ReadError>>;

    /// An account as its own devices see it.
    fn account(&self, account: AccountId) -> Pending<Result<Option<AccountRecord>, ReadError>>;

    /// The devices of an account that are not revoked, oldest first. `online` is not known here.
    fn devices(&self, account: AccountId) -> Pending<Result<Vec<Device>, ReadError>>;

    /// A page of accounts that are not disabled, in order of their names, behind `after`. Presence:
    /// `last_seen` only, and none for those who hide it.
    fn accounts(
        &self,
        after: Option<AccountName>,
        limit: usize,
    ) -> Pending<Result<Vec<AccountEntry>, ReadError>>;

    /// The accounts among these names and ids, as [`AccountStorage::accounts`] gives them.
    fn find_accounts(
        &self,
        names: Vec<AccountName>,
        accounts: Vec<AccountId>,
    ) -> Pending<Result<Vec<AccountEntry>, ReadError>>;

    /// An account's open invitations.
    fn invitations(&self, by: AccountId) -> Pending<Result<Vec<Invitation>, ReadError>>;

    /// Whether an invitation with this digest of its code is open.
    fn invitation_is_open(&self, digest: [u8; 32]) -> Pending<Result<bool, ReadError>>;

    /// A classic client's public key, for the challenge of a carry-over; nothing if there is none.
    /// An account's classic mailbox is refused at the end only, by [`Change::Register`]: whose
    /// mailbox it is nobody learns without its key.
    fn classic_key(&self, client: ClientId) -> Pending<Result<Option<PublicKeyBytes>, ReadError>>;

    /// How many failed logins the name or the address has to its name in the last
    /// [`LOGIN_WINDOW`], and when the oldest of them no longer counts.
    fn login_failures(&self, subject: LoginSubject) -> Pending<Result<Failures, ReadError>>;

    /// Every account, for the operator.
    fn account_list(&self) -> Pending<Result<Vec<AccountSummary>, ReadError>>;
}

/// Failed password or recovery logins of one account name in [`LOGIN_WINDOW`] after which logins
/// of it are locked until the oldest of them is that old.
pub const LOGIN_FAILURES_MAX: u32 = 5;
/// The same for one address (IPv6: one /64), whatever the names.
pub const LOGIN_FAILURES_PER_ADDRESS_MAX: u32 = 20;
/// How long a failed login counts.
pub const LOGIN_WINDOW: Duration = Duration::from_secs(15 * 60);
/// How long an invitation is good for.
pub const INVITATION_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Open invitations of one account.
pub const INVITATIONS_MAX: usize = 20;

/// Who a gateway is.
#[derive(Clone)]
pub struct GatewayIdentity {
    /// What signatures and passwords are bound to.
    pub gateway: GatewayId,
    /// Serialisation of [`sotto_shared::account::opaque::ServerSetup`]: secret.
    pub opaque_setup: zeroize::Zeroizing<Vec<u8>>,
}

impl core::fmt::Debug for GatewayIdentity {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("GatewayIdentity")
            .field("gateway", &self.gateway)
            .finish_non_exhaustive()
    }
}

/// A change to accounts. Times are seconds since 1970, and are the storage's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Signs up. A repetition is refused as everybody else is who wants what is taken: it proves
    /// nothing that a thief of the database could not repeat.
    Register(Box<NewAccount>),
    /// Adds a device.
    AddDevice {
        /// Its certificate; verified.
        certificate: DeviceCertificate,
        /// What it is called.
        label: DeviceLabel,
    },
    /// Revokes devices of one account; revoked already is fine. Verified.
    RevokeDevices {
        /// Whose.
        account: AccountId,
        /// Which.
        revocations: Vec<DeviceRevocation>,
    },
    /// Renames a device of this account.
    RenameDevice {
        /// Whose.
        account: AccountId,
        /// Which.
        client: ClientId,
        /// 1 to 64 characters.
        name: String,
    },
    /// Replaces password, recovery code or both, and revokes devices, in one step. A new password
    /// makes a new password epoch and forgets the failed logins of the account.
    SetCredentials {
        /// Whose.
        account: AccountId,
        /// Of the password.
        password: Option<StoredCredential>,
        /// Of the recovery code.
        recovery: Option<StoredCredential>,
        /// Verified.
        revocations: Vec<DeviceRevocation>,
    },
    /// Deletes an account with everything that belongs to it: devices, credentials, vault,
    /// invitations, failed logins, classic mailbox with what waits in it. Its name is free again,
    /// its id is not.
    DeleteAccount(AccountId),
    /// Changes a profile.
    UpdateProfile {
        /// Whose.
        account: AccountId,
        /// What the user wants to be called.
        display_name: DisplayName,
        /// Whether nobody is told when they are here.
        hides_presence: bool,
    },
    /// Switches the classic mailbox on; or off, and what waits in it is deleted.
    SetBridge {
        /// Whose.
        account: AccountId,
        /// Verified.
        bridge: Option<(BridgeCertificate, PublicKeyBytes)>,
    },
    /// Devices were here until now. Need not be durable at once.
    Seen(Vec<ClientId>),
    /// A login failed, or began: one that begins counts until it succeeds, since a client learns
    /// by the gateway's first answer alone whether a password is right.
    LoginFailed(Vec<LoginSubject>),
    /// A login succeeded: forgets the failed ones of a name and slot, and takes back the newest one
    /// of an address (so that nobody clears it by logging in to an account of their own).
    LoginSucceeded(Vec<LoginSubject>),
    /// Makes an invitation.
    Invite {
        /// Whose; nobody's is the operator's.
        by: Option<AccountId>,
        /// SHA-256 of the code.
        digest: [u8; 32],
        /// How long it is good for.
        lifetime: Duration,
    },
    /// Takes an invitation back.
    CancelInvitation {
        /// Whose.
        by: AccountId,
        /// Its id.
        id: [u8; 16],
    },
    /// By the operator.
    SetDisabled {
        /// Whose.
        account: AccountId,
        /// Whether.
        disabled: bool,
    },
    /// By the operator: forgets failed logins of this account.
    ResetLogin(AccountName),
}

/// Whose failed logins are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LoginSubject {
    /// A name, known or not: one count for password and one for recovery code.
    Name(AccountName, Slot),
    /// An address; of an IPv6 address its /64.
    Address(IpAddr),
}

/// Failed logins that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// When the oldest no longer counts, from now; zero without any.
    pub oldest_expires: Duration,
}

/// An account that is signed up, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name.
    pub name: AccountName,
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Of the password.
    pub password: StoredCredential,
    /// Of the recovery code.
    pub recovery: StoredCredential,
    /// Sealed.
    pub vault: Bytes,
    /// Of the first device; names account and account key.
    pub certificate: DeviceCertificate,
    /// What the first device is called.
    pub label: DeviceLabel,
    /// Digest of the invitation's code, which is used up.
    pub invitation: Option<[u8; 32]>,
    /// A classic client that becomes the account's classic mailbox: `name` may equal its name.
    pub carry_over: Option<BridgeCertificate>,
}

/// A credential as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCredential {
    /// Serialisation of [`sotto_shared::account::opaque::PasswordFile`].
    pub password_file: Bytes,
    /// Vault key under the credential's export key.
    pub wrapped_vault_key: Bytes,
}

impl core::fmt::Debug for StoredCredential {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("StoredCredential(..)")
    }
}

/// What became of a [`Change`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It was done.
    Done,
    /// Credentials were replaced: the password epoch from now on.
    Credentials(u64),
    /// An invitation was made.
    Invited(Invitation),
    /// Devices that were cut off by the change, to be told at once.
    Revoked(Vec<ClientId>),
}

/// Why a [`Change`] was not applied. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refused {
    /// The name belongs to an account, or to a classic client that is not carried over (names are
    /// compared without case).
    NameTaken,
    /// The account or client id is in use, or was.
    IdTaken,
    /// No such account, device or invitation; or the account is disabled, where that matters.
    Unknown,
    /// The invitation is unknown, used or expired.
    InvitationInvalid,
    /// As many devices as there may be.
    TooManyDevices,
    /// As many open invitations as there may be.
    TooManyInvitations,
    /// As many accounts as there may be.
    AccountsFull,
    /// The storage is failing.
    Failed,
}

/// What a login needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRecord {
    /// The account.
    pub account: AccountRecord,
    /// Of the slot that was asked for.
    pub credential: StoredCredential,
    /// Sealed.
    pub vault: Bytes,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// Its id.
    pub account: AccountId,
    /// Its key.
    pub account_key: AccountPublicKey,
    /// Its name.
    pub name: AccountName,
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Grows with every change of the password.
    pub password_epoch: u64,
    /// Grows with every change of the vault.
    pub vault_version: u64,
    /// Whether nobody is told when the user is here.
    pub hides_presence: bool,
    /// Whether the operator has disabled it.
    pub disabled: bool,
    /// Its classic mailbox, if the bridge is on.
    pub bridge: Option<BridgeCertificate>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its certificate.
    pub certificate: DeviceCertificate,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Its account.
    pub account: AccountRecord,
}

/// An account as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// Its id.
    pub account: AccountId,
    /// Its name.
    pub name: AccountName,
    /// Devices that are not revoked.
    pub devices: u64,
    /// Seconds since 1970.
    pub created_at: u64,
    /// Seconds since 1970; zero for never.
    pub last_seen: u64,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether the bridge is on.
    pub bridge: bool,
}
