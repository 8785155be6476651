//! Logins by password and recovery code.

use std::time::Duration;

use rand_core::OsRng;
use sotto_gateway::admin;
use sotto_gateway::storage::account::{
    LOGIN_FAILURES_MAX, LOGIN_FAILURES_PER_ADDRESS_MAX, LOGIN_WINDOW,
};
use sotto_shared::account::opaque::{Identifiers, LoginStart};
use sotto_shared::account::{DeletionOrder, Slot};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::types::OpaqueMessage;
use sotto_shared::sotto::{Error, ErrorCode, Push, Request, Response};

use crate::account_client::{
    Device, Line, Person, account_name, code_of, error_of, login_start, session_of,
};
use crate::support::TestGateway;

fn guess(gateway: &TestGateway, name: &str, slot: Slot) -> Error {
    Line::open(gateway)
        .login(name, slot, b"a wrong guess")
        .unwrap_err()
}

#[test]
fn password_and_recovery_code_open_the_vault_and_add_a_device() {
    let gateway = TestGateway::start();
    let mut first = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut first);
    for (slot, secret) in [
        (Slot::Password, alice.password.as_bytes()),
        (Slot::Recovery, &alice.recovery),
    ] {
        let mut line = Line::open(&gateway);
        let logged_in = line.login("alice", slot, secret).unwrap();
        assert_eq!(logged_in.account_key, alice.key.public());
        assert_eq!(logged_in.vault_version, 1);
        assert!(matches!(
            line.ask(&Request::ListDevices),
            Response::Devices(devices) if devices[0].certificate.client == alice.device.client
        ));
        let device = Device::new();
        let session = session_of(line.add_device(alice.certify(&device)));
        assert_eq!(session.client, device.client);
        assert_eq!(first.own_push(), Push::DevicesChanged);
        session_of(Line::open(&gateway).authenticate(&device));
    }
    let log = gateway.audit_log();
    assert!(log.contains("logged_in") && log.contains("recovery_used"));
    assert!(!log.contains("login_failed"), "{log}");
}

#[test]
fn five_wrong_passwords_lock_the_login_and_no_known_device() {
    let gateway = TestGateway::start();
    let mut first = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut first);
    for _ in 0..LOGIN_FAILURES_MAX {
        let error = guess(&gateway, "alice", Slot::Password);
        assert_eq!(error.code, ErrorCode::LoginFailed);
    }
    // The sixth is refused, and so is the right one.
    for secret in ["a wrong guess", &alice.password] {
        let mut line = Line::open(&gateway);
        let error = line
            .login("alice", Slot::Password, secret.as_bytes())
            .unwrap_err();
        assert_eq!(error.code, ErrorCode::LoginLocked);
        let wait = error.retry_after.unwrap();
        assert!(wait > LOGIN_WINDOW - Duration::from_secs(60), "{wait:?}");
        assert!(wait <= LOGIN_WINDOW + Duration::from_secs(2), "{wait:?}");
    }
    assert!(matches!(
        first.ask(&Request::ListDevices),
        Response::Devices(_)
    ));
    session_of(Line::open(&gateway).authenticate(&alice.device));
    // The recovery code has a count of its own.
    Line::open(&gateway)
        .login("alice", Slot::Recovery, &alice.recovery)
        .unwrap();
    let log = gateway.audit_log();
    assert_eq!(log.matches("login_failed").count(), 5, "{log}");
    assert_eq!(log.matches("login_locked").count(), 1);
    assert_eq!(log.matches("login_refused").count(), 2);

    // A restart opens nothing.
    let (_, data) = gateway.stop();
    let gateway = TestGateway::on(data, |_| {});
    let error = guess(&gateway, "alice", Slot::Password);
    assert_eq!(error.code, ErrorCode::LoginLocked);
    let name = account_name("alice");
    super::operator::done(&gateway, &admin::Request::UserResetLogin { name });
    Line::open(&gateway).log_in(&alice);
}

#[test]
fn a_login_that_is_begun_and_never_ended_has_failed() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    // Who guesses knows by the gateway's first answer whether the guess was right.
    let identifiers =
        |line: &Line| Identifiers::new(&account_name("alice"), Slot::Password, line.gateway());
    for _ in 0..LOGIN_FAILURES_MAX {
        let mut line = Line::open(&gateway);
        let (started, request) = LoginStart::new(&mut OsRng, b"a wrong guess").unwrap();
        let Response::LoginStarted(answer) =
            line.ask(&login_start("alice", Slot::Password, request))
        else {
            panic!()
        };
        let identifiers = identifiers(&line);
        assert!(started.finish(&mut OsRng, &answer.0, &identifiers).is_err());
    }
    let error = Line::open(&gateway)
        .login("alice", Slot::Password, alice.password.as_bytes())
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::LoginLocked);
}

#[test]
fn logins_at_once_do_not_get_more_guesses_than_one_after_the_other() {
    let gateway = TestGateway::start();
    Person::sign_up("alice", &mut Line::open(&gateway));
    let mut lines: Vec<_> = (0..10).map(|_| Line::open(&gateway)).collect();
    for line in &mut lines {
        let (_, request) = LoginStart::new(&mut OsRng, b"a wrong guess").unwrap();
        line.send(&login_start("alice", Slot::Password, request));
    }
    let answered = lines
        .iter_mut()
        .map(|line| line.response())
        .filter(|response| matches!(response, Response::LoginStarted(_)))
        .count();
    assert!(answered <= LOGIN_FAILURES_MAX as usize, "{answered}");
    assert!(answered > 0);
}

#[test]
fn a_success_forgets_the_failures_before_it() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    for _ in 0..2 {
        for _ in 1..LOGIN_FAILURES_MAX {
            let error = guess(&gateway, "alice", Slot::Password);
            assert_eq!(error.code, ErrorCode::LoginFailed);
        }
        Line::open(&gateway).log_in(&alice);
    }
}

#[test]
fn an_unknown_name_looks_like_a_known_one() {
    let gateway = TestGateway::start();
    Person::sign_up("alice", &mut Line::open(&gateway));
    for slot in Slot::ALL {
        let mut seen = ["alice", "nobody.here"].map(|name| {
            (0..=LOGIN_FAILURES_MAX)
                .map(|_| {
                    let mut line = Line::open(&gateway);
                    let (_, request) = LoginStart::new(&mut OsRng, b"a wrong guess").unwrap();
                    line.send(&login_start(name, slot, request));
                    let start = line.frame().unwrap();
                    line.send(&Request::LoginFinish(OpaqueMessage(vec![7; 64].into())));
                    let finish = line.frame().unwrap();
                    [(start.code, start.payload), (finish.code, finish.payload)]
                })
                .collect::<Vec<_>>()
        });
        for attempts in &mut seen {
            for attempt in attempts.iter_mut().flatten() {
                // A wait is never the same; what differs otherwise is what OPAQUE makes random.
                if attempt.0 == 4012 {
                    attempt.1 = vec![0; attempt.1.len()].into();
                } else {
                    let error = error_of(
                        Response::decode(sotto_shared::sotto::ResponseFrame {
                            code: attempt.0,
                            payload: attempt.1.clone(),
                        })
                        .unwrap(),
                    );
                    attempt.1 = format!("{:?} {}", error.code, error.message).into();
                }
            }
        }
        let [known, unknown] = seen;
        assert_eq!(known, unknown);
    }
    let log = gateway.audit_log();
    assert!(!log.contains("nobody"), "{log}");
}

#[test]
fn one_address_may_guess_so_often_whatever_the_names() {
    let gateway = TestGateway::start();
    let alice = Person::sign_up("alice", &mut Line::open(&gateway));
    for n in 0..LOGIN_FAILURES_PER_ADDRESS_MAX {
        // A login to an own account in between clears nothing.
        if n == 10 {
            Line::open(&gateway).log_in(&alice);
        }
        let mut line = Line::open(&gateway);
        let (_, request) = LoginStart::new(&mut OsRng, b"a wrong guess").unwrap();
        let answered = line.ask(&login_start(&format!("name{n}"), Slot::Password, request));
        assert!(matches!(answered, Response::LoginStarted(_)), "{n}");
    }
    let error = guess(&gateway, "another", Slot::Password);
    assert_eq!(error.code, ErrorCode::LoginLocked);
    assert!(gateway.audit_log().contains("logins_per_address"));
    session_of(Line::open(&gateway).authenticate(&alice.device));
}

#[test]
fn a_changed_password_stops_the_old_one_everywhere_at_once() {
    let gateway = TestGateway::start();
    let mut first = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut first);
    let second = Device::new();
    let mut other = Line::open(&gateway);
    other.log_in(&alice);
    session_of(other.add_device(alice.certify(&second)));
    // Two logins with the old password are under way: one done, one half done.
    let mut done = Line::open(&gateway);
    done.log_in(&alice);
    let mut half = Line::open(&gateway);
    let (started, request) = LoginStart::new(&mut OsRng, alice.password.as_bytes()).unwrap();
    let Response::LoginStarted(answer) = half.ask(&login_start("alice", Slot::Password, request))
    else {
        panic!()
    };
    let identifiers = Identifiers::new(&account_name("alice"), Slot::Password, half.gateway());
    let finished = started.finish(&mut OsRng, &answer.0, &identifiers).unwrap();

    assert_eq!(
        code_of(first.change_password(&alice, "another password", Vec::new())),
        ErrorCode::LoginNeeded,
        "a device alone changes no password"
    );
    first.log_in(&alice);
    let revoke = vec![alice.revoke(second.client)];
    let Response::CredentialsChanged(epoch) =
        first.change_password(&alice, "another password", revoke)
    else {
        panic!()
    };
    let revoked = Push::SessionEnded(EndReason::Revoked);
    assert_eq!(other.own_push(), revoked);
    assert!(other.is_over());
    let finish = Request::LoginFinish(OpaqueMessage(finished.finalization.into()));
    assert_eq!(half.refused(&finish).code, ErrorCode::LoginFailed);
    assert_eq!(
        code_of(done.add_device(alice.certify(&Device::new()))),
        ErrorCode::LoginNeeded
    );
    assert_eq!(
        code_of(done.change_password(&alice, "a third", Vec::new())),
        ErrorCode::LoginNeeded
    );
    let error = Line::open(&gateway)
        .login("alice", Slot::Password, alice.password.as_bytes())
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::LoginFailed);
    let logged_in = Line::open(&gateway)
        .login("alice", Slot::Password, b"another password")
        .unwrap();
    assert_eq!(logged_in.password_epoch, epoch);
    // The connection that changed it may go on.
    let again = first.change_password(&alice, "a third password", Vec::new());
    assert_eq!(again, Response::CredentialsChanged(epoch + 1));
}

#[test]
fn other_devices_hear_of_a_changed_password() {
    let gateway = TestGateway::start();
    let mut first = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut first);
    let mut other = Line::open(&gateway);
    other.log_in(&alice);
    let Response::CredentialsChanged(password_epoch) =
        other.change_password(&alice, "another password", Vec::new())
    else {
        panic!()
    };
    let changed = Push::PasswordChanged { password_epoch };
    assert_eq!(first.own_push(), changed);
}

#[test]
fn deletion_takes_a_login_and_an_order_and_deletes_everything() {
    let gateway = TestGateway::start();
    let mut first = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut first);
    let bob = Person::sign_up("bob", &mut Line::open(&gateway));
    let order = |person: &Person, line: &Line, nonce| {
        let order = DeletionOrder::issue(&person.key, person.account, line.gateway(), nonce);
        Request::DeleteAccount(order.signature)
    };
    let forged = order(&alice, &first, first.nonce());
    assert_eq!(first.refused(&forged).code, ErrorCode::LoginNeeded);

    let mut line = Line::open(&gateway);
    line.log_in(&alice);
    let foreign = order(&alice, &line, first.nonce());
    assert_eq!(line.refused(&foreign).code, ErrorCode::BadSignature);
    let right = order(&alice, &line, line.nonce());
    assert_eq!(line.refused(&right).code, ErrorCode::NonceUsed);
    let mut line = Line::open(&gateway);
    line.log_in(&bob);
    let alices = order(&alice, &line, line.nonce());
    assert_eq!(line.refused(&alices).code, ErrorCode::BadSignature);

    let mut line = Line::open(&gateway);
    line.log_in(&alice);
    let right = order(&alice, &line, line.nonce());
    line.done(&right);
    assert!(line.is_over());
    let ended = Push::SessionEnded(EndReason::AccountDeleted);
    assert_eq!(first.own_push(), ended);
    assert!(first.is_over());
    let mut line = Line::open(&gateway);
    assert_eq!(
        code_of(line.authenticate(&alice.device)),
        ErrorCode::UnknownDevice
    );
    let error = line
        .login("alice", Slot::Password, alice.password.as_bytes())
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::LoginFailed);
    Person::sign_up("alice", &mut Line::open(&gateway));
}
