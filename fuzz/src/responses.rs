//! The client's side of the wire.

use bytes::Bytes;
use sotto_shared::classic::response::{
    ClientRecord, PublicKeyAnswer, Registered, Response, Stored, WaitingMessage,
};
use sotto_shared::classic::{MessageKind, PublicKeyBytes, ResponseDecoder, ResponseError, Version};
use sotto_shared::limits::ERROR_TEXT_MAX;
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId, UserName};

use crate::source::Source;

/// A connection's bytes as they come; the first ones say how they are cut and in which order.
pub fn response_stream(input: &[u8]) {
    let mut source = Source::new(input);
    let size = 1 + source.below(300);
    let order = any_order(&mut source);
    check_stream(source.rest(), size, order);
}

/// Responses of every kind, right and wrong ones, one behind the other.
pub fn response_script(input: &[u8]) {
    let mut source = Source::new(input);
    let size = 1 + source.below(300);
    let order = any_order(&mut source);
    let mut stream = Vec::new();
    while !source.is_empty() && stream.len() < 16 * 1024 {
        let mut frame = any_response(&mut source)
            .to_bytes(Version::V2, order)
            .to_vec();
        match source.u8() % 4 {
            0 => {
                source.perturb(&mut frame);
            }
            1 => frame.resize(frame.len() + source.below(1100), 0),
            _ => {}
        }
        stream.extend(frame);
    }
    check_stream(&stream, size, order);
}

fn check_stream(bytes: &[u8], size: usize, order: ByteOrder) {
    let whole = decode(bytes, bytes.len(), order);
    for response in &whole.0 {
        check_response(response, order);
    }
    assert_eq!(decode(bytes, size, order), whole);
}

fn decode(
    bytes: &[u8],
    size: usize,
    order: ByteOrder,
) -> (Vec<Response>, Result<(), ResponseError>) {
    let mut decoder = ResponseDecoder::new(order);
    let mut all = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        let before = decoder.buffered();
        decoder.push(piece);
        assert!(decoder.buffered() <= before + piece.len());
        loop {
            match decoder.next_response() {
                Ok(Some(response)) => all.push(response),
                Ok(None) => break,
                Err(error) => return (all, Err(error)),
            }
        }
    }
    (all, Ok(()))
}

/// Whatever was read can be shown, and is written as something that reads the same.
fn check_response(response: &Response, order: ByteOrder) {
    match response {
        Response::ClientList(records) => {
            for record in records {
                assert_eq!(
                    record.name.as_str().parse().as_ref(),
                    Ok(&record.name),
                    "a name that can be shown"
                );
            }
        }
        Response::Error(text) => {
            assert!(text.len() <= ERROR_TEXT_MAX);
            assert!(!text.chars().any(char::is_control));
        }
        _ => {}
    }
    let bytes = response.to_bytes(Version::V2, order);
    assert_eq!(bytes.len(), response.encoded_len());
    let again = decode(&bytes, bytes.len(), order);
    assert_eq!(again, (vec![response.clone()], Ok(())));
}

fn any_order(source: &mut Source<'_>) -> ByteOrder {
    if source.flag() {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    }
}

fn any_response(source: &mut Source<'_>) -> Response {
    match source.u8() % 7 {
        0 => Response::Registered(Registered {
            client: any_id(source),
        }),
        1 => {
            let count = source.below(5);
            let record = |_| {
                let client = any_id(source);
                let length = source.below(255);
                let name = UserName::from_field_lossy(source.take(length));
                ClientRecord { client, name }
            };
            Response::ClientList((0..count).map(record).collect())
        }
        2 => Response::PublicKey(PublicKeyAnswer {
            client: any_id(source),
            public_key: PublicKeyBytes([source.u8(); 160]),
        }),
        3 => Response::Stored(None),
        4 => Response::Stored(Some(Stored {
            to: any_id(source),
            message: MessageId(source.u32()),
        })),
        5 => {
            let count = source.below(5);
            let message = |_| WaitingMessage {
                from: any_id(source),
                message: MessageId(source.u32()),
                kind: MessageKind(source.u8()),
                content: Bytes::from(vec![source.u8(); source.below(500)]),
            };
            Response::Waiting((0..count).map(message).collect())
        }
        _ => {
            let length = source.below(300);
            Response::Error(String::from_utf8_lossy(source.take(length)).into_owned())
        }
    }
}

fn any_id(source: &mut Source<'_>) -> ClientId {
    ClientId::from_bytes(source.array())
}
