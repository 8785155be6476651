//! What is carried under TLS.

use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::support::{contents, message, send_once, stored, waiting};

#[test]
fn sessions_over_tcp_and_websocket_meet_under_tls() {
    let (gateway, trusted) = start();
    let mut tcp = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut tcp, "alice");
    let bob = gateway.register("bob");

    let mut ws = websocket(gateway.addresses.http, &trusted);
    let ws_ask = |ws: &mut WebSocket<Encrypted>, client, body| {
        ws.send(Message::binary(request(client, body))).unwrap();
        match ws.read().unwrap() {
            Message::Binary(bytes) => parse(&bytes, ByteOrder::Little),
            other => panic!("{other:?}"),
        }
    };
    stored(ws_ask(
        &mut ws,
        bob,
        RequestBody::Send(message(alice, b"hello under TLS")),
    ));
    let got = waiting(ask(&mut tcp, alice, RequestBody::Pull));
    assert_eq!(contents(&got), [b"hello under TLS"]);
    stored(ask(&mut tcp, alice, send_once(bob, b"and back", 1)));
    let got = waiting(ws_ask(&mut ws, bob, RequestBody::Pull));
    assert_eq!(contents(&got), [b"and back"]);
}

#[test]
fn many_small_frames_and_a_large_one_go_through_tls_in_order() {
    const SMALL: usize = 2_000;
    let large: Vec<u8> = (0..8_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    let bob = register(&mut stream, "bob");

    // Pipelined, and cut into records anyhow.
    let mut frames = Vec::new();
    for n in 0..SMALL {
        let body = RequestBody::Send(message(bob, format!("number {n}").as_bytes()));
        frames.extend(request(alice, body));
    }
    let mut writer = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    for piece in frames.chunks(40_001) {
        writer.write_all(piece).unwrap();
    }
    for _ in 0..SMALL {
        stored(answer(&mut writer));
    }
    stored(ask(
        &mut writer,
        alice,
        RequestBody::Send(message(bob, &large)),
    ));
    let got = waiting(ask(&mut stream, bob, RequestBody::Pull));
    assert_eq!(got.len(), SMALL + 1);
    for (n, message) in got[..SMALL].iter().enumerate() {
        assert_eq!(message.content, format!("number {n}").as_bytes());
    }
    assert!(got[SMALL].content == large, "the large one came whole");
    // What was delivered whole is deleted.
    assert!(waiting(ask(&mut stream, bob, RequestBody::Pull)).is_empty());

    let mut ws = websocket(gateway.addresses.http, &trusted);
    ws.send(Message::binary(request(
        alice,
        RequestBody::Send(message(bob, &large)),
    )))
    .unwrap();
    ws.read().unwrap();
    ws.send(Message::binary(request(bob, RequestBody::Pull)))
        .unwrap();
    match ws.read().unwrap() {
        Message::Binary(bytes) => {
            let got = waiting(parse(&bytes, ByteOrder::Little));
            assert!(got.len() == 1 && got[0].content == large);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_that_was_cut_off_under_tls_is_delivered_again() {
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    let bob = register(&mut stream, "bob");
    let large = vec![9; 32_000_000];
    stored(ask(
        &mut stream,
        alice,
        RequestBody::Send(message(bob, &large)),
    ));
    // Reads a little of the answer and leaves: what the gateway had encrypted by then does not
    // count as delivered.
    let mut leaving = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    leaving.write_all(&request(bob, RequestBody::Pull)).unwrap();
    leaving.read_exact(&mut [0; 1000]).unwrap();
    drop(leaving);
    let got = waiting(ask(&mut stream, bob, RequestBody::Pull));
    assert!(got.len() == 1 && got[0].content == large);
}

#[test]
fn what_came_with_the_handshake_is_not_lost() {
    // The request rides in the flight that ends the handshake, so that TLS has decrypted it before
    // the session begins.
    let (gateway, trusted) = start();
    for _ in 0..20 {
        let to = gateway.addresses.tls_tcp.unwrap();
        let mut socket = TcpStream::connect(to).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let config = Arc::new(client_config(trusted.clone(), BOTH));
        let mut connection = ClientConnection::new(config, name).unwrap();
        let early = request(ClientId::from_bytes([1; 16]), RequestBody::ListClients);
        connection.writer().write_all(&early).unwrap();
        connection.write_tls(&mut socket).unwrap();
        while connection.is_handshaking() {
            connection.read_tls(&mut socket).unwrap();
            connection.process_new_packets().unwrap();
        }
        let mut last_flight = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut last_flight).unwrap();
        }
        socket.write_all(&last_flight).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        assert_eq!(answer(&mut stream), crate::support::error());
    }
}

#[test]
fn a_peer_that_closes_gets_what_it_asked_for_first() {
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    stream
        .write_all(&request(alice, RequestBody::Pull))
        .unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    assert!(waiting(answer(&mut stream)).is_empty());
    // The gateway says good-bye in its turn, so that nobody can cut the end off unseen.
    assert_eq!(stream.read(&mut [0; 10]).unwrap(), 0);
}

#[test]
fn a_record_that_was_tampered_with_ends_the_connection() {
    let (gateway, trusted) = start();
    let mut stream = connect(gateway.addresses.tls_tcp.unwrap(), &trusted);
    let alice = register(&mut stream, "alice");
    stream
        .conn
        .writer()
        .write_all(&request(alice, RequestBody::Pull))
        .unwrap();
    let mut record = Vec::new();
    stream.conn.write_tls(&mut record).unwrap();
    *record.last_mut().unwrap() ^= 1;
    stream.sock.write_all(&record).unwrap();
    let error = stream.read(&mut [0; 10]).unwrap_err();
    assert!(error.to_string().contains("BadRecordMac"), "{error}");
}
