//! What waits is pushed: in order, once, within a window.

use sotto_shared::limits::{DELIVERIES_MAX, DELIVERY_WINDOW, MESSAGE_MAX};

use super::*;

#[test]
fn members_get_everything_once_and_in_the_same_order() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::on_websocket(&gateway, "bob");
    let mut carol = Talker::sign_up(&gateway, "carol");
    let group = alice.group(&[bob.client(), carol.client()]);
    let mut order = Vec::new();
    for round in 0..20 {
        let (by, text) = match round % 3 {
            0 => (&mut alice, format!("alice {round}")),
            1 => (&mut bob, format!("bob {round}")),
            _ => (&mut carol, format!("carol {round}")),
        };
        let stored = by.say(group, 1, &text);
        order.push((stored.sequence, text));
    }
    for (name, talker) in [
        ("alice", &mut alice),
        ("bob", &mut bob),
        ("carol", &mut carol),
    ] {
        if name != "alice" {
            let welcome = talker.next();
            assert_eq!(welcome.kind, DeliveryKind::Welcome);
            assert_eq!((welcome.number, welcome.epoch), (1, Epoch(1)));
        }
        let mut number = if name == "alice" { 0 } else { 1 };
        for (sequence, text) in &order {
            if text.starts_with(name) {
                continue;
            }
            number += 1;
            let entry = talker.next();
            assert_eq!((entry.number, entry.sequence), (number, *sequence));
            assert_eq!(entry.payload, text.as_bytes());
            assert_eq!(entry.group, group);
        }
        assert_eq!(talker.delivered(), []);
    }
}

#[test]
fn what_was_not_acknowledged_comes_again_after_a_reconnect() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    for text in ["one", "two", "three"] {
        alice.say(group, 1, text);
    }
    assert_eq!(bob.texts(4), ["welcome", "one", "two", "three"]);
    bob.acknowledge(2);
    bob.reconnect(&gateway);
    let again = bob.next();
    assert_eq!((again.number, &again.payload[..]), (3, &b"two"[..]));
    assert_eq!(bob.next().number, 4);
    // Offline: it waits.
    bob.acknowledge(4);
    let (person, line) = (bob.person, bob.line);
    drop(line);
    alice.say(group, 1, "four");
    let mut line = Line::websocket(&gateway);
    line.say_hello();
    session_of(line.authenticate(&person.device));
    let mut bob = Talker {
        person,
        line,
        entries: Vec::new(),
    };
    assert_eq!(bob.texts(1), ["four"]);
    // Too far, backwards, nothing: all the same.
    for harmless in [100, u64::MAX, 0, 3] {
        bob.acknowledge(harmless);
    }
    bob.reconnect(&gateway);
    assert_eq!(bob.texts(1), ["four"]);
}

#[test]
fn no_more_is_pushed_than_the_window_holds() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    bob.acknowledge(1);
    drop(bob.next());
    let beyond = 10;
    for number in 0..DELIVERY_WINDOW + beyond {
        alice
            .line
            .send(&Request::Send(message(group, 1, &number.to_string())));
    }
    for _ in 0..DELIVERY_WINDOW + beyond {
        assert!(matches!(alice.line.response(), Response::Stored(_)));
    }
    let mut entries = Vec::new();
    while entries.len() < DELIVERY_WINDOW {
        match bob.line.own_push() {
            Push::Delivered(batch) => {
                assert!(batch.len() <= DELIVERIES_MAX);
                entries.extend(batch);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(entries.len(), DELIVERY_WINDOW);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(bob.delivered(), []);
    // What is acknowledged makes room for as much.
    bob.acknowledge(4);
    let more: Vec<_> = (0..3).map(|_| bob.next().number).collect();
    let last = DELIVERY_WINDOW as u64 + 1;
    assert_eq!(more, [last + 1, last + 2, last + 3]);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(bob.delivered(), []);
    bob.acknowledge(last + 3);
    let rest: Vec<_> = (3..beyond).map(|_| bob.next()).collect();
    assert_eq!(
        rest.last().unwrap().payload,
        (DELIVERY_WINDOW + beyond - 1).to_string()
    );
}

#[test]
fn what_is_large_comes_too() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::on_websocket(&gateway, "bob");
    let group = GroupId::random(&mut OsRng);
    let mut large = plain(group);
    large.group_info = vec![1; 3 << 20].into();
    alice.create(large);
    let mut adding = commit(group, 0);
    adding.added = vec![bob.client()];
    adding.welcome = vec![2; 5 << 20].into();
    alice.commit(adding).unwrap();
    let mut longest = message(group, 1, "");
    longest.message = vec![3; MESSAGE_MAX].into();
    for _ in 0..3 {
        longest.id = SendId::random(&mut OsRng);
        alice.send(longest.clone()).unwrap();
    }
    assert_eq!(bob.next().payload.len(), 5 << 20);
    for _ in 0..3 {
        assert_eq!(bob.next().payload, longest.message);
    }
    match bob.line.ask(&Request::GetGroupInfo(group)) {
        Response::GroupInfo(info) => assert_eq!(info.group_info, &b"group info 1"[..]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_does_not_read_is_cut_off_and_finds_everything_later() {
    let gateway = TestGateway::with(|config| {
        config.limits.write_stall = Duration::from_millis(300);
    });
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    let mut large = message(group, 1, "");
    large.message = vec![7; MESSAGE_MAX].into();
    let count = 60;
    for _ in 0..count {
        large.id = SendId::random(&mut OsRng);
        alice.send(large.clone()).unwrap();
    }
    eventually(|| gateway.audit_log().contains("write_stall"));
    bob.reconnect(&gateway);
    assert_eq!(bob.next().kind, DeliveryKind::Welcome);
    for number in 0..count {
        let entry = bob.next();
        assert_eq!(entry.number, number + 2);
        assert_eq!(entry.payload, large.message);
    }
}

#[test]
fn a_repeated_send_is_answered_as_the_first_time() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    let once = message(group, 1, "once");
    let first = alice.send(once.clone()).unwrap();
    bob.commit(commit(group, 1)).unwrap();
    alice.reconnect(&gateway);
    assert_eq!(alice.send(once), Ok(first));
    assert_eq!(bob.texts(2), ["welcome", "once"]);
    assert_eq!(bob.delivered(), []);
}

#[test]
fn another_session_of_the_device_takes_over() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    assert_eq!(bob.texts(1), ["welcome"]);
    let mut second = Line::open(&gateway);
    session_of(second.authenticate(&bob.person.device));
    alice.say(group, 1, "hello");
    assert!(bob.line.is_over());
    bob.line = second;
    assert_eq!(bob.texts(2), ["welcome", "hello"]);
}
