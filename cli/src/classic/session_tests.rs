//! The session against what independent clients and servers said to each other.

use super::*;
use base64ct::{Base64, Encoding};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::Value;
use sotto_shared::classic::ResponseDecoder;
use sotto_shared::classic::response::{ClientRecord, PublicKeyAnswer, Stored};

fn recorded() -> Value {
    let text = include_str!("../../../shared/tests/vectors/classic.json");
    serde_json::from_str(text).unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn response(bytes: &[u8]) -> Response {
    let mut decoder = ResponseDecoder::default();
    decoder.push(bytes);
    decoder.next_response().unwrap().unwrap()
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

const ALICE: &str = "cfa81cac8f7f40a3a59a8c21206862fc";
const BOB: &str = "9631c845c6b3415e94ffdbc094c9675d";

fn identity(name: &str, id: &str, key: &Value) -> Identity {
    let der = Base64::decode_vec(key.as_str().unwrap()).unwrap();
    Identity {
        name: name.parse().unwrap(),
        client: id.parse().unwrap(),
        private_key: PrivateKey::from_pkcs8_der(&der).unwrap(),
    }
}

/// Alice of the recording, with the key that was wrapped for her there.
fn alice(vectors: &Value) -> Session {
    let key = &vectors["symmetric_key_messages"][0]["rsa_private_pkcs8_b64"];
    Session::new(Version::V2, Some(identity("alice", ALICE, key)))
}

/// Plays one exchange of the recording; the request must be the recorded one, byte for byte.
fn play(session: &mut Session, pair: &[Value], action: Action) -> Outcome {
    let request = session.begin(action, &mut rng()).unwrap();
    assert_eq!(
        request.to_bytes(),
        hex(&pair[0]["hex"]),
        "request {}",
        pair[0]["code"]
    );
    session
        .finish(response(&hex(&pair[1]["hex"])), &mut rng())
        .unwrap()
}

#[test]
fn recorded_session_plays_byte_for_byte() {
    let vectors = recorded();
    let all = vectors["session"].as_array().unwrap();
    let connection_1: Vec<Value> = all
        .iter()
        .filter(|step| step["connection"] == 1)
        .cloned()
        .collect();
    let mut exchanges = connection_1.chunks(2).skip(1);
    let mut next = || exchanges.next().unwrap();
    let bob: ClientId = BOB.parse().unwrap();

    let mut alice = alice(&vectors);
    assert!(matches!(
        play(&mut alice, next(), Action::ListClients),
        Outcome::Clients
    ));
    assert_eq!(alice.find("bob").unwrap().client, bob);
    assert_eq!(alice.find(BOB).unwrap().client, bob);
    assert!(alice.find("alice").is_none());
    play(&mut alice, next(), Action::PublicKey { of: bob });
    assert!(alice.has_public_key(bob));
    play(&mut alice, next(), Action::RequestKey { to: bob });

    let Outcome::Messages(messages) = play(&mut alice, next(), Action::Pull) else {
        panic!("no messages");
    };
    let key_received = Received {
        from: bob,
        content: Content::Key,
    };
    assert_eq!(messages, [key_received]);
    let text = "hello bob, this is alice".to_owned();
    let sent = play(&mut alice, next(), Action::SendText { to: bob, text });
    assert!(matches!(sent, Outcome::Sent));
}

#[test]
fn recorded_texts_and_files_come_out_right() {
    let vectors = recorded();
    for keys in vectors["symmetric_key_messages"].as_array().unwrap() {
        let key = &keys["rsa_private_pkcs8_b64"];
        let mut session = Session::new(Version::V2, Some(identity("alice", ALICE, key)));
        let bob: ClientId = BOB.parse().unwrap();
        let mut waiting = vec![(MessageKind::KEY, hex(&keys["ciphertext"]))];
        let mut wanted = vec![Content::Key];
        for message in vectors["text_and_file_messages"].as_array().unwrap() {
            if message["aes_key"] == keys["aes_key"] {
                let kind = MessageKind(u8::try_from(message["type"].as_u64().unwrap()).unwrap());
                let plain = hex(&message["plaintext"]);
                waiting.push((kind, hex(&message["ciphertext"])));
                wanted.push(if kind == MessageKind::FILE {
                    Content::File(plain)
                } else {
                    Content::Text(String::from_utf8(plain).unwrap())
                });
            }
        }
        assert_eq!(wanted.len(), 6);
        let got = pull(&mut session, bob, waiting);
        assert_eq!(got, wanted);
    }
}

fn pull(
    session: &mut Session,
    from: ClientId,
    waiting: Vec<(MessageKind, Vec<u8>)>,
) -> Vec<Content> {
    session.begin(Action::Pull, &mut rng()).unwrap();
    let messages = waiting.into_iter().map(|(kind, content)| WaitingMessage {
        from,
        message: sotto_shared::MessageId(1),
        kind,
        content: content.into(),
    });
    let answer = Response::Waiting(messages.collect());
    let Outcome::Messages(messages) = session.finish(answer, &mut rng()).unwrap() else {
        panic!("no messages");
    };
    messages
        .into_iter()
        .map(|message| message.content)
        .collect()
}

#[test]
fn what_cannot_be_read_is_said_to_be_so_and_the_rest_still_is() {
    let mut session = alice(&recorded());
    let bob: ClientId = BOB.parse().unwrap();
    let waiting = vec![
        (MessageKind::TEXT, vec![1; 16]),
        (MessageKind::KEY, vec![1; 128]),
        (MessageKind::KEY, Vec::new()),
        (MessageKind::FILE, vec![1; 15]),
        (MessageKind(9), vec![]),
        (MessageKind::KEY_REQUEST, vec![0; 128]),
    ];
    let wanted = [
        Content::Undecryptable,
        Content::Undecryptable,
        Content::Undecryptable,
        Content::Undecryptable,
        Content::Unknown(9),
        Content::KeyRequest,
    ];
    assert_eq!(pull(&mut session, bob, waiting), wanted);
}

#[test]
fn two_sessions_exchange_a_key_and_talk_both_ways() {
    let mut rng = rng();
    let mut users = ["anna", "ben"].map(|name| {
        let mut session = Session::new(Version::V1, None);
        let key = Box::new(PrivateKey::generate(&mut rng).unwrap());
        let name: UserName = name.parse().unwrap();
        session
            .begin(Action::Register { name, key }, &mut rng)
            .unwrap();
        let client = ClientId::random(&mut rng);
        let registered = sotto_shared::classic::response::Registered { client };
        session
            .finish(Response::Registered(registered), &mut rng)
            .unwrap();
        session
    });
    let [anna, ben] = &mut users;
    let (anna_id, ben_id) = (
        anna.identity().unwrap().client,
        ben.identity().unwrap().client,
    );

    // No key yet: nothing can be said, and no key sent without the public key.
    let text = || "hi".to_owned();
    assert_eq!(
        anna.begin(
            Action::SendText {
                to: ben_id,
                text: text()
            },
            &mut rng
        ),
        Err(Refusal::NoSymmetricKey)
    );
    assert_eq!(
        anna.begin(Action::SendKey { to: ben_id }, &mut rng),
        Err(Refusal::NoPublicKey)
    );

    anna.begin(Action::PublicKey { of: ben_id }, &mut rng)
        .unwrap();
    let public_key = ben
        .identity()
        .unwrap()
        .private_key
        .public()
        .to_wire()
        .unwrap();
    let answer = PublicKeyAnswer {
        client: ben_id,
        public_key,
    };
    anna.finish(Response::PublicKey(answer), &mut rng).unwrap();
    let request = anna
        .begin(Action::SendKey { to: ben_id }, &mut rng)
        .unwrap();
    let RequestBody::Send(send) = request.body else {
        panic!("not a message")
    };
    assert_eq!((send.kind, send.content.len()), (MessageKind::KEY, 128));
    anna.finish(Response::Stored(None), &mut rng).unwrap();
    assert_eq!(
        pull(ben, anna_id, vec![(send.kind, send.content.to_vec())]),
        [Content::Key]
    );

    let request = ben.begin(
        Action::SendFile {
            to: anna_id,
            content: vec![7; 99],
        },
        &mut rng,
    );
    let RequestBody::Send(send) = request.unwrap().body else {
        panic!("not a message")
    };
    let stored = Stored {
        to: anna_id,
        message: sotto_shared::MessageId(5),
    };
    ben.finish(Response::Stored(Some(stored)), &mut rng)
        .unwrap();
    let got = pull(anna, ben_id, vec![(send.kind, send.content.to_vec())]);
    assert_eq!(got, [Content::File(vec![7; 99])]);
}

#[test]
fn a_key_that_the_server_refused_is_not_kept() {
    let vectors = recorded();
    let mut session = alice(&vectors);
    let bob: ClientId = BOB.parse().unwrap();
    session
        .begin(Action::PublicKey { of: bob }, &mut rng())
        .unwrap();
    let public_key = session
        .identity()
        .unwrap()
        .private_key
        .public()
        .to_wire()
        .unwrap();
    let answer = Response::PublicKey(PublicKeyAnswer {
        client: bob,
        public_key,
    });
    session.finish(answer, &mut rng()).unwrap();
    session
        .begin(Action::SendKey { to: bob }, &mut rng())
        .unwrap();
    let refused = session
        .finish(Response::Error("no such client".into()), &mut rng())
        .unwrap();
    assert!(matches!(refused, Outcome::Error(text) if text == "no such client"));
    let text = Action::SendText {
        to: bob,
        text: "hi".into(),
    };
    assert_eq!(
        session.begin(text, &mut rng()),
        Err(Refusal::NoSymmetricKey)
    );
}

#[test]
fn oneself_in_the_list_is_left_out_and_keys_survive_a_new_list() {
    let vectors = recorded();
    let mut session = alice(&vectors);
    let bob: ClientId = BOB.parse().unwrap();
    let key = hex(&vectors["symmetric_key_messages"][0]["ciphertext"]);
    pull(&mut session, bob, vec![(MessageKind::KEY, key)]);
    session.begin(Action::ListClients, &mut rng()).unwrap();
    let record = |id: &str, name: &str| ClientRecord {
        client: id.parse().unwrap(),
        name: name.parse().unwrap(),
    };
    let list = vec![record(ALICE, "alice"), record(BOB, "bob")];
    session
        .finish(Response::ClientList(list), &mut rng())
        .unwrap();
    assert_eq!(session.contacts().len(), 1);
    assert_eq!(session.display_name(bob), "bob");
    let text = Action::SendText {
        to: bob,
        text: "hi".into(),
    };
    assert!(session.begin(text, &mut rng()).is_ok());
}

#[test]
fn answers_to_other_questions_are_refused() {
    let mut session = alice(&recorded());
    let bob: ClientId = BOB.parse().unwrap();
    assert!(
        session.finish(Response::Stored(None), &mut rng()).is_err(),
        "nothing was asked"
    );
    session.begin(Action::ListClients, &mut rng()).unwrap();
    assert!(session.finish(Response::Stored(None), &mut rng()).is_err());
    session
        .begin(Action::PublicKey { of: bob }, &mut rng())
        .unwrap();
    let public_key = session
        .identity()
        .unwrap()
        .private_key
        .public()
        .to_wire()
        .unwrap();
    let of_another = PublicKeyAnswer {
        client: ClientId::ZERO,
        public_key,
    };
    assert!(
        session
            .finish(Response::PublicKey(of_another), &mut rng())
            .is_err()
    );
}
