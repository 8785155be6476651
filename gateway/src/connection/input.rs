//! What stands at the front of the bytes that arrived.

use bytes::BytesMut;
use sotto_shared::classic::{Decoded, RequestDecoder, decode_message};

use super::websocket::{self, CloseCode};
use super::{Bounds, Framing};
use crate::config::Limits;

/// Bytes that arrived and are no whole request yet.
#[derive(Debug)]
pub(super) enum Input {
    Stream(RequestDecoder),
    WebSocket(websocket::Decoder),
}

/// What was found.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is almost always a frame, and taken apart at once"
)]
pub(super) enum Found {
    Frame(Decoded),
    /// The peer closes the WebSocket.
    Close,
    /// It is none.
    Broken(CloseCode),
}

impl Input {
    pub(super) fn new(framing: Framing, limits: &Limits) -> Self {
        match framing {
            Framing::Stream => Self::Stream(RequestDecoder::new(limits.content_max)),
            Framing::WebSocket => Self::WebSocket(websocket::Decoder::new(limits.message_max())),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Stream(decoder) => decoder.push(bytes),
            Self::WebSocket(decoder) => decoder.push(bytes),
        }
    }

    /// The next thing that stands whole here. Pongs go to `output`, up to the bound.
    pub(super) fn next(
        &mut self,
        bounds: &Bounds,
        sotto_max: usize,
        output: &mut BytesMut,
    ) -> Option<Found> {
        let decoder = match self {
            Self::Stream(decoder) => {
                decoder.set_sotto_max(sotto_max);
                return decoder.next_decoded().map(Found::Frame);
            }
            Self::WebSocket(decoder) => decoder,
        };
        loop {
            match decoder.next_event()? {
                websocket::Event::Message(message) => {
                    let decoded = decode_message(message, bounds.content_max, sotto_max);
                    return Some(Found::Frame(decoded));
                }
                websocket::Event::Ping(payload) => {
                    websocket::put_pong(&payload, output);
                    if output.len() >= bounds.pipeline_bytes.max(1) {
                        return None;
                    }
                }
                websocket::Event::Close => return Some(Found::Close),
                websocket::Event::Broken(code) => return Some(Found::Broken(code)),
            }
        }
    }

    pub(super) const fn is_websocket(&self) -> bool {
        matches!(self, Self::WebSocket(_))
    }

    pub(super) fn is_mid_frame(&self) -> bool {
        match self {
            Self::Stream(decoder) => decoder.is_mid_frame(),
            Self::WebSocket(decoder) => decoder.is_mid_message(),
        }
    }

    pub(super) fn buffered(&self) -> usize {
        match self {
            Self::Stream(decoder) => decoder.buffered(),
            Self::WebSocket(decoder) => decoder.buffered(),
        }
    }
}
