//! What is told about bytes that are no request.

use super::Version;
use crate::name::NameError;
use crate::wire::ByteOrder;

/// A frame that is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// Version that the answer should bear.
    pub version: Version,
    /// Byte order that the answer should have.
    pub order: ByteOrder,
    /// What is wrong.
    pub reason: RejectReason,
}

impl Rejected {
    /// Whether the end of the frame is unknown or too far away, so that the connection must end.
    pub const fn is_fatal(&self) -> bool {
        matches!(
            self.reason,
            RejectReason::ContentTooLarge { .. }
                | RejectReason::PayloadTooLarge { .. }
                | RejectReason::BrokenPadding
        )
    }
}

/// Why a frame is no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    /// A version byte of no dialect that is served here.
    #[error("version {0} is not served here")]
    Version(u8),
    /// A code that is no request's.
    #[error("no request has the code {0}")]
    Code(u16),
    /// Fewer payload bytes than the request has fields.
    #[error("request {code} needs {needed} bytes of payload and declares {declared}")]
    PayloadTooSmall {
        /// The request code.
        code: u16,
        /// Bytes declared.
        declared: usize,
        /// Bytes needed.
        needed: usize,
    },
    /// A payload that is larger than can be skipped.
    #[error("request {code} declares {declared} bytes of payload, {limit} are the limit")]
    PayloadTooLarge {
        /// The request code.
        code: u16,
        /// Bytes declared.
        declared: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// A message that is larger than the gateway stores.
    #[error("a content of {declared} bytes is declared, {limit} are the limit")]
    ContentTooLarge {
        /// Bytes declared.
        declared: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The name is none.
    #[error(transparent)]
    Name(NameError),
    /// A WebSocket message that is not exactly one frame.
    #[error("a message of {bytes} bytes is not exactly one frame")]
    NotOneFrame {
        /// Size of the message.
        bytes: usize,
    },
    /// Something other than zeros within a packet's padding.
    #[error("the padding of a packet holds other bytes than zeros")]
    BrokenPadding,
}
