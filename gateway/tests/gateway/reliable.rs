//! The reliable requests: 610, 613, 614, and pulls that are cut off.

use std::time::Duration;

use sotto_shared::classic::request::PullAfter;
use sotto_shared::classic::{RequestBody, Response};
use sotto_shared::{ClientId, MessageId};

use crate::support::*;

fn pull_after(acknowledged: MessageId) -> RequestBody {
    RequestBody::PullAfter(PullAfter { acknowledged })
}

#[test]
fn registering_once_can_be_repeated_with_the_same_key_only() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let mut ask = |body| client.ask(ClientId::ZERO, body);
    let Response::Registered(alice) = ask(RequestBody::RegisterOnce(registration("alice", 1)))
    else {
        panic!()
    };
    for _ in 0..2 {
        let again = ask(RequestBody::RegisterOnce(registration("alice", 1)));
        assert_eq!(again, Response::Registered(alice));
    }
    assert_eq!(
        ask(RequestBody::RegisterOnce(registration("alice", 2))),
        error()
    );
    assert_eq!(
        ask(RequestBody::Register(registration("alice", 1))),
        error()
    );
}

#[test]
fn a_repeated_send_is_stored_once_even_after_the_message_is_gone() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let first = stored(client.ask(alice, send_once(bob, b"hello", 1)));
    // Another sender's or another id is another send.
    let carol = client.register("carol");
    assert_ne!(
        stored(client.ask(carol, send_once(bob, b"hello", 1))),
        first
    );
    assert_ne!(
        stored(client.ask(alice, send_once(bob, b"hello", 2))),
        first
    );
    assert_eq!(
        stored(client.ask(alice, send_once(bob, b"hello", 1))),
        first
    );
    assert_eq!(client.pull(bob).len(), 3);
    assert_eq!(
        stored(client.ask(alice, send_once(bob, b"hello", 1))),
        first
    );
    assert!(client.pull(bob).is_empty());

    // Pipelined into one transaction, and across a restart.
    let frame = client.frame(alice, send_once(bob, b"again", 3));
    client.write(&frame.repeat(50));
    let ids: Vec<_> = (0..50).map(|_| stored(client.answer())).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    drop(client);
    let (_, data) = gateway.stop();
    let gateway = TestGateway::on(data, |_| {});
    let mut client = gateway.connect();
    assert_eq!(
        stored(client.ask(alice, send_once(bob, b"again", 3))),
        ids[0]
    );
    assert_eq!(client.pull(bob).len(), 1);
}

#[test]
fn receipts_are_forgotten_after_their_time() {
    let gateway = TestGateway::with(|config| config.limits.receipts = Duration::ZERO);
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    stored(client.ask(alice, send_once(bob, b"x", 1)));
    drop(client);
    // Pruning is due at the start, a second later.
    std::thread::sleep(Duration::from_millis(1100));
    let (_, data) = gateway.stop();
    let gateway = TestGateway::on(data, |config| config.limits.receipts = Duration::ZERO);
    std::thread::sleep(Duration::from_millis(300));
    let mut client = gateway.connect();
    stored(client.ask(alice, send_once(bob, b"x", 1)));
    assert_eq!(client.pull(bob).len(), 2);
}

#[test]
fn acknowledged_messages_go_and_the_others_stay() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let first = client.send(alice, bob, b"1");
    let second = client.send(alice, bob, b"2");
    let foreign = client.send(bob, alice, b"not bob's");
    let third = client.send(alice, bob, b"3");
    for _ in 0..2 {
        let all = waiting(client.ask(bob, pull_after(MessageId(0))));
        assert_eq!(contents(&all), [b"1", b"2", b"3"]);
    }
    // Numbers that are not in this mailbox delete nothing.
    for not_there in [foreign, MessageId(third.0 + 1), MessageId(u32::MAX)] {
        assert_eq!(waiting(client.ask(bob, pull_after(not_there))).len(), 3);
    }
    assert_eq!(
        contents(&waiting(client.ask(bob, pull_after(first)))),
        [b"2", b"3"]
    );
    assert_eq!(waiting(client.ask(bob, pull_after(first))).len(), 2);
    assert_eq!(
        contents(&waiting(client.ask(bob, pull_after(second)))),
        [b"3"]
    );
    assert!(waiting(client.ask(bob, pull_after(third))).is_empty());
    assert_eq!(client.pull(alice).len(), 1);
}

#[test]
fn a_pull_that_is_cut_off_deletes_nothing() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    let large = vec![1; 16 << 20];
    client.send(alice, bob, &large);
    for _ in 0..3 {
        let mut cut = gateway.connect();
        let pull = cut.frame(bob, RequestBody::Pull);
        cut.write(&pull);
        cut.read(1000);
        drop(cut);
    }
    assert_eq!(client.pull(bob)[0].content.len(), large.len());
    assert!(client.pull(bob).is_empty());
}

#[test]
fn a_pull_on_a_new_connection_gets_nothing_twice() {
    let gateway = TestGateway::start();
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    for n in 0..100_u8 {
        client.send(alice, bob, &[n]);
        assert_eq!(gateway.connect().pull(bob).len(), 1);
        assert!(
            gateway.connect().pull(bob).is_empty(),
            "message {n} came twice"
        );
    }
}

#[test]
fn a_pull_answers_in_bounded_parts_in_order() {
    let gateway = TestGateway::with(|config| {
        config.limits.content_max = 1000;
        config.limits.pull_answer_max = 2 * (1000 + 25);
    });
    let mut client = gateway.connect();
    let alice = client.register("alice");
    let bob = client.register("bob");
    for n in 0..5_u8 {
        client.send(alice, bob, &[n; 1000]);
    }
    let parts: Vec<_> = (0..4).map(|_| client.pull(bob)).collect();
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1, 0]);
    let order: Vec<_> = parts
        .iter()
        .flatten()
        .map(|message| message.content[0])
        .collect();
    assert_eq!(order, [0, 1, 2, 3, 4]);
}
