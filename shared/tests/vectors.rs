//! A session recorded between other people's clients and servers, and its keys.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod common;

use std::collections::{BTreeMap, VecDeque};

use base64ct::{Base64, Encoding};
use bytes::{Bytes, BytesMut};
use common::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use serde_json::Value;
use sotto_shared::classic::response::{PublicKeyAnswer, Response, WaitingMessage};
use sotto_shared::classic::{
    Decoded, MessageKind, PublicKeyBytes, Request, RequestBody, ResponseDecoder, Version,
    decode_message,
};
use sotto_shared::crypto::{PrivateKey, PublicKey, SymmetricKey};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId};

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn recorded() -> Value {
    serde_json::from_str(include_str!("vectors/classic.json")).unwrap()
}

struct Frame {
    connection: u64,
    is_request: bool,
    code: u16,
    bytes: Vec<u8>,
}

fn session() -> Vec<Frame> {
    recorded()["session"]
        .as_array()
        .unwrap()
        .iter()
        .map(|frame| Frame {
            connection: frame["connection"].as_u64().unwrap(),
            is_request: frame["direction"] == "request",
            code: frame["code"].as_u64().unwrap() as u16,
            bytes: unhex(frame["hex"].as_str().unwrap()),
        })
        .collect()
}

fn decode_request(bytes: &[u8]) -> Request {
    match decode_in(bytes, &[]).as_slice() {
        [Decoded::Request(request)] => request.clone(),
        other => panic!("{other:?}"),
    }
}

fn decode_responses(bytes: &[u8], sizes: &[usize]) -> Vec<Response> {
    let mut decoder = ResponseDecoder::new(ByteOrder::Little);
    let mut responses = Vec::new();
    let mut rest = bytes;
    for size in sizes.iter().copied().chain([bytes.len()]) {
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        decoder.push(piece);
        while let Some(response) = decoder.next_response().unwrap() {
            responses.push(response);
        }
        rest = behind;
    }
    assert_eq!(decoder.buffered(), 0);
    responses
}

fn decode_response(bytes: &[u8]) -> Response {
    let mut responses = decode_responses(bytes, &[]);
    assert_eq!(responses.len(), 1);
    responses.remove(0)
}

#[test]
fn every_recorded_request_decodes_however_cut_and_encodes_byte_for_byte() {
    let mut requests = 0;
    for frame in session().iter().filter(|frame| frame.is_request) {
        let decoded = decode_however_cut(&frame.bytes);
        let [Decoded::Request(request)] = decoded.as_slice() else {
            panic!("{decoded:?}");
        };
        assert_eq!(request.body.code(), frame.code);
        assert_eq!(request.version, Version::V2);
        assert_eq!(request.order, ByteOrder::Little);
        assert_eq!(request.encoded_len(), frame.bytes.len());
        if matches!(request.body, RequestBody::Register(_)) {
            // Names: what other clients have behind the NUL is not kept; here it is zeros.
            assert_eq!(request.client, ClientId::ZERO);
        }
        assert_eq!(request.to_bytes(), frame.bytes);
        let message = decode_message(Bytes::from(frame.bytes.clone()), CONTENT_MAX, 0);
        assert_eq!(message, decoded[0]);
        requests += 1;
    }
    assert_eq!(requests, 31);
}

#[test]
fn every_recorded_response_decodes_however_cut_and_encodes_byte_for_byte() {
    let mut responses = 0;
    for frame in session().iter().filter(|frame| !frame.is_request) {
        let response = decode_response(&frame.bytes);
        assert_eq!(response.code(), frame.code);
        assert_eq!(response.encoded_len(), frame.bytes.len());
        assert_eq!(
            response.to_bytes(Version::V2, ByteOrder::Little),
            frame.bytes
        );
        let response = [response];
        let bytewise = vec![1; frame.bytes.len()];
        assert_eq!(decode_responses(&frame.bytes, &bytewise), response);
        for cut in 0..frame.bytes.len() {
            assert_eq!(decode_responses(&frame.bytes, &[cut]), response);
        }
        responses += 1;
    }
    assert_eq!(responses, 31);
}

#[test]
fn a_recorded_connection_decodes_as_one_stream() {
    let mut streams: BTreeMap<(u64, bool), (Vec<u8>, Vec<u16>)> = BTreeMap::new();
    for frame in session() {
        let stream = streams
            .entry((frame.connection, frame.is_request))
            .or_default();
        stream.0.extend(frame.bytes);
        stream.1.push(frame.code);
    }
    for ((_, is_request), (bytes, codes)) in streams {
        for size in [1, 7, 100, 1000] {
            let sizes = vec![size; bytes.len() / size];
            let decoded: Vec<u16> = if is_request {
                decode_in(&bytes, &sizes)
                    .into_iter()
                    .map(|decoded| match decoded {
                        Decoded::Request(request) => request.body.code(),
                        other => panic!("{other:?}"),
                    })
                    .collect()
            } else {
                let responses = decode_responses(&bytes, &sizes);
                responses.iter().map(Response::code).collect()
            };
            assert_eq!(decoded, codes);
        }
    }
}

/// Plays the recorded requests against the protocol's meaning and expects the recorded answers.
#[test]
fn the_recorded_session_means_what_the_protocol_says() {
    let mut clients: Vec<(ClientId, String, PublicKeyBytes)> = Vec::new();
    let mut mailboxes: BTreeMap<ClientId, VecDeque<WaitingMessage>> = BTreeMap::new();
    let mut stored = 0;
    let frames = session();
    let (pairs, rest) = frames.as_chunks::<2>();
    assert!(rest.is_empty());
    for [request, response] in pairs {
        assert!(request.is_request && !response.is_request);
        assert_eq!(request.connection, response.connection);
        let asked = decode_request(&request.bytes);
        let answered = decode_response(&response.bytes);
        let expected = match asked.body {
            RequestBody::Register(register) => {
                let name = register.name.to_string();
                let taken = clients.iter().any(|(_, other, _)| *other == name);
                match &answered {
                    Response::Registered(registered) if !taken => {
                        clients.push((registered.client, name, register.public_key));
                        answered.clone()
                    }
                    _ => Response::Error(String::new()),
                }
            }
            RequestBody::ListClients => {
                let Response::ClientList(records) = &answered else {
                    panic!("{answered:?}");
                };
                let listed: Vec<_> = records
                    .iter()
                    .map(|record| (record.client, record.name.to_string()))
                    .collect();
                let others: Vec<_> = clients
                    .iter()
                    .filter(|(id, _, _)| *id != asked.client)
                    .map(|(id, name, _)| (*id, name.clone()))
                    .collect();
                assert_eq!(listed, others, "everybody but the requester");
                answered.clone()
            }
            RequestBody::PublicKey(ask) => {
                let (client, _, public_key) =
                    clients.iter().find(|(id, _, _)| *id == ask.wanted).unwrap();
                Response::PublicKey(PublicKeyAnswer {
                    client: *client,
                    public_key: *public_key,
                })
            }
            RequestBody::Send(send) => {
                stored += 1;
                mailboxes
                    .entry(send.to)
                    .or_default()
                    .push_back(WaitingMessage {
                        from: asked.client,
                        message: MessageId(stored),
                        kind: send.kind,
                        content: send.content,
                    });
                Response::Stored(Some(sotto_shared::classic::response::Stored {
                    to: send.to,
                    message: MessageId(stored),
                }))
            }
            RequestBody::Pull => {
                let waiting = mailboxes.entry(asked.client).or_default();
                Response::Waiting(waiting.drain(..).collect())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(answered, expected);
    }
    assert_eq!(stored, 8);
}

#[test]
fn the_recorded_messages_decrypt_in_the_session_itself() {
    let record = &recorded()["symmetric_key_messages"][0];
    let key = SymmetricKey::from_bytes(
        unhex(record["aes_key"].as_str().unwrap())
            .try_into()
            .unwrap(),
    );
    let mut texts = Vec::new();
    for frame in session().iter().filter(|frame| frame.code == 603) {
        let RequestBody::Send(send) = decode_request(&frame.bytes).body else {
            panic!("a 603");
        };
        match send.kind {
            MessageKind::KEY_REQUEST => assert!(send.content.is_empty()),
            MessageKind::KEY => assert_eq!(send.content.len(), 128),
            MessageKind::TEXT => {
                let text = key.decrypt(&send.content).unwrap();
                texts.push(String::from_utf8(text).unwrap());
            }
            MessageKind::FILE => assert_eq!(key.decrypt(&send.content).unwrap().len(), 3000),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        texts,
        [
            "hello bob, this is alice",
            "0123456789abcdef",
            "first",
            "second"
        ]
    );
}

#[test]
fn every_private_key_opens_has_its_public_form_and_unwraps() {
    let records = recorded();
    let records = records["symmetric_key_messages"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for record in records {
        let der = Base64::decode_vec(record["rsa_private_pkcs8_b64"].as_str().unwrap()).unwrap();
        let private = PrivateKey::from_pkcs8_der(&der).unwrap();
        assert_eq!(
            private.to_pkcs8_der().unwrap().as_slice(),
            der,
            "the same file for the next client"
        );

        let spki: [u8; 160] = unhex(record["spki_hex"].as_str().unwrap())
            .try_into()
            .unwrap();
        let wire = PublicKeyBytes(spki);
        assert_eq!(private.public().to_wire().unwrap(), wire);
        let public = PublicKey::from_wire(&wire).unwrap();
        assert_eq!(public, private.public());

        let wrapped = unhex(record["ciphertext"].as_str().unwrap());
        let expected = unhex(record["aes_key"].as_str().unwrap());
        let key = private.unwrap_key(&mut rng, &wrapped).unwrap();
        assert_eq!(key.expose().as_slice(), expected);

        let again = public.wrap_key(&mut rng, &key).unwrap();
        assert!(private.unwrap_key(&mut rng, &again).unwrap() == key);
        let other = public.wrap_key(&mut rng, &key).unwrap();
        assert_ne!(again, other, "OAEP is randomised");
    }
}

#[test]
fn the_first_private_key_is_that_of_the_sessions_registration() {
    let spki = unhex(
        recorded()["symmetric_key_messages"][0]["spki_hex"]
            .as_str()
            .unwrap(),
    );
    let registered = session().iter().any(|frame| {
        frame.code == 600
            && matches!(
                decode_request(&frame.bytes).body,
                RequestBody::Register(register) if register.public_key.0 == *spki
            )
    });
    assert!(registered);
}

#[test]
fn every_text_and_file_encrypts_and_decrypts_exactly() {
    let records = recorded();
    let records = records["text_and_file_messages"].as_array().unwrap();
    assert_eq!(records.len(), 10);
    for record in records {
        let key = unhex(record["aes_key"].as_str().unwrap());
        let key = SymmetricKey::from_bytes(key.try_into().unwrap());
        let plaintext = unhex(record["plaintext"].as_str().unwrap());
        let ciphertext = unhex(record["ciphertext"].as_str().unwrap());
        assert_eq!(key.encrypt(&plaintext), ciphertext);
        assert_eq!(key.decrypt(&ciphertext).unwrap(), plaintext);
    }
}

#[test]
fn recorded_frames_append_to_what_is_written_already() {
    let mut out = BytesMut::new();
    let mut expected = Vec::new();
    for frame in session() {
        if frame.is_request {
            decode_request(&frame.bytes).encode(&mut out);
        } else {
            decode_response(&frame.bytes).encode(Version::V2, ByteOrder::Little, &mut out);
        }
        expected.extend(frame.bytes);
    }
    assert_eq!(out, expected);
}
