//! The classic bridge, from the side of who knows ids and names and nothing else.

use rand_core::OsRng;
use sotto_shared::account::BridgeCertificate;
use sotto_shared::account::carry_over::carry_over_answer;
use sotto_shared::classic::request::{PublicKey as KeyRequest, Register};
use sotto_shared::classic::{PublicKeyBytes, RequestBody, Response as Classic};
use sotto_shared::crypto::PrivateKey;
use sotto_shared::sotto::response::RegisterStarted;
use sotto_shared::sotto::types::{Bridge, CarryOver};
use sotto_shared::sotto::{ErrorCode, Request, Response};
use sotto_shared::{ClientId, UserName};

use crate::account_client::{Line, Person, code_of, session_of};
use crate::support::{TestGateway, error, message, registration};

fn rsa() -> (PrivateKey, PublicKeyBytes) {
    let key = PrivateKey::generate(&mut OsRng).unwrap();
    let public = key.public().to_wire().unwrap();
    (key, public)
}

fn bridge(person: &Person, client: ClientId, public_key: PublicKeyBytes) -> Bridge {
    let digest = BridgeCertificate::digest(&public_key);
    Bridge {
        certificate: BridgeCertificate::issue(&person.key, person.account, client, digest, 1),
        public_key,
    }
}

fn names(gateway: &TestGateway, observer: ClientId) -> Vec<UserName> {
    match gateway.connect().ask(observer, RequestBody::ListClients) {
        Classic::ClientList(records) => records.into_iter().map(|record| record.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_devices_mailbox_is_out_of_reach_of_classic_requests() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    let bob = gateway.register("bob");
    let mut client = gateway.connect();
    for id in [
        alice.device.client,
        ClientId::from_bytes(*alice.account.as_bytes()),
        ClientId::ZERO,
    ] {
        for body in [
            RequestBody::Pull,
            RequestBody::ListClients,
            RequestBody::PublicKey(KeyRequest { wanted: bob }),
            RequestBody::Send(message(bob, b"spoofed")),
        ] {
            assert_eq!(client.ask(id, body.clone()), error(), "{body:?}");
        }
        for body in [
            RequestBody::PublicKey(KeyRequest { wanted: id }),
            RequestBody::Send(message(id, b"to a device")),
        ] {
            assert_eq!(client.ask(bob, body.clone()), error(), "{body:?}");
        }
    }
    assert!(client.pull(bob).is_empty());
    assert!(
        names(&gateway, bob).is_empty(),
        "no account without a bridge"
    );
}

#[test]
fn an_accounts_name_is_nobodys_classic_name_in_any_case() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    let refuses_all = || {
        for name in ["alice", "ALICE", "Alice", "aLiCe"] {
            for body in [
                RequestBody::Register(registration(name, 7)),
                RequestBody::RegisterOnce(registration(name, 7)),
            ] {
                let answer = gateway.connect().ask(ClientId::ZERO, body);
                assert_eq!(answer, error(), "{name}");
            }
        }
    };
    refuses_all();
    let (_, key) = rsa();
    let mailbox = ClientId::from_bytes([9; 16]);
    line.done(&Request::SetBridge(Some(bridge(&alice, mailbox, key))));
    refuses_all();
    line.done(&Request::SetBridge(None));
    refuses_all();
}

#[test]
fn a_classic_name_is_nobodys_account_name_in_any_case() {
    let gateway = TestGateway::start();
    gateway.register("ALICE");
    let answered = Person::new("alice").register(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(answered), ErrorCode::NameTaken);
}

#[test]
fn a_bridge_is_a_classic_mailbox_until_it_is_switched_off() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    let bob = gateway.register("bob");
    let (_, key) = rsa();
    let mailbox = ClientId::from_bytes([9; 16]);
    line.done(&Request::SetBridge(Some(bridge(&alice, mailbox, key))));
    assert_eq!(names(&gateway, bob), ["alice".parse().unwrap()]);
    let mut client = gateway.connect();
    client.send(bob, mailbox, b"to the bridge");
    assert_eq!(client.pull(mailbox).len(), 1);
    client.send(bob, mailbox, b"waits");
    let session = session_of(Line::open(&gateway).authenticate(&alice.device));
    assert_eq!(session.bridge, Some(mailbox));

    let mut line = Line::open(&gateway);
    session_of(line.authenticate(&alice.device));
    line.done(&Request::SetBridge(None));
    assert!(names(&gateway, bob).is_empty());
    assert_eq!(client.ask(mailbox, RequestBody::Pull), error());
    let send = RequestBody::Send(message(mailbox, b"too late"));
    assert_eq!(client.ask(bob, send), error());
    let log = gateway.audit_log();
    assert!(log.contains("bridge_on") && log.contains("bridge_off"));
    assert!(!log.contains(&mailbox.to_string()), "{log}");
}

#[test]
fn nobody_bridges_what_is_not_their_own() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    let mut line = Line::open(&gateway);
    let mallory = Person::sign_up("mallory", &mut line);
    let bob = gateway.register("bob");
    let mailbox = ClientId::from_bytes([9; 16]);
    let (_, key) = rsa();
    let (_, other_key) = rsa();
    let alices = bridge(&alice, mailbox, key);
    let swapped = Bridge {
        public_key: other_key,
        ..bridge(&mallory, mailbox, key)
    };
    for bad in [alices, swapped] {
        let code = line.refused(&Request::SetBridge(Some(bad))).code;
        assert_eq!(code, ErrorCode::BadSignature);
    }
    for taken in [bob, alice.device.client, mallory.device.client] {
        let bad = bridge(&mallory, taken, key);
        let code = line.refused(&Request::SetBridge(Some(bad))).code;
        assert_eq!(code, ErrorCode::ProofFailed, "{taken}");
    }
    let no_key = bridge(&mallory, mailbox, PublicKeyBytes([7; 160]));
    let code = line.refused(&Request::SetBridge(Some(no_key))).code;
    assert_eq!(code, ErrorCode::BadRequest);
}

#[test]
fn a_classic_client_is_carried_over_by_who_has_its_key_only() {
    let gateway = TestGateway::start();
    let (key, public_key) = rsa();
    let register = Register {
        name: "Alice".parse().unwrap(),
        public_key,
    };
    let answer = gateway
        .connect()
        .ask(ClientId::ZERO, RequestBody::Register(register));
    let Classic::Registered(registered) = answer else {
        panic!("{answer:?}")
    };
    let classic = registered.client;
    let bob = gateway.register("bob");
    gateway.connect().send(bob, classic, b"waits");

    let alice = Person::new("alice");
    let digest = BridgeCertificate::digest(&public_key);
    let certify =
        |client, digest| BridgeCertificate::issue(&alice.key, alice.account, client, digest, 1);
    let secret = |started: &RegisterStarted| {
        let wrapped = started.challenge.unwrap();
        key.unwrap_key(&mut OsRng, &wrapped).unwrap()
    };
    let right = |started: &RegisterStarted| {
        carry_over_answer(&secret(started), alice.account, classic).unwrap()
    };
    let as_it_is = |started: &RegisterStarted| CarryOver {
        answer: *secret(started).expose(),
        certificate: certify(classic, digest),
    };
    let prove = |started: &RegisterStarted| CarryOver {
        answer: right(started),
        certificate: certify(classic, digest),
    };
    let guess = |_: &RegisterStarted| CarryOver {
        answer: [0; 16],
        certificate: certify(classic, digest),
    };
    let for_bob = |started: &RegisterStarted| CarryOver {
        answer: right(started),
        certificate: certify(bob, digest),
    };
    let for_a_key = |started: &RegisterStarted| CarryOver {
        answer: right(started),
        certificate: certify(classic, [0; 32]),
    };
    for wrong in [
        &guess as &dyn Fn(&RegisterStarted) -> CarryOver,
        &as_it_is,
        &for_bob,
        &for_a_key,
    ] {
        let answered = alice.register(&mut Line::open(&gateway), "", Some((classic, wrong)));
        assert_eq!(code_of(answered), ErrorCode::ProofFailed);
    }
    // Without a proof the name is the classic client's.
    let answered = alice.register(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(answered), ErrorCode::NameTaken);
    let unknown = ClientId::from_bytes([9; 16]);
    let answered = alice.register(&mut Line::open(&gateway), "", Some((unknown, &guess)));
    assert_eq!(code_of(answered), ErrorCode::ProofFailed);

    let mut line = Line::open(&gateway);
    let session = session_of(alice.register(&mut line, "", Some((classic, &prove))));
    assert_eq!(session.bridge, Some(classic));
    let waiting = gateway.connect().pull(classic);
    assert_eq!(waiting.len(), 1, "nothing is lost");
    // Nobody carries it over a second time.
    let again = Person::new("other");
    let proves_again = |started: &RegisterStarted| CarryOver {
        answer: carry_over_answer(&secret(started), again.account, classic).unwrap(),
        certificate: BridgeCertificate::issue(&again.key, again.account, classic, digest, 1),
    };
    let mut other = Line::open(&gateway);
    let finish = again.register_finish(&mut other, "", Some((classic, &proves_again)));
    let finish = finish.expect("the beginning tells nobody that it is an account's");
    let finish = Request::RegisterFinish(Box::new(finish));
    assert_eq!(other.refused(&finish).code, ErrorCode::ProofFailed);
    line.client = alice.device.client;
    assert!(matches!(
        line.ask(&Request::ListDevices),
        Response::Devices(_)
    ));
}
