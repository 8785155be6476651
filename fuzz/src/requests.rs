//! The gateway's side of the wire.

use bytes::Bytes;
use sotto_shared::classic::request::{PublicKey, PullAfter, Register, Send, SendOnce};
use sotto_shared::classic::{
    Decoded, MessageKind, PublicKeyBytes, Request, RequestBody, RequestDecoder, Version,
    decode_message,
};
use sotto_shared::limits::PACKET_UNIT;
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId, SendId, UserName};

use crate::source::Source;

const CONTENT_MAX: usize = 2048;
/// Most payload bytes of a version 3 frame.
const SOTTO_MAX: usize = CONTENT_MAX;
/// Header, send id and fields of a message.
const FRAME_MAX: usize = 23 + 37 + CONTENT_MAX;

/// A connection's bytes as they come; the first two say how they are cut.
pub fn request_stream(input: &[u8]) {
    let mut source = Source::new(input);
    let size = 1 + source.below(300);
    check_stream(source.rest(), size);
}

/// Frames of every kind, right and wrong ones, one behind the other.
pub fn request_script(input: &[u8]) {
    let mut source = Source::new(input);
    let size = 1 + source.below(300);
    let mut stream = Vec::new();
    while !source.is_empty() && stream.len() < 8 * PACKET_UNIT {
        match source.u8() % 8 {
            0..=2 => stream.extend(any_request(&mut source).to_bytes()),
            3 => {
                let mut frame = any_request(&mut source).to_bytes().to_vec();
                source.perturb(&mut frame);
                stream.extend(frame);
            }
            4 => {
                // Any payload size.
                let mut frame = any_request(&mut source).to_bytes().to_vec();
                let size = source.u32() >> (source.u8() % 32);
                if let Some(field) = frame.get_mut(19..23) {
                    field.copy_from_slice(&size.to_le_bytes());
                }
                stream.extend(frame);
            }
            5 => stream.resize(stream.len().next_multiple_of(PACKET_UNIT), 0),
            6 => stream.resize(stream.len() + source.below(1100), 0),
            _ => {
                let count = source.below(60);
                stream.extend(source.take(count));
            }
        }
    }
    check_stream(&stream, size);
}

/// One WebSocket message.
pub fn request_message(input: &[u8]) {
    let mut source = Source::new(input);
    let bytes = if source.flag() {
        let mut frame = any_request(&mut source).to_bytes().to_vec();
        source.perturb(&mut frame);
        frame.extend(source.take(3));
        frame
    } else {
        source.rest().to_vec()
    };
    match decode_message(Bytes::from(bytes.clone()), CONTENT_MAX, SOTTO_MAX) {
        Decoded::Request(request) => {
            check_request(&request);
            // A stream gives the same.
            let (decoded, _) = decode(&bytes, bytes.len());
            assert_eq!(decoded.first(), Some(&Decoded::Request(request)));
        }
        Decoded::Rejected(_) => {}
        Decoded::Sotto(frame) => assert_eq!(frame.to_bytes(), bytes),
        Decoded::SottoTooLarge { declared, .. } => assert!(declared > SOTTO_MAX),
        Decoded::PacketEnd => panic!("a message is no packet"),
    }
}

fn check_stream(bytes: &[u8], size: usize) {
    let (pieces, ended) = decode(bytes, size);
    for (at, decoded) in pieces.iter().enumerate() {
        let last = at + 1 == pieces.len();
        match decoded {
            Decoded::Request(request) => check_request(request),
            Decoded::Rejected(rejected) => assert!(last || !rejected.is_fatal()),
            Decoded::Sotto(frame) => assert!(frame.payload.len() <= SOTTO_MAX),
            Decoded::PacketEnd | Decoded::SottoTooLarge { .. } => assert!(last),
        }
    }
    // From 1024 bytes on, zeros may end a packet that a later byte would have continued.
    if bytes.len() < PACKET_UNIT {
        assert_eq!(decode(bytes, PACKET_UNIT), (pieces, ended));
    }
}

/// Decodes pieces of `size` bytes; also tells where the peer stands.
fn decode(bytes: &[u8], size: usize) -> (Vec<Decoded>, bool) {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    decoder.set_sotto_max(SOTTO_MAX);
    let mut all = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        let before = decoder.buffered();
        decoder.push(piece);
        assert!(decoder.buffered() <= before + piece.len());
        while let Some(decoded) = decoder.next_decoded() {
            all.push(decoded);
        }
        assert!(decoder.buffered() < FRAME_MAX, "never a whole frame");
    }
    assert!(all.len() <= bytes.len() / 23 + 1);
    (all, decoder.is_mid_frame())
}

/// Whatever was read is written as something that reads the same.
fn check_request(request: &Request) {
    if let RequestBody::Send(send) | RequestBody::SendOnce(SendOnce { send, .. }) = &request.body {
        assert!(send.content.len() <= CONTENT_MAX);
    }
    let bytes = request.to_bytes();
    assert_eq!(bytes.len(), request.encoded_len());
    let again = decode_message(bytes, CONTENT_MAX, SOTTO_MAX);
    assert_eq!(again, Decoded::Request(request.clone()));
}

fn any_request(source: &mut Source<'_>) -> Request {
    let form = source.u8();
    let client = match form & 4 {
        0 => ClientId::from_bytes([1; 16]),
        _ => ClientId::from_bytes(source.array()),
    };
    Request {
        client,
        version: if form & 1 == 0 {
            Version::V2
        } else {
            Version::V1
        },
        order: if form & 2 == 0 {
            ByteOrder::Little
        } else {
            ByteOrder::Big
        },
        body: any_body(source),
    }
}

fn any_body(source: &mut Source<'_>) -> RequestBody {
    match source.u8() % 8 {
        0 => RequestBody::Register(any_register(source)),
        1 => RequestBody::ListClients,
        2 => RequestBody::PublicKey(PublicKey {
            wanted: ClientId::from_bytes(source.array()),
        }),
        3 => RequestBody::Send(any_send(source)),
        4 => RequestBody::Pull,
        5 => RequestBody::RegisterOnce(any_register(source)),
        6 => RequestBody::SendOnce(SendOnce {
            send_id: SendId::from_bytes(source.array()),
            send: any_send(source),
        }),
        _ => RequestBody::PullAfter(PullAfter {
            acknowledged: MessageId(source.u32()),
        }),
    }
}

fn any_register(source: &mut Source<'_>) -> Register {
    let count = 1 + source.below(254);
    Register {
        name: UserName::from_field_lossy(source.take(count)),
        public_key: PublicKeyBytes([source.u8(); 160]),
    }
}

fn any_send(source: &mut Source<'_>) -> Send {
    Send {
        to: ClientId::from_bytes(source.array()),
        kind: MessageKind(source.u8()),
        content: vec![source.u8(); source.below(CONTENT_MAX + 20)].into(),
    }
}
