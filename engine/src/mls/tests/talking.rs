//! Devices that talk, come and go.

use super::*;
use crate::mls::*;

#[test]
fn all_devices_of_all_accounts_read_each_other() {
    for suite in Suite::ALL {
        let mut nodes = [
            Node::new(1, 1),
            Node::new(1, 2),
            Node::new(2, 1),
            Node::new(3, 1),
        ];
        group(suite, &mut nodes);
        for from in 0..nodes.len() {
            say(&mut nodes, from, &format!("from {from}"));
        }
        for node in &mut nodes {
            assert_eq!(node.mls.members(id()).unwrap().len(), 4);
            assert_eq!(node.mls.suite(id()).unwrap(), suite);
        }
    }
}

#[test]
fn the_removed_reads_nothing_more() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::Classical, &mut nodes);
    let remove = Change {
        remove: vec![client(3, 1)],
        ..Change::default()
    };
    let staged = commit(&mut nodes, 0, &remove);
    assert_eq!(staged.removed, [nodes[2].certificate.clone()]);
    assert!(!nodes[2].mls.is_member(id()).unwrap());

    let sent = nodes[0].mls.encrypt(id(), b"without you").unwrap();
    let read = nodes[2].mls.read(id(), &sent.message, &known);
    assert_eq!(read, Err(Unreadable::Removed));
    assert_eq!(nodes[2].mls.encrypt(id(), b"?"), Err(MlsError::Removed));
    say(&mut nodes[..2], 1, "the two go on");
}

#[test]
fn a_commit_tells_whom_it_removes() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let remove = Change {
        remove: vec![client(2, 1)],
        ..Change::default()
    };
    let staged = nodes[0].mls.commit(id(), &remove, NOW).unwrap();
    let Read::Commit(summary) = nodes[1].mls.read(id(), &staged.commit, &known).unwrap() else {
        panic!("it is a commit");
    };
    assert!(summary.removes_me && !summary.is_external);
    assert_eq!(summary.by, nodes[0].device());
    assert_eq!(summary.removed[0].certificate, nodes[1].certificate);
}

#[test]
fn the_added_reads_nothing_from_before() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::PostQuantum, &mut nodes[..2]);
    let before = nodes[0].mls.encrypt(id(), b"before").unwrap();
    let add = Change {
        add: vec![add(&mut nodes, 2, Suite::PostQuantum)],
        ..Change::default()
    };
    commit(&mut nodes, 0, &add);
    assert_eq!(
        nodes[2].mls.read(id(), &before.message, &known),
        Err(Unreadable::EpochGone {
            have: before.epoch.next(),
            got: before.epoch
        })
    );
    say(&mut nodes, 2, "here I am");
}

#[test]
fn who_was_removed_can_be_added_again() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let remove = Change {
        remove: vec![client(2, 1)],
        ..Change::default()
    };
    commit(&mut nodes, 0, &remove);
    let change = Change {
        add: vec![add(&mut nodes, 1, Suite::Classical)],
        ..Change::default()
    };
    let staged = commit(&mut nodes, 0, &change);
    say(&mut nodes, 1, "back");
    let again = nodes[1].mls.join(&staged.welcome.unwrap(), &known);
    assert_eq!(again, Err(JoinError::NoKeyPackage));
    say(&mut nodes, 0, "once is enough");
}

fn add(nodes: &mut [Node], at: usize, suite: Suite) -> KeyPackage {
    let (others, node) = nodes.split_at_mut(at);
    node[0].package(suite, &others[0])
}

#[test]
fn who_wants_to_leave_is_removed_by_the_next_commit() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::Classical, &mut nodes);
    let leave = nodes[2].mls.leave(id()).unwrap();
    let leaver = nodes[2].device();
    for node in &mut nodes[..2] {
        let read = node.mls.read(id(), &leave.message, &known).unwrap();
        assert_eq!(read, Read::Leaving(leaver));
    }
    for node in &mut nodes {
        node.save();
        node.restart();
    }
    say(&mut nodes, 1, "everybody can still talk");
    say(&mut nodes, 2, "even I");
    let staged = commit(&mut nodes, 1, &Change::default());
    assert_eq!(staged.removed, [nodes[2].certificate.clone()]);
    assert!(!nodes[2].mls.is_member(id()).unwrap());
    assert_eq!(nodes[0].mls.members(id()).unwrap().len(), 2);
    say(&mut nodes[..2], 0, "the rest");
}

#[test]
fn losing_a_race_is_put_right_by_committing_again() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::Classical, &mut nodes);
    let winner = nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap();
    let loser = nodes[1].mls.commit(id(), &Change::default(), NOW).unwrap();
    assert_eq!(winner.epoch, loser.epoch);
    assert_eq!(
        nodes[1].mls.commit(id(), &Change::default(), NOW),
        Err(MlsError::CommitStaged)
    );
    nodes[0].mls.merge(id()).unwrap();
    for node in &mut nodes[1..] {
        node.mls.read(id(), &winner.commit, &known).unwrap();
    }
    assert!(!nodes[1].mls.is_staged(id()).unwrap());
    assert_eq!(nodes[1].mls.merge(id()), Err(MlsError::NoCommitStaged));
    commit(&mut nodes, 1, &Change::default());
    say(&mut nodes, 1, "and on");
}

#[test]
fn a_discarded_commit_leaves_no_trace() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap();
    nodes[0].mls.discard(id()).unwrap();
    assert!(!nodes[0].mls.is_staged(id()).unwrap());
    say(&mut nodes, 0, "as before");
    commit(&mut nodes, 0, &Change::default());
    say(&mut nodes, 1, "and after");
}
