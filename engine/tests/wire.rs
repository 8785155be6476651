//! What the gateway may say on a connection, and what ends it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use bytes::{Bytes, BytesMut};
use sotto_engine::api::{Command, Event, RegistrationPolicy, Status};
use sotto_engine::block_on;
use sotto_engine::driver::{Driver, Input, Output};
use sotto_engine::machine::Profile;
use sotto_engine::store::MemoryStore;
use sotto_engine::time::Timestamp;
use sotto_shared::GatewayId;
use sotto_shared::account::Nonce;
use sotto_shared::classic::{Decoded, RequestDecoder};
use sotto_shared::limits::SOTTO_RESPONSE_MAX;
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::response::Hello;
use sotto_shared::sotto::types::{DirectoryPolicy, Limits};
use sotto_shared::sotto::{Push, Request, Response, ResponseFrame, code};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn hello() -> Response {
    Response::Hello(Box::new(Hello {
        version: 3,
        gateway: GatewayId::from_bytes([9; 16]),
        nonce: Nonce::from_bytes([8; 32]),
        time: NOW.0,
        agent: "test".to_owned(),
        limits: Limits {
            payload_max_unauthenticated: 16 * 1024,
            payload_max: 1024 * 1024,
            unauthenticated_requests_max: 16,
            unauthenticated_seconds: 60,
            nonce_seconds: 60,
            devices_max: 32,
            vault_max: 64 * 1024,
            directory_page_max: 200,
            content_max: 64 * 1024 * 1024,
            idle_seconds: 0,
            message_max: 256 * 1024,
            commit_max: 8 * 1024 * 1024,
            group_devices_max: 1024,
            key_packages_max: 100,
            mailbox_entries_max: 100_000,
            mailbox_seconds: 7_776_000,
            delivery_window: 1024,
        },
        registration: RegistrationPolicy::Invitation,
        directory: DirectoryPolicy::Exact,
        bridge: false,
    }))
}

struct Client(Driver<MemoryStore>);

impl Client {
    /// Connected, with a hello on its way.
    fn new(profile: Profile) -> (Self, Vec<Output>) {
        let driver = block_on(Driver::open(MemoryStore::default(), profile, [1; 32]));
        let mut client = Self(driver);
        client.input(Input::Start);
        let outputs = client.input(Input::Connected);
        (client, outputs)
    }

    /// As [`Client::new`], and greeted.
    fn greeted() -> Self {
        let (mut client, _) = Self::new(Profile::Reliable);
        let outputs = client.hear(&hello().to_frame());
        assert!(!outputs.contains(&Output::Disconnect));
        client
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        block_on(self.0.handle(input, NOW))
    }

    fn hear(&mut self, frame: &ResponseFrame) -> Vec<Output> {
        let mut bytes = BytesMut::new();
        frame.encode(&mut bytes);
        self.input(Input::Received(bytes.to_vec()))
    }

    fn status(&mut self) -> Status {
        let outputs = self.input(Input::Command(Command::Attach));
        let mut outputs = outputs.into_iter();
        let status = outputs.find_map(|output| match output {
            Output::Event(Event::Status(status)) => Some(status),
            _ => None,
        });
        status.expect("a status")
    }
}

fn frame(code: u16, payload: &[u8]) -> ResponseFrame {
    let payload = Bytes::copy_from_slice(payload);
    ResponseFrame { code, payload }
}

#[test]
fn a_connection_opens_with_hello_and_the_status_tells_what_the_gateway_is() {
    let (mut client, outputs) = Client::new(Profile::Reliable);
    let sent = outputs.iter().find_map(|output| match output {
        Output::Transmit(frame) => Some(frame.clone()),
        _ => None,
    });
    let mut decoder = RequestDecoder::new(1 << 20);
    decoder.push(&sent.expect("a request"));
    let Some(Decoded::Sotto(sent)) = decoder.next_decoded() else {
        unreachable!("a frame of version 3")
    };
    assert!(matches!(Request::decode(sent), Ok(Request::Hello(it)) if it.versions == [3]));
    assert_eq!(client.status().gateway, None);
    client.hear(&hello().to_frame());
    let gateway = client.status().gateway.expect("it has said");
    assert_eq!(gateway.registration, RegistrationPolicy::Invitation);
    assert_eq!(gateway.directory, DirectoryPolicy::Exact);
    assert!(!gateway.bridge);
}

#[test]
fn a_foreign_server_hears_nothing_of_version_3() {
    let (_, outputs) = Client::new(Profile::Seed);
    assert!(
        !outputs
            .iter()
            .any(|output| matches!(output, Output::Transmit(_)))
    );
}

#[test]
fn pushes_of_a_later_version_are_skipped() {
    let mut client = Client::greeted();
    let outputs = client.hear(&frame(5999, b"whatever"));
    assert!(!outputs.contains(&Output::Disconnect));
}

#[test]
fn what_no_gateway_says_ends_the_connection() {
    let ended = Push::SessionEnded(EndReason::Revoked).to_frame();
    let cases = [
        ("an answer that nobody asked for", Response::Pong.to_frame()),
        ("a second hello", hello().to_frame()),
        ("a push to nobody", ended),
        ("an unknown answer", frame(4999, b"")),
        ("rubbish", frame(code::HELLO, &[0xff; 9])),
        ("a broken push", frame(code::ACCOUNT_CHANGED, &[0xff; 9])),
    ];
    for (what, frame) in cases {
        let outputs = Client::greeted().hear(&frame);
        assert!(outputs.contains(&Output::Disconnect), "{what}");
    }
    let size = u32::try_from(SOTTO_RESPONSE_MAX + 1).unwrap();
    let mut header = vec![3];
    header.extend(code::ACCOUNTS.to_le_bytes());
    header.extend(size.to_le_bytes());
    let outputs = Client::greeted().input(Input::Received(header));
    assert!(
        outputs.contains(&Output::Disconnect),
        "one that is too large"
    );
}

#[test]
fn a_hello_that_does_not_come_ends_the_connection() {
    let (mut client, _) = Client::new(Profile::Reliable);
    let at = client.0.next_timeout().expect("it is awaited");
    let outputs = block_on(client.0.handle(Input::Tick, at));
    assert!(outputs.contains(&Output::Disconnect));
}
