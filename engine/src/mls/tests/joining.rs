//! Devices that join by themselves, and key packages.

use super::*;
use crate::mls::error::KeyPackageError;
use crate::mls::*;

/// A device joins by itself, and the others take it.
fn join(nodes: &mut [Node], at: usize, info: &[u8]) -> StagedCommit {
    let staged = nodes[at].mls.join_by_commit(id(), info, &known).unwrap();
    assert!(nodes[at].mls.is_staged(id()).unwrap());
    let joiner = nodes[at].certificate.clone();
    for (other, node) in nodes.iter_mut().enumerate() {
        if other != at && node.mls.has(id()) {
            let read = node.mls.read(id(), &staged.commit, &known).unwrap();
            let Read::Commit(summary) = read else {
                panic!("it is a commit");
            };
            assert!(summary.is_external);
            assert_eq!(summary.added, core::slice::from_ref(&joiner));
        }
    }
    nodes[at].mls.merge(id()).unwrap();
    assert!(!nodes[at].mls.is_staged(id()).unwrap());
    staged
}

#[test]
fn anybody_joins_the_lobby() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    let policy = Policy::lobby([1; 32]);
    let mut info = nodes[0]
        .mls
        .create(id(), Suite::Classical, &policy)
        .unwrap();
    for at in 1..3 {
        info = join(&mut nodes, at, &info).group_info;
    }
    say(&mut nodes, 2, "hello");
    assert_eq!(nodes[1].mls.policy(id()).unwrap(), policy);
}

#[test]
fn another_device_of_a_member_joins_by_itself_and_a_stranger_does_not() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(2, 2)];
    group(Suite::PostQuantum, &mut nodes[..2]);
    let info = commit(&mut nodes[..2], 0, &Change::default()).group_info;
    let mut stranger = Node::new(3, 1);
    assert_eq!(
        stranger.mls.join_by_commit(id(), &info, &known),
        Err(JoinError::Refused(PolicyError::ForeignAccount(account(3))))
    );
    assert!(!stranger.mls.has(id()));
    join(&mut nodes, 2, &info);
    say(&mut nodes, 2, "on my other device");
    assert_eq!(nodes[0].mls.members(id()).unwrap().len(), 3);
}

#[test]
fn who_lost_the_state_takes_the_place_of_its_old_leaf() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::Classical, &mut nodes);
    let info = commit(&mut nodes, 0, &Change::default()).group_info;
    nodes[2].disk.clear();
    nodes[2].restart();
    assert!(!nodes[2].mls.has(id()));
    join(&mut nodes, 2, &info);
    assert_eq!(nodes[0].mls.members(id()).unwrap().len(), 3);
    say(&mut nodes, 2, "back again");
}

#[test]
fn a_fork_is_left_by_joining_anew() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    nodes[1].mls.commit(id(), &Change::default(), NOW).unwrap();
    nodes[1].mls.merge(id()).unwrap();
    let info = {
        let staged = nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap();
        nodes[0].mls.merge(id()).unwrap();
        staged.group_info
    };
    let sent = nodes[0].mls.encrypt(id(), b"?").unwrap();
    let read = nodes[1].mls.read(id(), &sent.message, &known);
    assert_eq!(read, Err(Unreadable::Damaged));
    join(&mut nodes, 1, &info);
    say(&mut nodes, 1, "together");
}

#[test]
fn a_refused_join_is_forgotten() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    let policy = Policy::lobby([1; 32]);
    let info = nodes[0]
        .mls
        .create(id(), Suite::Classical, &policy)
        .unwrap();
    nodes[1].mls.join_by_commit(id(), &info, &known).unwrap();
    nodes[1].save();
    nodes[1].restart();
    assert!(nodes[1].mls.is_staged(id()).unwrap());
    nodes[1].mls.discard(id()).unwrap();
    nodes[1].save();
    assert!(nodes[1].disk.is_empty());
    let staged = nodes[0].mls.commit(id(), &Change::default(), NOW).unwrap();
    nodes[0].mls.merge(id()).unwrap();
    join(&mut nodes, 1, &staged.group_info);
    say(&mut nodes, 0, "now");
}

#[test]
fn a_key_package_is_used_once_and_the_last_resort_more_often() {
    let mut node = Node::new(2, 1);
    let once = node
        .mls
        .make_key_packages(Suite::Classical, 1, NOW)
        .unwrap();
    let often = node.mls.make_last_resort(Suite::Classical, NOW).unwrap();
    assert!(often.is_last_resort && !once[0].is_last_resort);
    let mut welcome_to = |number: u8, package: &OwnKeyPackage| {
        let mut host = Node::new(1, number);
        let policy = Policy::group([account(1)], [1; 32]);
        let id = GroupId::from_bytes([number; 16]);
        host.mls.create(id, Suite::Classical, &policy).unwrap();
        let package = host
            .mls
            .read_key_package(&package.bytes, node.device(), Suite::Classical, NOW, &known)
            .unwrap();
        let change = Change {
            add: vec![package],
            ..Change::default()
        };
        let staged = host.mls.commit(id, &change, NOW).unwrap();
        node.mls
            .join(&staged.welcome.unwrap(), &known)
            .map(|it| it.group)
    };
    let group = |number| Ok(GroupId::from_bytes([number; 16]));
    assert_eq!(welcome_to(1, &once[0]), group(1));
    assert_eq!(welcome_to(2, &once[0]), Err(JoinError::NoKeyPackage));
    assert_eq!(welcome_to(3, &often), group(3));
    assert_eq!(welcome_to(4, &often), group(4));
}

#[test]
fn key_packages_have_their_time() {
    let (mut maker, user) = (Node::new(2, 1), Node::new(1, 1));
    let suite = Suite::Classical;
    let made = maker.mls.make_key_packages(suite, 1, NOW).unwrap();
    let read = |bytes: &[u8], now| {
        user.mls
            .read_key_package(bytes, maker.device(), suite, now, &known)
            .map(|package| package.certificate)
    };
    let bytes = &made[0].bytes;
    assert_eq!(made[0].expires_at, later(NOW, 90).0 / 1000);
    assert!(read(bytes, later(NOW, 89)).is_ok());
    assert!(matches!(
        read(bytes, later(NOW, 90)),
        Err(KeyPackageError::Expired { .. })
    ));
    let early = crate::time::Timestamp(0);
    let far = maker
        .mls
        .make_key_packages(suite, 1, later(NOW, 2))
        .unwrap();
    assert!(matches!(
        user.mls
            .read_key_package(&far[0].bytes, maker.device(), suite, early, &known),
        Err(KeyPackageError::TooLong { .. })
    ));
    maker.save();
    maker.mls.forget_key_packages(later(NOW, 100)).unwrap();
    assert_eq!(maker.save(), 0);
    maker.mls.forget_key_packages(later(NOW, 130)).unwrap();
    maker.save();
    assert!(maker.disk.is_empty());
}
