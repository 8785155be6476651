//! What holds for any frame, any cut and any bytes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use bytes::Bytes;
use common::{CONTENT_MAX, decode_in, drain, packet};
use proptest::collection::vec;
use proptest::prelude::*;
use sotto_shared::classic::request::{PublicKey, PullAfter, Register, Send, SendOnce};
use sotto_shared::classic::response::{
    ClientRecord, PublicKeyAnswer, Registered, Response, Stored, WaitingMessage,
};
use sotto_shared::classic::{
    Decoded, MessageKind, PublicKeyBytes, Request, RequestBody, RequestDecoder, ResponseDecoder,
    Version, decode_message,
};
use sotto_shared::crypto::SymmetricKey;
use sotto_shared::limits::{ERROR_TEXT_MAX, NAME_FIELD, NAME_MAX};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId, SendId, UserName};

// Strategies: one for each type.

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V1), Just(Version::V2)]
}

fn orders() -> impl Strategy<Value = ByteOrder> {
    prop_oneof![Just(ByteOrder::Little), Just(ByteOrder::Big)]
}

/// Ids as gateways make them, without a zero byte.
fn ids() -> impl Strategy<Value = ClientId> {
    any::<[u8; 16]>().prop_map(|bytes| ClientId::from_bytes(bytes.map(|byte| byte.max(1))))
}

fn names() -> impl Strategy<Value = UserName> {
    prop_oneof![
        "[a-zA-Z0-9]{1,254}",
        ".{1,63}",
        "[א-ת ]{1,127}",
        "a{254}",
        "[🦊-🧿]{1,63}"
    ]
    .prop_filter_map("a name", |text| text.parse().ok())
}

fn keys() -> impl Strategy<Value = PublicKeyBytes> {
    vec(any::<u8>(), 160).prop_map(|bytes| PublicKeyBytes(bytes.try_into().unwrap()))
}

fn contents() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..200),
        1 => vec(any::<u8>(), 900..1100),
        1 => vec(any::<u8>(), 4000..4200),
    ]
    .prop_map(Bytes::from)
}

fn kinds() -> impl Strategy<Value = MessageKind> {
    any::<u8>().prop_map(MessageKind)
}

fn registers() -> impl Strategy<Value = Register> {
    (names(), keys()).prop_map(|(name, public_key)| Register { name, public_key })
}

fn sends() -> impl Strategy<Value = Send> {
    (ids(), kinds(), contents()).prop_map(|(to, kind, content)| Send { to, kind, content })
}

fn bodies() -> impl Strategy<Value = RequestBody> {
    prop_oneof![
        registers().prop_map(RequestBody::Register),
        Just(RequestBody::ListClients),
        ids().prop_map(|wanted| RequestBody::PublicKey(PublicKey { wanted })),
        sends().prop_map(RequestBody::Send),
        Just(RequestBody::Pull),
        registers().prop_map(RequestBody::RegisterOnce),
        (any::<[u8; 16]>(), sends()).prop_map(|(id, send)| RequestBody::SendOnce(SendOnce {
            send_id: SendId::from_bytes(id),
            send
        })),
        any::<u32>().prop_map(|id| RequestBody::PullAfter(PullAfter {
            acknowledged: MessageId(id)
        })),
    ]
}

fn requests() -> impl Strategy<Value = Request> {
    (ids(), versions(), orders(), bodies()).prop_map(|(client, version, order, body)| Request {
        client,
        version,
        order,
        body,
    })
}

fn responses() -> impl Strategy<Value = Response> {
    let record = (ids(), names()).prop_map(|(client, name)| ClientRecord { client, name });
    let message =
        (ids(), any::<u32>(), kinds(), contents()).prop_map(|(from, id, kind, content)| {
            WaitingMessage {
                from,
                message: MessageId(id),
                kind,
                content,
            }
        });
    prop_oneof![
        ids().prop_map(|client| Response::Registered(Registered { client })),
        vec(record, 0..8).prop_map(Response::ClientList),
        (ids(), keys()).prop_map(|(client, public_key)| Response::PublicKey(PublicKeyAnswer {
            client,
            public_key
        })),
        Just(Response::Stored(None)),
        (ids(), any::<u32>()).prop_map(|(to, id)| Response::Stored(Some(Stored {
            to,
            message: MessageId(id)
        }))),
        vec(message, 0..6).prop_map(Response::Waiting),
        "[ -~]{0,200}".prop_map(Response::Error),
    ]
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        vec(0usize..60, 0..60),
        vec(0usize..2000, 0..10),
        Just(std::vec![1; 2000]),
        Just(std::vec![1024; 20]),
    ]
}

fn concat(requests: &[Request]) -> Vec<u8> {
    requests.iter().flat_map(Request::to_bytes).collect()
}

fn decode_responses(bytes: &[u8], sizes: &[usize], order: ByteOrder) -> Vec<Response> {
    let mut decoder = ResponseDecoder::new(order);
    let mut responses = Vec::new();
    let mut rest = bytes;
    for size in sizes.iter().copied().chain([usize::MAX]) {
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        decoder.push(piece);
        while let Ok(Some(response)) = decoder.next_response() {
            responses.push(response);
        }
        rest = behind;
    }
    responses
}

/// Changes bytes, takes some out, puts some in.
fn perturb(bytes: &mut Vec<u8>, changes: &[(u8, prop::sample::Index, u8)]) {
    for (how, at, byte) in changes {
        if bytes.is_empty() {
            return;
        }
        let at = at.index(bytes.len());
        match how % 4 {
            0 => bytes[at] ^= byte,
            1 => {
                bytes.remove(at);
            }
            2 => bytes.insert(at, *byte),
            _ => bytes.truncate(at),
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<(u8, prop::sample::Index, u8)>> {
    vec(
        (any::<u8>(), any::<prop::sample::Index>(), any::<u8>()),
        1..6,
    )
}

proptest! {
    #[test]
    fn a_request_round_trips_and_its_length_agrees(request in requests()) {
        let bytes = request.to_bytes();
        prop_assert_eq!(bytes.len(), request.encoded_len());
        let decoded = decode_in(&bytes, &[]);
        prop_assert_eq!(decoded.as_slice(), &[Decoded::Request(request.clone())]);
        prop_assert_eq!(decode_message(bytes, CONTENT_MAX, 0), Decoded::Request(request));
    }

    #[test]
    fn a_response_round_trips_and_its_length_agrees(
        response in responses(), version in versions(), order in orders()
    ) {
        let bytes = response.to_bytes(version, order);
        prop_assert_eq!(bytes.len(), response.encoded_len());
        prop_assert_eq!(decode_responses(&bytes, &[], order), [response]);
    }

    #[test]
    fn pipelined_requests_are_the_same_however_they_are_cut(
        requests in vec(requests(), 1..8), cuts in cuts()
    ) {
        let decoded = decode_in(&concat(&requests), &cuts);
        let expected: Vec<_> = requests.into_iter().map(Decoded::Request).collect();
        prop_assert_eq!(decoded, expected);
    }

    #[test]
    fn responses_are_the_same_however_they_are_cut_and_padded(
        responses in vec((responses(), 0usize..40), 1..6), order in orders(), cuts in cuts()
    ) {
        let mut bytes = Vec::new();
        for (response, zeros) in &responses {
            bytes.extend(response.to_bytes(Version::V2, order));
            bytes.resize(bytes.len() + zeros, 0);
        }
        let expected: Vec<_> = responses.into_iter().map(|(response, _)| response).collect();
        prop_assert_eq!(decode_responses(&bytes, &cuts, order), expected);
    }

    #[test]
    fn a_packet_is_its_request_and_its_end_however_it_is_cut(
        request in requests(), cuts in cuts()
    ) {
        let frame = request.to_bytes().to_vec();
        prop_assume!(frame.len() % 1024 != 0);
        prop_assert_eq!(
            decode_in(&packet(frame), &cuts),
            [Decoded::Request(request), Decoded::PacketEnd]
        );
    }

    #[test]
    fn a_603_is_the_same_whatever_its_header_declares(
        send in sends(), order in orders(), declared: u32, next in requests(), cuts in cuts()
    ) {
        let request = Request {
            client: ClientId::from_bytes([1; 16]),
            version: Version::V2,
            order,
            body: RequestBody::Send(send),
        };
        let mut bytes = common::with_payload_size(&request, declared);
        bytes.extend(next.to_bytes());
        prop_assert_eq!(
            decode_in(&bytes, &cuts),
            [Decoded::Request(request), Decoded::Request(next)]
        );
    }

    #[test]
    fn perturbed_requests_never_panic_nor_hold_more_than_arrived(
        requests in vec(requests(), 1..5), changes in changes(), cuts in cuts()
    ) {
        let mut bytes = concat(&requests);
        perturb(&mut bytes, &changes);
        let mut decoder = RequestDecoder::new(2000);
        let mut rest = bytes.as_slice();
        let mut arrived = 0;
        for size in cuts.into_iter().chain([usize::MAX]) {
            let (piece, behind) = rest.split_at(size.min(rest.len()));
            decoder.push(piece);
            arrived += piece.len();
            for decoded in drain(&mut decoder) {
                if let Decoded::Request(request) = decoded {
                    // What is taken out did arrive.
                    arrived -= match &request.body {
                        RequestBody::Send(send) => {
                            prop_assert!(send.content.len() <= 2000);
                            request.encoded_len()
                        }
                        _ => 23,
                    };
                }
            }
            prop_assert!(decoder.buffered() <= arrived);
            prop_assert!(decoder.buffered() <= 23 + 37 + 2000, "never more than one frame");
            rest = behind;
        }
    }

    #[test]
    fn perturbed_requests_are_read_the_same_however_they_are_cut(
        requests in vec(requests(), 1..4), changes in changes(), cuts in cuts()
    ) {
        let mut bytes = concat(&requests);
        perturb(&mut bytes, &changes);
        // From 1024 bytes on, zeros may end a packet that a later byte would have continued.
        prop_assume!(bytes.len() < 1024);
        prop_assert_eq!(decode_in(&bytes, &cuts), decode_in(&bytes, &[]));
    }

    #[test]
    fn perturbed_websocket_messages_never_panic_and_are_one_frame_or_none(
        request in requests(), changes in changes()
    ) {
        let mut bytes = request.to_bytes().to_vec();
        perturb(&mut bytes, &changes);
        if let Decoded::Request(read) = decode_message(Bytes::from(bytes.clone()), CONTENT_MAX, 0) {
            prop_assert!(read.encoded_len() <= bytes.len());
        }
    }

    #[test]
    fn perturbed_responses_never_panic_and_are_read_the_same_however_they_are_cut(
        responses in vec(responses(), 1..4), changes in changes(), cuts in cuts(), order in orders()
    ) {
        let mut bytes = Vec::new();
        for response in &responses {
            bytes.extend(response.to_bytes(Version::V2, order));
        }
        perturb(&mut bytes, &changes);
        let whole = decode_responses(&bytes, &[], order);
        prop_assert_eq!(decode_responses(&bytes, &cuts, order), whole);
    }

    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..3000), cuts in cuts()) {
        decode_in(&bytes, &cuts);
        decode_message(Bytes::from(bytes.clone()), CONTENT_MAX, 0);
        decode_responses(&bytes, &cuts, ByteOrder::Little);
        decode_responses(&bytes, &cuts, ByteOrder::Big);
        UserName::from_field(&bytes).ok();
        SymmetricKey::from_bytes([7; 16]).decrypt(&bytes).ok();
    }

    #[test]
    fn a_name_survives_its_field(name in names()) {
        let field = name.to_field();
        prop_assert_eq!(field[NAME_MAX], 0);
        prop_assert_eq!(UserName::from_field(&field), Ok(name.clone()));
        prop_assert_eq!(UserName::from_field_lossy(&field), name);
    }

    #[test]
    fn any_field_is_shown_as_some_name(field in vec(any::<u8>(), NAME_FIELD)) {
        let shown = UserName::from_field_lossy(&field);
        prop_assert_eq!(shown.as_str().parse(), Ok(shown.clone()));
        if let Ok(name) = UserName::from_field(&field) {
            prop_assert_eq!(name, shown);
        }
    }

    #[test]
    fn any_error_text_can_be_printed(text in vec(any::<u8>(), 0..400)) {
        let mut bytes = vec![2, 0x28, 0x23];
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text);
        let responses = decode_responses(&bytes, &[], ByteOrder::Little);
        let [Response::Error(text)] = responses.as_slice() else {
            panic!("{responses:?}");
        };
        prop_assert!(text.len() <= ERROR_TEXT_MAX);
        prop_assert!(!text.chars().any(char::is_control));
    }

    #[test]
    fn ids_survive_their_text(bytes: [u8; 16]) {
        let id = ClientId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<ClientId>(&json).unwrap(), id);
    }

    #[test]
    fn ids_are_read_from_any_text_without_panic(text in ".{0,40}") {
        if let Ok(id) = text.parse::<ClientId>() {
            prop_assert_eq!(id.to_string(), text.to_lowercase());
        }
    }

    #[test]
    fn what_is_encrypted_decrypts(key: [u8; 16], text in vec(any::<u8>(), 0..300)) {
        let key = SymmetricKey::from_bytes(key);
        let sealed = key.encrypt(&text);
        prop_assert_eq!(sealed.len(), (text.len() / 16 + 1) * 16);
        prop_assert_eq!(key.decrypt(&sealed), Ok(text));
    }
}
