//! What is said about accounts (version 3): signing up and in, devices, recovery, other people.

use serde::{Deserialize, Serialize};
pub use sotto_shared::account::password::WeakPassword;
use sotto_shared::account::{AccountName, DisplayName};
pub use sotto_shared::sotto::types::{DirectoryPolicy, Presence, RegistrationPolicy};
use sotto_shared::{AccountId, ClientId};

use super::Passphrase;

/// Auto-lock times that can be set, in minutes.
pub const AUTO_LOCK_MINUTES_MAX: u16 = 24 * 60;

/// What the user wants of their account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum AccountCommand {
    /// Makes an account and signs in here. A classic identity that is registered here is carried
    /// over: it becomes the account's classic mailbox, and nothing is lost. Answered by status
    /// changes, and by [`AccountEvent::RecoveryCode`].
    SignUp {
        /// The wanted name.
        name: AccountName,
        /// What the user wants to be called.
        display_name: DisplayName,
        /// Checked by [`sotto_shared::account::password::check_password`].
        password: Passphrase,
        /// Where one is needed.
        invitation: Option<Passphrase>,
        /// This device.
        device: DeviceName,
        /// Whether the local store is left unlocked.
        stay_unlocked: bool,
    },
    /// Signs in with the password: this becomes a new device. Only when nobody is here, neither
    /// with an account nor as a classic client: that one would be lost.
    SignIn {
        /// Who.
        name: AccountName,
        /// The account's password.
        password: Passphrase,
        /// This device.
        device: DeviceName,
        /// Whether the local store is left unlocked.
        stay_unlocked: bool,
    },
    /// Signs in with the recovery code and sets a new password. The code is used up: a new one
    /// comes by [`AccountEvent::RecoveryCode`].
    Recover {
        /// Who.
        name: AccountName,
        /// As it was printed; forgiving about case and dashes.
        code: Passphrase,
        /// The new password.
        password: Passphrase,
        /// This device.
        device: DeviceName,
        /// Whether all other devices are revoked.
        revoke_others: bool,
        /// Whether the local store is left unlocked.
        stay_unlocked: bool,
    },
    /// Gives up signing up, signing in or recovering, while it is under way or has failed.
    Cancel,
    /// Revokes this device and erases everything here. The account stays.
    SignOut,
    /// Erases everything here after this device was revoked, or its account deleted; also in
    /// [`super::Phase::Locked`], by somebody who has forgotten the password and signs in anew.
    Forget,
    /// Locks the local store now. Not while it is left unlocked.
    Lock,
    /// Locks the local store after so many minutes without [`AccountCommand::Active`].
    SetAutoLock {
        /// At most [`AUTO_LOCK_MINUTES_MAX`]; nothing for never.
        minutes: Option<u16>,
    },
    /// The user is here: puts off the auto-lock. At most every few seconds.
    Active,
    /// Leaves the local store unlocked in this browser from now on, or locks it with the password.
    SetStayUnlocked {
        /// Whether.
        stay: bool,
        /// The account's password; also to unlock with.
        password: Passphrase,
    },
    /// Changes the password everywhere.
    ChangePassword {
        /// The current one.
        current: Passphrase,
        /// The new one.
        new: Passphrase,
        /// Whether all other devices are revoked.
        revoke_others: bool,
    },
    /// After the password was changed on another device: the new one, which locks the local store
    /// from now on.
    ConfirmPassword {
        /// The new password.
        password: Passphrase,
    },
    /// Makes a new recovery code in place of the old one.
    NewRecoveryCode {
        /// The account's password.
        password: Passphrase,
    },
    /// The user has the recovery code on paper: it is forgotten here.
    RecoveryCodeSaved,
    /// Asks for the devices, answered by [`AccountEvent::Devices`] now and whenever they change.
    ListDevices,
    /// Revokes a device.
    RevokeDevice {
        /// Not this one: see [`AccountCommand::SignOut`].
        client: ClientId,
    },
    /// Revokes every device but this one.
    RevokeOtherDevices,
    /// Renames a device.
    RenameDevice {
        /// Which.
        client: ClientId,
        /// 1 to 64 characters.
        name: String,
    },
    /// Deletes the account for ever, and erases everything here.
    Delete {
        /// The account's password.
        password: Passphrase,
    },
    /// Changes the profile.
    UpdateProfile {
        /// What the user wants to be called.
        display_name: DisplayName,
        /// Whether nobody is told when the user is here.
        hides_presence: bool,
    },
    /// Switches the classic mailbox on or off. Off deletes what waits in it; what was said stays
    /// here.
    SetBridge {
        /// Whether.
        on: bool,
    },
    /// Looks for somebody by their whole name, answered by [`AccountEvent::Found`].
    Find {
        /// Their name.
        name: AccountName,
    },
    /// Asks for the safety number with a contact, answered by [`AccountEvent::SafetyNumber`].
    SafetyNumber {
        /// With whom.
        account: AccountId,
    },
    /// The user has compared the safety number, or takes that back. Refused with
    /// [`AccountFailure::KeyChanged`] if it was another number than that of now.
    SetVerified {
        /// Whose.
        account: AccountId,
        /// Whether it was compared.
        verified: bool,
        /// The [`AccountEvent::SafetyNumber`] that the user saw. Not looked at when it is taken
        /// back.
        digits: String,
    },
    /// Compares a scanned or pasted safety code. Answered by [`AccountEvent::Scanned`]; if it
    /// fits, the contact is verified.
    Scan {
        /// Whose.
        account: AccountId,
        /// What stood in the QR code.
        code: String,
    },
    /// The user has looked at a contact's changed account key and takes it. They are not verified
    /// any more. Refused with [`AccountFailure::KeyChanged`] if it has changed again since.
    AcceptKey {
        /// Whose.
        account: AccountId,
        /// The [`AccountEvent::SafetyNumber`] that the user saw.
        digits: String,
    },
    /// Makes an invitation, answered by [`AccountEvent::Invited`].
    Invite,
    /// Asks for the own open invitations, answered by [`AccountEvent::Invitations`].
    ListInvitations,
    /// Takes an invitation back.
    CancelInvitation {
        /// Its id.
        id: [u8; 16],
    },
}

/// What the device here is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceName {
    /// For the user: 1 to 64 characters, as in "Firefox on Windows".
    pub name: String,
    /// What it is, at most 64 bytes.
    pub platform: String,
}

/// What there is to show of accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AccountEvent {
    /// Everybody known, in no order: replaces what was there.
    Contacts(Vec<Contact>),
    /// One contact, new or changed.
    Contact(Contact),
    /// A contact's account is gone.
    ContactGone(AccountId),
    /// Something to be told of in passing.
    Notice(Notice),
    /// The recovery code, to be written down. Told until [`AccountCommand::RecoveryCodeSaved`].
    RecoveryCode(Passphrase),
    /// The own devices, this one first.
    Devices(Vec<DeviceInfo>),
    /// Answer to [`AccountCommand::Find`].
    Found {
        /// Who was looked for.
        name: AccountName,
        /// Them, if there is such an account; they are a contact now.
        account: Option<AccountId>,
    },
    /// Answer to [`AccountCommand::SafetyNumber`].
    SafetyNumber {
        /// With whom.
        account: AccountId,
        /// 12 groups of 5 digits.
        digits: String,
        /// What stands in the QR code that the other side scans.
        code: String,
    },
    /// Answer to [`AccountCommand::Scan`].
    Scanned {
        /// Whose.
        account: AccountId,
        /// What came of it.
        result: ScanResult,
    },
    /// A new invitation. Its code is not told again.
    Invited {
        /// To be given to whoever is invited.
        code: Passphrase,
        /// Its id.
        id: [u8; 16],
        /// Seconds since 1970.
        expires_at: u64,
    },
    /// The own open invitations.
    Invitations(Vec<InvitationInfo>),
    /// A command that has no other answer was done.
    Done(Deed),
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// The password was changed.
    PasswordChanged,
    /// The new password was confirmed here.
    PasswordConfirmed,
    /// The profile was changed.
    ProfileUpdated,
    /// The bridge was switched on or off.
    BridgeSet,
    /// Devices were revoked.
    DevicesRevoked,
    /// A device was renamed.
    DeviceRenamed,
    /// An invitation was taken back.
    InvitationCancelled,
    /// Staying unlocked was set.
    StayUnlockedSet,
    /// Auto-lock was set.
    AutoLockSet,
}

/// Something to be told of in passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// Somebody has made an account.
    Joined(AccountId),
    /// Somebody came online.
    Online(AccountId),
    /// Somebody went offline.
    Offline(AccountId),
    /// A device was added to the own account, on another device.
    DeviceAdded {
        /// What it is called.
        name: String,
    },
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Their account.
    pub account: AccountId,
    /// Its name.
    pub name: AccountName,
    /// What they want to be called.
    pub display_name: DisplayName,
    /// Nothing for those who hide it. Without a connection it is the last that was heard.
    pub presence: Option<Presence>,
    /// What is known of their account key.
    pub trust: Trust,
    /// Their classic mailbox, if they have one and it is proven to be theirs.
    pub classic: Option<ClientId>,
}

/// What is known of a contact's account key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trust {
    /// The first key that was seen.
    Unverified,
    /// The user has compared the safety number.
    Verified,
    /// The gateway tells another key than before: nothing is sent until the user has looked.
    Changed {
        /// Whether the key before was verified.
        was_verified: bool,
    },
}

/// A device of the own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Its id.
    pub client: ClientId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub platform: String,
    /// Seconds since 1970.
    pub created_at: u64,
    /// Seconds since 1970.
    pub last_seen: u64,
    /// Whether it is connected now.
    pub online: bool,
    /// Whether it is the one here.
    pub this: bool,
    /// Whether its certificate is by the own account key. One that is not was put there by the
    /// gateway: an alarm.
    pub certified: bool,
}

/// An open invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationInfo {
    /// Its id.
    pub id: [u8; 16],
    /// Seconds since 1970.
    pub expires_at: u64,
}

/// What came of comparing a safety code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanResult {
    /// It fits: the contact is verified.
    Match,
    /// It is this contact's, and does not fit: somebody sits in between, or a key has changed.
    Different,
    /// It is somebody else's code.
    SomebodyElses,
    /// It is the user's own code: the contact's is the one to scan.
    YourOwn,
    /// It is no safety code, or one of a later version.
    NotACode,
}

/// What the gateway says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayInfo {
    /// Who may sign up.
    pub registration: RegistrationPolicy,
    /// Who is found.
    pub directory: DirectoryPolicy,
    /// Whether an account may have a classic mailbox.
    pub bridge: bool,
}

/// How far signing up, signing in or recovering has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInStep {
    /// Connecting to the gateway.
    Connecting,
    /// Proving or setting the password.
    Password,
    /// Making keys, opening or sealing the vault.
    Keys,
    /// The gateway stores the account or device.
    Storing,
}

/// The account that is signed in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountStatus {
    /// Its id.
    pub account: AccountId,
    /// This device.
    pub client: ClientId,
    /// Its name.
    pub name: AccountName,
    /// What the user wants to be called.
    pub display_name: DisplayName,
    /// Whether nobody is told when the user is here.
    pub hides_presence: bool,
    /// How this device stands with the gateway.
    pub session: SessionState,
    /// Whether a recovery code is still to be written down.
    pub recovery_code_waits: bool,
    /// The classic mailbox, if the bridge is on.
    pub bridge: Option<BridgeStatus>,
    /// Minutes until the local store locks by itself.
    pub auto_lock: Option<u16>,
    /// Whether the local store is left unlocked.
    pub stays_unlocked: bool,
}

/// How this device stands with the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionState {
    /// Not authenticated (yet): what there is here can be read.
    Closed,
    /// Authenticated.
    Open,
    /// The password was changed elsewhere: it has to be confirmed here.
    PasswordChanged,
    /// It is over, and why.
    Ended(SessionEnd),
}

/// Why a device's session is over for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionEnd {
    /// The device was revoked.
    Revoked,
    /// The account was deleted.
    AccountDeleted,
    /// The account was disabled by the gateway's operator.
    AccountDisabled,
    /// The gateway does not know the device: its database is another one.
    Unknown,
    /// The gateway is another one than this device belongs to.
    OtherGateway,
}

/// The classic mailbox of the account that is signed in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgeStatus {
    /// Its id.
    pub client: ClientId,
    /// Whether its key is on this device: the bridge works on the device that switched it on.
    pub here: bool,
    /// Fingerprint of its public key, as [`super::Person::fingerprint`].
    pub fingerprint: String,
}

/// Why a command about the account could not be done, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AccountFailure {
    /// The new password is not good enough.
    #[error("Please choose another password: {0}.")]
    WeakPassword(WeakPassword),
    /// Name and password, or name and recovery code, do not belong together.
    #[error("The name or the password is wrong.")]
    LoginFailed,
    /// The recovery code is mistyped, as its checksum tells; in which group (from 1), if known.
    #[error("The recovery code is mistyped. Please compare it with what you wrote down.")]
    CodeMistyped {
        /// From 1.
        group: Option<u8>,
    },
    /// Too many failed logins.
    #[error("Too many failed attempts. Try again in {}.", minutes(*.retry_after))]
    Locked {
        /// Seconds until the next try.
        retry_after: u64,
    },
    /// Too many requests.
    #[error("Too many requests. Try again in {}.", minutes(*.retry_after))]
    RateLimited {
        /// Seconds until the next try.
        retry_after: u64,
    },
    /// The name is taken.
    #[error("The name “{0}” is taken. Please choose another one.")]
    NameTaken(AccountName),
    /// Nobody may sign up.
    #[error("This gateway takes no new accounts.")]
    RegistrationClosed,
    /// An invitation is needed, or the one given is unknown, used or expired.
    #[error("It takes an invitation to sign up here. This one is unknown, used or expired.")]
    InvitationInvalid,
    /// The account has as many devices as it may.
    #[error("The account has as many devices as it may. Revoke one first.")]
    TooManyDevices,
    /// There are as many open invitations as there may be.
    #[error("You have as many open invitations as you may. Take one back first.")]
    TooManyInvitations,
    /// The account was disabled by the gateway's operator.
    #[error("The account was disabled by the gateway's operator.")]
    AccountDisabled,
    /// It takes a connection, and there is none. Nothing was changed.
    #[error("There is no connection to the gateway. Nothing was changed.")]
    Offline,
    /// The connection broke before the gateway answered. It is not known whether it was done.
    #[error("The connection broke before the gateway answered. Please check, and try again.")]
    Interrupted,
    /// The vault that the gateway gave does not open with its key, or is another account's. The
    /// gateway may be lying.
    #[error("The gateway gave a vault that is not yours. Do not trust this gateway.")]
    VaultBroken,
    /// A device or account key that the gateway tells is not certified. The gateway may be lying.
    #[error("The gateway told of a key that nobody has certified. Do not trust this gateway.")]
    NotCertified,
    /// The contact's account key has changed: look at it first.
    #[error("Their account key has changed. Look at it before you write to them.")]
    KeyChanged(AccountId),
    /// The gateway has no classic bridge, or its key is on another device.
    #[error("There is no classic bridge here.")]
    NoBridge,
    /// Nobody of this id is known.
    #[error("Nobody by that id is known here.")]
    NoSuchContact,
    /// The store is left unlocked, or nobody is signed in: there is nothing to lock with.
    #[error("There is no password to lock with.")]
    CannotLock,
    /// Not in this phase.
    #[error("That is not possible right now.")]
    WrongPhase,
    /// The gateway answered something else than was asked, or what cannot be.
    #[error("The gateway gave an answer that does not fit. Nothing was taken from it.")]
    BadAnswer,
    /// Recovering broke off after the new password was set, before this device was added.
    #[error("Your new password is set, but this device is not signed in. Sign in with it.")]
    PasswordSetOnly,
    /// What the gateway said.
    #[error("The gateway says: {message}")]
    Gateway {
        /// A sentence.
        message: String,
    },
}

/// Seconds in words, rounded up.
fn minutes(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
