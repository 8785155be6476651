//! What is said without being stored.

use sotto_gateway::EPHEMERAL_MAX;

use super::*;

#[test]
fn ephemerals_reach_members_who_are_here_and_nobody_later() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::on_websocket(&gateway, "bob");
    let mut carol = Talker::sign_up(&gateway, "carol");
    let mallory = Talker::sign_up(&gateway, "mallory");
    let group = alice.group(&[bob.client(), carol.client()]);
    carol.line = Line::open(&gateway);
    alice.line.done(&typing(group, 1, EPHEMERAL_MAX));
    loop {
        match bob.line.own_push() {
            Push::Ephemeral(ephemeral) => {
                assert_eq!(ephemeral.sender, alice.client());
                assert_eq!((ephemeral.group, ephemeral.epoch), (group, Epoch(1)));
                assert_eq!(ephemeral.message.len(), EPHEMERAL_MAX);
                break;
            }
            Push::Delivered(_) => {}
            other => panic!("{other:?}"),
        }
    }
    for (request, code) in [
        (typing(group, 1, EPHEMERAL_MAX + 1), ErrorCode::TooLarge),
        (typing(group, 0, 1), ErrorCode::StaleEpoch),
        (
            typing(GroupId::random(&mut OsRng), 0, 1),
            ErrorCode::UnknownGroup,
        ),
    ] {
        assert_eq!(alice.line.refused(&request).code, code);
    }
    let mut mallory = mallory;
    let refused = mallory.line.refused(&typing(group, 1, 1)).code;
    assert_eq!(refused, ErrorCode::NotMember);
    session_of(carol.line.authenticate(&carol.person.device));
    assert_eq!(carol.texts(1), ["welcome"]);
    let is_ephemeral = |push: &Push| matches!(push, Push::Ephemeral(_));
    assert!(!carol.pushed().iter().any(is_ephemeral));
    assert!(!alice.pushed().iter().any(is_ephemeral));
}

#[test]
fn those_who_share_a_group_hear_of_new_and_revoked_devices() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let mut carol = Talker::sign_up(&gateway, "carol");
    alice.group(&[bob.client()]);
    let second = Device::new();
    let mut line = Line::open(&gateway);
    line.log_in(&alice.person);
    session_of(line.add_device(alice.person.certify(&second)));
    let changed = Push::DevicesOfChanged(alice.person.account);
    let hears = |talker: &mut Talker| loop {
        match talker.line.own_push() {
            Push::Delivered(_) => {}
            push => break assert_eq!(push, changed),
        }
    };
    hears(&mut bob);
    let find = Request::FindDevices(vec![alice.person.account]);
    let devices = |talker: &mut Talker| match talker.line.ask(&find) {
        Response::DevicesOf(found) => {
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].account, alice.person.account);
            let certified = found[0].certificates.iter();
            let certified: Vec<_> = certified.map(|it| it.client).collect();
            let revoked = found[0].revocations.iter();
            let revoked: Vec<_> = revoked.map(|it| it.client).collect();
            (certified, revoked)
        }
        other => panic!("{other:?}"),
    };
    let first = alice.client();
    assert_eq!(devices(&mut bob), (vec![first, second.client], vec![]));
    let revoke = Request::RevokeDevices(vec![alice.person.revoke(second.client)]);
    alice.line.done(&revoke);
    hears(&mut bob);
    assert_eq!(devices(&mut bob), (vec![first], vec![second.client]));
    let is_told = |push: &Push| *push == changed;
    assert!(!carol.pushed().iter().any(is_told));
    assert_eq!(devices(&mut carol), (vec![first], vec![second.client]));
}
