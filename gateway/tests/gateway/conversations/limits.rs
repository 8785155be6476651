//! What nobody does too often, and what is too large.

use sotto_gateway::{CLAIMS, EPHEMERALS, ONE_TIME_CLAIMS_BY_ONE, SEND_UNIT};
use sotto_shared::limits::{COMMIT_PAYLOAD_MAX, KEY_PACKAGES_MAX, SOTTO_PAYLOAD_MAX};
use sotto_shared::sotto::{RequestFrame, code};

use super::*;
use crate::support::http;

fn claim(talker: &mut Talker, of: ClientId) -> Bytes {
    let claim = Request::ClaimKeyPackages(ClaimKeyPackages {
        suite: SUITE,
        clients: vec![of],
    });
    match talker.line.ask(&claim) {
        Response::KeyPackages(packages) => packages[0].package.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_drains_a_device_of_its_key_packages() {
    let gateway = TestGateway::start();
    let mut bob = Talker::sign_up(&gateway, "bob");
    let mut packages: Vec<_> = (0..KEY_PACKAGES_MAX)
        .map(|_| KeyPackage {
            package: Bytes::from_static(b"one-time"),
            last_resort: false,
            expires_at: u64::MAX,
        })
        .collect();
    packages.push(KeyPackage {
        package: Bytes::from_static(b"last"),
        last_resort: true,
        expires_at: u64::MAX,
    });
    let publish = Request::PublishKeyPackages(PublishKeyPackages {
        suite: SUITE,
        packages,
        replace: false,
    });
    assert!(matches!(
        bob.line.ask(&publish),
        Response::KeyPackagesLeft(_)
    ));
    // One account gets a few, by whatever device; then it gets the last resort.
    let mut mallory = Talker::sign_up(&gateway, "mallory");
    for _ in 0..ONE_TIME_CLAIMS_BY_ONE.most {
        assert_eq!(claim(&mut mallory, bob.client()), &b"one-time"[..]);
    }
    for _ in 0..3 {
        assert_eq!(claim(&mut mallory, bob.client()), &b"last"[..]);
    }
    let mut alice = Talker::sign_up(&gateway, "alice");
    assert_eq!(claim(&mut alice, bob.client()), &b"one-time"[..]);
    let count = Request::CountKeyPackages(SUITE);
    match bob.line.ask(&count) {
        Response::KeyPackagesLeft(left) => {
            let given = ONE_TIME_CLAIMS_BY_ONE.most + 1;
            assert_eq!(left.one_time, KEY_PACKAGES_MAX as u32 - given);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_account_claims_key_packages_of_so_many_devices_only() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    let claim = |count: usize| {
        Request::ClaimKeyPackages(ClaimKeyPackages {
            suite: SUITE,
            clients: (0..count).map(|_| ClientId::random(&mut OsRng)).collect(),
        })
    };
    let most = CLAIMS.most as usize;
    for _ in 0..most / KEY_PACKAGES_MAX {
        let claimed = alice.line.ask(&claim(KEY_PACKAGES_MAX));
        assert_eq!(claimed, Response::KeyPackages(Vec::new()));
    }
    let refused = alice.line.refused(&claim(KEY_PACKAGES_MAX));
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert!(refused.retry_after.is_some());
    assert!(gateway.audit_log().contains("key_package_claims"));
    let rest = alice.line.ask(&claim(most % KEY_PACKAGES_MAX));
    assert_eq!(rest, Response::KeyPackages(Vec::new()));
}

#[test]
fn what_happens_in_conversations_is_counted_without_saying_whose_it_is() {
    let gateway = TestGateway::with(|config| {
        config.metrics = Some("127.0.0.1:0".parse().unwrap());
        config.limits.delivery_entries = 2;
    });
    let mut alice = Talker::sign_up(&gateway, "alice");
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    alice.say(group, 1, "one");
    alice.commit(commit(group, 1)).unwrap();
    assert_eq!(bob.texts(2), ["welcome", "one"]);
    bob.acknowledge(2);
    alice.line.done(&typing(group, 2, 1));
    let metrics = gateway.addresses.metrics.unwrap();
    let (_, body) = http(metrics, "GET", "/metrics", "");
    let text = String::from_utf8(body).unwrap();
    for expected in [
        "sotto_group_messages_total 3\n",
        "sotto_mailbox_entries_total 3\n",
        "sotto_mailbox_missed_total 1\n",
        "sotto_mailbox_acknowledged_total 2\n",
        "sotto_ephemerals_total 1\n",
        "sotto_group_messages_expired_total 0\n",
        "sotto_requests_total{code=\"3083\",result=\"done\"} 2\n",
        "sotto_requests_total{code=\"3084\",result=\"done\"} 1\n",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    for id in [alice.client().to_string(), group.to_string()] {
        assert!(!text.contains(&id), "{text}");
        assert!(!gateway.audit_log().contains(&id));
    }
}

#[test]
fn a_device_sends_no_more_than_it_may() {
    let gateway = TestGateway::with(|config| config.limits.sends_per_minute = 5);
    let mut alice = Talker::sign_up(&gateway, "alice");
    let group = alice.group(&[]);
    for _ in 0..2 {
        alice.say(group, 0, "hello");
    }
    let mut large = message(group, 0, "");
    large.message = vec![1; SEND_UNIT].into();
    alice.send(large).unwrap();
    let refused = alice
        .line
        .refused(&Request::Send(message(group, 0, "more")));
    assert_eq!(refused.code, ErrorCode::RateLimited);
    let wait = refused.retry_after.unwrap();
    assert!(wait <= Duration::from_secs(13), "{wait:?}");
    assert!(gateway.audit_log().contains("sends_per_minute"));
    // Another device is not concerned.
    let mut bob = Talker::sign_up(&gateway, "bob");
    bob.group(&[]);
    for _ in 0..EPHEMERALS.most {
        alice.line.done(&typing(group, 0, 1));
    }
    let refused = alice.line.refused(&typing(group, 0, 1));
    assert_eq!(refused.code, ErrorCode::RateLimited);
}

/// A frame of this code whose payload has so many bytes, and no meaning.
fn frame(talker: &Talker, code: u16, size: usize) -> Vec<u8> {
    let frame = RequestFrame {
        client: talker.client(),
        code,
        payload: vec![0xff; size].into(),
    };
    frame.to_bytes().to_vec()
}

#[test]
fn only_groups_and_commits_may_be_large() {
    let gateway = TestGateway::start();
    let mut alice = Talker::sign_up(&gateway, "alice");
    for code in [code::CREATE_GROUP, code::COMMIT] {
        let fits = frame(&alice, code, COMMIT_PAYLOAD_MAX);
        alice.line.write(fits);
        assert_eq!(code_of(alice.line.response()), ErrorCode::BadRequest);
    }
    let fits = frame(&alice, code::SEND, SOTTO_PAYLOAD_MAX);
    alice.line.write(fits);
    assert_eq!(code_of(alice.line.response()), ErrorCode::BadRequest);
    for (code, size) in [
        (code::COMMIT, COMMIT_PAYLOAD_MAX + 1),
        (code::SEND, SOTTO_PAYLOAD_MAX + 1),
    ] {
        let mut human = Talker::on_websocket(&gateway, &format!("human{code}"));
        let large = frame(&human, code, size);
        human.line.write(large);
        assert_eq!(code_of(human.line.response()), ErrorCode::TooLarge);
        assert!(human.line.is_over());
    }
    // Nor before there is a device.
    let mut stranger = Line::open(&gateway);
    let mut large = frame(&alice, code::COMMIT, SOTTO_PAYLOAD_MAX);
    large[..16].fill(0);
    stranger.write(large);
    assert_eq!(code_of(stranger.response()), ErrorCode::TooLarge);
}

#[test]
fn a_full_mailbox_is_told_to_the_sender() {
    let gateway = TestGateway::with(|config| config.limits.delivery_entries = 2);
    let mut alice = Talker::sign_up(&gateway, "alice");
    let hello = alice.line.hello.as_ref().unwrap();
    assert_eq!(hello.limits.mailbox_entries_max, 2);
    let mut bob = Talker::sign_up(&gateway, "bob");
    let group = alice.group(&[bob.client()]);
    alice.say(group, 1, "one");
    let two = message(group, 1, "two");
    assert_eq!(alice.send(two.clone()), Err(ErrorCode::MailboxFull));
    assert_eq!(bob.texts(2), ["welcome", "one"]);
    bob.acknowledge(2);
    alice.send(two).unwrap();
    assert_eq!(bob.texts(1), ["two"]);
}

#[test]
fn nothing_of_conversations_is_for_strangers() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let group = GroupId::random(&mut OsRng);
    for request in [
        Request::CreateGroup(plain(group)),
        Request::Send(message(group, 0, "hi")),
        Request::Commit(Box::new(commit(group, 0))),
        typing(group, 0, 1),
        Request::Acknowledge(1),
        Request::ListGroups(None),
        Request::GetGroupInfo(group),
        Request::FindDevices(Vec::new()),
        Request::CountKeyPackages(SUITE),
    ] {
        assert_eq!(line.refused(&request).code, ErrorCode::NotAuthenticated);
    }
}
