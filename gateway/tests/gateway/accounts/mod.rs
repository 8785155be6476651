//! Accounts of a running gateway, from the side of those who should not get in.

mod devices;
mod directory;
mod logins;
mod operator;

use std::io::Write as _;
use std::net::Shutdown;

use rand_core::OsRng;
use sotto_shared::account::{AccountKey, Nonce};
use sotto_shared::classic::{RequestBody, Response as Classic};
use sotto_shared::limits::SOTTO_PAYLOAD_MAX_UNAUTHENTICATED;
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::types::RegistrationPolicy;
use sotto_shared::sotto::{ErrorCode, Push, Request, Response, code};
use sotto_shared::{ClientId, GatewayId};

use crate::account_client::{Device, Line, Link, Person, code_of, session_of};
use crate::support::TestGateway;

#[test]
fn signs_up_and_connects_again_over_either_transport() {
    let gateway = TestGateway::start();
    for (name, open) in [
        ("alice", Line::tcp as fn(&TestGateway) -> Line),
        ("bob", Line::websocket),
    ] {
        let mut line = open(&gateway);
        line.say_hello();
        let person = Person::sign_up(name, &mut line);
        assert!(matches!(
            line.ask(&Request::ListDevices),
            Response::Devices(devices) if devices.len() == 1 && devices[0].online
        ));
        let mut again = open(&gateway);
        again.say_hello();
        let session = session_of(again.authenticate(&person.device));
        assert_eq!(session.name.as_str(), name);
        assert_eq!(session.account, person.account);
        let replaced = Push::SessionEnded(EndReason::Replaced);
        assert_eq!(line.own_push(), replaced);
        assert!(line.is_over());
    }
    let log = gateway.audit_log();
    assert_eq!(log.matches("account_registered").count(), 2);
    assert!(!log.contains("alice"), "{log}");
}

#[test]
fn a_signature_is_good_for_its_own_connection_gateway_and_device_only() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    let bob = Person::sign_up("bob", &mut Line::open(&gateway));
    let mut first = Line::open(&gateway);
    let heard = alice.device.sign(&first.gateway(), &first.nonce());
    session_of(first.authenticate_by(alice.device.client, heard));
    let try_one = |sign: &dyn Fn(GatewayId, Nonce) -> _, client| {
        let mut line = Line::open(&gateway);
        let signature = sign(line.gateway(), line.nonce());
        code_of(line.authenticate_by(client, signature))
    };
    let alices = alice.device.client;
    // Replayed, that is, over the nonce of another connection.
    assert_eq!(try_one(&|_, _| heard, alices), ErrorCode::BadSignature);
    let elsewhere = GatewayId::from_bytes([1; 16]);
    let other_gateway = |_, nonce| alice.device.sign(&elsewhere, &nonce);
    assert_eq!(try_one(&other_gateway, alices), ErrorCode::BadSignature);
    let bobs = |gateway, nonce| bob.device.sign(&gateway, &nonce);
    assert_eq!(try_one(&bobs, alices), ErrorCode::BadSignature);
    let alices_as_bob = |gateway, nonce| alice.device.sign(&gateway, &nonce);
    let bobs = bob.device.client;
    assert_eq!(try_one(&alices_as_bob, bobs), ErrorCode::BadSignature);
    let unknown = ClientId::from_bytes([9; 16]);
    assert_eq!(try_one(&|_, _| heard, unknown), ErrorCode::UnknownDevice);
    let log = gateway.audit_log();
    assert_eq!(log.matches("\"cause\":\"bad_signature\"").count(), 4);
    assert!(!log.contains(&alices.to_string()), "{log}");

    // A nonce that was tried is used, also for the right signature.
    let mut line = Line::open(&gateway);
    assert_eq!(
        code_of(line.authenticate_by(alices, heard)),
        ErrorCode::BadSignature
    );
    assert_eq!(
        code_of(line.authenticate(&alice.device)),
        ErrorCode::NonceUsed
    );
}

#[test]
fn a_bare_client_id_opens_nothing() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    for id in [ClientId::ZERO, alice.device.client] {
        let mut line = Line::open(&gateway);
        line.client = id;
        for request in [
            Request::ListDevices,
            Request::Invite,
            Request::SetBridge(None),
            Request::RevokeDevices(vec![alice.revoke(alice.device.client)]),
        ] {
            let code = line.refused(&request).code;
            let expected = match id {
                ClientId::ZERO => ErrorCode::NotAuthenticated,
                _ => ErrorCode::BadRequest,
            };
            assert_eq!(code, expected, "{request:?}");
        }
    }
}

#[test]
fn an_authenticated_connection_gives_classic_requests_nothing() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    let Link::Tcp(client, _) = &mut line.link else {
        panic!()
    };
    let device = alice.device.client;
    assert_eq!(
        client.ask(device, RequestBody::Pull),
        Classic::Error(String::new())
    );
    assert_eq!(
        client.ask(device, RequestBody::ListClients),
        Classic::Error(String::new())
    );
    assert!(matches!(
        line.ask(&Request::ListDevices),
        Response::Devices(_)
    ));
}

#[test]
fn a_name_and_an_id_are_taken_once() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    let other = Person::new("alice");
    let answered = other.register(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(answered), ErrorCode::NameTaken);
    let mut other = Person::new("bob");
    other.device.client = alice.device.client;
    let answered = other.register(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(answered), ErrorCode::ProofFailed);
    let mut other = Person::new("bob");
    other.account = alice.account;
    let answered = other.register(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(answered), ErrorCode::ProofFailed);
}

#[test]
fn a_repeated_registration_is_no_login() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::new("alice");
    let finish = alice.register_finish(&mut line, "", None).unwrap();
    let finish = Request::RegisterFinish(Box::new(finish));
    session_of(line.ask(&finish));
    // What a thief of the database can say, too.
    let mut thief = Line::open(&gateway);
    alice.register_finish(&mut thief, "", None).unwrap();
    assert_eq!(thief.refused(&finish).code, ErrorCode::NameTaken);
    let refused = thief.refused(&Request::ListDevices);
    assert_eq!(refused.code, ErrorCode::NotAuthenticated);
    // What the device does whose answer was lost.
    session_of(Line::open(&gateway).authenticate(&alice.device));
}

#[test]
fn what_was_done_is_never_answered_as_undone() {
    let (_, data) = TestGateway::start().stop();
    // Devices cannot be read again once they are written.
    let path = data.path().join(sotto_gateway::storage::sqlite::FILE);
    let database = rusqlite::Connection::open(path).unwrap();
    let breaks = "CREATE TRIGGER breaks AFTER INSERT ON devices \
        BEGIN UPDATE devices SET Certificate = x'00' WHERE ID = new.ID; END";
    database.execute(breaks, []).unwrap();
    drop(database);
    let gateway = TestGateway::on(data, |_| {});
    let mut line = Line::open(&gateway);
    let alice = Person::new("alice");
    let finish = alice.register_finish(&mut line, "", None).unwrap();
    line.send(&Request::RegisterFinish(Box::new(finish)));
    assert!(line.is_over(), "it closes without an answer");
    let login = Line::open(&gateway).log_in(&alice);
    assert_eq!(login.account, alice.account);
}

#[test]
fn registration_is_open_by_invitation_or_closed() {
    let gateway = TestGateway::with(|config| {
        config.accounts.registration = RegistrationPolicy::Closed;
    });
    let answered = Person::new("alice").register(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(answered), ErrorCode::RegistrationClosed);
    let (_, data) = gateway.stop();

    let gateway = TestGateway::on(data, |config| {
        config.accounts.registration = RegistrationPolicy::Invitation;
    });
    for code in ["", "00000-00000-00000-00000"] {
        let answered = Person::new("alice").register(&mut Line::open(&gateway), code, None);
        assert_eq!(code_of(answered), ErrorCode::InvitationInvalid);
    }
    let code = operator::invite(&gateway);
    let mut line = Line::open(&gateway);
    let alice = Person::new("alice");
    session_of(alice.register(&mut line, &code.to_lowercase(), None));
    line.client = alice.device.client;
    let answered = Person::new("bob").register(&mut Line::open(&gateway), &code, None);
    assert_eq!(code_of(answered), ErrorCode::InvitationInvalid);
    let Response::Invited(invited) = line.ask(&Request::Invite) else {
        panic!()
    };
    session_of(Person::new("bob").register(&mut Line::open(&gateway), &invited.code, None));
    let Response::Invited(invited) = line.ask(&Request::Invite) else {
        panic!()
    };
    line.done(&Request::CancelInvitation(invited.invitation.id));
    let answered = Person::new("carol").register(&mut Line::open(&gateway), &invited.code, None);
    assert_eq!(code_of(answered), ErrorCode::InvitationInvalid);
    let log = gateway.audit_log();
    assert_eq!(log.matches("invitation_used").count(), 2);
    assert!(!log.contains(&invited.code), "{log}");
}

#[test]
fn registrations_are_limited_by_address() {
    let gateway = TestGateway::with(|config| config.limits.registrations_per_hour = 1);
    Person::sign_up("alice", &mut Line::open(&gateway));
    let answered = Person::new("bob").register(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(answered), ErrorCode::RateLimited);
    assert!(gateway.audit_log().contains("registrations_per_hour"));
}

#[test]
fn sign_ups_that_are_only_begun_are_limited_by_address() {
    let gateway = TestGateway::with(|config| config.limits.registrations_per_hour = 1);
    let alice = Person::new("alice");
    for n in 0..10 {
        let begun = alice.register_finish(&mut Line::open(&gateway), "", None);
        assert!(begun.is_ok(), "{n}");
    }
    let answered = alice.register_finish(&mut Line::open(&gateway), "", None);
    assert_eq!(code_of(*answered.unwrap_err()), ErrorCode::RateLimited);
}

#[test]
fn nobody_signs_up_with_a_certificate_of_another_key() {
    let gateway = TestGateway::start();
    let mut forged = Person::new("alice");
    let key = core::mem::replace(&mut forged.key, AccountKey::generate(&mut OsRng));
    let mut certificate = forged.certify(&forged.device);
    certificate.account_key = key.public();
    let mut line = Line::open(&gateway);
    let mut finish = forged.register_finish(&mut line, "", None).unwrap();
    finish.certificate = certificate;
    let finish = Request::RegisterFinish(Box::new(finish));
    assert_eq!(line.refused(&finish).code, ErrorCode::BadSignature);
}

#[test]
fn the_second_step_of_signing_up_continues_the_first() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::new("alice");
    let finish = alice.register_finish(&mut line, "", None).unwrap();
    let finish = Request::RegisterFinish(Box::new(finish));
    let mut other = Line::open(&gateway);
    assert_eq!(other.refused(&finish).code, ErrorCode::Conflict);
    session_of(line.ask(&finish));
}

#[test]
fn a_stranger_is_let_to_send_little() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let mut frame = vec![0; 16];
    frame.push(3);
    frame.extend(code::LOGIN_START.to_le_bytes());
    let size = SOTTO_PAYLOAD_MAX_UNAUTHENTICATED + 1;
    frame.extend(u32::try_from(size).unwrap().to_le_bytes());
    line.write(frame);
    assert_eq!(code_of(line.response()), ErrorCode::TooLarge);
    assert!(line.is_over());
}

#[test]
fn a_peer_that_leaves_in_the_middle_leaves_nothing_behind() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    let Link::Tcp(client, _) = &mut line.link else {
        panic!()
    };
    client.stream.write_all(&[0; 10]).unwrap();
    client.stream.shutdown(Shutdown::Both).unwrap();
    let mut again = Line::open(&gateway);
    session_of(again.authenticate(&alice.device));
    let mut other = Line::open(&gateway);
    let login = other.log_in(&alice);
    assert_eq!(login.account, alice.account);
    let answered = other.add_device(alice.certify(&Device::new()));
    session_of(answered);
    let Response::Devices(devices) = other.ask(&Request::ListDevices) else {
        panic!()
    };
    assert_eq!(devices.len(), 2);
    assert!(devices.iter().all(|device| device.online));
}
