//! What other people's clients do, one test for each row of the specification's table.

use std::io::Write as _;
use std::net::Shutdown;
use std::time::Duration;

use sotto_shared::ClientId;
use sotto_shared::classic::request::PublicKey;
use sotto_shared::classic::{RequestBody, Response, Version};

use crate::support::*;

fn raw(client: ClientId, version: u8, code: u16, declared: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = client.as_bytes().to_vec();
    bytes.push(version);
    bytes.extend(code.to_le_bytes());
    bytes.extend(declared.to_le_bytes());
    bytes.extend(payload);
    bytes
}

/// Pads a request to whole packets.
fn packet(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(1024), 0);
    bytes
}

#[test]
fn one_connection_serves_a_whole_session_and_new_ones_any_request() {
    let gateway = TestGateway::start();
    let mut kept = gateway.connect();
    let alice = kept.register("alice");
    let bob = gateway.register("bob");
    for n in 0..5_u8 {
        kept.send(alice, bob, &[n]);
        assert_eq!(contents(&gateway.connect().pull(bob)), [[n]]);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(kept.pull(alice).is_empty());
}

#[test]
fn many_connections_stay_open_and_some_never_speak() {
    let gateway = TestGateway::start();
    let silent: Vec<_> = (0..50).map(|_| gateway.connect()).collect();
    let mut kept = Vec::new();
    for n in 0..20 {
        let mut client = gateway.connect();
        client.register(&format!("client {n}"));
        kept.push(client);
    }
    for mut client in silent {
        client.register(&format!(
            "late {:?}",
            client.stream.local_addr().unwrap().port()
        ));
    }
    drop(kept);
}

#[test]
fn packet_mode_pads_the_answer_and_closes() {
    let gateway = TestGateway::start();
    let bob = gateway.register("bob");
    let mut client = gateway.connect();
    let register = client.frame(
        ClientId::ZERO,
        RequestBody::Register(registration("alice", 1)),
    );
    client.write(&packet(register));
    let answer = client.read_to_end();
    assert_eq!(answer.len(), 1024);
    let Response::Registered(alice) = parse(&answer[..23], client.order) else {
        panic!()
    };
    assert!(answer[23..].iter().all(|byte| *byte == 0));

    // Its 602 declares no payload, and the id follows the header all the same.
    let mut client = gateway.connect();
    client.write(&packet(raw(alice.client, 2, 602, 0, bob.as_bytes())));
    let answer = client.read_to_end();
    assert_eq!(answer.len(), 1024);
    assert_eq!(
        answer[..23],
        [&[2, 0x36, 8, 176, 0, 0, 0], &bob.as_bytes()[..]].concat()
    );

    let send = RequestBody::Send(message(bob, &[5; 2000]));
    let mut client = gateway.connect();
    let frame = client.frame(alice.client, send);
    client.write(&packet(frame));
    assert_eq!(client.read_to_end().len(), 1024);

    // A long answer is padded to the next whole packet, and what it delivered is deleted.
    let mut client = gateway.connect();
    let pull = client.frame(bob, RequestBody::Pull);
    client.write(&packet(pull));
    let answer = client.read_to_end();
    assert_eq!(answer.len(), 2048);
    assert_eq!(
        contents(&waiting(parse(&answer, client.order))),
        [&[5; 2000]]
    );
    assert!(gateway.connect().pull(bob).is_empty());
}

#[test]
fn packet_mode_is_noticed_when_the_padding_comes_late_or_in_pieces() {
    let gateway = TestGateway::start();
    for (n, piece) in [1024, 500, 300, 25].into_iter().enumerate() {
        let mut client = gateway.connect();
        let body = RequestBody::Register(registration(&format!("client {n}"), 1));
        let mut frame = client.frame(ClientId::ZERO, body);
        let used = frame.len();
        frame.resize(1024, 0);
        client.write(&frame[..used]);
        let answer = client.answer_bytes();
        assert_eq!(answer.len(), 23);
        for piece in frame[used..].chunks(piece) {
            client.write(piece);
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(client.read_to_end(), vec![0; 1024 - 23]);
    }
}

#[test]
fn a_send_with_garbage_in_its_header_size_is_believed_inside() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let mut payload = bob.as_bytes().to_vec();
    payload.push(1);
    payload.extend([0; 4]);
    for declared in [0x8130_008b, 37, 0, u32::MAX, 21] {
        client.write(&raw(alice, 2, 603, declared, &payload));
        stored(client.answer());
    }
    assert_eq!(client.pull(bob).len(), 5);
}

#[test]
fn big_endian_clients_are_answered_in_their_order() {
    let gateway = TestGateway::start();
    let mut big = gateway.connect().big_endian();
    let mut little = gateway.connect();
    let alice = big.register("alice");
    let bob = little.register("bob");
    let id = big.send(alice, bob, b"from big");
    let received = little.pull(bob);
    assert_eq!(received[0].message, id);
    assert_eq!(contents(&received), [b"from big"]);
    let id = little.send(bob, alice, b"from little");
    let bytes = {
        let pull = big.frame(alice, RequestBody::Pull);
        big.write(&pull);
        big.answer_bytes()
    };
    assert_eq!(bytes[1..3], 2104_u16.to_be_bytes());
    assert_eq!(bytes[23..27], id.0.to_be_bytes());
    assert_eq!(bytes[28..32], 11_u32.to_be_bytes());
    assert_eq!(
        big.ask(
            alice,
            RequestBody::PublicKey(PublicKey {
                wanted: ClientId::from_bytes([1; 16])
            })
        ),
        error()
    );
    assert!(
        matches!(big.ask(alice, RequestBody::ListClients), Response::ClientList(list) if list.len() == 1)
    );
}

#[test]
fn surplus_payloads_are_ignored() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    for code in [601, 604] {
        for size in [1, 40, 1000, 5000] {
            client.write(&raw(alice, 2, code, size, &vec![9; size as usize]));
            assert_ne!(client.answer(), error(), "{code} with {size}");
        }
    }
}

#[test]
fn any_content_of_any_type_is_stored_untouched() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    for kind in 0..=255_u8 {
        let content = vec![kind; usize::from(kind)];
        let mut send = message(bob, &content);
        send.kind.0 = kind;
        stored(client.ask(alice, RequestBody::Send(send)));
    }
    let received = client.pull(bob);
    assert_eq!(received.len(), 256);
    for (kind, message) in (0..=255_u8).zip(received) {
        assert_eq!((message.kind.0, message.from), (kind, alice));
        assert_eq!(message.content, vec![kind; usize::from(kind)]);
    }
}

#[test]
fn names_are_what_stands_before_the_nul() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let observer = client.register("observer");
    let mut register = |name: &[u8]| {
        let mut payload = name.to_vec();
        payload.resize(255, 0);
        payload.extend([3; 160]);
        client.write(&raw(ClientId::ZERO, 2, 600, 415, &payload));
        client.answer()
    };
    for good in [
        &b"alice\0garbage behind"[..],
        b"with spaces",
        "Zoë משה".as_bytes(),
        &[b'x'; 254],
    ] {
        assert_ne!(register(good), error(), "{good:?}");
    }
    for bad in [
        &b""[..],
        &[b'y'; 255],
        b"a\nb",
        b"\xff\xfe",
        b"\x7f",
        b"alice",
    ] {
        assert_eq!(register(bad), error(), "{bad:?}");
    }
    let Response::ClientList(list) = client.ask(observer, RequestBody::ListClients) else {
        panic!()
    };
    let names: Vec<_> = list.iter().map(|record| record.name.as_str()).collect();
    assert_eq!(names, ["alice", "with spaces", "Zoë משה", &"x".repeat(254)]);
}

#[test]
fn ids_hold_no_zero_byte() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    for n in 0..100 {
        assert!(!client.register(&n.to_string()).as_bytes().contains(&0));
    }
}

#[test]
fn errors_are_empty_and_versions_never_above_two() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    for (version, answered) in [(1, 1), (2, 2), (0, 2), (7, 2), (255, 2)] {
        client.write(&raw(alice, version, 999, 0, &[]));
        assert_eq!(
            client.read(7),
            [answered, 0x28, 0x23, 0, 0, 0, 0],
            "version {version}"
        );
    }
    client.version = Version::V1;
    let list = client.frame(alice, RequestBody::ListClients);
    client.write(&list);
    assert_eq!(client.answer_bytes()[0], 1);
}

#[test]
fn nobody_acts_or_is_reached_without_being_listed() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let stranger = ClientId::from_bytes([1; 16]);
    for body in [
        RequestBody::ListClients,
        RequestBody::PublicKey(PublicKey { wanted: alice }),
        RequestBody::Send(message(alice, b"hi")),
        RequestBody::Pull,
        send_once(alice, b"hi", 1),
        RequestBody::PullAfter(sotto_shared::classic::request::PullAfter {
            acknowledged: Default::default(),
        }),
        RequestBody::PullAfter(sotto_shared::classic::request::PullAfter {
            acknowledged: sotto_shared::MessageId(1),
        }),
    ] {
        assert_eq!(client.ask(stranger, body.clone()), error(), "{body:?}");
    }
    assert_eq!(
        client.ask(
            alice,
            RequestBody::PublicKey(PublicKey { wanted: stranger })
        ),
        error()
    );
    assert_eq!(
        client.ask(alice, RequestBody::Send(message(stranger, b"hi"))),
        error()
    );
    assert_eq!(
        client.ask(alice, RequestBody::Send(message(alice, b"to myself"))),
        error()
    );
    assert!(client.pull(alice).is_empty());
}

#[test]
fn requests_are_framed_however_they_are_cut() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let session = [
        client.frame(alice, RequestBody::ListClients),
        client.frame(alice, RequestBody::PublicKey(PublicKey { wanted: bob })),
        client.frame(alice, RequestBody::Send(message(bob, b"hello"))),
        client.frame(bob, RequestBody::Pull),
        client.frame(alice, RequestBody::Pull),
    ]
    .concat();
    let expected = |client: &mut Client| {
        assert!(matches!(client.answer(), Response::ClientList(list) if list.len() == 1));
        assert!(matches!(client.answer(), Response::PublicKey(key) if key.client == bob));
        stored(client.answer());
        assert_eq!(contents(&waiting(client.answer())), [b"hello"]);
        assert!(waiting(client.answer()).is_empty());
    };
    // Everything in one write, then cut at every byte, then byte by byte.
    client.write(&session);
    expected(&mut client);
    for cut in 1..session.len() {
        client.write(&session[..cut]);
        client.write(&session[cut..]);
        expected(&mut client);
    }
    for byte in &session {
        client.write(&[*byte]);
    }
    expected(&mut client);
}

#[test]
fn a_half_closed_socket_gets_all_its_answers() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let mut bytes = client
        .frame(alice, RequestBody::Send(message(bob, b"x")))
        .repeat(100);
    bytes.extend(client.frame(bob, RequestBody::Pull));
    bytes.extend(&client.frame(alice, RequestBody::Pull)[..10]);
    client.write(&bytes);
    client.stream.shutdown(Shutdown::Write).unwrap();
    for _ in 0..100 {
        stored(client.answer());
    }
    assert_eq!(waiting(client.answer()).len(), 100);
    assert!(client.is_cut());
}

#[test]
fn a_refused_frame_is_answered_before_the_connection_ends() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let mut payload = bob.as_bytes().to_vec();
    payload.push(3);
    payload.extend(u32::MAX.to_le_bytes());
    let mut bytes = client.frame(alice, RequestBody::Send(message(bob, b"stored")));
    bytes.extend(raw(alice, 2, 603, 21, &payload));
    bytes.extend(vec![7; 300_000]);
    // The gateway may close before all of it is written.
    let _ = client.stream.write_all(&bytes);
    stored(client.answer());
    assert_eq!(client.answer(), error());
    assert!(client.is_cut());
    assert_eq!(gateway.connect().pull(bob).len(), 1);
}

#[test]
fn websocket_carries_the_same_dialect_one_frame_a_message() {
    let gateway = TestGateway::start();
    let mut socket = gateway.websocket();
    let bob = gateway.register("bob");
    let Response::Registered(alice) = socket.ask(
        ClientId::ZERO,
        RequestBody::Register(registration("alice", 7)),
    ) else {
        panic!()
    };
    let large = vec![8; 200_000];
    stored(socket.ask(alice.client, RequestBody::Send(message(bob, &large))));
    assert_eq!(contents(&gateway.connect().pull(bob)), [&large]);
    gateway.connect().send(bob, alice.client, &large);
    assert_eq!(
        contents(&waiting(socket.ask(alice.client, RequestBody::Pull))),
        [&large]
    );

    // Two frames in one message are no frame; the connection goes on.
    let pull = frame(
        alice.client,
        RequestBody::Pull,
        Version::V2,
        Default::default(),
    );
    socket.write(pull.repeat(2));
    assert_eq!(socket.answer(), error());
    socket.write(pull[..10].to_vec());
    assert_eq!(socket.answer(), error());
    assert!(waiting(socket.ask(alice.client, RequestBody::Pull)).is_empty());
}

#[test]
fn websocket_answers_pings_and_closes_on_text() {
    use tokio_tungstenite::tungstenite::Message;
    let gateway = TestGateway::start();
    let mut socket = gateway.websocket();
    socket
        .socket
        .send(Message::Ping(b"are you there"[..].into()))
        .unwrap();
    assert_eq!(
        socket.socket.read().unwrap(),
        Message::Pong(b"are you there"[..].into())
    );
    socket.socket.send(Message::text("hello")).unwrap();
    assert_eq!(socket.close_code(), 1003);
    let mut socket = gateway.websocket();
    socket.socket.close(None).unwrap();
    assert_eq!(socket.close_code(), 1000);
}
