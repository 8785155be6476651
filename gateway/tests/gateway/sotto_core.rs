//! Version 3 in the connection core, without sockets and keys.

use std::time::Duration;

use sotto_gateway::config::Limits;
use sotto_gateway::connection::sotto::{
    AccountResult, AccountWork, Device, LOGIN_FRESH, PUSH_BACKLOG_MAX, Proof, error,
};
use sotto_gateway::connection::{
    Alone, AloneResult, Connection, Framing, Job, RESTART_IN, RESTART_SPREAD, RequestResult,
};
use sotto_gateway::storage::{Write, Written};
use sotto_shared::account::{Nonce, Signature};
use sotto_shared::classic::{RequestBody, Version};
use sotto_shared::limits::{
    NONCE_SECONDS, SOTTO_PAYLOAD_MAX, SOTTO_PAYLOAD_MAX_UNAUTHENTICATED,
    UNAUTHENTICATED_REQUESTS_MAX, UNAUTHENTICATED_SECONDS,
};
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::request::{Authenticate, ClientHello, FindAccounts};
use sotto_shared::sotto::response::Hello;
use sotto_shared::sotto::types::{DirectoryPolicy, RegistrationPolicy};
use sotto_shared::sotto::{
    ErrorCode, Part, Push, Request, RequestFrame, Response, ResponseFrame, ResponseSplitter, code,
};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{AccountId, ClientId, GatewayId, MessageId};

use crate::account_client::{code_of, hello};
use crate::support::{frame, message};

pub(crate) const CLIENT: ClientId = ClientId::from_bytes([5; 16]);
const ACCOUNT: AccountId = AccountId::from_bytes([6; 16]);
const NONCE: Nonce = Nonce::from_bytes([7; 32]);

/// A connection, and what came out of it.
pub(crate) struct Bench {
    pub(crate) core: Connection,
    splitter: ResponseSplitter,
    client: ClientId,
}

impl Bench {
    fn new() -> Self {
        Self {
            core: Connection::new(Framing::Stream, &Limits::new()),
            splitter: ResponseSplitter::default(),
            client: ClientId::ZERO,
        }
    }

    pub(crate) fn greeted() -> Self {
        let mut bench = Self::new();
        bench.send(&hello());
        bench.result(hello_answer().into());
        assert!(matches!(bench.response(), Some(Response::Hello(_))));
        bench
    }

    pub(crate) fn device() -> Self {
        let mut bench = Self::greeted();
        bench.send(&authenticate());
        assert_eq!(bench.work().unwrap().nonce, Some(NONCE));
        bench.core.alone_done(proof(device_proof()));
        assert_eq!(bench.response(), Some(Response::Done));
        bench.client = CLIENT;
        bench
    }

    pub(crate) fn send(&mut self, request: &Request) {
        let frame = request.to_frame(self.client).to_bytes();
        self.core.receive(&frame);
    }

    fn work(&mut self) -> Option<AccountWork> {
        match self.core.next_job()? {
            Job::Alone(Alone::Account(work)) => Some(*work),
            other => panic!("{other:?}"),
        }
    }

    /// Does the next job with this result.
    #[track_caller]
    pub(crate) fn result(&mut self, result: AccountResult) {
        self.work().expect("a job");
        self.core.alone_done(AloneResult::Account(Box::new(result)));
    }

    pub(crate) fn frame(&mut self) -> Option<ResponseFrame> {
        let output = self.core.output().to_vec();
        self.splitter.push(&output);
        self.core.wrote(output.len());
        match self.splitter.next_part().unwrap()? {
            Part::Sotto(frame) => Some(frame),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn response(&mut self) -> Option<Response> {
        Some(Response::decode(self.frame()?).unwrap())
    }

    #[track_caller]
    fn refused(&mut self, request: &Request) -> ErrorCode {
        self.send(request);
        assert_eq!(self.work(), None, "no work");
        code_of(self.response().unwrap())
    }
}

/// What a gateway says of itself.
pub(crate) fn hello_answer() -> Response {
    Response::Hello(Box::new(Hello {
        version: 3,
        gateway: GatewayId::from_bytes([1; 16]),
        nonce: NONCE,
        time: 1,
        agent: "tests".to_owned(),
        limits: Limits::new().for_clients(),
        registration: RegistrationPolicy::Open,
        directory: DirectoryPolicy::Listed,
        bridge: true,
    }))
}

fn authenticate() -> Request {
    Request::Authenticate(Authenticate {
        client: CLIENT,
        signature: Signature::from_bytes([0; 64]),
    })
}

fn device_proof() -> Proof {
    Proof::Device(Device {
        account: ACCOUNT,
        client: CLIENT,
    })
}

fn proof(proof: Proof) -> AloneResult {
    AloneResult::Account(Box::new(AccountResult {
        response: Response::Done,
        proves: Some(proof),
    }))
}

fn raw(client: ClientId, code: u16, payload: Vec<u8>) -> Vec<u8> {
    let payload = payload.into();
    RequestFrame {
        client,
        code,
        payload,
    }
    .to_bytes()
    .to_vec()
}

#[test]
fn frames_stand_byte_for_byte_as_documented() {
    let mut bench = Bench::greeted();
    bench.core.receive(&raw(ClientId::ZERO, code::PING, vec![]));
    assert_eq!(bench.core.output(), [3, 0xa1, 0x0f, 0, 0, 0, 0]);
    bench.core.wrote(7);
    let mut bench = Bench::device();
    bench.core.push(&Push::DevicesChanged);
    assert_eq!(bench.core.output(), [3, 0x8b, 0x13, 0, 0, 0, 0]);
}

#[test]
fn the_first_request_is_a_hello_and_no_other_is() {
    let mut bench = Bench::new();
    assert_eq!(bench.refused(&Request::Ping), ErrorCode::ExpectedHello);
    assert!(bench.core.is_finished());
    let mut bench = Bench::greeted();
    assert_eq!(bench.refused(&hello()), ErrorCode::ExpectedHello);
    assert!(bench.core.is_finished());
    let mut bench = Bench::new();
    let other = Request::Hello(ClientHello {
        versions: vec![2, 4],
        agent: String::new(),
    });
    assert_eq!(bench.refused(&other), ErrorCode::UnsupportedVersion);
    assert!(bench.core.is_finished());
}

#[test]
fn a_hello_that_could_not_be_answered_greets_nobody() {
    let mut bench = Bench::new();
    bench.send(&hello());
    bench.result(Response::Error(error(ErrorCode::Unavailable)).into());
    assert_eq!(code_of(bench.response().unwrap()), ErrorCode::Unavailable);
    bench.send(&hello());
    assert!(bench.work().is_some(), "it may be said again");
}

#[test]
fn what_is_no_request_is_answered_and_the_connection_goes_on() {
    let mut bench = Bench::greeted();
    for (code, payload, expected) in [
        (3999, vec![], ErrorCode::UnknownRequest),
        (code::HELLO, vec![], ErrorCode::UnknownRequest),
        (code::LOGIN_START, vec![], ErrorCode::BadRequest),
        (code::LOGIN_START, vec![0xff; 9], ErrorCode::BadRequest),
    ] {
        bench.core.receive(&raw(ClientId::ZERO, code, payload));
        assert_eq!(code_of(bench.response().unwrap()), expected, "{code}");
    }
    bench.send(&Request::Ping);
    assert_eq!(bench.response(), Some(Response::Pong));
}

#[test]
fn a_header_that_names_another_client_is_refused() {
    let mut bench = Bench::greeted();
    bench.client = CLIENT;
    assert_eq!(bench.refused(&Request::Ping), ErrorCode::BadRequest);
    let mut bench = Bench::device();
    for client in [ClientId::ZERO, ClientId::from_bytes([8; 16])] {
        bench.client = client;
        assert_eq!(bench.refused(&Request::ListDevices), ErrorCode::BadRequest);
    }
}

#[test]
fn a_stranger_gets_nothing_of_what_is_a_devices() {
    let mut bench = Bench::greeted();
    for request in [
        Request::ListDevices,
        Request::Invite,
        Request::ListInvitations,
        Request::SetBridge(None),
        Request::FindAccounts(FindAccounts::default()),
        Request::RevokeDevices(Vec::new()),
    ] {
        assert_eq!(bench.refused(&request), ErrorCode::NotAuthenticated);
    }
    let delete = Request::DeleteAccount(Signature::from_bytes([0; 64]));
    assert_eq!(bench.refused(&delete), ErrorCode::LoginNeeded);
}

#[test]
fn a_stranger_may_ask_so_often_and_no_more() {
    let mut bench = Bench::greeted();
    for _ in 1..UNAUTHENTICATED_REQUESTS_MAX {
        bench.send(&Request::Ping);
        assert_eq!(bench.response(), Some(Response::Pong));
    }
    assert_eq!(bench.refused(&Request::Ping), ErrorCode::RateLimited);
    assert!(bench.core.is_finished());
    let mut bench = Bench::device();
    for _ in 0..10 * UNAUTHENTICATED_REQUESTS_MAX {
        bench.send(&Request::Ping);
        assert_eq!(bench.response(), Some(Response::Pong));
    }
}

#[test]
fn a_strangers_time_runs_out_and_a_devices_does_not() {
    let second = Duration::from_secs(1);
    let mut bench = Bench::new();
    assert_eq!(
        bench.core.authentication_due(),
        None,
        "nothing of version 3"
    );
    bench.core.advance(10 * second);
    bench.send(&hello());
    let due = 10 * second + second * UNAUTHENTICATED_SECONDS;
    assert_eq!(bench.core.authentication_due(), Some(due));
    bench.result(hello_answer().into());
    assert_eq!(bench.core.authentication_due(), Some(due));
    assert_eq!(Bench::device().core.authentication_due(), None);
}

#[test]
fn payloads_are_small_until_a_device_is_authenticated() {
    for (mut bench, max) in [
        (Bench::greeted(), SOTTO_PAYLOAD_MAX_UNAUTHENTICATED),
        (Bench::device(), SOTTO_PAYLOAD_MAX),
    ] {
        let client = bench.client;
        bench.core.receive(&raw(client, 3999, vec![0; max]));
        let answered = bench.response().unwrap();
        assert_eq!(code_of(answered), ErrorCode::UnknownRequest);
        // The header alone is enough.
        let frame = raw(client, 3999, vec![0; max + 1]);
        bench.core.receive(&frame[..23]);
        assert_eq!(code_of(bench.response().unwrap()), ErrorCode::TooLarge);
        assert!(bench.core.is_finished() && bench.core.is_broken());
    }
}

#[test]
fn a_nonce_is_good_once_and_for_a_minute() {
    let mut bench = Bench::greeted();
    bench.send(&authenticate());
    bench.result(Response::Error(error(ErrorCode::BadSignature)).into());
    assert_eq!(code_of(bench.response().unwrap()), ErrorCode::BadSignature);
    assert_eq!(bench.refused(&authenticate()), ErrorCode::NonceUsed);

    let minute = Duration::from_secs(NONCE_SECONDS.into());
    let mut bench = Bench::greeted();
    bench.core.advance(minute - Duration::from_millis(1));
    bench.send(&authenticate());
    assert!(bench.work().is_some());
    let mut bench = Bench::greeted();
    bench.core.advance(minute);
    assert_eq!(bench.refused(&authenticate()), ErrorCode::NonceUsed);
}

#[test]
fn a_login_opens_what_takes_one_for_five_minutes() {
    let delete = Request::DeleteAccount(Signature::from_bytes([0; 64]));
    let credentials = raw(ClientId::ZERO, code::CREDENTIALS_START, vec![]);
    let mut bench = Bench::greeted();
    bench.core.receive(&credentials);
    assert_eq!(code_of(bench.response().unwrap()), ErrorCode::LoginNeeded);
    let finish = raw(
        ClientId::ZERO,
        code::LOGIN_FINISH,
        [vec![10, 64], vec![0; 64]].concat(),
    );
    bench.core.receive(&finish);
    bench.work().unwrap();
    bench.core.alone_done(proof(Proof::LoggedIn(ACCOUNT)));
    assert_eq!(bench.response(), Some(Response::Done));
    let due = bench.core.authentication_due();
    assert_eq!(due, Some(LOGIN_FRESH), "there is time to choose a password");

    bench.core.advance(LOGIN_FRESH - Duration::from_millis(1));
    bench.core.receive(&credentials);
    let work = bench.work().unwrap();
    assert_eq!(work.standing.login.unwrap().account, ACCOUNT);
    let result = AccountResult::from(Response::Done);
    bench
        .core
        .alone_done(AloneResult::Account(Box::new(result)));
    assert_eq!(bench.response(), Some(Response::Done));
    bench.core.advance(LOGIN_FRESH);
    bench.core.receive(&credentials);
    assert_eq!(code_of(bench.response().unwrap()), ErrorCode::LoginNeeded);
    assert_eq!(bench.refused(&delete), ErrorCode::LoginNeeded);
    assert_eq!(
        bench.refused(&Request::ListDevices),
        ErrorCode::NotAuthenticated
    );
}

#[test]
fn responses_come_in_the_order_of_the_requests_of_both_dialects() {
    let mut core = Connection::new(Framing::Stream, &Limits::new());
    core.receive(&raw(ClientId::ZERO, code::CLIENT_HELLO, vec![10, 1, 3]));
    let Some(Job::Alone(Alone::Account(_))) = core.next_job() else {
        panic!()
    };
    core.alone_done(AloneResult::Account(Box::new(hello_answer().into())));
    core.wrote(core.output().len());
    let send = frame(
        CLIENT,
        RequestBody::Send(message(ACCOUNT_MAILBOX, b"x")),
        Version::V2,
        ByteOrder::Little,
    );
    let ping = raw(ClientId::ZERO, code::PING, vec![]);
    core.receive(&[send.clone(), ping.clone(), send, ping].concat());
    let Some(Job::Sends { first, batch }) = core.next_job() else {
        panic!()
    };
    assert!(matches!(
        batch[..],
        [Write::Send { .. }, Write::Send { .. }]
    ));
    assert!(core.output().is_empty(), "the pong waits for the send");
    let stored = [Written::Stored(MessageId(1)), Written::Stored(MessageId(2))];
    core.sends_done(first, &stored);
    let output = core.output();
    assert_eq!(output.len(), 2 * (27 + 7));
    let codes = [1, 28, 35, 62].map(|at| u16::from_le_bytes([output[at], output[at + 1]]));
    assert_eq!(codes, [2103, 4001, 2103, 4001]);
    let tally = core.take_sotto_tally().unwrap();
    let ping = (code::PING, RequestResult::Done);
    assert_eq!(
        tally.requests(),
        [(code::CLIENT_HELLO, RequestResult::Done), ping, ping]
    );
}

const ACCOUNT_MAILBOX: ClientId = ClientId::from_bytes([9; 16]);

#[test]
fn nothing_begins_before_what_was_asked_before_it_is_answered() {
    let mut bench = Bench::device();
    bench.send(&Request::ListDevices);
    bench.send(&Request::Ping);
    bench.send(&Request::Invite);
    assert_eq!(bench.work().unwrap().request, Request::ListDevices);
    assert_eq!(bench.work(), None);
    assert_eq!(bench.response(), None);
    let result = AccountResult::from(Response::Devices(Vec::new()));
    bench
        .core
        .alone_done(AloneResult::Account(Box::new(result)));
    assert_eq!(bench.response(), Some(Response::Devices(Vec::new())));
    assert_eq!(bench.response(), Some(Response::Pong));
    assert_eq!(bench.work().unwrap().request, Request::Invite);
}

#[test]
fn pushes_stand_between_responses_never_inside_one() {
    let mut bench = Bench::device();
    bench.send(&Request::ListDevices);
    bench.core.push(&Push::DevicesChanged);
    bench.result(Response::Devices(Vec::new()).into());
    bench
        .core
        .push(&Push::PasswordChanged { password_epoch: 2 });
    let whole = bench.core.output().to_vec();
    // Byte by byte, with a push whenever one is written.
    let mut written = Vec::new();
    for _ in 0..whole.len() {
        written.push(bench.core.output()[0]);
        bench.core.wrote(1);
        bench.core.push(&Push::DevicesChanged);
    }
    written.extend(bench.core.output());
    let mut splitter = ResponseSplitter::default();
    splitter.push(&written);
    let mut codes = Vec::new();
    while let Some(Part::Sotto(frame)) = splitter.next_part().unwrap() {
        codes.push(frame.code);
    }
    assert_eq!(
        codes[..3],
        [code::DEVICES_CHANGED, code::DEVICES, code::PASSWORD_CHANGED]
    );
    assert_eq!(codes.len(), 3 + whole.len());
}

#[test]
fn nobody_is_pushed_to_who_does_not_speak_version_3() {
    let mut core = Connection::new(Framing::Stream, &Limits::new());
    core.push(&Push::DevicesChanged);
    assert!(core.output().is_empty());
}

#[test]
fn a_session_that_ends_says_so_last_and_answers_nothing_more() {
    let mut bench = Bench::device();
    bench.send(&Request::ListDevices);
    bench.send(&Request::Ping);
    bench.work().unwrap();
    bench.core.push(&Push::SessionEnded(EndReason::Revoked));
    let result = AccountResult::from(Response::Devices(Vec::new()));
    bench
        .core
        .alone_done(AloneResult::Account(Box::new(result)));
    bench.core.push(&Push::DevicesChanged);
    bench.send(&Request::Ping);
    let frame = bench.frame().unwrap();
    let ended = Push::SessionEnded(EndReason::Revoked);
    assert_eq!(Push::decode(frame).unwrap(), ended);
    assert_eq!(bench.frame(), None);
    assert!(bench.core.is_finished());
}

#[test]
fn who_does_not_read_what_is_pushed_is_cut_within_bounds() {
    let mut bench = Bench::device();
    let mut pushes = 0;
    while bench.core.wants_input() {
        bench.core.push(&Push::DevicesChanged);
        pushes += 1;
        assert!(bench.core.output().len() <= PUSH_BACKLOG_MAX + 64);
    }
    assert_eq!(pushes, PUSH_BACKLOG_MAX / 7 + 1);
    let mut last = None;
    while let Some(frame) = bench.frame() {
        last = Some(Push::decode(frame).unwrap());
    }
    assert_eq!(last, Some(Push::SessionEnded(EndReason::TooSlow)));
    assert!(bench.core.is_finished());

    // Who reads may be told without end.
    let mut bench = Bench::device();
    for _ in 0..PUSH_BACKLOG_MAX {
        bench.core.push(&Push::DevicesChanged);
        bench.core.wrote(7);
    }
    assert!(bench.core.wants_input());
}

#[test]
fn a_gateway_that_stops_says_when_to_come_back() {
    let mut bench = Bench::device();
    bench.core.stop();
    let push = Push::decode(bench.frame().unwrap()).unwrap();
    let expected = Push::Restarting {
        reconnect_in: RESTART_IN,
        spread: RESTART_SPREAD,
    };
    assert_eq!(push, expected);
    assert!(bench.core.is_finished());
    let mut core = Connection::new(Framing::Stream, &Limits::new());
    core.stop();
    assert!(
        core.output().is_empty() && core.is_finished(),
        "classic peers hear nothing"
    );
}

#[test]
fn an_account_that_is_gone_ends_the_connection_behind_its_answer() {
    let mut bench = Bench::device();
    bench.send(&Request::ListDevices);
    bench.send(&Request::Ping);
    bench.work().unwrap();
    bench.core.alone_done(proof(Proof::AccountGone));
    assert_eq!(bench.response(), Some(Response::Done));
    assert_eq!(bench.response(), None);
    assert!(bench.core.is_finished());
}
