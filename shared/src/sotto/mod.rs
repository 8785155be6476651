//! Sotto's own dialect (version 3): accounts, devices, and what is said about them.
//!
//! The headers are those of every dialect ([`crate::wire`]); payloads are proto3
//! (`proto/sotto.proto`). [`Request`], [`Response`] and [`Push`] are parsed at the edge: whoever
//! holds one knows that its ids, keys and names are sound.
//!
//! A client opens with [`request::Request::Hello`]; the gateway never speaks first. Responses come
//! in the order of the requests; pushes have codes of their own and may come between them.

mod frame;
pub mod group;
mod malformed;
pub mod push;
pub mod request;
pub mod response;
mod splitter;
pub mod types;
mod wire;

pub use frame::{RequestFrame, ResponseFrame, payload_limit};
pub use malformed::Malformed;
pub use push::Push;
pub use request::Request;
pub use response::{Error, ErrorCode, Response};
pub use splitter::{Part, ResponseSplitter, SplitError};

/// The version byte.
pub const VERSION: u8 = 3;

/// Frame codes.
pub mod code {
    /// First frame of every connection.
    pub const CLIENT_HELLO: u16 = 3000;
    /// Asks for a sign of life.
    pub const PING: u16 = 3001;
    /// First step of signing up.
    pub const REGISTER_START: u16 = 3010;
    /// Second step of signing up.
    pub const REGISTER_FINISH: u16 = 3011;
    /// First step of a login by password or recovery code.
    pub const LOGIN_START: u16 = 3012;
    /// Second step of a login by password or recovery code.
    pub const LOGIN_FINISH: u16 = 3013;
    /// After a login: adds a device.
    pub const ADD_DEVICE: u16 = 3014;
    /// A known device authenticates.
    pub const AUTHENTICATE: u16 = 3015;
    /// The devices of the own account.
    pub const LIST_DEVICES: u16 = 3020;
    /// Revokes devices.
    pub const REVOKE_DEVICES: u16 = 3021;
    /// Renames a device.
    pub const RENAME_DEVICE: u16 = 3022;
    /// First step of changing password or recovery code.
    pub const CREDENTIALS_START: u16 = 3030;
    /// Second step of changing password or recovery code.
    pub const CREDENTIALS_FINISH: u16 = 3031;
    /// Deletes the account.
    pub const DELETE_ACCOUNT: u16 = 3032;
    /// Changes the profile.
    pub const UPDATE_PROFILE: u16 = 3040;
    /// Switches the classic mailbox on or off.
    pub const SET_BRIDGE: u16 = 3041;
    /// Lists the accounts of a listed directory.
    pub const LIST_ACCOUNTS: u16 = 3050;
    /// Finds accounts by whole names or ids.
    pub const FIND_ACCOUNTS: u16 = 3051;
    /// Makes an invitation.
    pub const INVITE: u16 = 3060;
    /// The own open invitations.
    pub const LIST_INVITATIONS: u16 = 3061;
    /// Takes an invitation back.
    pub const CANCEL_INVITATION: u16 = 3062;

    /// Publishes key packages.
    pub const PUBLISH_KEY_PACKAGES: u16 = 3070;
    /// How many key packages are left.
    pub const COUNT_KEY_PACKAGES: u16 = 3071;
    /// One key package of each of some devices.
    pub const CLAIM_KEY_PACKAGES: u16 = 3072;
    /// The devices of some accounts.
    pub const FIND_DEVICES: u16 = 3073;
    /// Makes a group.
    pub const CREATE_GROUP: u16 = 3080;
    /// What is needed to join a group.
    pub const GET_GROUP_INFO: u16 = 3081;
    /// The groups of the own account.
    pub const LIST_GROUPS: u16 = 3082;
    /// Ends an epoch of a group.
    pub const COMMIT: u16 = 3083;
    /// A message to a group.
    pub const SEND: u16 = 3084;
    /// A message to those of a group who are online.
    pub const SEND_EPHEMERAL: u16 = 3085;
    /// Says up to where the mailbox is stored at the client.
    pub const ACKNOWLEDGE: u16 = 3086;

    /// Answer to [`CLIENT_HELLO`].
    pub const HELLO: u16 = 4000;
    /// Answer to [`PING`].
    pub const PONG: u16 = 4001;
    /// Answer without content: it was done.
    pub const DONE: u16 = 4002;
    /// Answer to [`REGISTER_START`].
    pub const REGISTER_STARTED: u16 = 4010;
    /// Answer to [`LOGIN_START`].
    pub const LOGIN_STARTED: u16 = 4012;
    /// Answer to [`LOGIN_FINISH`].
    pub const LOGGED_IN: u16 = 4013;
    /// Answer to [`REGISTER_FINISH`], [`ADD_DEVICE`] and [`AUTHENTICATE`].
    pub const SESSION: u16 = 4015;
    /// Answer to [`LIST_DEVICES`].
    pub const DEVICES: u16 = 4020;
    /// Answer to [`CREDENTIALS_START`].
    pub const CREDENTIALS_STARTED: u16 = 4030;
    /// Answer to [`CREDENTIALS_FINISH`].
    pub const CREDENTIALS_CHANGED: u16 = 4031;
    /// Answer to [`LIST_ACCOUNTS`] and [`FIND_ACCOUNTS`].
    pub const ACCOUNTS: u16 = 4050;
    /// Answer to [`INVITE`].
    pub const INVITED: u16 = 4060;
    /// Answer to [`LIST_INVITATIONS`].
    pub const INVITATIONS: u16 = 4061;

    /// Answer to [`PUBLISH_KEY_PACKAGES`] and [`COUNT_KEY_PACKAGES`].
    pub const KEY_PACKAGES_LEFT: u16 = 4070;
    /// Answer to [`CLAIM_KEY_PACKAGES`].
    pub const KEY_PACKAGES: u16 = 4072;
    /// Answer to [`FIND_DEVICES`].
    pub const DEVICES_OF: u16 = 4073;
    /// Answer to [`CREATE_GROUP`].
    pub const GROUP_OPENED: u16 = 4080;
    /// Answer to [`GET_GROUP_INFO`].
    pub const GROUP_INFO: u16 = 4081;
    /// Answer to [`LIST_GROUPS`].
    pub const GROUPS: u16 = 4082;
    /// Answer to [`COMMIT`] and [`SEND`].
    pub const STORED: u16 = 4083;

    /// The gateway goes down and comes back.
    pub const RESTARTING: u16 = 5000;
    /// The session is over.
    pub const SESSION_ENDED: u16 = 5001;
    /// The password was changed elsewhere.
    pub const PASSWORD_CHANGED: u16 = 5002;
    /// The own devices have changed.
    pub const DEVICES_CHANGED: u16 = 5003;
    /// Somebody is new or has changed.
    pub const ACCOUNT_CHANGED: u16 = 5004;
    /// Somebody's account is gone.
    pub const ACCOUNT_LEFT: u16 = 5005;

    /// Entries of the own mailbox.
    pub const DELIVERED: u16 = 5010;
    /// A message that was not stored.
    pub const EPHEMERAL: u16 = 5011;
    /// Devices of somebody in a common group have changed.
    pub const DEVICES_OF_CHANGED: u16 = 5012;

    /// Answer to whatever was not done.
    pub const ERROR: u16 = 9000;
}

/// The payloads as the `.proto` file has them.
#[expect(unreachable_pub, clippy::all, reason = "generated")]
pub(crate) mod proto {
    include!(concat!(env!("OUT_DIR"), "/sotto.v3.rs"));
}
