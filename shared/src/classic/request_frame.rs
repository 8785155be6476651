//! One request's frame: where it ends, and what it says.

use bytes::Bytes;

use super::rejected::{RejectReason, Rejected};
use super::request::{
    PUBLIC_KEY_PAYLOAD, PULL_AFTER_PAYLOAD, PublicKey, PullAfter, REGISTER_PAYLOAD, Register,
    Request, RequestBody, SEND_ONCE_PREFIX, SEND_PREFIX, Send, SendOnce,
};
use super::{MessageKind, PublicKeyBytes, Version, code};
use crate::id::{ClientId, MessageId, SendId};
use crate::limits::{NAME_FIELD, SURPLUS_MAX};
use crate::name::UserName;
use crate::wire::{ByteOrder, Dialect, REQUEST_HEADER, RawRequestHeader, Reader};

/// A frame found at the beginning of what has arrived.
pub(super) struct Frame {
    header: RawRequestHeader,
    pub(super) version: Version,
    pub(super) order: ByteOrder,
    code: u16,
    /// Bytes of payload that the header declares.
    declared: usize,
    /// Bytes of header and payload that the request needs.
    pub(super) used: usize,
    /// Declared payload bytes behind those.
    pub(super) surplus: usize,
}

impl Frame {
    /// Looks for a whole frame at the beginning of `bytes`; nothing if more must come. `before` is
    /// the byte order of the frame before this one.
    ///
    /// # Errors
    /// A fatal [`Rejected`].
    pub(super) fn find(
        bytes: &[u8],
        before: ByteOrder,
        content_max: usize,
    ) -> Result<Option<Self>, Rejected> {
        let Some(header) = RawRequestHeader::read(bytes) else {
            return Ok(None);
        };
        let (order, code) = read_code(header.code, before);
        let version = version_of(header.version).unwrap_or_default();
        let declared = to_usize(order.read_u32(header.payload_size));
        let payload = bytes.get(REQUEST_HEADER..).unwrap_or_default();
        let reject = |reason| Rejected {
            version,
            order,
            reason,
        };

        let fields = version_of(header.version).and(fields_of(code)).unwrap_or(0);
        let needed = match code {
            // The header of a 603 is not believed at all.
            code::SEND if fields > 0 => {
                let Some(content) = content_size(payload, SEND_PREFIX, order) else {
                    return Ok(None);
                };
                check_content(content, content_max).map_err(reject)?;
                SEND_PREFIX + content
            }
            code::SEND_ONCE if fields > 0 && declared >= fields => {
                let Some(content) = content_size(payload, SEND_ONCE_PREFIX, order) else {
                    return Ok(None);
                };
                check_content(content, content_max).map_err(reject)?;
                (SEND_ONCE_PREFIX + content).min(declared)
            }
            // The id follows also where no payload is declared.
            code::PUBLIC_KEY => fields,
            _ => fields.min(declared),
        };
        let surplus = match code {
            code::SEND if fields > 0 => 0,
            _ => declared.saturating_sub(needed),
        };
        if surplus > SURPLUS_MAX {
            return Err(reject(RejectReason::PayloadTooLarge {
                code,
                declared,
                limit: SURPLUS_MAX,
            }));
        }
        let used = REQUEST_HEADER + needed;
        Ok((bytes.len() >= used).then_some(Self {
            header,
            version,
            order,
            code,
            declared,
            used,
            surplus,
        }))
    }

    /// Reads the request out of the frame's [`used`](Self::used) bytes.
    ///
    /// # Errors
    /// A [`Rejected`] that is not fatal.
    pub(super) fn request(&self, mut bytes: Bytes) -> Result<Request, Rejected> {
        let payload = bytes.split_off(REQUEST_HEADER.min(bytes.len()));
        match self.body(&payload) {
            Ok(body) => Ok(Request {
                client: self.header.client,
                version: self.version,
                order: self.order,
                body,
            }),
            Err(reason) => Err(Rejected {
                version: self.version,
                order: self.order,
                reason,
            }),
        }
    }

    fn body(&self, payload: &Bytes) -> Result<RequestBody, RejectReason> {
        if version_of(self.header.version).is_none() {
            return Err(RejectReason::Version(self.header.version));
        }
        let fields = fields_of(self.code).ok_or(RejectReason::Code(self.code))?;
        let content = content_size(payload, fields, self.order)
            .filter(|_| matches!(self.code, code::SEND | code::SEND_ONCE))
            .unwrap_or(0);
        let too_small = RejectReason::PayloadTooSmall {
            code: self.code,
            declared: self.declared,
            needed: fields + content,
        };
        self.parse(payload).unwrap_or(Err(too_small))
    }

    /// Reads the fields; nothing if there are too few bytes for them.
    fn parse(&self, payload: &Bytes) -> Option<Result<RequestBody, RejectReason>> {
        let mut reader = Reader::new(payload);
        Some(Ok(match self.code {
            code::REGISTER | code::REGISTER_ONCE => {
                let name = UserName::from_field(reader.take(NAME_FIELD)?);
                let public_key = PublicKeyBytes(reader.array()?);
                let name = match name {
                    Ok(name) => name,
                    Err(error) => return Some(Err(RejectReason::Name(error))),
                };
                let register = Register { name, public_key };
                if self.code == code::REGISTER {
                    RequestBody::Register(register)
                } else {
                    RequestBody::RegisterOnce(register)
                }
            }
            code::LIST_CLIENTS => RequestBody::ListClients,
            code::PUBLIC_KEY => RequestBody::PublicKey(PublicKey {
                wanted: ClientId::from_bytes(reader.array()?),
            }),
            code::SEND => RequestBody::Send(self.parse_send(payload, 0)?),
            code::PULL => RequestBody::Pull,
            code::SEND_ONCE => {
                let send_id = SendId::from_bytes(reader.array()?);
                let send = self.parse_send(payload, 16)?;
                RequestBody::SendOnce(SendOnce { send_id, send })
            }
            code::PULL_AFTER => RequestBody::PullAfter(PullAfter {
                acknowledged: MessageId(self.order.read_u32(reader.array()?)),
            }),
            other => return Some(Err(RejectReason::Code(other))),
        }))
    }

    /// Reads a message that begins `at` bytes into the payload and fills it to its end.
    fn parse_send(&self, payload: &Bytes, at: usize) -> Option<Send> {
        let mut reader = Reader::new(payload);
        reader.take(at)?;
        let to = ClientId::from_bytes(reader.array()?);
        let kind = MessageKind(reader.u8()?);
        let size = to_usize(self.order.read_u32(reader.array()?));
        let begin = at + SEND_PREFIX;
        (payload.len() - begin == size).then(|| Send {
            to,
            kind,
            content: payload.slice(begin..),
        })
    }
}

const fn version_of(byte: u8) -> Option<Version> {
    match Dialect::of(byte) {
        Dialect::Classic(version) => Some(version),
        Dialect::Sotto | Dialect::Unknown(_) => None,
    }
}

/// Little-endian if that gives a request, else big-endian if that does, else as before. No code is
/// a request's in both orders.
fn read_code(bytes: [u8; 2], before: ByteOrder) -> (ByteOrder, u16) {
    let little = ByteOrder::Little.read_u16(bytes);
    let big = ByteOrder::Big.read_u16(bytes);
    if fields_of(little).is_some() {
        (ByteOrder::Little, little)
    } else if fields_of(big).is_some() {
        (ByteOrder::Big, big)
    } else {
        (before, before.read_u16(bytes))
    }
}

/// Bytes of payload that a request's fields take, before any content.
const fn fields_of(code: u16) -> Option<usize> {
    Some(match code {
        code::REGISTER | code::REGISTER_ONCE => REGISTER_PAYLOAD,
        code::LIST_CLIENTS | code::PULL => 0,
        code::PUBLIC_KEY => PUBLIC_KEY_PAYLOAD,
        code::SEND => SEND_PREFIX,
        code::SEND_ONCE => SEND_ONCE_PREFIX,
        code::PULL_AFTER => PULL_AFTER_PAYLOAD,
        _ => return None,
    })
}

/// The content size that ends a payload's first `fields` bytes, once it has arrived.
fn content_size(payload: &[u8], fields: usize, order: ByteOrder) -> Option<usize> {
    let mut reader = Reader::new(payload);
    reader.take(fields.checked_sub(4)?)?;
    reader.array().map(|size| to_usize(order.read_u32(size)))
}

fn check_content(declared: usize, limit: usize) -> Result<(), RejectReason> {
    if declared > limit {
        return Err(RejectReason::ContentTooLarge { declared, limit });
    }
    Ok(())
}

/// The wire's u32 as a length; where lengths are smaller it becomes one that every limit refuses.
fn to_usize(size: u32) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
