//! The server's side: requests out of bytes that arrive cut anywhere.
//!
//! Frames of both dialects may follow each other on one connection. Where one begins is the classic
//! dialect's trouble (padding, wrong sizes), so its decoder also cuts out version 3 frames.

use bytes::{Bytes, BytesMut};

use super::Version;
use super::rejected::{RejectReason, Rejected};
use super::request::Request;
use super::request_frame::Frame;
use crate::limits::{PACKET_UNIT, SOTTO_PAYLOAD_MAX_UNAUTHENTICATED};
use crate::sotto::{self, RequestFrame};
use crate::wire::{ByteOrder, REQUEST_HEADER, RawRequestHeader};

/// What the decoder found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded {
    /// A whole request.
    Request(Request),
    /// A whole version 3 frame.
    Sotto(RequestFrame),
    /// A version 3 frame larger than this connection may send: answer with an error, and close.
    SottoTooLarge {
        /// The request's code.
        code: u16,
        /// Bytes of payload declared.
        declared: usize,
        /// Bytes of payload allowed.
        limit: usize,
    },
    /// A frame that is no request: answer with an error, and close if it is fatal.
    Rejected(Rejected),
    /// The peer is in packet mode, and its packet has ended: pad all that was answered on this
    /// connection to a multiple of [`PACKET_UNIT`] with zeros, and close.
    PacketEnd,
}

/// Decodes a WebSocket message, which is exactly one frame, with contents of up to `content_max`
/// bytes, or a version 3 payload of up to `sotto_max` bytes. A surplus payload is borne here too,
/// if the message holds as much as it declares.
pub fn decode_message(message: Bytes, content_max: usize, sotto_max: usize) -> Decoded {
    let bytes = message.len();
    let mut decoder = RequestDecoder::new(content_max);
    decoder.set_sotto_max(sotto_max);
    decoder.buffer = BytesMut::from(message);
    let decoded = decoder.next_decoded();
    let surplus = match decoder.state {
        State::Skip(left) => left,
        State::Frames | State::Padding | State::Ended => 0,
    };
    match decoded {
        Some(decoded) if decoder.buffer.len() == surplus => decoded,
        _ => decoder.reject(RejectReason::NotOneFrame { bytes }),
    }
}

/// Incremental decoder of the requests of one connection.
///
/// It bears what other people's clients do:
/// - integers of either byte order, found out by the code, frame by frame;
/// - a 603 whose header declares any payload size: the inner content size is believed;
/// - a 602 whose header declares no payload while the id follows;
/// - a surplus payload behind any request;
/// - packet mode, also when the padding comes later than the frame or is counted into the payload.
///
/// It holds only bytes that have arrived; declared sizes reserve nothing.
#[derive(Debug)]
pub struct RequestDecoder {
    buffer: BytesMut,
    content_max: usize,
    /// Most payload bytes of a version 3 frame.
    sotto_max: usize,
    /// Version of the last frame.
    version: Version,
    /// Byte order of the last frame that showed it.
    order: ByteOrder,
    /// Bytes received on this connection, modulo [`PACKET_UNIT`].
    received: usize,
    /// Frames decoded so far.
    frames: u64,
    /// Whether all that was skipped were zeros.
    zeros: bool,
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

impl RequestDecoder {
    /// A decoder for a new connection that takes contents of up to `content_max` bytes.
    pub fn new(content_max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            content_max,
            sotto_max: SOTTO_PAYLOAD_MAX_UNAUTHENTICATED,
            version: Version::default(),
            order: ByteOrder::Little,
            received: 0,
            frames: 0,
            zeros: true,
            state: State::Frames,
        }
    }

    /// From now on, version 3 frames may have payloads of up to this many bytes; at first it is
    /// [`SOTTO_PAYLOAD_MAX_UNAUTHENTICATED`].
    pub fn set_sotto_max(&mut self, sotto_max: usize) {
        self.sotto_max = sotto_max;
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

    /// Whether the peer stands in the middle of a frame or packet.
    pub fn is_mid_frame(&self) -> bool {
        match self.state {
            State::Frames => !self.buffer.is_empty(),
            State::Skip(_) | State::Padding => true,
            State::Ended => false,
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
                    let now = self.buffer.split_to(left.min(self.buffer.len()));
                    let left = left - now.len();
                    self.zeros &= now.iter().all(|byte| *byte == 0);
                    if !now.is_empty() && self.packet_ends(left) {
                        self.end();
                        return Some(Decoded::PacketEnd);
                    }
                    if left > 0 {
                        self.state = State::Skip(left);
                        return None;
                    }
                    self.state = State::Frames;
                }
                State::Padding => {
                    let clean = self.buffer.iter().all(|byte| *byte == 0);
                    self.buffer.clear();
                    if !clean {
                        self.end();
                        return Some(self.reject(RejectReason::BrokenPadding));
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

    /// Whether a packet ends within the surplus of its first frame, of which `left` bytes are still
    /// to come: the padding was counted into the payload size, perhaps with the header.
    fn packet_ends(&self, left: usize) -> bool {
        self.frames == 1
            && self.zeros
            && self.buffer.is_empty()
            && self.received == 0
            && left <= REQUEST_HEADER
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
        if let Some(header) = RawRequestHeader::read(&self.buffer)
            && header.version == sotto::VERSION
        {
            return self.next_sotto(header);
        }
        let found = Frame::find(&self.buffer, self.order, self.content_max);
        let frame = match found {
            Ok(frame) => frame?,
            Err(rejected) => {
                self.end();
                return Some(Decoded::Rejected(rejected));
            }
        };
        self.version = frame.version;
        self.order = frame.order;
        self.frames += 1;
        let bytes = self.take(frame.used);
        if frame.surplus > 0 {
            self.state = State::Skip(frame.surplus);
        }
        Some(match frame.request(bytes) {
            Ok(request) => Decoded::Request(request),
            Err(rejected) => Decoded::Rejected(rejected),
        })
    }

    fn next_sotto(&mut self, header: RawRequestHeader) -> Option<Decoded> {
        let code = u16::from_le_bytes(header.code);
        let declared = usize::try_from(u32::from_le_bytes(header.payload_size));
        let declared = declared.unwrap_or(usize::MAX);
        let limit = sotto::payload_limit(code, self.sotto_max);
        if declared > limit {
            self.end();
            return Some(Decoded::SottoTooLarge {
                code,
                declared,
                limit,
            });
        }
        if self.buffer.len() < REQUEST_HEADER + declared {
            return None;
        }
        // Zeros behind it are no padding: nobody who speaks version 3 is in packet mode.
        self.frames = self.frames.saturating_add(2);
        let payload = self.take(REQUEST_HEADER + declared).slice(REQUEST_HEADER..);
        Some(Decoded::Sotto(RequestFrame {
            client: header.client,
            code,
            payload,
        }))
    }

    /// Takes a frame out of the buffer. What is left would keep the frame's memory from being
    /// freed for as long as the peer likes; so it moves, where that costs less than the frame did.
    fn take(&mut self, used: usize) -> Bytes {
        let frame = self.buffer.split_to(used).freeze();
        if self.buffer.len() <= used {
            self.buffer = BytesMut::from(self.buffer.as_ref());
        }
        frame
    }

    fn reject(&self, reason: RejectReason) -> Decoded {
        Decoded::Rejected(Rejected {
            version: self.version,
            order: self.order,
            reason,
        })
    }

    fn end(&mut self) {
        self.state = State::Ended;
        self.buffer = BytesMut::new();
    }
}
