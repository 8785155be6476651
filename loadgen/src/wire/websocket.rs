//! The client's side of WebSocket (RFC 6455), as little of it as the gateway needs.
//!
//! Written here so that frames can be made once and sent many times: what the driver spends on
//! masking, the gateway that shares the machine would lack.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// The key and its answer that RFC 6455 gives as an example (1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const FINAL_BINARY: u8 = 0x82;
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const OPCODE: u8 = 0x0f;
const CLOSE: u8 = 8;

/// The opening request.
pub(super) fn upgrade_request(host: SocketAddr) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}

/// Where the head of an HTTP answer ends, if it has.
pub(super) fn head_end(bytes: &[u8]) -> Option<usize> {
    let end = b"\r\n\r\n";
    let at = bytes.windows(end.len()).position(|window| window == end)?;
    Some(at + end.len())
}

/// Checks the answer to the opening request.
pub(super) fn check_upgrade(head: &[u8]) -> Result<()> {
    let head = String::from_utf8_lossy(head);
    if !head.starts_with("HTTP/1.1 101 ") || !head.contains(ACCEPT) {
        let line = head.lines().next().unwrap_or_default();
        bail!("the gateway refused the WebSocket: {line}");
    }
    Ok(())
}

/// Appends one binary message.
pub(super) fn encode(payload: &[u8], out: &mut BytesMut) {
    out.put_u8(FINAL_BINARY);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(size), _) if size < 126 => out.put_u8(MASKED | size),
        (_, Ok(size)) => {
            out.put_u8(MASKED | 126);
            out.put_u16(size);
        }
        _ => {
            out.put_u8(MASKED | 127);
            out.put_u64(payload.len() as u64);
        }
    }
    out.put_slice(&MASK);
    let masked = payload.iter().zip(MASK.iter().cycle());
    out.extend(masked.map(|(byte, mask)| byte ^ mask));
}

/// Takes a server's frames apart.
#[derive(Debug, Default)]
pub(super) struct Unwrapper {
    buffer: BytesMut,
}

impl Unwrapper {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The payload of the next data frame that is whole.
    pub(super) fn next_payload(&mut self) -> Result<Option<Bytes>> {
        loop {
            let Some((opcode, header, size)) = self.header() else {
                return Ok(None);
            };
            if self.buffer.len() < header + size {
                return Ok(None);
            }
            self.buffer.advance(header);
            let payload = self.buffer.split_to(size).freeze();
            if self.buffer.is_empty() {
                self.buffer = BytesMut::new();
            }
            match opcode {
                CLOSE => bail!("the gateway closed the WebSocket"),
                // Pings need no answer from a driver that sends all the time.
                opcode if opcode > CLOSE => {}
                _ => return Ok(Some(payload)),
            }
        }
    }

    /// Opcode, size of the header and size of the payload.
    fn header(&self) -> Option<(u8, usize, usize)> {
        let mut rest: &[u8] = &self.buffer;
        let opcode = rest.try_get_u8().ok()? & OPCODE;
        let size = match rest.try_get_u8().ok()? {
            126 => usize::from(rest.try_get_u16().ok()?),
            127 => usize::try_from(rest.try_get_u64().ok()?).ok()?,
            small => usize::from(small),
        };
        Some((opcode, self.buffer.len() - rest.len(), size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_masked_as_the_rfc_shows() {
        let mut out = BytesMut::new();
        encode(b"Hello", &mut out);
        let expected = [
            0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        assert_eq!(out, expected[..]);
    }

    #[test]
    fn sizes_have_three_forms() {
        for (size, header) in [(125, 6), (126, 8), (65_535, 8), (65_536, 14)] {
            let mut out = BytesMut::new();
            encode(&vec![0; size], &mut out);
            assert_eq!(out.len(), size + header, "{size}");
        }
    }

    #[test]
    fn server_frames_are_found_wherever_they_are_cut() {
        let mut wire = vec![0x82, 2, b'a', b'b', 0x89, 0, 0x82, 126, 0, 200];
        wire.extend([b'c'; 200]);
        for cut in 0..wire.len() {
            let mut unwrapper = Unwrapper::default();
            let mut found = Vec::new();
            let (head, tail) = wire.split_at(cut);
            for part in [head, tail] {
                unwrapper.push(part);
                while let Some(payload) = unwrapper.next_payload().unwrap() {
                    found.push(payload);
                }
            }
            assert_eq!(found, [&b"ab"[..], &[b'c'; 200]]);
        }
    }

    #[test]
    fn a_close_is_an_error() {
        let mut unwrapper = Unwrapper::default();
        unwrapper.push(&[0x88, 0]);
        assert!(unwrapper.next_payload().is_err());
    }
}
