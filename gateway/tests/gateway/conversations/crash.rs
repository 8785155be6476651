//! What was answered survives kill -9, and is there once.

use crate::durability::Process;

use super::*;

/// Sends until the gateway is gone, each message again after the next start with the same id.
#[test]
fn a_burst_that_is_killed_is_there_once_and_in_order() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path());
    let mut line = Line::open_at(process.tcp);
    let alice = Person::sign_up("alice", &mut line);
    let mut bobs = Line::open_at(process.tcp);
    let bob = Person::sign_up("bob", &mut bobs);
    let mut alice = Talker {
        person: alice,
        line,
        entries: Vec::new(),
    };
    let group = alice.group(&[bob.device.client]);
    let sends: Vec<_> = (0..300)
        .map(|number| message(group, 1, &number.to_string()))
        .collect();
    let mut answered = 0;
    while answered < sends.len() {
        let kill_at = answered + 100;
        let ahead = &sends[answered..sends.len().min(kill_at + 40)];
        for send in ahead {
            let frame = Request::Send(send.clone()).to_frame(alice.client());
            alice.line.write(frame.to_bytes().to_vec());
        }
        let goal = sends.len().min(kill_at);
        while answered < goal {
            match alice.line.response() {
                Response::Stored(stored) => {
                    assert_eq!(stored.sequence, GroupSeq(answered as u64 + 2));
                }
                other => panic!("{other:?}"),
            }
            answered += 1;
        }
        process.kill();
        process = Process::start(data.path());
        alice.line = Line::open_at(process.tcp);
        session_of(alice.line.authenticate(&alice.person.device));
        // One back: its answer is the same.
        if answered < sends.len() {
            answered -= 1;
        }
    }
    let mut bobs = Line::open_at(process.tcp);
    session_of(bobs.authenticate(&bob.device));
    let mut bob = Talker {
        person: bob,
        line: bobs,
        entries: Vec::new(),
    };
    assert_eq!(bob.next().kind, DeliveryKind::Welcome);
    for number in 0..sends.len() {
        let entry = bob.next();
        assert_eq!(entry.payload, number.to_string());
        assert_eq!(entry.number, number as u64 + 2);
        bob.acknowledge(entry.number);
    }
    process.kill();
    let process = Process::start(data.path());
    bob.line = Line::open_at(process.tcp);
    session_of(bob.line.authenticate(&bob.person.device));
    assert_eq!(bob.delivered(), []);
    process.kill();
}
