//! The client's side: responses out of bytes that arrive cut anywhere.

use bytes::{Buf, Bytes, BytesMut};

use super::response::{
    CLIENT_RECORD, ClientRecord, PublicKeyAnswer, Registered, Response, Stored, WaitingMessage,
};
use super::{MessageKind, PublicKeyBytes, code};
use crate::id::{ClientId, MessageId};
use crate::limits::{ERROR_TEXT_MAX, NAME_FIELD, RESPONSE_MAX, WAITING_RECORDS_MAX};
use crate::name::{UserName, printable_prefix};
use crate::wire::{ByteOrder, RESPONSE_HEADER, Reader};

/// Why bytes are no response. The connection cannot go on after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// A code that is no response's.
    #[error("the server answered with the unknown code {0}")]
    Code(u16),
    /// A payload size that the response cannot have.
    #[error("the server answered {code} with {size} bytes of payload")]
    Size {
        /// The response code.
        code: u16,
        /// Bytes declared.
        size: usize,
    },
    /// Records that do not fill their payload exactly.
    #[error("the server answered {code} with a broken record at byte {at}")]
    Record {
        /// The response code.
        code: u16,
        /// Where the record begins in the payload.
        at: usize,
    },
}

/// Incremental decoder of the responses of one connection.
///
/// It bears what other people's servers do: zero bytes after an answer, a receipt without payload,
/// an error with text, names that are none.
#[derive(Debug, Default)]
pub struct ResponseDecoder {
    buffer: BytesMut,
    order: ByteOrder,
    /// Once set, nothing more is read.
    failed: Option<ResponseError>,
}

impl ResponseDecoder {
    /// A decoder for a new connection to a server of this byte order.
    pub fn new(order: ByteOrder) -> Self {
        Self {
            buffer: BytesMut::new(),
            order,
            failed: None,
        }
    }

    /// Takes bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes that arrived and await the rest of their response.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// The next response that stands whole in the buffer.
    ///
    /// # Errors
    /// Any [`ResponseError`]. The connection must be given up then: where the next response begins
    /// is not known, and the decoder says the same ever after.
    pub fn next_response(&mut self) -> Result<Option<Response>, ResponseError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let found = self.advance();
        if let Err(error) = found {
            self.failed = Some(error);
            self.buffer = BytesMut::new();
        }
        found
    }

    fn advance(&mut self) -> Result<Option<Response>, ResponseError> {
        let padding = self.buffer.iter().take_while(|byte| **byte == 0).count();
        self.buffer.advance(padding);
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }

        let mut reader = Reader::new(&self.buffer);
        let (Some(_version), Some(code), Some(size)) =
            (reader.u8(), reader.array(), reader.array())
        else {
            return Ok(None);
        };
        let code = self.order.read_u16(code);
        let size = usize::try_from(self.order.read_u32(size)).unwrap_or(usize::MAX);
        check_size(code, size)?;
        if self.buffer.len() < RESPONSE_HEADER + size {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(RESPONSE_HEADER + size).freeze();
        let payload = frame.split_off(RESPONSE_HEADER);
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        self.parse(code, &payload).map(Some)
    }

    fn parse(&self, code: u16, payload: &Bytes) -> Result<Response, ResponseError> {
        let broken = ResponseError::Size {
            code,
            size: payload.len(),
        };
        let mut reader = Reader::new(payload);
        match code {
            code::REGISTERED => Ok(Response::Registered(Registered {
                client: ClientId::from_bytes(reader.array().ok_or(broken)?),
            })),
            code::CLIENT_LIST => {
                let mut records = Vec::new();
                while !reader.is_empty() {
                    let client = ClientId::from_bytes(reader.array().ok_or(broken)?);
                    let name = reader.take(NAME_FIELD).ok_or(broken)?;
                    records.push(ClientRecord {
                        client,
                        name: UserName::from_field_lossy(name),
                    });
                }
                Ok(Response::ClientList(records))
            }
            code::PUBLIC_KEY_ANSWER => Ok(Response::PublicKey(PublicKeyAnswer {
                client: ClientId::from_bytes(reader.array().ok_or(broken)?),
                public_key: PublicKeyBytes(reader.array().ok_or(broken)?),
            })),
            code::STORED if reader.is_empty() => Ok(Response::Stored(None)),
            code::STORED => Ok(Response::Stored(Some(Stored {
                to: ClientId::from_bytes(reader.array().ok_or(broken)?),
                message: MessageId(self.order.read_u32(reader.array().ok_or(broken)?)),
            }))),
            code::WAITING => self.parse_waiting(payload).map(Response::Waiting),
            code::ERROR => {
                let text = reader
                    .take(payload.len().min(ERROR_TEXT_MAX))
                    .unwrap_or_default();
                Ok(Response::Error(printable_prefix(text, ERROR_TEXT_MAX)))
            }
            other => Err(ResponseError::Code(other)),
        }
    }

    fn parse_waiting(&self, payload: &Bytes) -> Result<Vec<WaitingMessage>, ResponseError> {
        let mut messages = Vec::new();
        let mut rest = payload.clone();
        while !rest.is_empty() {
            let at = payload.len() - rest.len();
            let broken = ResponseError::Record {
                code: code::WAITING,
                at,
            };
            if messages.len() == WAITING_RECORDS_MAX {
                return Err(broken);
            }
            messages.push(self.parse_record(&mut rest).ok_or(broken)?);
        }
        Ok(messages)
    }

    fn parse_record(&self, rest: &mut Bytes) -> Option<WaitingMessage> {
        let mut reader = Reader::new(rest);
        let from = ClientId::from_bytes(reader.array()?);
        let message = MessageId(self.order.read_u32(reader.array()?));
        let kind = MessageKind(reader.u8()?);
        let size = usize::try_from(self.order.read_u32(reader.array()?)).ok()?;
        let begin = super::response::WAITING_PREFIX;
        let end = begin.checked_add(size)?;
        if end > rest.len() {
            return None;
        }
        let content = rest.slice(begin..end);
        rest.advance(end);
        Some(WaitingMessage {
            from,
            message,
            kind,
            content,
        })
    }
}

/// Refuses a declared size that the response cannot have, before its payload is awaited.
fn check_size(code: u16, size: usize) -> Result<(), ResponseError> {
    let fits = match code {
        code::REGISTERED => size == 16,
        code::CLIENT_LIST => size <= RESPONSE_MAX && size.is_multiple_of(CLIENT_RECORD),
        code::PUBLIC_KEY_ANSWER => size == 16 + crate::limits::PUBLIC_KEY_SIZE,
        code::STORED => size == 0 || size == 16 + 4,
        code::WAITING => size <= RESPONSE_MAX,
        code::ERROR => size <= crate::limits::SURPLUS_MAX,
        other => return Err(ResponseError::Code(other)),
    };
    if fits {
        Ok(())
    } else {
        Err(ResponseError::Size { code, size })
    }
}
