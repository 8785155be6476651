//! The wire of version 3: every frame byte by byte, and what holds for any bytes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use core::fmt::Write as _;
use std::collections::BTreeSet;

use bytes::{Bytes, BytesMut};
use common::sotto::{every_push, every_request, every_response};
use common::{client, request, send};
use proptest::collection::vec;
use proptest::prelude::*;
use sotto_shared::classic::{Decoded, RequestDecoder, decode_message};
use sotto_shared::limits::{SOTTO_PAYLOAD_MAX_UNAUTHENTICATED, SOTTO_RESPONSE_MAX};
use sotto_shared::sotto::{
    ErrorCode, Malformed, Part, Push, Request, RequestFrame, Response, ResponseFrame,
    ResponseSplitter, SplitError,
};
use sotto_shared::wire::{REQUEST_HEADER, RESPONSE_HEADER};

fn hex(bytes: &[u8]) -> String {
    let mut out = String::new();
    for line in bytes.chunks(32) {
        out.push_str("  ");
        line.iter()
            .for_each(|byte| write!(out, "{byte:02x}").unwrap());
        out.push('\n');
    }
    out
}

fn bytes_of(frame: &ResponseFrame) -> BytesMut {
    let mut out = BytesMut::new();
    frame.encode(&mut out);
    assert_eq!(out.len(), frame.encoded_len());
    out
}

#[test]
fn requests_are_these_bytes() {
    let mut out = String::new();
    for (name, request) in every_request() {
        let bytes = request.to_frame(client(0xd1)).to_bytes();
        writeln!(out, "{} {name}, {} bytes", request.code(), bytes.len()).unwrap();
        out.push_str(&hex(&bytes));
    }
    insta::assert_snapshot!("sotto_requests", out);
}

#[test]
fn responses_are_these_bytes() {
    let mut out = String::new();
    for (name, response) in every_response() {
        let frame = response.to_frame();
        writeln!(out, "{} {name}", frame.code).unwrap();
        out.push_str(&hex(&bytes_of(&frame)));
    }
    insta::assert_snapshot!("sotto_responses", out);
}

#[test]
fn pushes_are_these_bytes() {
    let mut out = String::new();
    for (name, push) in every_push() {
        let frame = push.to_frame();
        writeln!(out, "{} {name}", frame.code).unwrap();
        out.push_str(&hex(&bytes_of(&frame)));
    }
    insta::assert_snapshot!("sotto_pushes", out);
}

#[test]
fn every_message_reads_back_as_it_was_written() {
    for (name, request) in every_request() {
        assert_eq!(
            Request::decode(request.to_frame(client(1))).as_ref(),
            Ok(&request),
            "{name}"
        );
    }
    for (name, response) in every_response() {
        assert_eq!(
            Response::decode(response.to_frame()).as_ref(),
            Ok(&response),
            "{name}"
        );
    }
    for (name, push) in every_push() {
        assert!(Push::is_push(push.to_frame().code));
        assert_eq!(Push::decode(push.to_frame()).as_ref(), Ok(&push), "{name}");
    }
}

#[test]
fn a_later_version_may_add_fields_to_any_message() {
    // Field 1000, a string.
    let addition = [0xc2, 0x3e, 0x03, b'n', b'e', b'w'];
    for (name, request) in every_request() {
        let mut frame = request.to_frame(client(1));
        frame.payload = [&frame.payload[..], &addition].concat().into();
        assert_eq!(Request::decode(frame).as_ref(), Ok(&request), "{name}");
    }
    for (name, response) in every_response() {
        let mut frame = response.to_frame();
        frame.payload = [&frame.payload[..], &addition].concat().into();
        assert_eq!(Response::decode(frame).as_ref(), Ok(&response), "{name}");
    }
}

#[test]
fn an_empty_payload_is_no_message_that_has_fields() {
    let empty = |code| RequestFrame {
        client: client(0),
        code,
        payload: Bytes::new(),
    };
    let without_fields: BTreeSet<u16> = every_request()
        .iter()
        .map(|(_, request)| request.to_frame(client(0)))
        .filter(|frame| frame.payload.is_empty())
        .map(|frame| frame.code)
        .collect();
    for (name, request) in every_request() {
        let code = request.code();
        // Lists, questions and a hello may be empty; everything else needs something.
        let may = without_fields.contains(&code)
            || matches!(
                code,
                3000 | 3021 | 3030 | 3031 | 3050 | 3051 | 3070..=3073 | 3086
            );
        assert_eq!(Request::decode(empty(code)).is_ok(), may, "{name}");
    }
    assert_eq!(Request::decode(empty(2999)), Err(Malformed::Code(2999)));
}

#[test]
fn error_codes_keep_their_numbers_and_later_ones_are_borne() {
    let numbers: Vec<i32> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
    let expected: Vec<i32> = (1..=29).collect();
    assert_eq!(numbers, expected);
    for number in [0, 30, 1_000_000] {
        let frame = ResponseFrame {
            code: 9000,
            payload: prost_like_error(number),
        };
        match Response::decode(frame) {
            Ok(Response::Error(error)) => assert_eq!(error.code, ErrorCode::Other(number)),
            other => panic!("{other:?}"),
        }
    }
}

/// An `Error` with nothing but a code: field 1, a varint.
fn prost_like_error(mut code: i32) -> Bytes {
    let mut bytes = vec![0x08];
    while code >= 0x80 {
        bytes.push(u8::try_from(code & 0x7f).unwrap() | 0x80);
        code >>= 7;
    }
    bytes.push(u8::try_from(code).unwrap());
    bytes.into()
}

#[test]
fn what_a_gateway_says_reaches_people_without_control_characters() {
    let (_, mut error) = every_response().pop().unwrap();
    if let Response::Error(error) = &mut error {
        error.message = "no\u{1b}[2J\n\u{202e}way".to_owned();
    }
    match Response::decode(error.to_frame()) {
        Ok(Response::Error(error)) => {
            assert!(
                !error.message.chars().any(char::is_control),
                "{:?}",
                error.message
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_dialects_share_a_connection_however_it_is_cut() {
    let classic = request(send(100));
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for (_, request) in every_request() {
        let frame = request.to_frame(client(0xd1));
        stream.extend(frame.to_bytes());
        stream.extend(classic.to_bytes());
        expected.push(Decoded::Sotto(frame));
        expected.push(Decoded::Request(classic.clone()));
    }
    for size in [1, 7, 22, 23, 24, 1000, stream.len()] {
        let mut decoder = RequestDecoder::new(1 << 20);
        let mut decoded = Vec::new();
        for piece in stream.chunks(size) {
            decoder.push(piece);
            decoded.extend(core::iter::from_fn(|| decoder.next_decoded()));
        }
        assert_eq!(decoded, expected, "cut into {size}");
        assert!(!decoder.is_mid_frame());
    }
}

#[test]
fn a_zero_id_behind_a_first_frame_is_no_padding() {
    let hello = every_request().remove(0).1.to_frame(client(0));
    let ping = Request::Ping.to_frame(client(0));
    // The whole of what arrived is a packet, and zeros follow.
    let filler = RequestFrame {
        payload: vec![1; 1024 - 2 * REQUEST_HEADER - hello.payload.len() - 16].into(),
        ..ping.clone()
    };
    let mut decoder = RequestDecoder::new(1 << 20);
    decoder.push(&hello.to_bytes());
    decoder.push(&filler.to_bytes());
    decoder.push(&[0; 16]);
    assert_eq!(decoder.next_decoded(), Some(Decoded::Sotto(hello)));
    assert_eq!(decoder.next_decoded(), Some(Decoded::Sotto(filler)));
    assert_eq!(decoder.next_decoded(), None);
    decoder.push(&ping.to_bytes()[16..]);
    assert_eq!(decoder.next_decoded(), Some(Decoded::Sotto(ping)));
}

#[test]
fn a_payload_at_the_limit_passes_and_one_above_is_refused_before_it_arrives() {
    let limit = SOTTO_PAYLOAD_MAX_UNAUTHENTICATED;
    let frame = |size: usize| RequestFrame {
        client: client(0),
        code: 3010,
        payload: vec![1; size].into(),
    };
    let mut decoder = RequestDecoder::new(0);
    decoder.push(&frame(limit).to_bytes());
    assert_eq!(decoder.next_decoded(), Some(Decoded::Sotto(frame(limit))));
    decoder.push(&frame(limit + 1).to_bytes()[..REQUEST_HEADER]);
    let refused = Some(Decoded::SottoTooLarge {
        code: 3010,
        declared: limit + 1,
        limit,
    });
    assert_eq!(decoder.next_decoded(), refused);
    decoder.push(&Request::Ping.to_frame(client(0)).to_bytes());
    assert_eq!(decoder.next_decoded(), None, "nothing more is read");

    assert_eq!(
        decode_message(frame(limit).to_bytes(), 0, limit),
        Decoded::Sotto(frame(limit))
    );
    assert_eq!(
        Some(decode_message(frame(limit + 1).to_bytes(), 0, limit)),
        refused
    );
    let mut raised = RequestDecoder::new(0);
    raised.set_sotto_max(limit + 1);
    raised.push(&frame(limit + 1).to_bytes());
    assert_eq!(
        raised.next_decoded(),
        Some(Decoded::Sotto(frame(limit + 1)))
    );
}

#[test]
fn a_message_holds_one_frame_and_nothing_behind() {
    let mut bytes = BytesMut::from(&Request::Ping.to_frame(client(0)).to_bytes()[..]);
    bytes.extend_from_slice(&[0]);
    assert!(matches!(
        decode_message(bytes.freeze(), 0, 100),
        Decoded::Rejected(_)
    ));
}

/// Everything that the splitter gives, with classic bytes put together.
fn split(stream: &[u8], size: usize) -> Result<Vec<Part>, SplitError> {
    let mut splitter = ResponseSplitter::default();
    let mut parts: Vec<Part> = Vec::new();
    for piece in stream.chunks(size.max(1)) {
        splitter.push(piece);
        while let Some(part) = splitter.next_part()? {
            match (parts.last_mut(), part) {
                (Some(Part::Classic(before)), Part::Classic(more)) => {
                    *before = [&before[..], &more[..]].concat().into();
                }
                (_, part) => parts.push(part),
            }
        }
    }
    Ok(parts)
}

#[test]
fn the_splitter_tells_dialects_apart_however_it_is_cut() {
    let classic = [&[2, 0x37, 0x08, 20, 0, 0, 0][..], &[3; 20]].concat();
    let mut stream = Vec::new();
    let mut expected = Vec::new();
    for (_, response) in every_response() {
        let frame = response.to_frame();
        stream.extend(bytes_of(&frame));
        stream.extend(&classic);
        expected.push(Part::Sotto(frame));
        expected.push(Part::Classic(classic.clone().into()));
    }
    for size in [1, 3, 6, 7, 8, 100, stream.len()] {
        assert_eq!(
            split(&stream, size),
            Ok(expected.clone()),
            "cut into {size}"
        );
    }
}

#[test]
fn a_response_above_the_limit_is_refused_before_it_arrives() {
    let header = |size: usize| {
        let size = u32::try_from(size).unwrap().to_le_bytes();
        [&[3, 0xa1, 0x0f][..], &size].concat()
    };
    assert_eq!(
        split(&header(SOTTO_RESPONSE_MAX), RESPONSE_HEADER),
        Ok(vec![])
    );
    assert_eq!(
        split(&header(SOTTO_RESPONSE_MAX + 1), RESPONSE_HEADER),
        Err(SplitError {
            code: 4001,
            size: SOTTO_RESPONSE_MAX + 1
        })
    );
}

proptest! {
    #[test]
    fn perturbed_messages_never_panic_and_what_is_read_is_written_alike(
        which in any::<prop::sample::Index>(),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let requests = every_request();
        let mut frame = which.get(&requests).1.to_frame(client(1));
        frame.payload = flipped(&frame.payload, &flips);
        if let Ok(read) = Request::decode(frame) {
            prop_assert_eq!(Request::decode(read.to_frame(client(1))), Ok(read));
        }
        let responses = every_response();
        let mut frame = which.get(&responses).1.to_frame();
        frame.payload = flipped(&frame.payload, &flips);
        if let Ok(read) = Response::decode(frame) {
            prop_assert_eq!(Response::decode(read.to_frame()), Ok(read));
        }
        let pushes = every_push();
        let mut frame = which.get(&pushes).1.to_frame();
        frame.payload = flipped(&frame.payload, &flips);
        if let Ok(read) = Push::decode(frame) {
            prop_assert_eq!(Push::decode(read.to_frame()), Ok(read));
        }
    }

    #[test]
    fn any_bytes_split_alike_however_they_are_cut(
        stream in vec(any::<u8>(), 0..600),
        size in 1_usize..64,
    ) {
        prop_assert_eq!(split(&stream, size), split(&stream, stream.len()));
    }
}

fn flipped(bytes: &[u8], flips: &[(prop::sample::Index, u8)]) -> Bytes {
    let mut bytes = bytes.to_vec();
    for (at, flip) in flips {
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
    }
    bytes.into()
}
