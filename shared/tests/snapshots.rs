//! A byte-exact snapshot of every frame, in both versions and both byte orders; and of what secrets
//! print.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod common;

use core::fmt::Write;

use bytes::Bytes;
use common::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use sotto_shared::MessageId;
use sotto_shared::classic::response::{
    ClientRecord, PublicKeyAnswer, Registered, Response, Stored, WaitingMessage,
};
use sotto_shared::classic::{MessageKind, Request, Version};
use sotto_shared::crypto::{DecryptError, PrivateKey, SymmetricKey};
use sotto_shared::wire::ByteOrder;

const FORMS: [(Version, ByteOrder); 4] = [
    (Version::V1, ByteOrder::Little),
    (Version::V1, ByteOrder::Big),
    (Version::V2, ByteOrder::Little),
    (Version::V2, ByteOrder::Big),
];

/// Offsets and bytes, 16 a line; lines that repeat are left out, as `xxd -a` does.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut last: &[u8] = &[];
    let mut skipping = false;
    for (line, chunk) in bytes.chunks(16).enumerate() {
        if chunk == last {
            if !skipping {
                out.push_str("  *\n");
            }
            skipping = true;
            continue;
        }
        (last, skipping) = (chunk, false);
        write!(out, "  {:04x} ", line * 16).unwrap();
        for byte in chunk {
            write!(out, " {byte:02x}").unwrap();
        }
        out.push('\n');
    }
    out
}

fn forms(encode: impl Fn(Version, ByteOrder) -> Bytes) -> String {
    let mut out = String::new();
    for (version, order) in FORMS {
        let bytes = encode(version, order);
        writeln!(out, "{version:?} {order:?}, {} bytes", bytes.len()).unwrap();
        out.push_str(&dump(&bytes));
    }
    out
}

fn request_forms(index: usize) -> String {
    let body = every_body().swap_remove(index);
    forms(|version, order| {
        let request = Request {
            version,
            order,
            ..request(body.clone())
        };
        let bytes = request.to_bytes();
        assert_eq!(request.encoded_len(), bytes.len());
        bytes
    })
}

fn response_forms(response: &Response) -> String {
    forms(|version, order| {
        let bytes = response.to_bytes(version, order);
        assert_eq!(response.encoded_len(), bytes.len());
        bytes
    })
}

#[test]
fn request_600_register() {
    insta::assert_snapshot!(request_forms(0));
}

#[test]
fn request_601_client_list() {
    insta::assert_snapshot!(request_forms(1));
}

#[test]
fn request_602_public_key() {
    insta::assert_snapshot!(request_forms(2));
}

#[test]
fn request_603_send() {
    insta::assert_snapshot!(request_forms(3));
}

#[test]
fn request_604_pull() {
    insta::assert_snapshot!(request_forms(4));
}

#[test]
fn request_610_register_once() {
    insta::assert_snapshot!(request_forms(5));
}

#[test]
fn request_613_send_once() {
    insta::assert_snapshot!(request_forms(6));
}

#[test]
fn request_614_pull_after() {
    insta::assert_snapshot!(request_forms(7));
}

#[test]
fn response_2100_registered() {
    insta::assert_snapshot!(response_forms(&Response::Registered(Registered {
        client: client(0xa1),
    })));
}

#[test]
fn response_2101_client_list() {
    insta::assert_snapshot!(response_forms(&Response::ClientList(vec![
        ClientRecord {
            client: client(0xa1),
            name: name("alice"),
        },
        ClientRecord {
            client: client(0xb2),
            name: name("משה"),
        },
    ])));
}

#[test]
fn response_2101_empty_client_list() {
    insta::assert_snapshot!(response_forms(&Response::ClientList(vec![])));
}

#[test]
fn response_2102_public_key() {
    insta::assert_snapshot!(response_forms(&Response::PublicKey(PublicKeyAnswer {
        client: client(0xb2),
        public_key: key_bytes(),
    })));
}

#[test]
fn response_2103_stored() {
    insta::assert_snapshot!(response_forms(&Response::Stored(Some(Stored {
        to: client(0xb2),
        message: MessageId(0x0102_0304),
    }))));
}

#[test]
fn response_2103_without_receipt() {
    insta::assert_snapshot!(response_forms(&Response::Stored(None)));
}

#[test]
fn response_2104_waiting() {
    insta::assert_snapshot!(response_forms(&Response::Waiting(vec![
        WaitingMessage {
            from: client(0xa1),
            message: MessageId(0x0102_0304),
            kind: MessageKind::TEXT,
            content: Bytes::from_static(b"sixteen bytes!!!"),
        },
        WaitingMessage {
            from: client(0xc3),
            message: MessageId(0x0102_0305),
            kind: MessageKind::KEY_REQUEST,
            content: Bytes::new(),
        },
    ])));
}

#[test]
fn response_2104_nothing_waiting() {
    insta::assert_snapshot!(response_forms(&Response::Waiting(vec![])));
}

#[test]
fn response_9000_error() {
    insta::assert_snapshot!(response_forms(&Response::Error(String::new())));
}

// Secrets never print.

#[test]
fn keys_print_nothing_of_themselves() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let private = PrivateKey::generate(&mut rng).unwrap();
    let symmetric = SymmetricKey::generate(&mut rng);
    insta::assert_snapshot!(format!("{private:?}"), @"PrivateKey(..)");
    insta::assert_snapshot!(format!("{private:#?}"), @"PrivateKey(..)");
    insta::assert_snapshot!(format!("{symmetric:?}"), @"SymmetricKey(..)");
    insta::assert_snapshot!(format!("{:?}", Some(&symmetric)), @"Some(SymmetricKey(..))");
    insta::assert_snapshot!(format!("{:?}", private.public().to_wire().unwrap()), @"PublicKeyBytes(..)");
}

#[test]
fn decryption_failures_say_nothing_of_their_cause() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let private = PrivateKey::generate(&mut rng).unwrap();
    let key = SymmetricKey::generate(&mut rng);
    let wrapped = private.public().wrap_key(&mut rng, &key).unwrap();
    let mut changed = wrapped;
    changed[64] ^= 1;
    let other = PrivateKey::generate(&mut rng).unwrap();
    let failures = [
        private.unwrap_key(&mut rng, &changed).map(|_| ()),
        private.unwrap_key(&mut rng, &wrapped[1..]).map(|_| ()),
        private.unwrap_key(&mut rng, &[]).map(|_| ()),
        private.unwrap_key(&mut rng, &[0xff; 128]).map(|_| ()),
        other.unwrap_key(&mut rng, &wrapped).map(|_| ()),
        key.decrypt(&[]).map(|_| ()),
        key.decrypt(&[0; 15]).map(|_| ()),
        key.decrypt(&[0; 16]).map(|_| ()),
    ];
    for failure in failures {
        assert_eq!(failure, Err(DecryptError));
    }
    insta::assert_snapshot!(format!("{DecryptError:?}: {DecryptError}"), @"DecryptError: decryption failed");
}
