//! The server's side: requests out of bytes that arrive cut anywhere.

use bytes::{Bytes, BytesMut};

use super::request::{
    PUBLIC_KEY_PAYLOAD, PULL_AFTER_PAYLOAD, PublicKey, PullAfter, REGISTER_PAYLOAD, Register,
    Request, RequestBody, SEND_ONCE_PREFIX, SEND_PREFIX, Send, SendOnce,
};
use super::{MessageKind, PublicKeyBytes, Version, code};
use crate::id::{ClientId, MessageId, SendId};
use crate::limits::{NAME_FIELD, PACKET_UNIT, SURPLUS_MAX};
use crate::name::{NameError, UserName};
use crate::wire::{ByteOrder, Dialect, REQUEST_HEADER, RawRequestHeader, Reader};

/// What the decoder found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A whole request.
    Request(Request),
    /// A frame that is no request: answer with an error, and close if it is fatal.
    Rejected(Rejected),
    /// The peer is in packet mode, and its packet has ended: pad all that was answered on this
    /// connection to a multiple of [`PACKET_UNIT`] with zeros, and close.
    PacketEnd,
}

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

/// Decodes a WebSocket message, which is exactly one frame, with contents of up to `content_max`
/// bytes.
pub fn decode_message(message: Bytes, content_max: usize) -> Decoded {
    let bytes = message.len();
    let mut decoder = RequestDecoder::new(content_max);
    decoder.buffer = BytesMut::from(message);
    let not_one_frame = |order| {
        let reason = RejectReason::NotOneFrame { bytes };
        Decoded::Rejected(Rejected {
            version: Version::V2,
            order,
            reason,
        })
    };
    match decoder.next_decoded() {
        Some(decoded) if decoder.buffer.is_empty() && !decoder.is_mid_frame() => decoded,
        _ => not_one_frame(decoder.order),
    }
}

/// Incremental decoder of the requests of one connection.
///
/// It bears what other people's clients do:
/// - integers of either byte order, found out by the code, frame by frame;
/// - a 603 whose header declares any payload size: the inner content size is believed;
/// - a 602 whose header declares no payload while the id follows;
/// - a surplus payload behind any request;
/// - packet mode, also when the padding comes later than the frame.
///
/// It holds only bytes that have arrived; declared sizes reserve nothing.
#[derive(Debug)]
pub struct RequestDecoder {
    buffer: BytesMut,
    content_max: usize,
    /// Byte order of the last frame that showed it.
    order: ByteOrder,
    /// Bytes received on this connection, modulo [`PACKET_UNIT`].
    received: usize,
    /// Frames decoded so far.
    frames: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Frames,
    /// Bytes still to be skipped of a surplus or refused payload.
    Skip(usize),
    /// Within the zeros behind the first frame.
    Padding,
    /// Nothing more is read.
    Ended,
}

/// A frame found in the buffer.
struct Frame {
    header: RawRequestHeader,
    version: Version,
    order: ByteOrder,
    code: u16,
    /// Bytes of header and payload that the request needs.
    used: usize,
    /// Declared payload bytes behind those.
    surplus: usize,
}

impl RequestDecoder {
    /// A decoder for a new connection that takes contents of up to `content_max` bytes.
    pub fn new(content_max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            content_max,
            order: ByteOrder::Little,
            received: 0,
            frames: 0,
            state: State::Frames,
        }
    }

    /// Takes bytes as they arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.state != State::Ended {
            self.received = (self.received + bytes.len()) % PACKET_UNIT;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Bytes that arrived and await the rest of their frame.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Whether the peer stands in the middle of a frame.
    pub fn is_mid_frame(&self) -> bool {
        match self.state {
            State::Frames => !self.buffer.is_empty(),
            State::Skip(_) => true,
            State::Padding | State::Ended => false,
        }
    }

    /// The next thing that stands whole in the buffer. Call until it gives nothing.
    pub fn next_decoded(&mut self) -> Option<Decoded> {
        let decoded = self.advance();
        if decoded.is_none() && self.buffer.is_empty() {
            // An idle connection holds no memory.
            self.buffer = BytesMut::new();
        }
        decoded
    }

    fn advance(&mut self) -> Option<Decoded> {
        loop {
            match self.state {
                State::Ended => return None,
                State::Skip(left) => {
                    let now = left.min(self.buffer.len());
                    let _ = self.buffer.split_to(now);
                    if now < left {
                        self.state = State::Skip(left - now);
                        return None;
                    }
                    self.state = State::Frames;
                }
                State::Padding => {
                    let clean = self.buffer.iter().all(|byte| *byte == 0);
                    self.buffer.clear();
                    if !clean {
                        return Some(self.fatal(RejectReason::BrokenPadding));
                    }
                    if self.received != 0 {
                        return None;
                    }
                    self.end();
                    return Some(Decoded::PacketEnd);
                }
                State::Frames => {
                    if self.padding_begins() {
                        self.state = State::Padding;
                        continue;
                    }
                    return self.next_frame();
                }
            }
        }
    }

    /// Whether what stands behind the first frame is padding: zeros up to a whole packet, or so
    /// many that no request can begin with them (an id may be zero, a version may not).
    fn padding_begins(&self) -> bool {
        const NO_REQUEST: usize = REQUEST_HEADER - 4;
        self.frames == 1
            && !self.buffer.is_empty()
            && (self.received == 0 || self.buffer.len() >= NO_REQUEST)
            && self.buffer.iter().take(NO_REQUEST).all(|byte| *byte == 0)
            && (self.buffer.len() >= NO_REQUEST || self.buffer.iter().all(|byte| *byte == 0))
    }

    fn next_frame(&mut self) -> Option<Decoded> {
        let frame = match self.find_frame() {
            Ok(frame) => frame?,
            Err(rejected) => {
                self.frames += 1;
                self.order = rejected.order;
                self.end();
                return Some(Decoded::Rejected(rejected));
            }
        };
        self.order = frame.order;
        self.frames += 1;
        let mut bytes = self.buffer.split_to(frame.used).freeze();
        // Zeros that a padding client counted into its payload size are padding all the same.
        let packet = self.frames == 1
            && frame.surplus > 0
            && self.received == 0
            && self.buffer.iter().all(|byte| *byte == 0);
        if packet {
            self.state = State::Padding;
        } else if frame.surplus > 0 {
            self.state = State::Skip(frame.surplus);
        }
        let payload = bytes.split_off(REQUEST_HEADER);
        Some(match frame.body(payload) {
            Ok(body) => Decoded::Request(Request {
                client: frame.header.client,
                version: frame.version,
                order: frame.order,
                body,
            }),
            Err(reason) => Decoded::Rejected(Rejected {
                version: frame.version,
                order: frame.order,
                reason,
            }),
        })
    }

    /// Looks for a whole frame at the beginning of the buffer.
    fn find_frame(&self) -> Result<Option<Frame>, Rejected> {
        let Some(header) = RawRequestHeader::read(&self.buffer) else {
            return Ok(None);
        };
        let (order, code) = self.read_code(header.code);
        let version = match header.version {
            1 => Version::V1,
            _ => Version::V2,
        };
        let reject = |reason| Rejected {
            version,
            order,
            reason,
        };
        let declared = to_usize(order.read_u32(header.payload_size));
        let known = matches!(Dialect::of(header.version), Dialect::Classic(_));

        let (needed, surplus) = match code {
            code::SEND if known => {
                let Some(content) = self.inner_size(order, SEND_PREFIX) else {
                    return Ok(None);
                };
                self.check_content(content).map_err(reject)?;
                (SEND_PREFIX + content, 0)
            }
            code::SEND_ONCE if known && declared >= SEND_ONCE_PREFIX => {
                self.check_content(declared - SEND_ONCE_PREFIX)
                    .map_err(reject)?;
                (declared, 0)
            }
            code::PUBLIC_KEY if known => (
                PUBLIC_KEY_PAYLOAD,
                declared.saturating_sub(PUBLIC_KEY_PAYLOAD),
            ),
            _ => {
                let fields = if known {
                    fields_of(code).unwrap_or(0)
                } else {
                    0
                };
                let needed = fields.min(declared);
                (needed, declared - needed)
            }
        };
        if surplus > SURPLUS_MAX {
            return Err(reject(RejectReason::PayloadTooLarge {
                code,
                declared,
                limit: SURPLUS_MAX,
            }));
        }
        let used = REQUEST_HEADER + needed;
        if self.buffer.len() < used {
            return Ok(None);
        }
        Ok(Some(Frame {
            header,
            version,
            order,
            code,
            used,
            surplus,
        }))
    }

    /// Little-endian if that gives a request, else big-endian if that does, else as before.
    fn read_code(&self, bytes: [u8; 2]) -> (ByteOrder, u16) {
        let little = ByteOrder::Little.read_u16(bytes);
        let big = ByteOrder::Big.read_u16(bytes);
        if fields_of(little).is_some() {
            (ByteOrder::Little, little)
        } else if (code::REGISTER..=code::PULL).contains(&big) {
            (ByteOrder::Big, big)
        } else {
            (self.order, self.order.read_u16(bytes))
        }
    }

    /// The content size that ends a payload prefix of `prefix` bytes, once it has arrived.
    fn inner_size(&self, order: ByteOrder, prefix: usize) -> Option<usize> {
        let mut reader = Reader::new(&self.buffer);
        reader.take(REQUEST_HEADER + prefix - 4)?;
        reader.array().map(|size| to_usize(order.read_u32(size)))
    }

    fn check_content(&self, declared: usize) -> Result<(), RejectReason> {
        if declared > self.content_max {
            return Err(RejectReason::ContentTooLarge {
                declared,
                limit: self.content_max,
            });
        }
        Ok(())
    }

    fn fatal(&mut self, reason: RejectReason) -> Decoded {
        self.end();
        Decoded::Rejected(Rejected {
            version: Version::V2,
            order: self.order,
            reason,
        })
    }

    fn end(&mut self) {
        self.state = State::Ended;
        self.buffer = BytesMut::new();
    }
}

impl Frame {
    fn body(&self, payload: Bytes) -> Result<RequestBody, RejectReason> {
        if !matches!(Dialect::of(self.header.version), Dialect::Classic(_)) {
            return Err(RejectReason::Version(self.header.version));
        }
        let needed = fields_of(self.code).ok_or(RejectReason::Code(self.code))?;
        let too_small = RejectReason::PayloadTooSmall {
            code: self.code,
            declared: payload.len(),
            needed,
        };
        self.parse(&payload).unwrap_or(Err(too_small))
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
        (payload.len() == begin + size).then(|| Send {
            to,
            kind,
            content: payload.slice(begin..),
        })
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

/// The wire's u32 as a length; where lengths are smaller it becomes one that every limit refuses.
fn to_usize(size: u32) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
