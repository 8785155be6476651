//! Every limit at its edge.

use std::io::Write as _;
use std::time::{Duration, Instant};

use sotto_shared::ClientId;
use sotto_shared::classic::{RequestBody, Response};
use sotto_shared::limits::SURPLUS_MAX;

use crate::support::*;

#[test]
fn content_up_to_the_limit_is_stored_and_one_byte_more_is_refused() {
    let gateway = TestGateway::with(|config| config.limits.content_max = 10_000);
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    client.send(alice, bob, &vec![1; 10_000]);
    stored(client.ask(alice, send_once(bob, &vec![2; 10_000], 1)));
    let mut socket = gateway.websocket();
    stored(socket.ask(alice, RequestBody::Send(message(bob, &vec![3; 10_000]))));
    for body in [
        RequestBody::Send(message(bob, &vec![1; 10_001])),
        send_once(bob, &vec![1; 10_001], 2),
    ] {
        let mut client = gateway.connect();
        assert_eq!(client.ask(alice, body.clone()), error());
        assert!(client.is_cut());
        let mut socket = gateway.websocket();
        assert_eq!(socket.ask(alice, body), error());
        assert_eq!(socket.close_code(), 1008);
    }
    assert_eq!(client.pull(bob).len(), 3);
}

#[test]
fn surplus_payload_is_skipped_up_to_its_limit() {
    let gateway = TestGateway::start();
    let alice = gateway.register("alice");
    for (size, passes) in [(SURPLUS_MAX, true), (SURPLUS_MAX + 1, false)] {
        let mut client = gateway.connect();
        let mut frame = client.frame(alice, RequestBody::Pull);
        frame[19..23].copy_from_slice(&u32::try_from(size).unwrap().to_le_bytes());
        frame.resize(23 + size, 1);
        let _ = client.stream.write_all(&frame);
        assert_eq!(client.answer() != error(), passes, "{size}");
    }
}

#[test]
fn connections_in_all_and_per_address_are_limited() {
    let gateway = TestGateway::with(|config| config.limits.connections = 3);
    let mut open: Vec<_> = (0..3).map(|_| gateway.connect()).collect();
    open[2].register("third");
    assert!(gateway.connect().is_cut());
    open.pop();
    eventually(|| {
        gateway.connect().stream.write_all(b"").is_ok() && {
            let mut client = gateway.connect();
            let list = client.frame(ClientId::ZERO, RequestBody::ListClients);
            client.stream.write_all(&list).is_ok() && !client.is_cut()
        }
    });
    drop(open);
    assert!(gateway.audit_log().contains("\"limit\":\"connections\""));

    let gateway = TestGateway::with(|config| config.limits.connections_per_address = 2);
    let mut first = gateway.connect();
    first.register("first");
    let mut second = gateway.websocket();
    second.ask(ClientId::ZERO, RequestBody::ListClients);
    assert!(gateway.connect().is_cut());
    assert!(
        gateway
            .audit_log()
            .contains("\"limit\":\"connections_per_address\"")
    );
}

fn eventually(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn registrations_per_address_are_limited_and_refused_ones_do_not_count() {
    let gateway = TestGateway::with(|config| config.limits.registrations_per_hour = 3);
    let mut client = gateway.connect();
    client.register("one");
    let mut ask =
        |name: &str| client.ask(ClientId::ZERO, RequestBody::Register(registration(name, 1)));
    for _ in 0..5 {
        assert_eq!(ask("one"), error());
    }
    assert_ne!(ask("two"), error());
    assert_ne!(ask("three"), error());
    assert_eq!(ask("four"), error());
    let mut socket = gateway.websocket();
    assert_eq!(
        socket.ask(
            ClientId::ZERO,
            RequestBody::Register(registration("five", 1))
        ),
        error()
    );
    let log = gateway.audit_log();
    assert_eq!(log.matches("\"registered\"").count(), 3);
    assert_eq!(log.matches("registration_refused").count(), 5);
    assert!(log.contains("\"limit\":\"registrations_per_hour\""));
    assert!(
        !log.contains("one") && !log.contains("five"),
        "names do not belong here"
    );
}

#[test]
fn clients_in_all_are_limited() {
    let gateway = TestGateway::with(|config| config.limits.clients = 2);
    let mut client = gateway.connect();
    client.register("one");
    client.register("two");
    let three = client.ask(
        ClientId::ZERO,
        RequestBody::Register(registration("three", 1)),
    );
    assert_eq!(three, error());
}

#[test]
fn mailboxes_take_messages_and_bytes_up_to_their_limits() {
    let gateway = TestGateway::with(|config| {
        config.limits.mailbox_messages = 3;
        config.limits.mailbox_bytes = 100;
    });
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    for _ in 0..3 {
        client.send(alice, bob, b"");
    }
    assert_eq!(
        client.ask(alice, RequestBody::Send(message(bob, b""))),
        error()
    );
    assert_eq!(client.pull(bob).len(), 3);
    client.send(alice, bob, &[1; 60]);
    assert_eq!(
        client.ask(alice, RequestBody::Send(message(bob, &[1; 41]))),
        error()
    );
    client.send(alice, bob, &[1; 40]);
    assert_eq!(
        client.ask(alice, RequestBody::Send(message(bob, &[1; 1]))),
        error()
    );
    client.send(bob, alice, b"other mailboxes have their own room");
    // The counts are right after a restart as well.
    drop(client);
    let (_, data) = gateway.stop();
    let gateway = TestGateway::on(data, |config| config.limits.mailbox_bytes = 100);
    let mut client = gateway.connect();
    assert_eq!(
        client.ask(alice, RequestBody::Send(message(bob, &[1; 1]))),
        error()
    );
    assert_eq!(client.pull(bob).len(), 2);
    client.send(alice, bob, &[1; 100]);
}

#[test]
fn a_full_database_refuses_sends_loses_nothing_and_goes_on() {
    let gateway = TestGateway::with(|config| config.limits.database_max = 300 * 1024);
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let mut accepted = 0;
    while client.ask(alice, RequestBody::Send(message(bob, &[5; 10_000]))) != error() {
        accepted += 1;
        assert!(accepted < 100);
    }
    assert!(accepted > 5);
    assert_eq!(
        client.ask(alice, RequestBody::Send(message(bob, &[5; 10_000]))),
        error()
    );
    let received = client.pull(bob);
    assert_eq!(received.len(), accepted);
    assert!(client.pull(bob).is_empty());
    client.send(alice, bob, &[6; 10_000]);
}

#[test]
fn a_peer_that_stalls_inside_a_frame_is_cut_and_an_idle_one_is_not() {
    let gateway = TestGateway::with(|config| config.limits.read_stall = Duration::from_millis(300));
    let mut idle = gateway.connect();
    let alice = idle.register("alice");
    let mut stalled = gateway.connect();
    let frame = stalled.frame(alice, RequestBody::ListClients);
    stalled.write(&frame[..22]);
    let mut stalled_socket = gateway.websocket();
    if let tokio_tungstenite::tungstenite::stream::MaybeTlsStream::Plain(stream) =
        stalled_socket.socket.get_mut()
    {
        stream
            .write_all(&[0x82, 0x97, 0, 0, 0, 0, 1, 2, 3])
            .unwrap();
    }
    let mut idle_socket = gateway.websocket();
    let start = Instant::now();
    assert!(stalled.is_cut());
    assert!(start.elapsed() >= Duration::from_millis(250));
    assert!(stalled_socket.socket.read().is_err());
    std::thread::sleep(Duration::from_millis(500));
    assert!(idle.pull(alice).is_empty());
    assert!(waiting(idle_socket.ask(alice, RequestBody::Pull)).is_empty());
    assert!(gateway.audit_log().contains("\"limit\":\"read_stall\""));
}

#[test]
fn a_slow_frame_that_moves_is_not_cut() {
    let gateway = TestGateway::with(|config| config.limits.read_stall = Duration::from_millis(400));
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let frame = client.frame(alice, RequestBody::Send(message(bob, &[1; 12_000])));
    for piece in frame.chunks(1200) {
        client.write(piece);
        std::thread::sleep(Duration::from_millis(100));
    }
    stored(client.answer());
}

#[test]
fn an_idle_peer_is_cut_after_the_idle_limit_if_there_is_one() {
    let gateway = TestGateway::with(|config| config.limits.idle = Duration::from_millis(200));
    assert!(gateway.connect().is_cut());
    let gateway = TestGateway::with(|config| config.limits.idle = Duration::ZERO);
    let mut client = gateway.connect();
    std::thread::sleep(Duration::from_millis(400));
    client.register("alice");
}

#[test]
fn a_peer_that_does_not_read_its_answers_is_cut_and_loses_nothing() {
    let gateway =
        TestGateway::with(|config| config.limits.write_stall = Duration::from_millis(500));
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    client.send(alice, bob, &vec![1; 30 << 20]);
    let mut slow = gateway.connect();
    let pull = slow.frame(bob, RequestBody::Pull);
    slow.write(&pull);
    eventually(|| gateway.audit_log().contains("\"limit\":\"write_stall\""));
    assert_eq!(client.pull(bob)[0].content.len(), 30 << 20);
}

#[test]
fn bytes_in_flight_are_limited_over_all_connections() {
    let gateway = TestGateway::with(|config| {
        config.limits.in_flight_bytes = 300_000;
        config.limits.pull_wait = Duration::from_millis(300);
    });
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let frame = client.frame(alice, RequestBody::Send(message(bob, &vec![1; 250_000])));
    // Half of a frame is held while it is incomplete; what it declares is not.
    let mut half = gateway.connect();
    half.write(&frame[..200_000]);
    std::thread::sleep(Duration::from_millis(200));
    let mut second = gateway.connect();
    let _ = second.stream.write_all(&frame[..200_000]);
    assert!(second.is_cut());
    assert!(
        gateway
            .audit_log()
            .contains("\"limit\":\"in_flight_bytes\"")
    );
    // Small requests have their own room.
    client.send(alice, bob, &[1; 1000]);
    half.write(&frame[200_000..]);
    stored(half.answer());
    assert_eq!(client.pull(bob).len(), 2);
}

#[test]
fn more_requests_than_may_be_pipelined_are_served_all_the_same() {
    let gateway = TestGateway::with(|config| {
        config.limits.pipeline_requests = 4;
        config.limits.pipeline_bytes = 1000;
    });
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let frame = client.frame(alice, RequestBody::Send(message(bob, &[1; 500])));
    let mut writer = client.stream.try_clone().unwrap();
    let bytes = frame.repeat(5000);
    let writing = std::thread::spawn(move || writer.write_all(&bytes).unwrap());
    for _ in 0..5000 {
        stored(client.answer());
    }
    writing.join().unwrap();
    assert_eq!(client.pull(bob).len(), 5000);
}

#[test]
fn an_http_peer_that_does_not_finish_its_header_is_cut() {
    let gateway = TestGateway::with(|config| config.limits.header = Duration::from_millis(300));
    let mut client = Client::connect(gateway.addresses.http);
    client.write(b"GET / HTTP/1.1\r\nHost: x\r\n");
    let start = Instant::now();
    client.read_to_end();
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_websocket_message_beyond_any_frame_is_refused_by_its_header() {
    let gateway = TestGateway::with(|config| config.limits.content_max = 1000);
    let mut socket = gateway.websocket();
    if let tokio_tungstenite::tungstenite::stream::MaybeTlsStream::Plain(stream) =
        socket.socket.get_mut()
    {
        let mut header = vec![0x82, 0xff];
        header.extend(u64::MAX.to_be_bytes());
        header.extend([0; 4]);
        stream.write_all(&header).unwrap();
    }
    assert_eq!(socket.close_code(), 1009);
    let mut socket = gateway.websocket();
    let Response::Error(_) = socket.ask(ClientId::ZERO, RequestBody::ListClients) else {
        panic!()
    };
}
