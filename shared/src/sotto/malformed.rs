//! Why a payload is not what its code promises.

use crate::account::name::{AccountNameError, DisplayNameError};

/// A payload that is not what its frame's code promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No frame of this direction has the code.
    #[error("no frame has the code {0}")]
    Code(u16),
    /// The payload is not proto3.
    #[error("the payload is not a protobuf message: {0}")]
    Protobuf(prost::DecodeError),
    /// A field that has to be there is not.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A field of another size than it may have.
    #[error("the field {field} has {size} bytes or entries, {limit} are the limit")]
    Size {
        /// Its name.
        field: &'static str,
        /// What it has.
        size: usize,
        /// What it has to have, or may have at most.
        limit: usize,
    },
    /// A field whose value means nothing.
    #[error("the field {0} holds a value that means nothing")]
    Value(&'static str),
    /// An account name that is none.
    #[error(transparent)]
    Name(#[from] AccountNameError),
    /// A display name that is none.
    #[error(transparent)]
    DisplayName(#[from] DisplayNameError),
}
