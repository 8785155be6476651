//! How state lies in the store: keys, and values as postcard behind a version byte.
//!
//! | key | value |
//! | --- | --- |
//! | `k` | the key slot, the only value that is not sealed |
//! | `f`, `i`, `j`, `s`, `v`, `x` .. | timelines and the search: see [`timeline`] |
//! | `m` name | what there is one of: identity, pull position, account, how the store locks |
//! | `n` account 16 | somebody with an account |
//! | `c` contact 16 | a contact with its keys |
//! | `d` group 16 | a conversation |
//! | `e` group 16, number 8 | an entry of the mailbox that waits for its epoch |
//! | `g` .. | the state of MLS: see [`mls`](crate::mls) |
//! | `h` group 16, number 8 | something that waits to be sent to a conversation |
//! | `o` number 8 | a message that waits to be sent |
//! | `t` contact 16, seq 8 | a line of the classic conversation |
//! | `b` contact 16, seq 8 | a file's content, or a ciphertext that could not be opened |
//!
//! Numbers are big-endian, so that keys sort by them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sotto_shared::{AccountId, ClientId, GroupId};

use crate::api::Seq;
use crate::store::StoreError;

/// Version of the records that are written.
const VERSION: u8 = 1;

mod timeline;
pub(crate) use timeline::*;

pub(crate) const SLOT: &[u8] = b"k";
pub(crate) const IDENTITY: &[u8] = b"midentity";
pub(crate) const PENDING: &[u8] = b"mpending";
pub(crate) const PULL: &[u8] = b"mpull";
/// The account that is signed in here.
pub(crate) const ACCOUNT: &[u8] = b"maccount";
/// An account, or a device of one, of which it is not known whether the gateway has stored it.
pub(crate) const ACCOUNT_PENDING: &[u8] = b"mnewaccount";
/// A new recovery code of which it is not known whether the gateway has taken it.
pub(crate) const NEW_CODE: &[u8] = b"mcode";
/// The own devices that were seen.
pub(crate) const DEVICES: &[u8] = b"mdevices";
/// A classic mailbox of which it is not known whether the gateway has switched it on.
pub(crate) const BRIDGE_PENDING: &[u8] = b"mbridge";
/// How the store locks by itself.
pub(crate) const LOCK: &[u8] = b"mlock";
/// A key slot that takes the place of the present one when the pending account is confirmed.
pub(crate) const PREPARED_SLOT: &[u8] = b"mslot";
/// How far the mailbox was read, and what else there is one of.
pub(crate) const MAILBOX: &[u8] = b"mmailbox";
/// What keys of the state of MLS begin with.
pub(crate) const MLS: &[u8] = b"g";
/// Everything that the engine keeps in memory: contacts, MLS, meta and outbox lie in `c`..`p`.
pub(crate) const RESIDENT: (&[u8], &[u8]) = (b"c", b"p");

pub(crate) fn contact(client: ClientId) -> Vec<u8> {
    [b"c", client.as_bytes().as_slice()].concat()
}

pub(crate) fn account_contact(account: AccountId) -> Vec<u8> {
    [b"n", account.as_bytes().as_slice()].concat()
}

pub(crate) fn outbox(number: u64) -> Vec<u8> {
    [b"o", number.to_be_bytes().as_slice()].concat()
}

pub(crate) fn message(with: ClientId, seq: Seq) -> Vec<u8> {
    [b"t", with.as_bytes().as_slice(), &seq.0.to_be_bytes()].concat()
}

pub(crate) fn blob(with: ClientId, seq: Seq) -> Vec<u8> {
    [b"b", with.as_bytes().as_slice(), &seq.0.to_be_bytes()].concat()
}

pub(crate) fn conversation(id: GroupId) -> Vec<u8> {
    [b"d", id.as_bytes().as_slice()].concat()
}

pub(crate) fn waiting(id: GroupId, number: u64) -> Vec<u8> {
    [b"e", id.as_bytes().as_slice(), &number.to_be_bytes()].concat()
}

pub(crate) fn outgoing(id: GroupId, number: u64) -> Vec<u8> {
    [b"h", id.as_bytes().as_slice(), &number.to_be_bytes()].concat()
}

/// A line of a conversation.
pub(crate) fn item(id: GroupId, seq: Seq) -> Vec<u8> {
    [b"u", id.as_bytes().as_slice(), &seq.0.to_be_bytes()].concat()
}

/// Writes a record.
pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    postcard::to_extend(value, vec![VERSION])
        .map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// Reads a record.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    match bytes.split_first() {
        Some((&VERSION, value)) => {
            postcard::from_bytes(value).map_err(|error| StoreError::Unreadable(error.to_string()))
        }
        Some((version, _)) => Err(StoreError::Unreadable(format!(
            "it is of version {version}, newer than this Sotto"
        ))),
        None => Err(StoreError::Unreadable("it is empty".to_owned())),
    }
}
