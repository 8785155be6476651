//! What is stored: enough, and not too much.

use super::*;
use crate::mls::*;

#[test]
fn everything_survives_a_restart() {
    for suite in Suite::ALL {
        let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
        group(suite, &mut nodes);
        for round in 0..3 {
            for node in &mut nodes {
                node.save();
                node.restart();
                assert_eq!(node.mls.groups(), [id()]);
            }
            say(&mut nodes, round, "after a restart");
            commit(&mut nodes, round, &Change::default());
        }
    }
}

#[test]
fn a_staged_commit_survives_a_restart() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let staged = nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap();
    nodes[0].save();
    nodes[0].restart();
    assert!(nodes[0].mls.is_staged(id()).unwrap());
    nodes[0].mls.merge(id()).unwrap();
    nodes[1].mls.read(id(), &staged.commit, &known).unwrap();
    say(&mut nodes, 0, "both in the new epoch");
}

#[test]
fn a_commit_that_was_not_saved_never_was() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    nodes[0].save();
    nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap();
    nodes[0].restart();
    assert!(!nodes[0].mls.is_staged(id()).unwrap());
    say(&mut nodes, 0, "as before");
}

#[test]
fn state_does_not_grow() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::PostQuantum, &mut nodes);
    let mut sizes = Vec::new();
    for round in 0..200 {
        let from = round % 3;
        if round % 4 == 3 {
            commit(&mut nodes, from, &Change::default());
        } else {
            say(&mut nodes, from, "something");
        }
        for node in &mut nodes {
            let written = node.save();
            let size: usize = node.disk.iter().map(|(k, v)| k.len() + v.len()).sum();
            assert_eq!(size, node.mls.size());
            assert!(written <= size);
        }
        sizes.push(nodes[0].mls.size());
    }
    let early = sizes[40..80].iter().max().unwrap();
    let late = sizes[160..].iter().max().unwrap();
    assert!(late <= &(early + 4096), "{early} became {late}");
}

#[test]
fn a_message_writes_little_of_a_large_group() {
    let mut nodes: Vec<_> = (1..=30).map(|n| Node::new(n, 1)).collect();
    group(Suite::PostQuantum, &mut nodes);
    for from in 0..4 {
        commit(&mut nodes, from, &Change::default());
    }
    for node in &mut nodes {
        node.save();
    }
    say(&mut nodes, 0, "short");
    let size = nodes[1].mls.size();
    let (sent, read) = (nodes[0].save(), nodes[1].save());
    assert!(sent < 24_576 && read < 24_576, "{sent}, {read} of {size}");
    assert!(size > 10 * sent, "{sent} of {size}");
}

#[test]
fn a_forgotten_group_leaves_nothing() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::PostQuantum, &mut nodes);
    commit(&mut nodes, 0, &Change::default());
    for node in &mut nodes {
        node.save();
        node.mls.forget(id());
        node.mls.forget_key_packages(NOW).unwrap();
        node.save();
        assert!(node.disk.is_empty(), "{:?}", node.disk.keys());
    }
}

#[test]
fn the_same_randomness_gives_the_same_bytes() {
    let run = || {
        let mut nodes: Vec<_> = (1..=9).map(|n| Node::new(n, 1)).collect();
        group(Suite::PostQuantum, &mut nodes);
        let remove = Change {
            remove: vec![client(4, 1)],
            ..Change::default()
        };
        let staged = nodes[0].mls.commit(id(), &remove, NOW).unwrap();
        (staged.commit, staged.group_info)
    };
    assert!(run() == run());
}
