//! Every limit, at its edge.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use bytes::Bytes;
use common::*;
use sotto_shared::classic::request::SendOnce;
use sotto_shared::classic::response::{ClientRecord, Response, WaitingMessage};
use sotto_shared::classic::{
    Decoded, MessageKind, RejectReason, RequestBody, RequestDecoder, ResponseDecoder,
    ResponseError, Version, decode_message,
};
use sotto_shared::limits::{
    ERROR_TEXT_MAX, NAME_MAX, RESPONSE_MAX, SURPLUS_MAX, WAITING_RECORDS_MAX,
};
use sotto_shared::name::NameError;
use sotto_shared::wire::ByteOrder;
use sotto_shared::{MessageId, SendId, UserName};

fn refusal(bytes: &[u8]) -> (RejectReason, bool) {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    decoder.push(bytes);
    match decoder.next_decoded() {
        Some(Decoded::Rejected(rejected)) => (rejected.reason, rejected.is_fatal()),
        other => panic!("{other:?} should have been rejected"),
    }
}

fn send_once(size: usize) -> RequestBody {
    match send(size) {
        RequestBody::Send(send) => RequestBody::SendOnce(SendOnce {
            send_id: SendId::from_bytes([0xc3; 16]),
            send,
        }),
        other => other,
    }
}

#[test]
fn a_content_of_the_limit_passes() {
    for body in [send(CONTENT_MAX), send_once(CONTENT_MAX)] {
        let request = request(body);
        let bytes = request.to_bytes();
        assert_eq!(decode_in(&bytes, &[]), [Decoded::Request(request.clone())]);
        assert_eq!(
            decode_message(bytes, CONTENT_MAX, 0),
            Decoded::Request(request)
        );
    }
}

#[test]
fn a_content_above_the_limit_is_refused_before_it_has_arrived() {
    for (body, prefix) in [
        (send(CONTENT_MAX + 1), 44),
        (send_once(CONTENT_MAX + 1), 60),
    ] {
        let bytes = request(body).to_bytes();
        assert_eq!(
            refusal(&bytes[..prefix]),
            (
                RejectReason::ContentTooLarge {
                    declared: CONTENT_MAX + 1,
                    limit: CONTENT_MAX
                },
                true
            )
        );
    }
}

#[test]
fn a_limit_of_zero_lets_empty_contents_pass_only() {
    for (size, passes) in [(0, true), (1, false)] {
        let decoded = decode_message(request(send(size)).to_bytes(), 0, 0);
        assert_eq!(matches!(decoded, Decoded::Request(_)), passes);
    }
}

#[test]
fn a_613_is_bounded_by_its_header_too() {
    // Its header is believed, so it cannot make the gateway skip more than any other.
    let mut bytes = request(send_once(16)).to_bytes().to_vec();
    let declared = 37 + 16 + SURPLUS_MAX;
    bytes[19..23].copy_from_slice(&(declared as u32).to_le_bytes());
    assert!(matches!(
        decode_in(&bytes, &[]).as_slice(),
        [Decoded::Request(_)]
    ));
    bytes[19..23].copy_from_slice(&(declared as u32 + 1).to_le_bytes());
    assert_eq!(
        refusal(&bytes),
        (
            RejectReason::PayloadTooLarge {
                code: 613,
                declared: declared + 1,
                limit: SURPLUS_MAX
            },
            true
        )
    );
}

#[test]
fn a_613_whose_content_is_larger_than_its_payload_is_refused_with_the_right_numbers() {
    let mut bytes = request(send_once(16)).to_bytes().to_vec();
    bytes[23 + 33..23 + 37].copy_from_slice(&17u32.to_le_bytes());
    let next = request(RequestBody::Pull);
    bytes.extend(next.to_bytes());
    let decoded = decode_however_cut(&bytes);
    assert!(matches!(
        decoded.as_slice(),
        [Decoded::Rejected(rejected), Decoded::Request(_)]
            if rejected.reason == RejectReason::PayloadTooSmall {
                code: 613,
                declared: 37 + 16,
                needed: 37 + 17
            }
    ));
}

#[test]
fn a_surplus_of_the_limit_is_skipped_and_one_above_is_refused() {
    for code in [601, 604, 605, 9999] {
        let mut bytes = header(2, code, SURPLUS_MAX as u32);
        bytes.resize(23 + SURPLUS_MAX, 7);
        let next = request(RequestBody::Pull);
        bytes.extend(next.to_bytes());
        let decoded = decode_in(&bytes, &[]);
        assert_eq!(decoded.last(), Some(&Decoded::Request(next)));
        assert_eq!(
            refusal(&header(2, code, SURPLUS_MAX as u32 + 1)),
            (
                RejectReason::PayloadTooLarge {
                    code,
                    declared: SURPLUS_MAX + 1,
                    limit: SURPLUS_MAX
                },
                true
            )
        );
    }
    let needed = [(600, 415), (602, 16), (610, 415), (614, 4)];
    for (code, needed) in needed {
        let declared = needed + SURPLUS_MAX;
        let mut decoder = RequestDecoder::new(CONTENT_MAX);
        decoder.push(&header(2, code, declared as u32));
        assert_eq!(decoder.next_decoded(), None, "{code} within the limit");
        let (reason, fatal) = refusal(&header(2, code, declared as u32 + 1));
        assert!(matches!(reason, RejectReason::PayloadTooLarge { .. }) && fatal);
    }
}

#[test]
fn payloads_that_are_too_small_are_refused_with_the_numbers_and_skipped() {
    for (code, needed) in [(600, 415), (610, 415), (613, 37), (614, 4)] {
        for declared in [0, 1, needed - 1] {
            let mut bytes = header(2, code, declared as u32);
            bytes.resize(23 + declared, 7);
            let next = request(RequestBody::ListClients);
            bytes.extend(next.to_bytes());
            let decoded = decode_in(&bytes, &[]);
            assert!(
                matches!(
                    decoded.as_slice(),
                    [Decoded::Rejected(rejected), Decoded::Request(_)]
                        if rejected.reason == RejectReason::PayloadTooSmall {
                            code,
                            declared,
                            needed
                        } && !rejected.is_fatal()
                ),
                "{decoded:?}"
            );
        }
    }
}

#[test]
fn nothing_is_read_after_a_fatal_refusal() {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    decoder.push(&header(2, 601, u32::MAX));
    assert!(decoder.next_decoded().is_some());
    decoder.push(&request(RequestBody::Pull).to_bytes());
    assert_eq!(decoder.next_decoded(), None);
    assert_eq!(decoder.buffered(), 0);
    assert!(!decoder.is_mid_frame());
}

#[test]
fn names_have_1_to_254_bytes() {
    assert_eq!("".parse::<UserName>(), Err(NameError::Empty));
    assert!("a".parse::<UserName>().is_ok());
    assert!("a".repeat(NAME_MAX).parse::<UserName>().is_ok());
    assert!("é".repeat(NAME_MAX / 2).parse::<UserName>().is_ok());
    assert_eq!(
        "a".repeat(NAME_MAX + 1).parse::<UserName>(),
        Err(NameError::TooLong { bytes: 255 })
    );
    assert_eq!(
        "é".repeat(NAME_MAX / 2 + 1).parse::<UserName>(),
        Err(NameError::TooLong { bytes: 256 })
    );
}

// Responses.

fn response_header(code: u16, size: usize) -> Vec<u8> {
    let mut bytes = vec![2];
    bytes.extend(code.to_le_bytes());
    bytes.extend((size as u32).to_le_bytes());
    bytes
}

fn first(bytes: &[u8]) -> Result<Option<Response>, ResponseError> {
    let mut decoder = ResponseDecoder::new(ByteOrder::Little);
    decoder.push(bytes);
    decoder.next_response()
}

#[test]
fn response_sizes_that_cannot_be_are_refused_before_the_payload_is_awaited() {
    let right = [
        (2100, vec![16]),
        (2101, vec![0, 271, 542, RESPONSE_MAX / 271 * 271]),
        (2102, vec![176]),
        (2103, vec![0, 20]),
        (2104, vec![0, 25, 26, RESPONSE_MAX]),
        (9000, vec![0, 1, SURPLUS_MAX]),
    ];
    for (code, sizes) in right {
        for size in sizes {
            assert!(first(&response_header(code, size)).is_ok(), "{code} {size}");
        }
    }
    let wrong = [
        (2100, vec![0, 15, 17, u32::MAX as usize]),
        (2101, vec![1, 270, 272, (RESPONSE_MAX / 271 + 1) * 271]),
        (2102, vec![0, 160, 175, 177]),
        (2103, vec![1, 16, 19, 21]),
        (2104, vec![RESPONSE_MAX + 1, u32::MAX as usize]),
        (9000, vec![SURPLUS_MAX + 1]),
    ];
    for (code, sizes) in wrong {
        for size in sizes {
            assert_eq!(
                first(&response_header(code, size)),
                Err(ResponseError::Size { code, size }),
                "{code} {size}"
            );
        }
    }
    for code in [0, 600, 2099, 2105, 8999, 9001, u16::MAX] {
        assert_eq!(
            first(&response_header(code, 0)),
            Err(ResponseError::Code(code))
        );
    }
}

#[test]
fn nothing_is_read_after_a_broken_response() {
    let mut decoder = ResponseDecoder::new(ByteOrder::Little);
    let broken = Err(ResponseError::Record { code: 2104, at: 0 });
    decoder.push(&[response_header(2104, 3), vec![7; 3]].concat());
    assert_eq!(decoder.next_response(), broken);
    decoder.push(&response_header(9000, 0));
    assert_eq!(decoder.next_response(), broken);
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn records_must_fill_their_payload_exactly() {
    let record = |declared: u32, held: usize| {
        let mut bytes = vec![9; 16];
        bytes.extend(7u32.to_le_bytes());
        bytes.push(3);
        bytes.extend(declared.to_le_bytes());
        bytes.resize(25 + held, 5);
        bytes
    };
    let whole = record(16, 16);
    for broken in [
        record(17, 16),
        record(u32::MAX, 16),
        record(15, 16),
        record(0, 0)[..24].to_vec(),
    ] {
        let payload = [whole.clone(), broken.clone()].concat();
        let bytes = [response_header(2104, payload.len()), payload].concat();
        let at = if broken.len() == 41 && broken[21] == 15 {
            whole.len() + 40
        } else {
            whole.len()
        };
        assert_eq!(first(&bytes), Err(ResponseError::Record { code: 2104, at }));
    }
}

#[test]
fn at_most_a_million_waiting_messages_are_taken_from_one_answer() {
    let empty = WaitingMessage {
        from: client(1),
        message: MessageId(1),
        kind: MessageKind::KEY_REQUEST,
        content: Bytes::new(),
    };
    let mut messages = vec![empty; WAITING_RECORDS_MAX];
    let most = Response::Waiting(messages.clone());
    let decoded = first(&most.to_bytes(Version::V2, ByteOrder::Little));
    assert_eq!(decoded, Ok(Some(most)));
    messages.extend_from_within(..1);
    let above = Response::Waiting(messages);
    assert_eq!(
        first(&above.to_bytes(Version::V2, ByteOrder::Little)),
        Err(ResponseError::Record {
            code: 2104,
            at: 25 * WAITING_RECORDS_MAX
        })
    );
}

#[test]
fn an_error_text_is_kept_to_its_limit_and_can_be_printed() {
    let text = |bytes: &[u8]| {
        let frame = [response_header(9000, bytes.len()), bytes.to_vec()].concat();
        match first(&frame) {
            Ok(Some(Response::Error(text))) => text,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(text(b"name taken"), "name taken");
    assert_eq!(text(&[b'a'; 300]).len(), ERROR_TEXT_MAX);
    assert!(text(&[0xff; 300]).len() <= ERROR_TEXT_MAX);
    assert!(text("é".repeat(200).as_bytes()).len() <= ERROR_TEXT_MAX);
    assert_eq!(text("é".repeat(200).as_bytes()), "é".repeat(100));
    assert_eq!(text(b"no such user\0\0\0\0"), "no such user");
    let hostile = text("\x1b]0;owned\x07\r\n\u{202e}x".as_bytes());
    assert!(!hostile.chars().any(char::is_control), "{hostile:?}");
    assert!(!hostile.contains('\u{202e}'), "{hostile:?}");
}

#[test]
fn a_client_list_of_many_is_taken() {
    let records = vec![
        ClientRecord {
            client: client(4),
            name: name("x")
        };
        10_000
    ];
    let list = Response::ClientList(records);
    assert_eq!(
        first(&list.to_bytes(Version::V2, ByteOrder::Little)),
        Ok(Some(list))
    );
}
