//! A gateway that lies.

use super::*;

#[test]
fn a_device_that_the_gateway_planted_is_an_alarm() {
    let mut world = World::signed_up(14, &["alice"]);
    let key = AccountKey::from_bytes(&[7; 32]);
    let device_key = DeviceKey::from_bytes(&[8; 32]).public();
    let client = ClientId::from_bytes([6; 16]);
    let account = world.account(0);
    world.gateway.v3.planted.push(Device {
        certificate: DeviceCertificate::issue(&key, account, client, device_key, 1),
        label: DeviceLabel {
            name: "Evil".to_owned(),
            platform: String::new(),
        },
        last_seen: 0,
        online: true,
    });
    let devices = world.devices(0);
    let planted = devices.iter().find(|device| device.client == client);
    assert!(planted.is_some_and(|device| !device.certified));
    assert!(failed(world.node(0), &AccountFailure::NotCertified));
}

#[test]
fn a_changed_key_stops_sends_until_it_was_looked_at() {
    let mut world = World::signed_up(15, &["alice", "bob"]);
    let [alice, bob] = [0, 1].map(|at| world.account(at));
    world.bridge_on(0);
    let mailbox = world.bridge_on(1);
    world.until("their mailbox", |world| {
        world.contact(0, 1).classic == Some(mailbox) && world.node(0).people().contains(&mailbox)
    });
    let verify = AccountCommand::SetVerified {
        account: bob,
        verified: true,
        digits: world.digits(0, bob),
    };
    world.tell(0, verify.clone());
    assert_eq!(world.contact(0, 1).trust, Trust::Verified);
    let joined = AccountEvent::Notice(Notice::Joined(bob));
    assert!(world.node(0).account.events.contains(&joined));

    let lie = AccountKey::from_bytes(&[5; 32]).public();
    world.gateway.lie(bob, lie);
    let changed = Trust::Changed { was_verified: true };
    world.until("alarm", |world| world.contact(0, 1).trust == changed);
    world.tell(0, verify);
    let stop = AccountFailure::KeyChanged(bob);
    assert!(failed(world.node(0), &stop));
    world.nodes[0].account.failures.clear();
    let text = Command::SendText {
        to: mailbox,
        text: "hello?".to_owned(),
    };
    let now = world.now;
    world.nodes[0].command(text.clone(), now, NONE);
    assert!(failed(world.node(0), &stop));
    world.run(200, NONE);
    assert!(world.node(0).messages(mailbox).is_empty());
    // It survives a restart, and a gateway that drops the account and tells of it anew.
    world.nodes[0].restart(now);
    world.until("alarm again", |world| {
        is_open(world.node(0)) && world.contact(0, 1).trust == changed
    });

    let accept = AccountCommand::AcceptKey {
        account: bob,
        digits: world.digits(0, bob),
    };
    world.tell(0, accept);
    assert_eq!(world.contact(0, 1).trust, Trust::Unverified);
    assert_eq!(
        world.contact(0, 1).classic,
        None,
        "the new key has certified none"
    );
    // What the old key has certified gets nothing, whatever it is called now.
    world.gateway.rename_classic(mailbox, "robert");
    world.run(2_000, NONE);
    world.nodes[0].account.failures.clear();
    world.nodes[0].command(text, world.now, NONE);
    assert!(failed(world.node(0), &AccountFailure::NotCertified));
    // Bob's device still has its true key: his code is about another one.
    world.tell(1, AccountCommand::SafetyNumber { account: alice });
    let code = world.node(1).account.events.iter().find_map(|it| match it {
        AccountEvent::SafetyNumber { code, .. } => Some(code.clone()),
        _ => None,
    });
    let scan = AccountCommand::Scan {
        account: bob,
        code: code.clone().unwrap(),
    };
    world.tell(0, scan.clone());
    let scanned = |result| AccountEvent::Scanned {
        account: bob,
        result,
    };
    assert!(
        world
            .node(0)
            .account
            .events
            .contains(&scanned(ScanResult::Different))
    );
    // The gateway tells the truth again: that is a change too, and the scan proves it.
    world.gateway.v3.lies.clear();
    world.nodes[0].restart(now);
    world.until("alarm once more", |world| {
        is_open(world.node(0)) && matches!(world.contact(0, 1).trust, Trust::Changed { .. })
    });
    world.tell(0, scan);
    assert!(
        world
            .node(0)
            .account
            .events
            .contains(&scanned(ScanResult::Match))
    );
    assert_eq!(world.contact(0, 1).trust, Trust::Verified);
}

#[test]
fn a_mailbox_key_that_is_not_the_certified_one_is_refused() {
    let mut world = World::signed_up(32, &["alice", "bob"]);
    world.bridge_on(0);
    let mailbox = world.bridge_on(1);
    world.until("their mailbox", |world| {
        world.contact(0, 1).classic == Some(mailbox) && world.node(0).people().contains(&mailbox)
    });
    let evil = PrivateKey::generate(&mut world.rng).unwrap();
    world
        .gateway
        .swap_key(mailbox, evil.public().to_wire().unwrap());
    let text = Command::SendText {
        to: mailbox,
        text: "secret".to_owned(),
    };
    let now = world.now;
    world.nodes[0].command(text, now, NONE);
    world.run(600, NONE);
    let messages = world.node(0).messages(mailbox);
    let refused = State::Failed(SendFailure::UnusableKey);
    assert!(!messages.is_empty());
    assert!(messages.iter().all(|message| message.state == refused));
}

#[test]
fn a_classic_client_under_an_accounts_name_gets_nothing_without_a_certificate() {
    let mut world = World::signed_up(45, &["alice", "bob"]);
    world.bridge_on(0);
    let planted = ClientId::from_bytes([6; 16]);
    let evil = PrivateKey::generate(&mut world.rng).unwrap();
    let key = evil.public().to_wire().unwrap();
    let name = "Bob".parse().unwrap();
    world.gateway.add_classic(planted, name, key);
    world.until("planted", |world| world.node(0).people().contains(&planted));
    let text = Command::SendText {
        to: planted,
        text: "secret".to_owned(),
    };
    let now = world.now;
    world.nodes[0].command(text, now, NONE);
    assert!(failed(world.node(0), &AccountFailure::NotCertified));
    world.run(200, NONE);
    assert!(world.node(0).messages(planted).is_empty());
}

#[test]
fn another_gateway_gets_no_signature() {
    let mut world = World::signed_up(39, &["alice"]);
    world.gateway.v3.id = sotto_shared::GatewayId::from_bytes([3; 16]);
    world.gateway.restart(Duration::ZERO, Duration::ZERO);
    // The model panics on a signature that is not for its id.
    let other = SessionState::Ended(SessionEnd::OtherGateway);
    world.until("ended", |world| status(world.node(0)).session == other);
    let hellos = world.gateway.v3.hellos;
    world.run(1_000, NONE);
    assert_eq!(world.gateway.v3.hellos, hellos, "and it is left alone");
}

#[test]
fn another_gateway_gets_nothing_of_the_password_for_a_deletion() {
    const LOGIN_START: u16 = 3012;
    let mut world = World::signed_up(46, &["alice"]);
    world.gateway.v3.id = sotto_shared::GatewayId::from_bytes([3; 16]);
    let login = Mishap::Refused(ErrorCode::Unavailable);
    world.gateway.v3.mishaps.insert(LOGIN_START, login);
    let delete = AccountCommand::Delete {
        password: words(PASSWORD),
    };
    world.tell(0, delete);
    let other = SessionState::Ended(SessionEnd::OtherGateway);
    world.until("ended", |world| status(world.node(0)).session == other);
    assert!(failed(world.node(0), &AccountFailure::Offline));
    assert!(world.gateway.v3.mishaps.contains_key(&LOGIN_START));
}
