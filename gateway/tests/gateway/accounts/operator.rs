//! The operator's commands, as those who are connected feel them.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use sotto_gateway::admin::{Answer, Request};
use sotto_shared::account::Slot;
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::{self, ErrorCode, Push};

use crate::account_client::{Line, Person, account_name, code_of, session_of};
use crate::support::{TestGateway, http};

/// Asks over the socket in the data folder.
fn ask(gateway: &TestGateway, request: &Request) -> Answer {
    let mut stream = UnixStream::connect(gateway.data.path().join("admin.sock")).unwrap();
    let request = serde_json::to_string(request).unwrap();
    stream.write_all(format!("{request}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(&answer).unwrap()
}

#[track_caller]
pub(super) fn done(gateway: &TestGateway, request: &Request) {
    assert_eq!(ask(gateway, request), Answer::Done);
}

pub(super) fn invite(gateway: &TestGateway) -> String {
    match ask(gateway, &Request::Invite { days: 1 }) {
        Answer::Invited { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_disabled_account_is_cut_off_and_let_in_again_when_enabled() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    let name = account_name("alice");
    done(&gateway, &Request::UserDisable { name: name.clone() });
    let disabled = Push::SessionEnded(EndReason::AccountDisabled);
    assert_eq!(line.own_push(), disabled);
    assert!(line.is_over());
    let mut line = Line::open(&gateway);
    assert_eq!(
        code_of(line.authenticate(&alice.device)),
        ErrorCode::AccountDisabled
    );
    let login = |password: &[u8]| {
        Line::open(&gateway)
            .login("alice", Slot::Password, password)
            .unwrap_err()
            .code
    };
    assert_eq!(login(alice.password.as_bytes()), ErrorCode::AccountDisabled);
    assert_eq!(login(b"a wrong guess"), ErrorCode::LoginFailed);
    done(&gateway, &Request::UserEnable { name });
    session_of(Line::open(&gateway).authenticate(&alice.device));
}

#[test]
fn metrics_count_sessions_logins_and_requests() {
    let gateway = TestGateway::with(|config| config.metrics = Some("127.0.0.1:0".parse().unwrap()));
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    Line::open(&gateway).log_in(&alice);
    let wrong = Line::open(&gateway).login("alice", Slot::Password, b"a wrong guess");
    assert!(wrong.is_err());
    let forged = Person::new("mallory").revoke(alice.device.client);
    assert_eq!(
        line.refused(&sotto::Request::RevokeDevices(vec![forged]))
            .code,
        ErrorCode::BadSignature
    );
    let address = gateway.addresses.metrics.unwrap();
    let (_, text) = http(address, "GET", "/metrics", "");
    let text = String::from_utf8(text).unwrap();
    for expected in [
        "sotto_sessions 1\n",
        "sotto_logins_total{result=\"done\"} 1\n",
        "sotto_logins_total{result=\"failed\"} 1\n",
        "sotto_requests_total{code=\"3011\",result=\"done\"} 1\n",
        "sotto_requests_total{code=\"3012\",result=\"done\"} 2\n",
        "sotto_requests_total{code=\"3021\",result=\"refused\"} 1\n",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("alice"));
}

#[test]
fn a_gateway_that_stops_tells_its_devices_when_to_come_back() {
    let gateway = TestGateway::start();
    let mut line = Line::open(&gateway);
    let alice = Person::sign_up("alice", &mut line);
    let (finished, data) = gateway.stop();
    assert!(finished, "nothing had to be cut");
    assert!(matches!(line.own_push(), Push::Restarting { .. }));
    assert!(line.is_over());
    let gateway = TestGateway::on(data, |_| {});
    session_of(Line::open(&gateway).authenticate(&alice.device));
}
