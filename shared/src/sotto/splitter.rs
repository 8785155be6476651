//! The client's side of a connection on which both dialects are spoken.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{ResponseFrame, VERSION};
use crate::limits::SOTTO_RESPONSE_MAX;
use crate::wire::{RESPONSE_HEADER, Reader};

/// What stands next on the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A whole frame of version 3.
    Sotto(ResponseFrame),
    /// Bytes of a classic response, cut anywhere: for [`crate::classic::ResponseDecoder`].
    Classic(Bytes),
}

/// The gateway sent what no gateway sends. The connection must be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway sent a frame {code} of {size} bytes, {SOTTO_RESPONSE_MAX} are the limit")]
pub struct SplitError {
    /// The frame's code.
    pub code: u16,
    /// Bytes of payload that it declares.
    pub size: usize,
}

/// Tells version 3 frames and classic responses apart, in bytes that arrive cut anywhere.
#[derive(Debug, Default)]
pub struct ResponseSplitter {
    buffer: BytesMut,
    /// Bytes of a classic response that are still to come.
    classic: usize,
}

impl ResponseSplitter {
    /// Takes bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What stands next; nothing until more arrives.
    ///
    /// # Errors
    /// [`SplitError`], after which there is no next.
    pub fn next_part(&mut self) -> Result<Option<Part>, SplitError> {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
            return Ok(None);
        }
        if self.classic == 0 {
            let mut reader = Reader::new(&self.buffer);
            let (Some(version), Some(code), Some(size)) =
                (reader.u8(), reader.array(), reader.array())
            else {
                return Ok(None);
            };
            let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
            if version == VERSION {
                return self.sotto(u16::from_le_bytes(code), size);
            }
            self.classic = RESPONSE_HEADER.saturating_add(size);
        }
        let here = self.buffer.split_to(self.classic.min(self.buffer.len()));
        self.classic -= here.len();
        Ok(Some(Part::Classic(here.freeze())))
    }

    fn sotto(&mut self, code: u16, size: usize) -> Result<Option<Part>, SplitError> {
        if size > SOTTO_RESPONSE_MAX {
            return Err(SplitError { code, size });
        }
        if self.buffer.len() < RESPONSE_HEADER + size {
            return Ok(None);
        }
        self.buffer.advance(RESPONSE_HEADER);
        let payload = self.buffer.split_to(size).freeze();
        Ok(Some(Part::Sotto(ResponseFrame { code, payload })))
    }
}
