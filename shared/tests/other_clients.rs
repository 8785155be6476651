//! What other people's clients do: a named test for each habit that is borne at this layer.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod common;

use bytes::Bytes;
use common::*;
use sotto_shared::ClientId;
use sotto_shared::classic::request::{PublicKey, Register, Send};
use sotto_shared::classic::{
    Decoded, MessageKind, RejectReason, Rejected, Request, RequestBody, RequestDecoder, Version,
    decode_message,
};
use sotto_shared::limits::{NAME_FIELD, PACKET_UNIT, SURPLUS_MAX};
use sotto_shared::name::NameError;
use sotto_shared::wire::ByteOrder;

fn rejected(decoded: &Decoded) -> Rejected {
    match decoded {
        Decoded::Rejected(rejected) => *rejected,
        other => panic!("{other:?} should have been rejected"),
    }
}

// One connection for the whole session, one per request, idle ones.

#[test]
fn a_kept_connection_serves_any_number_of_requests_in_order() {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    for _ in 0..100 {
        for body in every_body() {
            let request = request(body);
            decoder.push(&request.to_bytes());
            assert_eq!(drain(&mut decoder), [Decoded::Request(request)]);
            assert_eq!(decoder.buffered(), 0);
            assert!(!decoder.is_mid_frame(), "idle between frames");
        }
    }
}

#[test]
fn a_silent_connection_is_idle_not_stalled() {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    assert_eq!(decoder.next_decoded(), None);
    assert!(!decoder.is_mid_frame());
    decoder.push(&[]);
    assert!(!decoder.is_mid_frame());
}

#[test]
fn a_peer_that_stops_inside_a_frame_is_seen_to_stall() {
    let frame = request(send(10)).to_bytes();
    for cut in 1..frame.len() {
        let mut decoder = RequestDecoder::new(CONTENT_MAX);
        decoder.push(&frame[..cut]);
        assert_eq!(decoder.next_decoded(), None);
        assert!(decoder.is_mid_frame(), "cut at {cut}");
    }
}

#[test]
fn a_peer_that_stops_inside_a_surplus_or_its_padding_is_seen_to_stall() {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    decoder.push(&header(2, 601, 100));
    assert_eq!(drain(&mut decoder).len(), 1);
    assert!(decoder.is_mid_frame());

    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    decoder.push(&header(2, 601, 0));
    decoder.push(&[0; 500]);
    assert_eq!(drain(&mut decoder).len(), 1);
    assert!(decoder.is_mid_frame());
}

// Packet mode.

#[test]
fn packet_mode_is_noticed_for_every_request_however_it_is_cut() {
    for body in every_body() {
        for version in [Version::V1, Version::V2] {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let request = Request {
                    version,
                    order,
                    ..request(body.clone())
                };
                let bytes = packet(request.to_bytes().to_vec());
                assert_eq!(
                    decode_however_cut(&bytes),
                    [Decoded::Request(request), Decoded::PacketEnd]
                );
            }
        }
    }
}

#[test]
fn packet_mode_holds_for_messages_of_any_size() {
    // Real ciphertexts are multiples of 16 bytes, so that at least 4 zeros follow.
    for size in (16..4096).step_by(16) {
        let request = request(send(size));
        let bytes = packet(request.to_bytes().to_vec());
        let expected = [Decoded::Request(request), Decoded::PacketEnd];
        assert_eq!(decode_in(&bytes, &[]), expected, "{size}");
        assert_eq!(decode_in(&bytes, &vec![1; bytes.len()]), expected, "{size}");
        assert_eq!(decode_in(&bytes, &[1024; 3]), expected, "{size}");
    }
}

#[test]
fn packet_mode_with_one_zero_of_padding() {
    let request = request(send(PACKET_UNIT - 44 - 1));
    let bytes = packet(request.to_bytes().to_vec());
    assert_eq!(bytes.len(), PACKET_UNIT);
    assert_eq!(
        decode_however_cut(&bytes),
        [Decoded::Request(request), Decoded::PacketEnd]
    );
}

#[test]
fn a_frame_that_fills_its_packet_exactly_is_no_packet() {
    // No ciphertext of the protocol has such a size; a kept connection must not be cut for it.
    let full = request(send(PACKET_UNIT - 44));
    let next = request(RequestBody::Pull);
    let bytes = [full.to_bytes(), next.to_bytes()].concat();
    assert_eq!(full.encoded_len(), PACKET_UNIT);
    assert_eq!(
        decode_however_cut(&bytes),
        [Decoded::Request(full), Decoded::Request(next)]
    );
}

#[test]
fn padding_that_comes_later_than_the_answer_ends_the_packet() {
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    decoder.push(&request(RequestBody::ListClients).to_bytes());
    assert_eq!(drain(&mut decoder).len(), 1);
    assert!(!decoder.is_mid_frame());
    decoder.push(&[0; 1000]);
    assert_eq!(drain(&mut decoder), []);
    decoder.push(&[0]);
    assert_eq!(drain(&mut decoder), [Decoded::PacketEnd]);
    decoder.push(&request(RequestBody::ListClients).to_bytes());
    assert_eq!(drain(&mut decoder), [], "nothing is read behind the packet");
}

#[test]
fn padding_counted_into_the_payload_size_is_padding_all_the_same() {
    for body in every_body() {
        if matches!(body, RequestBody::Send(_)) {
            continue; // any size, see below
        }
        let request = request(body);
        // The payload as it should be counted, and with the header counted too.
        for size in [1024 - 23, 1024] {
            let bytes = packet(with_payload_size(&request, size));
            assert_eq!(
                decode_however_cut(&bytes),
                [Decoded::Request(request.clone()), Decoded::PacketEnd],
                "{size}"
            );
        }
        let partly = packet(with_payload_size(&request, 700));
        assert_eq!(
            decode_however_cut(&partly),
            [Decoded::Request(request), Decoded::PacketEnd]
        );
    }
}

#[test]
fn padding_counted_into_two_units_is_padding_all_the_same() {
    let request = request(RequestBody::ListClients);
    let mut bytes = with_payload_size(&request, 2048 - 23);
    bytes.resize(2048, 0);
    assert_eq!(
        decode_however_cut(&bytes),
        [Decoded::Request(request), Decoded::PacketEnd]
    );
}

#[test]
fn packet_mode_602_whose_payload_size_is_zero_gives_its_id() {
    let wanted = client(0xb2);
    let request = request(RequestBody::PublicKey(PublicKey { wanted }));
    let bytes = packet(with_payload_size(&request, 0));
    assert_eq!(
        decode_however_cut(&bytes),
        [Decoded::Request(request), Decoded::PacketEnd]
    );
}

#[test]
fn a_602_whose_payload_size_is_zero_gives_its_id_without_packets_too() {
    let wanted = client(0xb2);
    let ask = request(RequestBody::PublicKey(PublicKey { wanted }));
    let mut bytes = with_payload_size(&ask, 0);
    let next = request(RequestBody::Pull);
    bytes.extend(next.to_bytes());
    assert_eq!(
        decode_however_cut(&bytes),
        [Decoded::Request(ask), Decoded::Request(next)]
    );
}

#[test]
fn a_refused_request_in_packet_mode_ends_its_packet_too() {
    for bytes in [header(2, 605, 0), header(9, 601, 0), header(2, 600, 7)] {
        let decoded = decode_however_cut(&packet(bytes));
        assert!(matches!(
            decoded.as_slice(),
            [Decoded::Rejected(rejected), Decoded::PacketEnd] if !rejected.is_fatal()
        ));
    }
}

#[test]
fn padding_with_other_bytes_in_it_ends_the_connection() {
    let mut bytes = packet(request(RequestBody::Pull).to_bytes().to_vec());
    bytes[900] = 1;
    let decoded = decode_in(&bytes, &[]);
    assert_eq!(rejected(&decoded[1]).reason, RejectReason::BrokenPadding);
    assert!(rejected(&decoded[1]).is_fatal());
}

#[test]
fn zeros_behind_a_later_request_are_no_packet() {
    // The first request was answered unpadded: the peer does not read in units.
    let mut decoder = RequestDecoder::new(CONTENT_MAX);
    decoder.push(&request(RequestBody::Pull).to_bytes());
    decoder.push(&request(RequestBody::Pull).to_bytes());
    decoder.push(&[0; 1024 - 46]);
    let decoded = drain(&mut decoder);
    assert!(!decoded.contains(&Decoded::PacketEnd));
    assert_eq!(rejected(&decoded[2]).reason, RejectReason::Version(0));
}

#[test]
fn a_registration_behind_another_request_is_no_padding() {
    // It begins with sixteen zeros, which padding may do too.
    let first = request(RequestBody::ListClients);
    let second = Request {
        client: ClientId::ZERO,
        ..request(every_body().remove(0))
    };
    let bytes = [first.to_bytes(), second.to_bytes()].concat();
    assert_eq!(
        decode_however_cut(&bytes),
        [Decoded::Request(first), Decoded::Request(second)]
    );
}

// 603 with a wrong payload size.

#[test]
fn a_603_is_believed_by_its_inner_content_size() {
    for size in [0, 21, 37, 0x8130_008b, u32::MAX] {
        for content in [0, 16, 2000] {
            let message = request(send(content));
            let next = request(RequestBody::Pull);
            let mut bytes = with_payload_size(&message, size);
            bytes.extend(next.to_bytes());
            let expected = [Decoded::Request(message), Decoded::Request(next)];
            assert_eq!(decode_in(&bytes, &[]), expected, "{size}");
            assert_eq!(decode_in(&bytes, &vec![1; bytes.len()]), expected, "{size}");
        }
    }
}

#[test]
fn a_603_is_answered_without_waiting_for_the_bytes_that_its_header_declares() {
    let message = request(send(16));
    let bytes = with_payload_size(&message, u32::MAX);
    assert_eq!(decode_in(&bytes, &[]), [Decoded::Request(message)]);
}

// Big-endian.

#[test]
fn big_endian_requests_are_known_by_their_code_from_the_first_frame_on() {
    for body in every_body() {
        let request = Request {
            order: ByteOrder::Big,
            ..request(body)
        };
        assert_eq!(
            decode_however_cut(&request.to_bytes()),
            [Decoded::Request(request)]
        );
    }
}

#[test]
fn byte_order_is_found_out_for_each_frame() {
    let requests: Vec<Request> = [ByteOrder::Big, ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .zip(every_body())
        .map(|(order, body)| Request {
            order,
            ..request(body)
        })
        .collect();
    let bytes: Vec<u8> = requests.iter().flat_map(Request::to_bytes).collect();
    let expected: Vec<Decoded> = requests.into_iter().map(Decoded::Request).collect();
    assert_eq!(decode_however_cut(&bytes), expected);
}

#[test]
fn an_unknown_code_is_answered_in_the_order_that_the_connection_showed() {
    let mut bytes = Request {
        order: ByteOrder::Big,
        ..request(RequestBody::Pull)
    }
    .to_bytes()
    .to_vec();
    let mut unknown = header(2, 0, 0);
    unknown[17..19].copy_from_slice(&700u16.to_be_bytes());
    bytes.extend(unknown);
    let decoded = decode_however_cut(&bytes);
    assert_eq!(
        rejected(&decoded[1]),
        Rejected {
            version: Version::V2,
            order: ByteOrder::Big,
            reason: RejectReason::Code(700)
        }
    );
}

// Surplus payload.

#[test]
fn a_surplus_payload_is_ignored_behind_any_request() {
    for body in every_body() {
        if matches!(body, RequestBody::Send(_)) {
            continue; // its header is not believed
        }
        let first = request(body);
        let declared = first.encoded_len() - 23 + 100;
        let mut bytes = with_payload_size(&first, declared as u32);
        bytes.extend([0x5a; 100]);
        let next = request(RequestBody::ListClients);
        bytes.extend(next.to_bytes());
        assert_eq!(
            decode_however_cut(&bytes),
            [Decoded::Request(first), Decoded::Request(next)]
        );
    }
}

#[test]
fn a_surplus_of_zeros_that_is_no_packet_is_ignored_too() {
    let first = request(RequestBody::Pull);
    let mut bytes = with_payload_size(&first, 255);
    bytes.extend([0; 255]);
    let next = request(RequestBody::ListClients);
    bytes.extend(next.to_bytes());
    assert_eq!(
        decode_however_cut(&bytes),
        [Decoded::Request(first), Decoded::Request(next)]
    );
}

#[test]
fn a_surplus_that_fills_the_packet_with_other_bytes_than_zeros_is_no_packet() {
    let first = request(RequestBody::Pull);
    let next = request(RequestBody::ListClients);
    for other in [23, 500, 1023] {
        let mut bytes = with_payload_size(&first, 1024 - 23);
        bytes.resize(1024, 0);
        bytes[other] = 1;
        bytes.extend(next.to_bytes());
        assert_eq!(
            decode_however_cut(&bytes),
            [
                Decoded::Request(first.clone()),
                Decoded::Request(next.clone())
            ]
        );
    }
}

#[test]
fn a_request_with_a_surplus_is_answered_before_the_surplus_has_come() {
    let first = request(RequestBody::Pull);
    let bytes = with_payload_size(&first, SURPLUS_MAX as u32);
    assert_eq!(decode_in(&bytes, &[]), [Decoded::Request(first)]);
}

// Contents of any kind.

#[test]
fn content_of_any_kind_passes_untouched() {
    for kind in 0..=u8::MAX {
        let message = request(RequestBody::Send(Send {
            to: client(0xb2),
            kind: MessageKind(kind),
            content: Bytes::from(vec![kind; 128]),
        }));
        assert_eq!(
            decode_in(&message.to_bytes(), &[]),
            [Decoded::Request(message)]
        );
    }
}

// Names.

fn register_field(field: &[u8; NAME_FIELD]) -> Decoded {
    let mut bytes = header(2, 600, 415);
    bytes.extend(field);
    bytes.extend(key_bytes().0);
    let mut decoded = decode_in(&bytes, &[]);
    assert_eq!(decoded.len(), 1);
    decoded.remove(0)
}

fn registered_name(field: &[u8; NAME_FIELD]) -> String {
    match register_field(field) {
        Decoded::Request(Request {
            body: RequestBody::Register(Register { name, .. }),
            ..
        }) => name.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_ends_at_its_first_nul_whatever_follows() {
    let mut field = [0xff; NAME_FIELD];
    field[..6].copy_from_slice(b"alice\0");
    assert_eq!(registered_name(&field), "alice");
}

#[test]
fn a_name_of_255_bytes_without_nul_is_refused_and_the_connection_goes_on() {
    let refused = rejected(&register_field(&[b'a'; NAME_FIELD]));
    assert_eq!(
        refused.reason,
        RejectReason::Name(NameError::TooLong { bytes: 255 })
    );
    assert!(!refused.is_fatal());
}

#[test]
fn a_name_of_254_bytes_is_taken() {
    let mut field = [b'a'; NAME_FIELD];
    field[254] = 0;
    assert_eq!(registered_name(&field).len(), 254);
}

#[test]
fn names_with_spaces_and_utf8_are_taken() {
    for text in ["Michael Jackson", "משה", "Zoë 🦊", " "] {
        let mut field = [0; NAME_FIELD];
        field[..text.len()].copy_from_slice(text.as_bytes());
        assert_eq!(registered_name(&field), text);
    }
}

#[test]
fn names_that_are_none_are_refused_and_the_connection_goes_on() {
    for (bytes, reason) in [
        (&b""[..], NameError::Empty),
        (b"\xff", NameError::NotUtf8),
        (b"caf\xe9", NameError::NotUtf8),
        (b"a\nb", NameError::Unprintable { codepoint: 10 }),
        (b"\x1b[2J", NameError::Unprintable { codepoint: 0x1b }),
        (
            "\u{202e}x".as_bytes(),
            NameError::Unprintable { codepoint: 0x202e },
        ),
    ] {
        let mut field = [0; NAME_FIELD];
        field[..bytes.len()].copy_from_slice(bytes);
        let refused = rejected(&register_field(&field));
        assert_eq!(refused.reason, RejectReason::Name(reason));
        assert!(!refused.is_fatal());
    }
}

#[test]
fn a_name_cut_within_a_character_is_refused() {
    // 254 bytes and half of a two-byte letter.
    let mut field = [b'a'; NAME_FIELD];
    field[254] = 0xc3;
    assert_eq!(
        rejected(&register_field(&field)).reason,
        RejectReason::Name(NameError::NotUtf8)
    );
}

// Versions and ids.

#[test]
fn answers_bear_the_version_of_the_request_also_when_it_is_refused() {
    for (byte, version) in [(1, Version::V1), (2, Version::V2)] {
        let bad = [
            header(byte, 605, 0),
            header(byte, 610, 0),
            header(byte, 601, u32::MAX),
        ];
        for bytes in bad {
            let decoded = decode_in(&bytes, &[]);
            assert_eq!(rejected(&decoded[0]).version, version);
        }
        let mut broken = header(byte, 601, 0);
        broken.extend([0; 30]);
        broken.extend([1; 30]);
        let decoded = decode_in(&broken, &[]);
        assert_eq!(rejected(&decoded[1]).reason, RejectReason::BrokenPadding);
        assert_eq!(rejected(&decoded[1]).version, version);

        let mut two = header(byte, 601, 0);
        two.extend(header(byte, 601, 0));
        let refused = rejected(&decode_message(Bytes::from(two), CONTENT_MAX, 0));
        assert_eq!(refused.reason, RejectReason::NotOneFrame { bytes: 46 });
        assert_eq!(refused.version, version);
    }
}

#[test]
fn a_version_that_is_not_served_is_refused_and_its_payload_skipped() {
    for version in [0, 4, 255] {
        let mut bytes = header(version, 601, 10);
        bytes.extend([7; 10]);
        let next = request(RequestBody::Pull);
        bytes.extend(next.to_bytes());
        let decoded = decode_however_cut(&bytes);
        let refused = rejected(&decoded[0]);
        assert_eq!(refused.reason, RejectReason::Version(version));
        assert_eq!(refused.version, Version::V2);
        assert!(!refused.is_fatal());
        assert_eq!(decoded[1], Decoded::Request(next));
    }
}

// Requests cut at any byte, several in one write.

#[test]
fn several_requests_in_one_write_are_framed_however_they_are_cut() {
    let requests: Vec<Request> = every_body().into_iter().map(request).collect();
    let bytes: Vec<u8> = requests.iter().flat_map(Request::to_bytes).collect();
    let expected: Vec<Decoded> = requests.into_iter().map(Decoded::Request).collect();
    assert_eq!(decode_however_cut(&bytes), expected);
}

#[test]
fn nothing_that_a_web_page_makes_a_browser_send_is_a_request() {
    // Their bytes are text where version and sizes should be: refused before any later byte, which
    // the page may choose freely, is read.
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for method in ["GET", "POST", "OPTIONS", "PUT", "HEAD"] {
        for path in 0..64 {
            let path = "~".repeat(path);
            sent.push(format!("{method} /{path} HTTP/1.1\r\nHost: h\r\n\r\n").into());
        }
    }
    sent.push(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec());
    for mut bytes in sent {
        bytes.extend(request(RequestBody::Pull).to_bytes());
        let decoded = decode_in(&bytes, &[]);
        assert_eq!(decoded.len(), 1);
        assert!(rejected(&decoded[0]).is_fatal());
    }
}

// WebSocket: one message is one frame.

#[test]
fn a_websocket_message_is_exactly_one_frame() {
    for body in every_body() {
        let request = request(body);
        let bytes = request.to_bytes();
        assert_eq!(
            decode_message(bytes.clone(), CONTENT_MAX, 0),
            Decoded::Request(request)
        );
        for cut in 0..bytes.len() {
            let refused = rejected(&decode_message(bytes.slice(..cut), CONTENT_MAX, 0));
            assert_eq!(refused.reason, RejectReason::NotOneFrame { bytes: cut });
            assert!(!refused.is_fatal(), "the next message begins anew");
        }
        let twice = [bytes.clone(), bytes.clone()].concat();
        let padded = packet(bytes.to_vec());
        for wrong in [twice, padded] {
            let size = wrong.len();
            let refused = rejected(&decode_message(Bytes::from(wrong), CONTENT_MAX, 0));
            assert_eq!(refused.reason, RejectReason::NotOneFrame { bytes: size });
        }
    }
}

#[test]
fn a_websocket_message_may_have_a_surplus_payload_but_must_hold_it() {
    for filling in [0, 0x5a] {
        let request = request(RequestBody::ListClients);
        let mut bytes = with_payload_size(&request, 10);
        for held in 0..10 {
            let refused = rejected(&decode_message(Bytes::from(bytes.clone()), CONTENT_MAX, 0));
            assert_eq!(
                refused.reason,
                RejectReason::NotOneFrame { bytes: 23 + held }
            );
            bytes.push(filling);
        }
        assert_eq!(
            decode_message(Bytes::from(bytes), CONTENT_MAX, 0),
            Decoded::Request(request)
        );
    }
}

#[test]
fn a_websocket_message_with_a_wrong_603_or_602_size_is_borne() {
    let message = request(send(16));
    for size in [0, 5, u32::MAX] {
        let bytes = Bytes::from(with_payload_size(&message, size));
        assert_eq!(
            decode_message(bytes, CONTENT_MAX, 0),
            Decoded::Request(message.clone())
        );
    }
    let wanted = client(0xb2);
    let ask = request(RequestBody::PublicKey(PublicKey { wanted }));
    let bytes = Bytes::from(with_payload_size(&ask, 0));
    assert_eq!(decode_message(bytes, CONTENT_MAX, 0), Decoded::Request(ask));
}

#[test]
fn a_refused_websocket_message_tells_why() {
    let mut unknown = header(2, 605, 4);
    unknown.extend([1; 4]);
    for (bytes, reason) in [
        (unknown, RejectReason::Code(605)),
        (header(4, 601, 0), RejectReason::Version(4)),
    ] {
        let refused = rejected(&decode_message(Bytes::from(bytes), CONTENT_MAX, 0));
        assert_eq!(refused.reason, reason);
    }
}
