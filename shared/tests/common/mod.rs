//! What the tests of the wire share.
#![allow(dead_code, reason = "each test uses its own part")]
#![allow(clippy::expect_used, clippy::indexing_slicing)]

pub(crate) mod sotto;

use bytes::Bytes;
use sotto_shared::classic::request::{PublicKey, PullAfter, Register, Send, SendOnce};
use sotto_shared::classic::{
    Decoded, MessageKind, PublicKeyBytes, Request, RequestBody, RequestDecoder, Version,
};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId, SendId, UserName};

/// Limit of contents in most tests.
pub(crate) const CONTENT_MAX: usize = 64 * 1024;

/// An id of sixteen equal bytes.
pub(crate) fn client(byte: u8) -> ClientId {
    ClientId::from_bytes([byte; 16])
}

/// A name.
pub(crate) fn name(text: &str) -> UserName {
    text.parse().expect("a name")
}

/// Something that stands where a public key does.
pub(crate) fn key_bytes() -> PublicKeyBytes {
    PublicKeyBytes(core::array::from_fn(|at| at as u8))
}

/// A little-endian request of version 2.
pub(crate) fn request(body: RequestBody) -> Request {
    Request {
        client: client(0xa1),
        version: Version::V2,
        order: ByteOrder::Little,
        body,
    }
}

/// A text message of `size` bytes.
pub(crate) fn send(size: usize) -> RequestBody {
    RequestBody::Send(Send {
        to: client(0xb2),
        kind: MessageKind::TEXT,
        content: (0..size).map(|at| (at % 251) as u8 | 1).collect::<Bytes>(),
    })
}

/// One request of every kind.
pub(crate) fn every_body() -> Vec<RequestBody> {
    let register = Register {
        name: name("alice"),
        public_key: key_bytes(),
    };
    let content = Bytes::from_static(b"sixteen bytes!!!");
    let message = Send {
        to: client(0xb2),
        kind: MessageKind::TEXT,
        content,
    };
    vec![
        RequestBody::Register(register.clone()),
        RequestBody::ListClients,
        RequestBody::PublicKey(PublicKey {
            wanted: client(0xb2),
        }),
        RequestBody::Send(message.clone()),
        RequestBody::Pull,
        RequestBody::RegisterOnce(register),
        RequestBody::SendOnce(SendOnce {
            send_id: SendId::from_bytes([0xc3; 16]),
            send: message,
        }),
        RequestBody::PullAfter(PullAfter {
            acknowledged: MessageId(0x0102_0304),
        }),
    ]
}

/// A header of 23 bytes, little-endian.
pub(crate) fn header(version: u8, code: u16, payload_size: u32) -> Vec<u8> {
    let mut bytes = vec![0xa1; 16];
    bytes.push(version);
    bytes.extend(code.to_le_bytes());
    bytes.extend(payload_size.to_le_bytes());
    bytes
}

/// The frame with its header's payload size replaced.
pub(crate) fn with_payload_size(frame: &Request, size: u32) -> Vec<u8> {
    let mut bytes = frame.to_bytes().to_vec();
    bytes[19..23].copy_from_slice(&frame.order.write_u32(size));
    bytes
}

/// The bytes with zeros behind them up to a multiple of 1024.
pub(crate) fn packet(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(1024), 0);
    bytes
}

/// Takes out whatever stands whole.
pub(crate) fn drain(decoder: &mut RequestDecoder) -> Vec<Decoded> {
    core::iter::from_fn(|| decoder.next_decoded()).collect()
}

/// Decodes bytes that arrive in pieces of these sizes, and the rest at once.
pub(crate) fn decode_in(bytes: &[u8], sizes: &[usize]) -> Vec<Decoded> {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    let mut decoded = Vec::new();
    let mut rest = bytes;
    for size in sizes {
        let (piece, behind) = rest.split_at((*size).min(rest.len()));
        decoder.push(piece);
        decoded.extend(drain(&mut decoder));
        rest = behind;
    }
    decoder.push(rest);
    decoded.extend(drain(&mut decoder));
    decoded
}

/// Decodes the bytes whole, byte by byte, and cut in two at every place; all must give the same.
pub(crate) fn decode_however_cut(bytes: &[u8]) -> Vec<Decoded> {
    let whole = decode_in(bytes, &[]);
    assert_eq!(
        decode_in(bytes, &vec![1; bytes.len()]),
        whole,
        "byte by byte"
    );
    for cut in 0..bytes.len() {
        assert_eq!(decode_in(bytes, &[cut]), whole, "cut at {cut}");
    }
    whole
}
