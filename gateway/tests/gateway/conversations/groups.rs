//! Groups: who gets in, who is out, who wins.

use sotto_shared::limits::GROUPS_PAGE_MAX;

use super::*;

fn external(group: GroupId, epoch: u64) -> Commit {
    Commit {
        external: true,
        ..commit(group, epoch)
    }
}

#[test]
fn of_two_who_commit_at_once_one_wins_and_the_other_is_told() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    assert_eq!(bob.texts(1), ["welcome"]);
    for epoch in 1..20 {
        let by_alice = Request::Commit(Box::new(commit(group, epoch)));
        let by_bob = Request::Commit(Box::new(commit(group, epoch)));
        alice.line.send(&by_alice);
        bob.line.send(&by_bob);
        let answers = [alice.line.response(), bob.line.response()].map(stored);
        let (winner, loser) = match &answers {
            [Ok(_), Err(ErrorCode::StaleEpoch)] => (&mut alice, &mut bob),
            [Err(ErrorCode::StaleEpoch), Ok(_)] => (&mut bob, &mut alice),
            other => panic!("{other:?}"),
        };
        let told = loser.next();
        assert_eq!(told.kind, DeliveryKind::Commit);
        assert_eq!((told.epoch, told.sender), (Epoch(epoch), winner.client()));
        assert_eq!(winner.delivered(), []);
    }
}

#[test]
fn who_is_removed_gets_nothing_after_it() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let mut carol = Talker::sign_up(&gateway, "carol");
    let group = alice.group(&[bob.client(), carol.client()]);
    let mut removing = commit(group, 1);
    removing.removed = vec![bob.client()];
    alice.commit(removing).unwrap();
    alice.say(group, 2, "secret");
    alice.line.done(&typing(group, 2, 1));
    assert_eq!(carol.texts(3), ["welcome", "commit 1", "secret"]);
    assert_eq!(bob.texts(2), ["welcome", "commit 1"]);
    assert_eq!(bob.delivered(), []);
    let refused = bob.send(message(group, 2, "still here?"));
    assert_eq!(refused, Err(ErrorCode::NotMember));
    let refused = bob.line.refused(&typing(group, 2, 1)).code;
    assert_eq!(refused, ErrorCode::NotMember);
    assert_eq!(bob.commit(external(group, 2)), Err(ErrorCode::NotAllowed));
    let info = Request::GetGroupInfo(group);
    assert_eq!(bob.line.refused(&info).code, ErrorCode::UnknownGroup);
}

#[test]
fn another_device_joins_by_itself_and_a_revoked_one_is_out() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    let second = Device::new();
    let mut line = Line::open(&gateway);
    line.log_in(&alice.person);
    session_of(line.add_device(alice.person.certify(&second)));
    let Response::Groups(groups, more) = line.ask(&Request::ListGroups(None)) else {
        panic!("no groups");
    };
    assert!(!more);
    assert_eq!(groups.len(), 1);
    assert!(!groups[0].member && groups[0].account_member);
    assert_eq!((groups[0].epoch, groups[0].suite), (Epoch(1), SUITE));
    let Response::GroupInfo(info) = line.ask(&Request::GetGroupInfo(group)) else {
        panic!("no info");
    };
    assert_eq!(info.group_info, &b"group info 1"[..]);
    let join = Request::Commit(Box::new(external(group, 1)));
    assert!(stored(line.ask(&join)).is_ok());
    alice.say_after(group, 2, "both of me");
    let revoke = Request::RevokeDevices(vec![alice.person.revoke(second.client)]);
    alice.line.done(&revoke);
    assert!(line.is_over());
    alice.say_after(group, 2, "one of me");
    assert_eq!(
        bob.texts(4),
        ["welcome", "commit 1", "both of me", "one of me"]
    );
    let got: Vec<_> = line
        .pushes
        .iter()
        .filter(|push| matches!(push, Push::Delivered(_)))
        .collect();
    assert!(got.len() <= 1, "{got:?}");
}

impl Talker {
    /// Says something behind whatever has come.
    fn say_after(&mut self, group: GroupId, epoch: u64, text: &str) {
        self.say(group, epoch, text);
    }
}

#[test]
fn two_who_begin_a_chat_at_once_meet_in_one() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let by_alice = alice.create(direct(bob.person.account));
    let by_bob = bob.create(direct(alice.person.account));
    assert!(by_alice.created && !by_bob.created);
    assert_eq!(by_alice.group, by_bob.group);
    bob.commit(external(by_bob.group, 0)).unwrap();
    alice.say(by_alice.group, 1, "hello");
    assert_eq!(bob.texts(1), ["hello"]);
    let mut carol = Talker::sign_up(&gateway, "carol");
    let info = Request::GetGroupInfo(by_alice.group);
    assert_eq!(carol.line.refused(&info).code, ErrorCode::UnknownGroup);
    let nobody = Request::CreateGroup(direct(AccountId::random(&mut OsRng)));
    assert_eq!(carol.line.refused(&nobody).code, ErrorCode::Conflict);
}

#[test]
fn everybody_finds_the_lobby() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let hall = GroupId::random(&mut OsRng);
    let mut lobby = plain(hall);
    lobby.kind = GroupKind::Lobby;
    assert!(alice.create(lobby.clone()).created);
    for (epoch, name) in (0..).zip(["bob", "carol", "dave"]) {
        let mut human = Talker::sign_up(&gateway, name);
        lobby.group = GroupId::random(&mut OsRng);
        let opened = human.create(lobby.clone());
        assert_eq!((opened.group, opened.created), (hall, false));
        human.commit(external(hall, epoch)).unwrap();
        human.say(hall, epoch + 1, name);
    }
    let texts = ["commit 0", "bob", "commit 1", "carol", "commit 2", "dave"];
    assert_eq!(alice.texts(6), texts);
}

#[test]
fn key_packages_go_from_hand_to_hand() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let package = |text: &'static [u8], last_resort| KeyPackage {
        package: Bytes::from_static(text),
        last_resort,
        expires_at: u64::MAX,
    };
    let publish = Request::PublishKeyPackages(PublishKeyPackages {
        suite: SUITE,
        packages: vec![package(b"one", false), package(b"last", true)],
        replace: true,
    });
    let left = |talker: &mut Talker, request: &Request| match talker.line.ask(request) {
        Response::KeyPackagesLeft(left) => (left.one_time, left.last_resort),
        other => panic!("{other:?}"),
    };
    assert_eq!(left(&mut bob, &publish), (1, true));
    let nobody = ClientId::random(&mut OsRng);
    let claim = Request::ClaimKeyPackages(ClaimKeyPackages {
        suite: SUITE,
        clients: vec![bob.client(), nobody, alice.client()],
    });
    for expected in [&b"one"[..], b"last", b"last"] {
        match alice.line.ask(&claim) {
            Response::KeyPackages(packages) => {
                assert_eq!(packages.len(), 1);
                assert_eq!(packages[0].client, bob.client());
                assert_eq!(packages[0].package, expected);
            }
            other => panic!("{other:?}"),
        }
    }
    let count = Request::CountKeyPackages(SUITE);
    assert_eq!(left(&mut bob, &count), (0, true));
    assert_eq!(left(&mut alice, &count), (0, false));
}

#[test]
fn groups_are_listed_page_by_page() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut made: Vec<_> = (0..=GROUPS_PAGE_MAX)
        .map(|_| GroupId::random(&mut OsRng))
        .collect();
    for group in &made {
        alice.line.send(&Request::CreateGroup(plain(*group)));
    }
    for _ in &made {
        assert!(matches!(alice.line.response(), Response::GroupOpened(_)));
    }
    made.sort();
    let mut listed = Vec::new();
    for has_more in [true, false] {
        let after = listed.last().copied();
        match alice.line.ask(&Request::ListGroups(after)) {
            Response::Groups(groups, more) => {
                assert_eq!(more, has_more);
                listed.extend(groups.iter().map(|summary| summary.group));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(listed, made);
}
