//! Pushes: what the gateway says unasked, to an authenticated device.

use core::time::Duration;

use prost::Message as _;

use super::group::{Delivery, Ephemeral, entries};
use super::request::{decode, empty, read};
use super::types::AccountEntry;
use super::wire::{Payload, array, bytes, needed, write_list};
use super::{Malformed, ResponseFrame, code, proto};
use crate::AccountId;

/// What the gateway says unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// 5000: it goes down and comes back.
    Restarting {
        /// Connect again after this time …
        reconnect_in: Duration,
        /// … and a random part of this one.
        spread: Duration,
    },
    /// 5001: this device's session is over, and the connection ends.
    SessionEnded(EndReason),
    /// 5002: the account's password was changed on another connection.
    PasswordChanged {
        /// As in [`super::response::Session`].
        password_epoch: u64,
    },
    /// 5003: a device of the account was added, renamed or revoked.
    DevicesChanged,
    /// 5004: somebody is new or has changed.
    AccountChanged {
        /// Them.
        account: Box<AccountEntry>,
        /// Whether they are new.
        joined: bool,
    },
    /// 5005: somebody's account is gone.
    AccountLeft(AccountId),
    /// 5010: entries of this device's mailbox, in order, at most
    /// [`DELIVERIES_MAX`](crate::limits::DELIVERIES_MAX).
    Delivered(Vec<Delivery>),
    /// 5011: what was not stored.
    Ephemeral(Ephemeral),
    /// 5012: devices of somebody in a common group were added or revoked.
    DevicesOfChanged(AccountId),
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The device was revoked.
    Revoked,
    /// The account was deleted.
    AccountDeleted,
    /// The account was disabled by the gateway's operator.
    AccountDisabled,
    /// The same device has authenticated on another connection.
    Replaced,
    /// It did not read what was pushed to it. It may connect again.
    TooSlow,
}

impl Push {
    /// Whether a frame of this code is a push.
    pub const fn is_push(code: u16) -> bool {
        matches!(code, 5000..=5999)
    }

    /// Reads a frame's payload.
    ///
    /// # Errors
    /// Any [`Malformed`]. A client ignores pushes of a code that it does not know.
    pub fn decode(frame: ResponseFrame) -> Result<Self, Malformed> {
        let payload = frame.payload;
        Ok(match frame.code {
            code::RESTARTING => {
                let proto = decode::<proto::Restarting>(payload)?;
                Self::Restarting {
                    reconnect_in: Duration::from_millis(proto.reconnect_in),
                    spread: Duration::from_millis(proto.spread),
                }
            }
            code::SESSION_ENDED => Self::SessionEnded(EndReason::read(
                decode::<proto::SessionEnded>(payload)?.reason,
            )?),
            code::PASSWORD_CHANGED => Self::PasswordChanged {
                password_epoch: decode::<proto::PasswordChanged>(payload)?.password_epoch,
            },
            code::DEVICES_CHANGED => {
                empty::<proto::DevicesChanged>(payload).map(|()| Self::DevicesChanged)?
            }
            code::ACCOUNT_CHANGED => {
                let proto = decode::<proto::AccountChanged>(payload)?;
                Self::AccountChanged {
                    account: Box::new(needed("account", proto.account)?),
                    joined: proto.joined,
                }
            }
            code::ACCOUNT_LEFT => {
                let proto = decode::<proto::AccountLeft>(payload)?;
                Self::AccountLeft(AccountId::from_bytes(array("account", &proto.account)?))
            }
            code::DELIVERED => {
                Self::Delivered(entries(decode::<proto::Delivered>(payload)?.entries)?)
            }
            code::EPHEMERAL => Self::Ephemeral(read::<proto::Ephemeral, _>(payload)?),
            code::DEVICES_OF_CHANGED => {
                let proto = decode::<proto::DevicesOfChanged>(payload)?;
                Self::DevicesOfChanged(AccountId::from_bytes(array("account", &proto.account)?))
            }
            other => return Err(Malformed::Code(other)),
        })
    }

    /// The push's frame.
    pub fn to_frame(&self) -> ResponseFrame {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (code, payload) = match self {
            Self::Restarting {
                reconnect_in,
                spread,
            } => {
                let proto = proto::Restarting {
                    reconnect_in: millis(*reconnect_in),
                    spread: millis(*spread),
                };
                (code::RESTARTING, proto.encode_to_vec())
            }
            Self::SessionEnded(reason) => {
                let reason = reason.write();
                let proto = proto::SessionEnded { reason };
                (code::SESSION_ENDED, proto.encode_to_vec())
            }
            Self::PasswordChanged { password_epoch } => {
                let password_epoch = *password_epoch;
                let proto = proto::PasswordChanged { password_epoch };
                (code::PASSWORD_CHANGED, proto.encode_to_vec())
            }
            Self::DevicesChanged => (code::DEVICES_CHANGED, Vec::new()),
            Self::AccountChanged { account, joined } => {
                let proto = proto::AccountChanged {
                    account: Some(account.write()),
                    joined: *joined,
                };
                (code::ACCOUNT_CHANGED, proto.encode_to_vec())
            }
            Self::AccountLeft(account) => {
                let account = bytes(account.as_bytes());
                (
                    code::ACCOUNT_LEFT,
                    proto::AccountLeft { account }.encode_to_vec(),
                )
            }
            Self::Delivered(entries) => {
                let entries = write_list(entries);
                (
                    code::DELIVERED,
                    proto::Delivered { entries }.encode_to_vec(),
                )
            }
            Self::Ephemeral(it) => (code::EPHEMERAL, it.write().encode_to_vec()),
            Self::DevicesOfChanged(account) => {
                let account = bytes(account.as_bytes());
                let proto = proto::DevicesOfChanged { account };
                (code::DEVICES_OF_CHANGED, proto.encode_to_vec())
            }
        };
        ResponseFrame {
            code,
            payload: payload.into(),
        }
    }
}

impl EndReason {
    fn read(value: i32) -> Result<Self, Malformed> {
        match proto::EndReason::try_from(value) {
            Ok(proto::EndReason::Revoked) => Ok(Self::Revoked),
            Ok(proto::EndReason::AccountDeleted) => Ok(Self::AccountDeleted),
            Ok(proto::EndReason::AccountDisabled) => Ok(Self::AccountDisabled),
            Ok(proto::EndReason::Replaced) => Ok(Self::Replaced),
            Ok(proto::EndReason::TooSlow) => Ok(Self::TooSlow),
            _ => Err(Malformed::Value("reason")),
        }
    }

    fn write(self) -> i32 {
        match self {
            Self::Revoked => proto::EndReason::Revoked,
            Self::AccountDeleted => proto::EndReason::AccountDeleted,
            Self::AccountDisabled => proto::EndReason::AccountDisabled,
            Self::Replaced => proto::EndReason::Replaced,
            Self::TooSlow => proto::EndReason::TooSlow,
        }
        .into()
    }
}
