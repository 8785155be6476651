//! Version 3 frames: a header and a payload that nobody has looked into.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::{VERSION, code};
use crate::id::ClientId;
use crate::limits::{COMMIT_PAYLOAD_MAX, SOTTO_PAYLOAD_MAX};
use crate::wire::{REQUEST_HEADER, RESPONSE_HEADER};

/// Most bytes of the payload of a request of this code, where `limit` is that of most requests:
/// whoever may send [`SOTTO_PAYLOAD_MAX`] may send a group with its tree too.
pub const fn payload_limit(code: u16, limit: usize) -> usize {
    match code {
        code::CREATE_GROUP | code::COMMIT if limit >= SOTTO_PAYLOAD_MAX => COMMIT_PAYLOAD_MAX,
        _ => limit,
    }
}

/// A request's frame, without its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFrame {
    /// The authenticated device, or zero. It proves nothing.
    pub client: ClientId,
    /// The request's code.
    pub code: u16,
    /// proto3.
    pub payload: Bytes,
}

impl RequestFrame {
    /// The frame's bytes.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(REQUEST_HEADER + self.payload.len());
        out.put_slice(self.client.as_bytes());
        put_rest(self.code, &self.payload, &mut out);
        out.freeze()
    }
}

/// The frame of a response or push, without its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseFrame {
    /// The response's or push's code.
    pub code: u16,
    /// proto3.
    pub payload: Bytes,
}

impl ResponseFrame {
    /// Size of the whole frame.
    pub fn encoded_len(&self) -> usize {
        RESPONSE_HEADER + self.payload.len()
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, out: &mut BytesMut) {
        out.reserve(self.encoded_len());
        put_rest(self.code, &self.payload, out);
    }
}

/// What both headers end with.
fn put_rest(code: u16, payload: &[u8], out: &mut BytesMut) {
    out.put_u8(VERSION);
    out.put_u16_le(code);
    // Payloads are made here, and far below 4 GiB.
    out.put_u32_le(u32::try_from(payload.len()).unwrap_or(u32::MAX));
    out.put_slice(payload);
}
