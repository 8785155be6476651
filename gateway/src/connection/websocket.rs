//! WebSocket framing (RFC 6455, server side) over bytes that arrive cut anywhere.
//!
//! It is written here rather than taken from a crate because of three promises that ready-made
//! ones break: a declared size reserves no memory, an idle connection holds no buffer, and the
//! connection's owner sees how far a message has come, to cut a peer that stalls in it.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// Longest payload of a control frame (RFC 6455, 5.5).
const CONTROL_MAX: usize = 125;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// Why a WebSocket is closed (RFC 6455, 7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// Done.
    Normal = 1000,
    /// The gateway stops.
    GoingAway = 1001,
    /// Not a WebSocket's bytes.
    Protocol = 1002,
    /// Text, where only binary messages are understood.
    Unsupported = 1003,
    /// A message that is no frame of the protocol.
    Policy = 1008,
    /// A message that is too large.
    TooBig = 1009,
}

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A whole binary message.
    Message(Bytes),
    /// A ping with its payload, to be given back.
    Ping(Bytes),
    /// The peer closes.
    Close,
    /// The connection has to be closed, for this reason.
    Broken(CloseCode),
}

/// Decodes what a client sends.
#[derive(Debug)]
pub(super) struct Decoder {
    buffer: BytesMut,
    message_max: usize,
    /// The data frame or control frame whose payload is arriving.
    frame: Option<Frame>,
    /// The message so far, unmasked.
    message: BytesMut,
    /// Whether a message has begun and its last frame has not ended.
    in_message: bool,
    ended: bool,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: u8,
    is_final: bool,
    mask: [u8; 4],
    left: usize,
    /// Payload bytes seen, for the mask's phase.
    seen: usize,
}

impl Decoder {
    pub(super) fn new(message_max: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            message_max,
            frame: None,
            message: BytesMut::new(),
            in_message: false,
            ended: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !self.ended {
            self.buffer.extend_from_slice(bytes);
        }
    }

    pub(super) fn buffered(&self) -> usize {
        self.buffer.len() + self.message.len()
    }

    pub(super) fn is_mid_message(&self) -> bool {
        self.in_message || self.frame.is_some() || !self.buffer.is_empty()
    }

    /// The next event. Call until there is none.
    pub(super) fn next_event(&mut self) -> Option<Event> {
        let event = self.advance();
        if event.is_none() && self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        if matches!(event, Some(Event::Close | Event::Broken(_))) {
            self.ended = true;
            self.buffer = BytesMut::new();
            self.message = BytesMut::new();
            self.frame = None;
            self.in_message = false;
        }
        event
    }

    fn advance(&mut self) -> Option<Event> {
        while !self.ended {
            let Some(frame) = &mut self.frame else {
                match self.read_header()? {
                    Ok(frame) => self.frame = Some(frame),
                    Err(code) => return Some(Event::Broken(code)),
                }
                continue;
            };
            if frame.opcode >= CLOSE {
                // Control frames are small, and may stand within a message.
                if self.buffer.len() < frame.left {
                    return None;
                }
                let mut payload = self.buffer.split_to(frame.left);
                unmask(&mut payload, frame.mask, 0);
                let opcode = frame.opcode;
                self.frame = None;
                match opcode {
                    PING => return Some(Event::Ping(payload.freeze())),
                    CLOSE => return Some(Event::Close),
                    _ => continue,
                }
            }
            let now = frame.left.min(self.buffer.len());
            let begin = self.message.len();
            self.message.extend_from_slice(self.buffer.get(..now)?);
            self.buffer.advance(now);
            if let Some(arrived) = self.message.get_mut(begin..) {
                unmask(arrived, frame.mask, frame.seen);
            }
            frame.seen += now;
            frame.left -= now;
            if frame.left > 0 {
                return None;
            }
            let is_final = frame.is_final;
            self.frame = None;
            if is_final {
                self.in_message = false;
                return Some(Event::Message(core::mem::take(&mut self.message).freeze()));
            }
        }
        None
    }

    /// Reads a frame's header once all of it is there.
    fn read_header(&mut self) -> Option<Result<Frame, CloseCode>> {
        let mut rest: &[u8] = &self.buffer;
        let [first, second] = take(&mut rest)?;
        let opcode = first & 0x0f;
        if first & RESERVED != 0 || second & MASKED == 0 {
            return Some(Err(CloseCode::Protocol));
        }
        let size = match second & !MASKED {
            126 => u64::from(u16::from_be_bytes(take(&mut rest)?)),
            127 => u64::from_be_bytes(take(&mut rest)?),
            small => u64::from(small),
        };
        let mask = take(&mut rest)?;
        let header = self.buffer.len() - rest.len();
        let frame = self.check(first & FINAL != 0, opcode, size, mask);
        if let Ok(frame) = &frame {
            self.buffer.advance(header);
            if frame.opcode < CLOSE {
                self.in_message = true;
            }
        }
        Some(frame)
    }

    fn check(
        &self,
        is_final: bool,
        opcode: u8,
        size: u64,
        mask: [u8; 4],
    ) -> Result<Frame, CloseCode> {
        let left = usize::try_from(size).map_err(|_| CloseCode::TooBig)?;
        match opcode {
            TEXT => return Err(CloseCode::Unsupported),
            BINARY if !self.in_message => {}
            CONTINUATION if self.in_message => {}
            CLOSE | PING | PONG if is_final && left <= CONTROL_MAX => {}
            _ => return Err(CloseCode::Protocol),
        }
        if opcode < CLOSE && left > self.message_max.saturating_sub(self.message.len()) {
            return Err(CloseCode::TooBig);
        }
        Ok(Frame {
            opcode,
            is_final,
            mask,
            left,
            seen: 0,
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*head)
}

/// Takes the mask off payload bytes of which `seen` came before.
fn unmask(bytes: &mut [u8], mask: [u8; 4], seen: usize) {
    let mut mask = mask;
    mask.rotate_left(seen % 4);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = bytes.chunks_exact_mut(8);
    for chunk in &mut chunks {
        if let Ok(eight) = <[u8; 8]>::try_from(&*chunk) {
            chunk.copy_from_slice(&(u64::from_ne_bytes(eight) ^ wide).to_ne_bytes());
        }
    }
    for (byte, mask) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// Appends the header of a binary message of `size` bytes.
pub(super) fn put_binary_header(size: usize, out: &mut BytesMut) {
    put_header(BINARY, size, out);
}

/// Appends a pong.
pub(super) fn put_pong(payload: &[u8], out: &mut BytesMut) {
    put_header(PONG, payload.len(), out);
    out.put_slice(payload);
}

/// Appends a close frame.
pub(super) fn put_close(code: CloseCode, out: &mut BytesMut) {
    put_header(CLOSE, 2, out);
    out.put_u16(code as u16);
}

fn put_header(opcode: u8, size: usize, out: &mut BytesMut) {
    out.put_u8(FINAL | opcode);
    match (u8::try_from(size), u16::try_from(size)) {
        (Ok(small), _) if small < 126 => out.put_u8(small),
        (_, Ok(medium)) => {
            out.put_u8(126);
            out.put_u16(medium);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(u64::try_from(size).unwrap_or(u64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0x11, 0x22, 0x33, 0x44];
        let mut out = BytesMut::new();
        put_header(0, payload.len(), &mut out);
        out[0] = first;
        out[1] |= MASKED;
        out.put_slice(&mask);
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
        out.to_vec()
    }

    fn events(decoder: &mut Decoder, bytes: &[u8], step: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for piece in bytes.chunks(step) {
            decoder.push(piece);
            events.extend(core::iter::from_fn(|| decoder.next_event()));
        }
        events
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let long: Vec<u8> = (0..70_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut bytes = frame(FINAL | BINARY, b"hello");
        bytes.extend(frame(BINARY, b"in "));
        bytes.extend(frame(FINAL | PING, b"ping"));
        bytes.extend(frame(CONTINUATION, b"three "));
        bytes.extend(frame(FINAL | CONTINUATION, b"parts"));
        bytes.extend(frame(FINAL | BINARY, &[]));
        bytes.extend(frame(FINAL | PONG, b"unasked"));
        bytes.extend(frame(FINAL | BINARY, &long));
        bytes.extend(frame(FINAL | CLOSE, &[3, 232]));
        bytes.extend(frame(FINAL | BINARY, b"after the end"));
        for step in [1, 2, 3, 7, 64, 1000, 100_000] {
            let mut decoder = Decoder::new(100_000);
            assert_eq!(
                events(&mut decoder, &bytes, step),
                [
                    Event::Message(Bytes::from_static(b"hello")),
                    Event::Ping(Bytes::from_static(b"ping")),
                    Event::Message(Bytes::from_static(b"in three parts")),
                    Event::Message(Bytes::new()),
                    Event::Message(Bytes::from(long.clone())),
                    Event::Close,
                ],
                "cut into {step}"
            );
            assert_eq!(decoder.buffered(), 0);
        }
    }

    #[test]
    fn what_is_no_clients_frame_is_refused_with_its_code() {
        let mut unmasked = frame(FINAL | BINARY, b"x");
        unmasked[1] &= !MASKED;
        for (bytes, code) in [
            (unmasked, CloseCode::Protocol),
            (frame(FINAL | TEXT, b"hi"), CloseCode::Unsupported),
            (frame(FINAL | CONTINUATION, b"x"), CloseCode::Protocol),
            (frame(FINAL | 0x40 | BINARY, b"x"), CloseCode::Protocol),
            (frame(FINAL | 3, b"x"), CloseCode::Protocol),
            (frame(PING, b"x"), CloseCode::Protocol),
            (frame(FINAL | PING, &[0; 126]), CloseCode::Protocol),
            (frame(FINAL | BINARY, &[0; 1001]), CloseCode::TooBig),
            (
                [frame(BINARY, &[0; 600]), frame(FINAL, &[0; 401])].concat(),
                CloseCode::TooBig,
            ),
            (
                [frame(BINARY, b"x"), frame(FINAL | BINARY, b"x")].concat(),
                CloseCode::Protocol,
            ),
        ] {
            let found = events(&mut Decoder::new(1000), &bytes, 9);
            assert_eq!(found.last(), Some(&Event::Broken(code)), "{bytes:x?}");
        }
        let whole = events(
            &mut Decoder::new(1000),
            &frame(FINAL | BINARY, &[0; 1000]),
            9,
        );
        assert!(matches!(whole[..], [Event::Message(_)]));
    }

    #[test]
    fn a_declared_size_reserves_nothing() {
        let mut decoder = Decoder::new(usize::MAX);
        let mut header = frame(FINAL | BINARY, &[0; 70_000]);
        header.truncate(14 + 100);
        assert!(events(&mut decoder, &header, 50).is_empty());
        assert!(decoder.is_mid_message());
        assert!(decoder.message.capacity() + decoder.buffer.capacity() < 1024);
    }
}
