//! Why something cannot be read.

use sotto_shared::sotto::group::Epoch;

use super::*;
use crate::mls::*;

#[test]
fn everything_is_read_once() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let sent = nodes[0].mls.encrypt(id(), b"once").unwrap();
    assert!(nodes[1].mls.read(id(), &sent.message, &known).is_ok());
    nodes[1].save();
    for _ in 0..2 {
        let again = nodes[1].mls.read(id(), &sent.message, &known);
        assert_eq!(again, Err(Unreadable::AlreadyRead));
        nodes[1].restart();
    }
    let own = nodes[0].mls.read(id(), &sent.message, &known);
    assert_eq!(own, Err(Unreadable::Own));
}

#[test]
fn commits_are_taken_in_their_order_and_once() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let mut staged = Vec::new();
    for _ in 0..2 {
        staged.push(nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap());
        nodes[0].mls.merge(id()).unwrap();
    }
    let ahead = Unreadable::EpochAhead {
        have: Epoch(1),
        got: Epoch(2),
    };
    let message = nodes[0].mls.encrypt(id(), b"later").unwrap();
    let node = &mut nodes[1];
    assert_eq!(node.mls.read(id(), &staged[1].commit, &known), Err(ahead));
    assert!(matches!(
        node.mls.read(id(), &message.message, &known),
        Err(Unreadable::EpochAhead { .. })
    ));
    for staged in &staged {
        node.mls.read(id(), &staged.commit, &known).unwrap();
        assert!(matches!(
            node.mls.read(id(), &staged.commit, &known),
            Err(Unreadable::EpochGone { .. })
        ));
    }
    assert!(node.mls.read(id(), &message.message, &known).is_ok());
}

#[test]
fn messages_in_disorder_are_read_and_lost_ones_do_not_matter() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let sent: Vec<_> = (0..200_u8)
        .map(|n| nodes[0].mls.encrypt(id(), &[n]).unwrap().message)
        .collect();
    for at in [31, 0, 30, 1, 199] {
        let read = nodes[1].mls.read(id(), &sent[at], &known);
        assert!(read.is_ok(), "{at}: {read:?}");
    }
    let read = nodes[1].mls.read(id(), &sent[2], &known);
    assert_eq!(read, Err(Unreadable::AlreadyRead));
}

#[test]
fn messages_of_few_past_epochs_are_read() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(nodes[0].mls.encrypt(id(), b"late").unwrap());
        commit(&mut nodes, 0, &Change::default());
    }
    for (at, sent) in sent.iter().enumerate() {
        let read = nodes[1].mls.read(id(), &sent.message, &known);
        if at < 2 {
            let gone = matches!(read, Err(Unreadable::EpochGone { .. }));
            assert!(gone, "{at}: {read:?}");
        } else {
            assert!(read.is_ok(), "{at}: {read:?}");
        }
    }
}

#[test]
fn damage_is_noticed_and_costs_nothing() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::PostQuantum, &mut nodes);
    let message = nodes[0].mls.encrypt(id(), b"whole").unwrap().message;
    nodes[1].save();
    for cut in 0..message.len() {
        let read = nodes[1].mls.read(id(), &message[..cut], &known);
        assert_eq!(read, Err(Unreadable::Damaged), "{cut}");
    }
    for at in (0..message.len()).step_by(7) {
        let mut changed = message.clone();
        changed[at] ^= 1;
        assert!(nodes[1].mls.read(id(), &changed, &known).is_err(), "{at}");
    }
    assert_eq!(nodes[1].save(), 0);
    assert!(nodes[1].mls.read(id(), &message, &known).is_ok());

    let staged = nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap();
    let commit = staged.commit;
    for at in (0..commit.len()).step_by(97) {
        let mut changed = commit.clone();
        changed[at] ^= 1;
        assert!(nodes[1].mls.read(id(), &changed, &known).is_err(), "{at}");
    }
    nodes[0].mls.merge(id()).unwrap();
    assert!(nodes[1].mls.read(id(), &commit, &known).is_ok());
    say(&mut nodes, 0, "as if nothing had been");
}

#[test]
fn a_message_for_another_group_is_no_message_for_this_one() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let message = nodes[0].mls.encrypt(id(), b"here").unwrap().message;
    let elsewhere = GroupId::from_bytes([8; 16]);
    assert_eq!(
        nodes[1].mls.read(elsewhere, &message, &known),
        Err(Unreadable::Damaged)
    );
    nodes[1].mls.forget(id());
    assert_eq!(
        nodes[1].mls.read(id(), &message, &known),
        Err(Unreadable::UnknownGroup)
    );
}

#[test]
fn sizes_of_messages_are_in_classes() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let mut size = |content: usize| {
        let sent = nodes[0].mls.encrypt(id(), &vec![7; content]);
        sent.unwrap().message.len()
    };
    assert_eq!(size(1), size(100));
    assert_ne!(size(100), size(400));
    assert_eq!(size(10_000), size(10_050));
}
