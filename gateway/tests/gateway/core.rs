//! The connection core without sockets: any cut, any order of completion, any speed of writing.

use std::collections::HashMap;

use proptest::prelude::*;
use sotto_gateway::config::Limits;
use sotto_gateway::connection::sotto::error;
use sotto_gateway::connection::{Alone, AloneResult, Connection, Framing, Job};
use sotto_gateway::storage::{ReadError, Refusal, StoredId, Waiting, Write, Written};
use sotto_shared::account::Slot;
use sotto_shared::classic::request::{PublicKey, PullAfter};
use sotto_shared::classic::response::{ClientRecord, PublicKeyAnswer, WaitingMessage};
use sotto_shared::classic::{PublicKeyBytes, RequestBody, Version};
use sotto_shared::sotto::{self, ErrorCode};
use sotto_shared::wire::ByteOrder;
use sotto_shared::{ClientId, MessageId, UserName};

use crate::account_client::{hello, login_start};
use crate::sotto_core::hello_answer;
use crate::support::{frame, message, registration, send_once};

/// A storage in memory. Ids count up, so that sessions can be compared.
#[derive(Default)]
struct Model {
    names: Vec<UserName>,
    messages: Vec<(ClientId, WaitingMessage)>,
    receipts: HashMap<(ClientId, sotto_shared::SendId), MessageId>,
    last: u32,
}

fn id(number: u8) -> ClientId {
    ClientId::from_bytes([number + 1; 16])
}

impl Model {
    fn knows(&self, client: ClientId) -> bool {
        (0..self.names.len()).any(|n| id(n as u8) == client)
    }

    fn write(&mut self, write: Write) -> Written {
        match write {
            Write::Register { register, .. } => {
                if self.names.contains(&register.name) {
                    return Written::Refused(Refusal::NameTaken);
                }
                self.names.push(register.name);
                Written::Registered(id(self.names.len() as u8 - 1))
            }
            Write::Send {
                from,
                message,
                send_id,
            } => {
                if !self.knows(from) || !self.knows(message.to) {
                    return Written::Refused(Refusal::UnknownClient);
                }
                if let Some(known) = send_id.and_then(|send_id| self.receipts.get(&(from, send_id)))
                {
                    return Written::Stored(*known);
                }
                self.last += 1;
                let number = MessageId(self.last);
                if let Some(send_id) = send_id {
                    self.receipts.insert((from, send_id), number);
                }
                let waiting = WaitingMessage {
                    from,
                    message: number,
                    kind: message.kind,
                    content: message.content,
                };
                self.messages.push((message.to, waiting));
                Written::Stored(number)
            }
            Write::Delivered { mailbox, through } => {
                self.delete(mailbox, through.on_wire());
                Written::Deleted
            }
            Write::Acknowledge { mailbox, through } => {
                if !self.knows(mailbox) {
                    return Written::Refused(Refusal::UnknownRequester);
                }
                let is_there = |(to, message): &(ClientId, WaitingMessage)| {
                    *to == mailbox && message.message == through
                };
                if self.messages.iter().any(is_there) {
                    self.delete(mailbox, through);
                }
                Written::Deleted
            }
        }
    }

    fn delete(&mut self, mailbox: ClientId, through: MessageId) {
        self.messages
            .retain(|(to, message)| *to != mailbox || message.message > through);
    }

    fn alone(&mut self, work: Alone) -> AloneResult {
        let refused = Err(ReadError::Refused(Refusal::UnknownRequester));
        match work {
            Alone::Account(work) => AloneResult::Account(Box::new(
                match work.request {
                    sotto::Request::Hello(_) => hello_answer(),
                    _ => sotto::Response::Error(error(ErrorCode::Unavailable)),
                }
                .into(),
            )),
            Alone::Register(write) | Alone::Write(write) => AloneResult::Written(self.write(write)),
            Alone::Clients { requester } if !self.knows(requester) => {
                AloneResult::Clients(refused.map(|(): ()| Vec::new()))
            }
            Alone::Clients { requester } => AloneResult::Clients(Ok((0..)
                .zip(&self.names)
                .map(|(n, name)| ClientRecord {
                    client: id(n),
                    name: name.clone(),
                })
                .filter(|record| record.client != requester)
                .collect())),
            Alone::PublicKey { wanted, .. } if !self.knows(wanted) => {
                AloneResult::PublicKey(Err(ReadError::Refused(Refusal::UnknownClient)))
            }
            Alone::PublicKey { wanted, .. } => AloneResult::PublicKey(Ok(PublicKeyAnswer {
                client: wanted,
                public_key: PublicKeyBytes([1; 160]),
            })),
            Alone::Waiting { mailbox, .. } => {
                let messages: Vec<_> = self
                    .messages
                    .iter()
                    .filter(|(to, _)| *to == mailbox)
                    .map(|(_, message)| message.clone())
                    .collect();
                let through = messages
                    .last()
                    .map(|last| StoredId(i64::from(last.message.0)));
                AloneResult::Waiting(Ok(Waiting { messages, through }))
            }
        }
    }
}

/// Random numbers out of a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }
}

/// Everything the gateway transmits for a session, with whatever order of events the seed gives.
fn run(framing: Framing, limits: &Limits, input: &[u8], seed: u64, largest_cut: usize) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut model = Model::default();
    let mut core = Connection::new(framing, limits);
    let mut rest = input;
    let mut sends: Vec<(u64, Vec<Written>)> = Vec::new();
    let mut alone: Option<AloneResult> = None;
    let mut output = Vec::new();
    let mut ended = false;
    for _ in 0..1_000_000 {
        match dice.roll(5) {
            0 if core.wants_input() && !rest.is_empty() => {
                let cut = (1 + dice.roll(largest_cut)).min(rest.len());
                core.receive(&rest[..cut]);
                rest = &rest[cut..];
            }
            0 if rest.is_empty() && !ended && dice.roll(10) == 0 => {
                ended = true;
                core.receive_end();
            }
            1 => match core.next_job() {
                Some(Job::Sends { first, batch }) => {
                    assert!(alone.is_none(), "a send beside a request that stands alone");
                    let written = batch.into_iter().map(|write| model.write(write)).collect();
                    sends.push((first, written));
                }
                Some(Job::Alone(work)) => {
                    assert!(alone.is_none() && sends.is_empty(), "not alone: {work:?}");
                    if let Alone::Write(Write::Delivered { .. }) = &work {
                        assert!(core.output().is_empty(), "deleted before it was written");
                        assert!(core.holds_mailbox());
                    }
                    alone = Some(model.alone(work));
                }
                None => {}
            },
            2 if !sends.is_empty() => {
                let (first, written) = sends.remove(dice.roll(sends.len()));
                core.sends_done(first, &written);
            }
            3 => {
                if let Some(result) = alone.take() {
                    core.alone_done(result);
                }
            }
            4 if !core.output().is_empty() => {
                let n = 1 + dice.roll(core.output().len().min(3000));
                output.extend(&core.output()[..n]);
                core.wrote(n);
            }
            _ => {}
        }
        if core.is_finished() {
            assert!(sends.is_empty() && alone.is_none());
            assert!(core.is_idle());
            return output;
        }
    }
    panic!("the session does not end (seed {seed}): {core:?}");
}

fn body() -> impl Strategy<Value = RequestBody> {
    let content = prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        1 => (0..6_u8).prop_map(|n| RequestBody::Register(registration(&format!("client {n}"), 1))),
        1 => Just(RequestBody::ListClients),
        1 => (0..5_u8).prop_map(|n| RequestBody::PublicKey(PublicKey { wanted: id(n) })),
        6 => (0..4_u8, content.clone()).prop_map(|(n, content)| RequestBody::Send(message(id(n), &content))),
        2 => (0..4_u8, content, 0..3_u8).prop_map(|(n, content, send)| send_once(id(n), &content, send)),
        2 => Just(RequestBody::Pull),
        1 => (0..20_u32).prop_map(|n| RequestBody::PullAfter(PullAfter { acknowledged: MessageId(n) })),
    ]
}

fn session() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let request =
        (0..4_u8, body(), any::<bool>(), any::<bool>()).prop_map(|(from, body, v1, big)| {
            let version = if v1 { Version::V1 } else { Version::V2 };
            let reliable = matches!(body, RequestBody::SendOnce(_) | RequestBody::PullAfter(_));
            let order = if big && !reliable {
                ByteOrder::Big
            } else {
                ByteOrder::Little
            };
            frame(id(from), body, version, order)
        });
    let nonsense = (any::<u16>(), 0..20_u8).prop_map(|(code, size)| {
        let mut bytes = vec![1; 16];
        bytes.push(2);
        // Codes that are requests in neither order.
        bytes.extend([(code as u8) | 0x80, ((code >> 8) as u8) | 0x80]);
        bytes.extend(u32::from(size).to_le_bytes());
        bytes.extend(vec![7; usize::from(size)]);
        bytes
    });
    let sotto = prop_oneof![
        Just(sotto::Request::Ping),
        Just(sotto::Request::ListDevices),
        Just(login_start("alice", Slot::Password, vec![7; 96])),
    ];
    let sotto = sotto.prop_map(|request| request.to_frame(ClientId::ZERO).to_bytes().to_vec());
    let frame = prop_oneof![9 => request, 1 => nonsense, 3 => sotto];
    (any::<bool>(), prop::collection::vec(frame, 1..40)).prop_map(|(greets, mut frames)| {
        if greets {
            let hello = hello().to_frame(ClientId::ZERO).to_bytes().to_vec();
            frames.insert(frames.len() / 4, hello);
        }
        frames
    })
}

/// Masked WebSocket messages, one for each frame.
fn websocket(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (n, frame) in frames.iter().enumerate() {
        if n % 5 == 0 {
            bytes.extend([0x89, 0x80, 1, 2, 3, 4]);
        }
        bytes.extend([0x82, 0xfe]);
        bytes.extend((frame.len() as u16).to_be_bytes());
        let mask = [n as u8, 2, 3, 4];
        bytes.extend(mask);
        bytes.extend(frame.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
    }
    bytes
}

/// Messages of the server, without pongs and close frames.
fn unwrap_websocket(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let (size, header) = match bytes[1] {
            126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (
                u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize,
                10,
            ),
            small => (usize::from(small), 2),
        };
        if bytes[0] == 0x82 {
            out.extend(&bytes[header..header + size]);
        }
        bytes = &bytes[header + size..];
    }
    out
}

/// The same session, one request after the other.
fn one_by_one(framing: Framing, frames: &[Vec<u8>], limits: &Limits) -> Vec<u8> {
    let mut model = Model::default();
    let mut core = Connection::new(framing, limits);
    let mut output = Vec::new();
    for frame in frames {
        match framing {
            Framing::Stream => core.receive(frame),
            Framing::WebSocket => core.receive(&websocket(std::slice::from_ref(frame))),
        }
        loop {
            match core.next_job() {
                Some(Job::Sends { first, batch }) => {
                    let written: Vec<_> =
                        batch.into_iter().map(|write| model.write(write)).collect();
                    core.sends_done(first, &written);
                }
                Some(Job::Alone(work)) => {
                    let result = model.alone(work);
                    core.alone_done(result);
                }
                None if core.output().is_empty() => break,
                None => {
                    output.extend(core.output());
                    core.wrote(core.output().len());
                }
            }
        }
    }
    output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_cut_and_any_order_of_completion_gives_the_same_answers(
        frames in session(), seed in any::<u64>(), cut in 1..3000_usize, small in any::<bool>(),
    ) {
        let mut limits = Limits::new();
        if small {
            limits.pipeline_requests = 3;
            limits.pipeline_bytes = 200;
        }
        let expected = one_by_one(Framing::Stream, &frames, &limits);
        let stream = run(Framing::Stream, &limits, &frames.concat(), seed, cut);
        prop_assert_eq!(&stream, &expected);
        let expected = unwrap_websocket(&one_by_one(Framing::WebSocket, &frames, &limits));
        let socket = run(Framing::WebSocket, &limits, &websocket(&frames), seed, cut);
        prop_assert_eq!(&unwrap_websocket(&socket), &expected);
    }

    #[test]
    fn no_bytes_make_it_panic_or_hang(
        bytes in prop::collection::vec(any::<u8>(), 0..3000), seed in any::<u64>(),
    ) {
        run(Framing::Stream, &Limits::new(), &bytes, seed, 500);
        run(Framing::WebSocket, &Limits::new(), &bytes, seed, 500);
    }

    #[test]
    fn packet_mode_answers_are_whole_packets_however_they_come(
        body in body(), seed in any::<u64>(), cut in 1..2000_usize,
    ) {
        let reliable = matches!(body, RequestBody::SendOnce(_) | RequestBody::PullAfter(_));
        prop_assume!(!reliable);
        let mut packet = frame(id(0), body, Version::V2, ByteOrder::Little);
        packet.resize(packet.len().next_multiple_of(1024), 0);
        let output = run(Framing::Stream, &Limits::new(), &packet, seed, cut);
        prop_assert!(!output.is_empty());
        prop_assert_eq!(output.len() % 1024, 0);
    }
}

#[test]
fn a_pull_is_deleted_only_when_its_last_byte_is_written() {
    let mut core = Connection::new(Framing::Stream, &Limits::new());
    core.receive(&frame(
        id(0),
        RequestBody::Pull,
        Version::V2,
        ByteOrder::Little,
    ));
    assert!(matches!(
        core.next_job(),
        Some(Job::Alone(Alone::Waiting { deletes: true, .. }))
    ));
    let waiting = WaitingMessage {
        from: id(1),
        message: MessageId(5),
        kind: sotto_shared::classic::MessageKind::TEXT,
        content: vec![1; 100].into(),
    };
    core.alone_done(AloneResult::Waiting(Ok(Waiting {
        messages: vec![waiting],
        through: Some(StoredId(5)),
    })));
    for _ in 0..7 + 25 + 99 {
        core.wrote(1);
        assert_eq!(core.next_job(), None);
        assert!(core.holds_mailbox());
    }
    core.wrote(1);
    let delete = Write::Delivered {
        mailbox: id(0),
        through: StoredId(5),
    };
    assert_eq!(core.next_job(), Some(Job::Alone(Alone::Write(delete))));
    core.alone_done(AloneResult::Written(Written::Failed));
    assert!(!core.holds_mailbox());
    assert!(core.is_idle() && core.wants_input());
}

#[test]
fn a_failing_storage_is_answered_with_an_error_and_the_connection_goes_on() {
    let mut core = Connection::new(Framing::Stream, &Limits::new());
    let send = frame(
        id(0),
        RequestBody::Send(message(id(1), b"x")),
        Version::V2,
        ByteOrder::Big,
    );
    core.receive(&send);
    let Some(Job::Sends { first, .. }) = core.next_job() else {
        panic!()
    };
    core.sends_done(first, &[Written::Failed]);
    assert_eq!(core.output(), [2, 0x23, 0x28, 0, 0, 0, 0]);
    assert!(core.wants_input());
}

#[test]
fn an_idle_connection_is_small() {
    let size = size_of::<Connection>();
    assert!(size < 1024, "{size} bytes");
}
