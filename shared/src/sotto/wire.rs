//! Reading and writing fields of payloads.

use bytes::Bytes;

use super::Malformed;
use super::types::OpaqueMessage;
use crate::account::{AccountName, DisplayName};

/// A type that stands in payloads as message `P`.
pub(super) trait Payload<P>: Sized {
    fn read(proto: P) -> Result<Self, Malformed>;
    fn write(&self) -> P;
}

/// Reads a message field that has to be there.
pub(super) fn needed<P, T: Payload<P>>(
    field: &'static str,
    proto: Option<P>,
) -> Result<T, Malformed> {
    T::read(proto.ok_or(Malformed::Missing(field))?)
}

/// Reads a message field that may be absent.
pub(super) fn optional<P, T: Payload<P>>(proto: Option<P>) -> Result<Option<T>, Malformed> {
    proto.map(T::read).transpose()
}

/// Reads a repeated message field of up to `limit` entries.
pub(super) fn list<P, T: Payload<P>>(
    field: &'static str,
    protos: Vec<P>,
    limit: usize,
) -> Result<Vec<T>, Malformed> {
    check_size(field, protos.len(), limit)?;
    protos.into_iter().map(T::read).collect()
}

pub(super) fn write_list<P, T: Payload<P>>(values: &[T]) -> Vec<P> {
    values.iter().map(T::write).collect()
}

/// Reads exactly `N` bytes.
pub(super) fn array<const N: usize>(
    field: &'static str,
    bytes: &[u8],
) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed::Size {
        field,
        size: bytes.len(),
        limit: N,
    })
}

/// Reads exactly `N` bytes, or none at all.
pub(super) fn optional_array<const N: usize>(
    field: &'static str,
    bytes: &[u8],
) -> Result<Option<[u8; N]>, Malformed> {
    match bytes {
        [] => Ok(None),
        bytes => array(field, bytes).map(Some),
    }
}

pub(super) fn bytes(value: &[u8]) -> Bytes {
    Bytes::copy_from_slice(value)
}

/// Reads up to `limit` bytes.
pub(super) fn blob(field: &'static str, bytes: Bytes, limit: usize) -> Result<Bytes, Malformed> {
    check_size(field, bytes.len(), limit)?;
    Ok(bytes)
}

/// Reads an OPAQUE message of exactly `size` bytes.
pub(super) fn opaque(
    field: &'static str,
    bytes: Bytes,
    size: usize,
) -> Result<OpaqueMessage, Malformed> {
    if bytes.len() == size {
        Ok(OpaqueMessage(bytes))
    } else {
        Err(Malformed::Size {
            field,
            size: bytes.len(),
            limit: size,
        })
    }
}

/// Reads an OPAQUE message of exactly `size` bytes, or none at all.
pub(super) fn optional_opaque(
    field: &'static str,
    bytes: Bytes,
    size: usize,
) -> Result<Option<OpaqueMessage>, Malformed> {
    if bytes.is_empty() {
        Ok(None)
    } else {
        opaque(field, bytes, size).map(Some)
    }
}

/// Reads text of up to `limit` bytes without control characters.
pub(super) fn text(field: &'static str, text: String, limit: usize) -> Result<String, Malformed> {
    check_size(field, text.len(), limit)?;
    if text.chars().any(char::is_control) {
        return Err(Malformed::Value(field));
    }
    Ok(text)
}

pub(super) fn name(text: &str) -> Result<AccountName, Malformed> {
    Ok(AccountName::parse(text)?)
}

pub(super) fn display_name(text: &str) -> Result<DisplayName, Malformed> {
    Ok(DisplayName::parse(text)?)
}

pub(super) fn check_size(field: &'static str, size: usize, limit: usize) -> Result<(), Malformed> {
    if size <= limit {
        Ok(())
    } else {
        Err(Malformed::Size { field, size, limit })
    }
}
