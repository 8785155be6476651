//! What groups allow, and what their members refuse.

use openmls::group::{CommitBuilder, Initial};
use sotto_shared::account::DeviceRevocation;
use tls_codec::Serialize as _;

use super::*;
use crate::mls::provider::OpenMlsProvider;
use crate::mls::*;

/// A commit that its maker did not check.
pub(super) fn unchecked(
    node: &mut Node,
    what: impl for<'a> FnOnce(CommitBuilder<'a, Initial>) -> CommitBuilder<'a, Initial>,
) -> Vec<u8> {
    let (group, provider, identity) = node.mls.parts(id()).unwrap();
    let bundle = what(group.commit_builder().force_self_update(true))
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), provider.crypto(), identity, |_| true)
        .unwrap()
        .stage_commit(provider)
        .unwrap();
    let commit = bundle.into_messages().0;
    commit.tls_serialize_detached().unwrap()
}

fn refused(node: &mut Node, commit: &[u8]) -> PolicyError {
    let before = node.mls.epoch(id()).unwrap();
    let read = node.mls.read(id(), commit, &known);
    assert_eq!(node.mls.epoch(id()).unwrap(), before);
    match read {
        Err(Unreadable::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn leaf(node: &mut Node, of: ClientId) -> openmls::prelude::LeafNodeIndex {
    let members = node.mls.members(id()).unwrap();
    let member = members.iter().find(|it| it.certificate.client == of);
    openmls::prelude::LeafNodeIndex::new(member.unwrap().leaf)
}

#[test]
fn only_admins_remove_others() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::Classical, &mut nodes);
    let remove = Change {
        remove: vec![client(3, 1)],
        ..Change::default()
    };
    let not_admin = PolicyError::NotAdmin(account(2));
    assert_eq!(
        nodes[1].mls.commit(id(), &remove, NOW),
        Err(MlsError::Refused(not_admin.clone()))
    );
    let at = leaf(&mut nodes[1], client(3, 1));
    let commit = unchecked(&mut nodes[1], |it| it.propose_removals([at]));
    assert_eq!(refused(&mut nodes[0], &commit), not_admin);
    assert_eq!(refused(&mut nodes[2], &commit), not_admin);
}

#[test]
fn only_admins_let_new_accounts_in() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(2, 2)];
    group(Suite::Classical, &mut nodes[..2]);
    let mut stranger = Node::new(3, 1);
    let package = stranger.package(Suite::Classical, &nodes[1]);
    let add = Change {
        add: vec![package.clone()],
        ..Change::default()
    };
    let not_admin = PolicyError::NotAdmin(account(2));
    assert_eq!(
        nodes[1].mls.commit(id(), &add, NOW),
        Err(MlsError::Refused(not_admin.clone()))
    );
    let commit = unchecked(&mut nodes[1], |it| it.propose_adds([package.package]));
    assert_eq!(refused(&mut nodes[0], &commit), not_admin);

    nodes[1].mls.discard(id()).unwrap();
    let (two, other) = nodes.split_at_mut(2);
    let own = Change {
        add: vec![other[0].package(Suite::Classical, &two[0])],
        ..Change::default()
    };
    super::commit(&mut nodes, 0, &own);
    say(&mut nodes, 2, "a member's other device");
}

#[test]
fn only_admins_change_a_group() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    let policy = Policy::group([account(2)], [2; 32]);
    let change = Change {
        policy: Some(policy.clone()),
        ..Change::default()
    };
    let not_admin = PolicyError::NotAdmin(account(2));
    assert_eq!(
        nodes[1].mls.commit(id(), &change, NOW),
        Err(MlsError::Refused(not_admin.clone()))
    );
    let extensions = policy.to_extensions().unwrap();
    let commit = unchecked(&mut nodes[1], |it| {
        it.propose_group_context_extensions(extensions).unwrap()
    });
    assert_eq!(refused(&mut nodes[0], &commit), not_admin);
    nodes[1].mls.discard(id()).unwrap();

    super::commit(&mut nodes, 0, &change);
    assert_eq!(nodes[1].mls.policy(id()).unwrap(), policy);
    assert_eq!(
        nodes[0].mls.commit(id(), &change, NOW),
        Err(MlsError::Refused(PolicyError::NotAdmin(account(1))))
    );
}

#[test]
fn a_group_does_not_become_something_else() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    group(Suite::Classical, &mut nodes);
    for (policy, error) in [
        (
            Policy::lobby([1; 32]).to_extensions(),
            PolicyError::KindChanged,
        ),
        (
            Ok(openmls::extensions::Extensions::empty()),
            PolicyError::NoPolicy,
        ),
    ] {
        let commit = unchecked(&mut nodes[0], |it| {
            it.propose_group_context_extensions(policy.unwrap())
                .unwrap()
        });
        assert_eq!(refused(&mut nodes[1], &commit), error);
        nodes[0].mls.discard(id()).unwrap();
    }
}

#[test]
fn nobody_joins_two_people() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1)];
    let policy = Policy::direct(account(2), account(1), [1; 32]);
    founded(Suite::Classical, &policy, &mut nodes);
    let mut third = Node::new(3, 1);
    let foreign = PolicyError::ForeignAccount(account(3));
    let package = third.package(Suite::Classical, &nodes[0]);
    let add = Change {
        add: vec![package.clone()],
        ..Change::default()
    };
    assert_eq!(
        nodes[0].mls.commit(id(), &add, NOW),
        Err(MlsError::Refused(foreign.clone()))
    );
    let commit = unchecked(&mut nodes[0], |it| it.propose_adds([package.package]));
    assert_eq!(refused(&mut nodes[1], &commit), foreign);
    nodes[0].mls.discard(id()).unwrap();
    let at = leaf(&mut nodes[1], client(1, 1));
    let commit = unchecked(&mut nodes[1], |it| it.propose_removals([at]));
    assert_eq!(
        refused(&mut nodes[0], &commit),
        PolicyError::NotTheirs {
            by: account(2),
            of: nodes[0].device()
        }
    );
}

#[test]
fn a_revoked_device_is_removed_by_anybody_who_shows_it() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::Classical, &mut nodes);
    let forged = DeviceRevocation::issue(&account_key(2), account(3), client(3, 1), 9);
    let mut remove = Change {
        remove: vec![client(3, 1)],
        revocations: vec![forged],
        ..Change::default()
    };
    assert!(nodes[1].mls.commit(id(), &remove, NOW).is_err());
    let revocation = DeviceRevocation::issue(&account_key(3), account(3), client(3, 1), 9);
    remove.revocations.push(revocation);
    super::commit(&mut nodes, 1, &remove);
    assert_eq!(nodes[0].mls.members(id()).unwrap().len(), 2);
}

#[test]
fn an_account_removes_its_own_devices() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(2, 2)];
    group(Suite::Classical, &mut nodes);
    let remove = Change {
        remove: vec![client(2, 2)],
        ..Change::default()
    };
    super::commit(&mut nodes, 1, &remove);
    assert!(!nodes[2].mls.is_member(id()).unwrap());
}

#[test]
fn a_group_without_admins_is_everybodys() {
    let mut nodes = [Node::new(1, 1), Node::new(2, 1), Node::new(3, 1)];
    group(Suite::Classical, &mut nodes);
    let leave = nodes[0].mls.leave(id()).unwrap();
    for node in &mut nodes[1..] {
        node.mls.read(id(), &leave.message, &known).unwrap();
    }
    super::commit(&mut nodes, 1, &Change::default());
    let remove = Change {
        remove: vec![client(3, 1)],
        ..Change::default()
    };
    super::commit(&mut nodes[1..], 0, &remove);
    assert_eq!(nodes[1].mls.members(id()).unwrap().len(), 1);
}
