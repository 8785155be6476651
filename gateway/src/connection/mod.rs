//! One connection, without its socket, clock and storage.
//!
//! Bytes go in ([`Connection::receive`]), jobs for the storage come out ([`Connection::next_job`]),
//! their results go in ([`Connection::sends_done`], [`Connection::alone_done`]), bytes to transmit
//! come out ([`Connection::output`]), and what was transmitted is reported back
//! ([`Connection::wrote`]). The same core serves raw TCP and WebSocket.
//!
//! Requests are served strictly in order. Consecutive sends (603, 613) go to the storage as one
//! batch and do not wait for each other; any other request stands alone: it begins when everything
//! before it is answered, and nothing behind it begins before it is done. For a pull that deletes
//! (604) that includes the deletion, which is asked for only after the answer was written whole.
//!
//! Version 1 and 2 frames are the [`classic`] dialect's business; another dialect will stand
//! beside it, chosen frame by frame by the version byte.

mod classic;
mod job;
mod tally;
mod websocket;

use std::collections::VecDeque;

use bytes::{Buf as _, BytesMut};
use sotto_shared::ClientId;
use sotto_shared::classic::response::Response;
use sotto_shared::classic::{Decoded, Rejected, RequestDecoder, decode_message};
use sotto_shared::limits::{PACKET_UNIT, SOTTO_PAYLOAD_MAX_UNAUTHENTICATED};

use crate::config::Limits;
use crate::storage::{StoredId, Write, Written};
use classic::{Form, Need, Then};

pub use job::{Alone, AloneResult, Job};
pub use tally::{RESULTS, RequestResult, TALLIED_CODES, Tally};
pub use websocket::CloseCode;

/// How frames are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// They follow each other.
    Stream,
    /// One binary message is one frame.
    WebSocket,
}

/// What stands at the front of the bytes that arrived.
#[derive(Debug)]
enum Input {
    Stream(RequestDecoder),
    WebSocket(websocket::Decoder),
}

/// The part of [`Limits`] that a connection keeps itself.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    content_max: usize,
    pipeline_requests: usize,
    pipeline_bytes: usize,
}

/// A request in the order of requests, to be answered when all before it are.
#[derive(Debug)]
struct Slot {
    form: Form,
    outcome: Outcome,
    /// Bytes of content held for it.
    bytes: usize,
}

#[derive(Debug)]
enum Outcome {
    /// A send in the storage's hands, to this client.
    Awaited(ClientId),
    Stored(ClientId, Written),
    Rejected,
}

/// The request that stands alone.
#[derive(Debug)]
struct Turn {
    form: Form,
    then: Then,
    step: Step,
}

#[derive(Debug)]
enum Step {
    /// Until everything before it is answered.
    Blocked(Alone),
    /// To be handed out.
    Ready(Alone),
    /// In the storage's hands.
    Awaited(Alone),
    /// Its answer is being written, up to this byte of all output.
    Delivering {
        mailbox: ClientId,
        through: StoredId,
        end: u64,
    },
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    bounds: Bounds,
    input: Input,
    /// Nothing whole is left in the input.
    is_hungry: bool,
    /// The peer, or the gateway, has ended the input.
    input_ended: bool,
    /// Nothing more is decoded.
    is_closing: bool,
    /// The close frame that a WebSocket ends with, until it is written.
    goodbye: Option<CloseCode>,
    /// The output is to be padded to whole packets.
    pads: bool,
    slots: VecDeque<Slot>,
    /// Number of the first slot on this connection.
    first_slot: u64,
    /// Sends to be handed out.
    batch: Vec<Write>,
    /// Number of the first of them.
    batch_first: u64,
    /// Bytes of contents held by slots.
    held: usize,
    turn: Option<Box<Turn>>,
    /// Decoded while the answer before it was made.
    peeked: Option<Box<Decoded>>,
    output: BytesMut,
    /// Bytes of output written so far.
    written: u64,
    tally: Tally,
    broken: bool,
}

impl Connection {
    /// A new connection.
    pub fn new(framing: Framing, limits: &Limits) -> Self {
        Self {
            bounds: Bounds {
                content_max: limits.content_max,
                pipeline_requests: limits.pipeline_requests,
                pipeline_bytes: limits.pipeline_bytes,
            },
            input: match framing {
                Framing::Stream => Input::Stream(RequestDecoder::new(limits.content_max)),
                Framing::WebSocket => {
                    Input::WebSocket(websocket::Decoder::new(limits.message_max()))
                }
            },
            is_hungry: true,
            input_ended: false,
            is_closing: false,
            goodbye: match framing {
                Framing::Stream => None,
                Framing::WebSocket => Some(CloseCode::Normal),
            },
            pads: false,
            slots: VecDeque::new(),
            first_slot: 0,
            batch: Vec::new(),
            batch_first: 0,
            held: 0,
            turn: None,
            peeked: None,
            output: BytesMut::new(),
            written: 0,
            tally: Tally::default(),
            broken: false,
        }
    }

    /// Takes bytes as they arrived.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.is_closing || self.input_ended {
            return;
        }
        match &mut self.input {
            Input::Stream(decoder) => decoder.push(bytes),
            Input::WebSocket(decoder) => decoder.push(bytes),
        }
        self.pump();
    }

    /// The peer will send nothing more. What it sent whole is still served.
    pub fn receive_end(&mut self) {
        self.input_ended = true;
        self.pump();
    }

    /// The gateway stops: what arrived whole is still served, then the connection ends.
    pub fn stop(&mut self) {
        if self.goodbye.is_some() {
            self.goodbye = Some(CloseCode::GoingAway);
        }
        self.receive_end();
    }

    /// The next work for the storage.
    pub fn next_job(&mut self) -> Option<Job> {
        if !self.batch.is_empty() {
            return Some(Job::Sends {
                first: self.batch_first,
                batch: core::mem::take(&mut self.batch),
            });
        }
        let turn = self.turn.as_mut()?;
        let Step::Ready(work) = &turn.step else {
            return None;
        };
        let work = work.clone();
        turn.step = Step::Awaited(work.clone());
        Some(Job::Alone(work))
    }

    /// Takes the results of a [`Job::Sends`].
    pub fn sends_done(&mut self, first: u64, results: &[Written]) {
        let at = first
            .checked_sub(self.first_slot)
            .and_then(|at| usize::try_from(at).ok())
            .unwrap_or(usize::MAX);
        let awaited = self
            .slots
            .iter_mut()
            .skip(at)
            .filter(|slot| matches!(slot.outcome, Outcome::Awaited(_)));
        for (slot, written) in awaited.zip(results) {
            if let Outcome::Awaited(to) = slot.outcome {
                slot.outcome = Outcome::Stored(to, *written);
            }
        }
        self.pump();
    }

    /// Takes the result of a [`Job::Alone`]. A result of another kind is ignored.
    pub fn alone_done(&mut self, result: AloneResult) {
        if let Some(turn) = self.turn.take() {
            self.advance_turn(turn, result);
        }
        self.pump();
    }

    fn advance_turn(&mut self, mut turn: Box<Turn>, result: AloneResult) {
        match &turn.step {
            Step::Awaited(work) if result.answers(work) => {}
            _ => {
                self.turn = Some(turn);
                return;
            }
        }
        match (turn.then, result) {
            (Then::Waiting(mailbox), AloneResult::Written(Written::Deleted)) => {
                turn.then = Then::Answer;
                turn.step = Step::Ready(Alone::Waiting {
                    mailbox,
                    deletes: false,
                });
                self.turn = Some(turn);
            }
            // The deletion of what was delivered. If it failed, it will be delivered again.
            (Then::Delete(_), AloneResult::Written(_)) => {}
            (Then::Delete(mailbox), AloneResult::Waiting(Ok(waiting))) => {
                let through = waiting.through;
                self.answer(turn.form, AloneResult::Waiting(Ok(waiting)));
                if let Some(through) = through {
                    self.pad_if_packet_ends();
                    turn.step = Step::Delivering {
                        mailbox,
                        through,
                        end: self.written + to_u64(self.output.len()),
                    };
                    self.turn = Some(turn);
                }
            }
            (_, result) => self.answer(turn.form, result),
        }
    }

    /// In packet mode the padding belongs to the answer: the peer reads both or neither.
    fn pad_if_packet_ends(&mut self) {
        if self.peeked.is_none() {
            self.peeked = self.decode().map(Box::new);
        }
        if matches!(self.peeked.as_deref(), Some(Decoded::PacketEnd)) {
            self.peeked = None;
            self.begin_packet_end();
            self.pad();
        }
    }

    /// What is to be transmitted now.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So many bytes of [`Self::output`] were handed to the network.
    pub fn wrote(&mut self, bytes: usize) {
        self.output.advance(bytes.min(self.output.len()));
        self.written += to_u64(bytes);
        if self.output.is_empty() {
            self.output = BytesMut::new();
        }
        if let Some(turn) = &mut self.turn
            && let Step::Delivering {
                mailbox,
                through,
                end,
            } = turn.step
            && self.written >= end
        {
            turn.step = Step::Ready(Alone::Write(Write::Delivered { mailbox, through }));
        }
        self.pump();
    }

    /// Whether more bytes are wanted. While not, leave them in the network, so that the peer
    /// learns to wait.
    pub fn wants_input(&self) -> bool {
        self.is_hungry
            && !self.input_ended
            && !self.is_closing
            && self.turn.is_none()
            && self.has_room()
    }

    /// Whether the peer stands in the middle of a frame, and only it can go on.
    pub fn is_mid_frame(&self) -> bool {
        self.wants_input()
            && match &self.input {
                Input::Stream(decoder) => decoder.is_mid_frame(),
                Input::WebSocket(decoder) => decoder.is_mid_message(),
            }
    }

    /// Whether everything that arrived whole is answered and written.
    pub fn is_idle(&self) -> bool {
        self.slots.is_empty() && self.turn.is_none() && self.output.is_empty()
    }

    /// Whether nothing more will come out of this connection.
    pub fn is_finished(&self) -> bool {
        self.is_closing && self.is_idle() && self.goodbye.is_none()
    }

    /// Whether what the peer sent was so broken that the connection had to end.
    pub const fn is_broken(&self) -> bool {
        self.broken
    }

    /// The mailbox whose messages this connection is delivering and about to delete.
    pub fn holds_mailbox(&self) -> bool {
        self.turn
            .as_ref()
            .is_some_and(|turn| matches!(turn.then, Then::Delete(_)))
    }

    /// Bytes held in memory for this connection.
    pub fn held_bytes(&self) -> usize {
        let input = match &self.input {
            Input::Stream(decoder) => decoder.buffered(),
            Input::WebSocket(decoder) => decoder.buffered(),
        };
        input + self.held + self.output.len()
    }

    /// What was counted since the last call, if anything.
    pub fn take_tally(&mut self) -> Option<Tally> {
        self.tally.take()
    }

    /// Goes on with whatever can go on.
    fn pump(&mut self) {
        loop {
            self.flush();
            if self.turn.is_some() {
                self.unblock();
                return;
            }
            if self.is_closing {
                self.finish();
                return;
            }
            if !self.has_room() {
                return;
            }
            match self
                .peeked
                .take()
                .map(|peeked| *peeked)
                .or_else(|| self.decode())
            {
                Some(decoded) => self.accept(decoded),
                None if self.is_closing => {}
                None if self.input_ended => self.is_closing = true,
                None => return,
            }
        }
    }

    fn has_room(&self) -> bool {
        self.slots.len() < self.bounds.pipeline_requests
            && self.held < self.bounds.pipeline_bytes.max(1)
            && self.output.len() < self.bounds.pipeline_bytes.max(1)
    }

    fn decode(&mut self) -> Option<Decoded> {
        if self.is_closing {
            return None;
        }
        let decoded = match &mut self.input {
            Input::Stream(decoder) => decoder.next_decoded(),
            Input::WebSocket(_) => self.decode_websocket(),
        };
        self.is_hungry = decoded.is_none();
        decoded
    }

    fn decode_websocket(&mut self) -> Option<Decoded> {
        loop {
            let Input::WebSocket(decoder) = &mut self.input else {
                return None;
            };
            match decoder.next_event()? {
                websocket::Event::Message(message) => {
                    return Some(decode_message(
                        message,
                        self.bounds.content_max,
                        SOTTO_PAYLOAD_MAX_UNAUTHENTICATED,
                    ));
                }
                websocket::Event::Ping(payload) => {
                    websocket::put_pong(&payload, &mut self.output);
                    if !self.has_room() {
                        return None;
                    }
                }
                websocket::Event::Close => {
                    self.is_closing = true;
                    return None;
                }
                websocket::Event::Broken(code) => {
                    self.is_closing = true;
                    self.broken = true;
                    self.goodbye = Some(code);
                    return None;
                }
            }
        }
    }

    fn accept(&mut self, decoded: Decoded) {
        match decoded {
            Decoded::Request(request) => {
                let form = classic::form_of(&request);
                match classic::need_of(request) {
                    Need::Send { to, write, bytes } => {
                        if self.batch.is_empty() {
                            self.batch_first = self.first_slot + to_u64(self.slots.len());
                        }
                        self.batch.push(write);
                        self.held += bytes;
                        self.slots.push_back(Slot {
                            form,
                            outcome: Outcome::Awaited(to),
                            bytes,
                        });
                    }
                    Need::Alone { first, then } => {
                        self.turn = Some(Box::new(Turn {
                            form,
                            then,
                            step: Step::Blocked(first),
                        }));
                    }
                }
            }
            Decoded::Rejected(rejected) => self.reject(&rejected),
            Decoded::PacketEnd => self.begin_packet_end(),
            Decoded::Sotto(_) | Decoded::SottoTooLarge { .. } => {
                self.is_closing = true;
                self.broken = true;
            }
        }
    }

    fn reject(&mut self, rejected: &Rejected) {
        self.slots.push_back(Slot {
            form: Form {
                code: 0,
                version: rejected.version,
                order: rejected.order,
            },
            outcome: Outcome::Rejected,
            bytes: 0,
        });
        if rejected.is_fatal() {
            self.is_closing = true;
            self.broken = true;
            if self.goodbye.is_some() {
                self.goodbye = Some(CloseCode::Policy);
            }
        }
    }

    /// Lets the request that stands alone begin once it is alone.
    fn unblock(&mut self) {
        if !self.slots.is_empty() || !self.batch.is_empty() {
            return;
        }
        if let Some(turn) = &mut self.turn
            && let Step::Blocked(work) = &turn.step
        {
            turn.step = Step::Ready(work.clone());
        }
    }

    /// Answers what is done, up to the first request that is not.
    fn flush(&mut self) {
        while let Some(slot) = self.slots.front() {
            let (response, result) = match slot.outcome {
                Outcome::Awaited(_) => return,
                Outcome::Stored(to, written) => classic::answer_to_send(to, written),
                Outcome::Rejected => (classic::error_response(), RequestResult::Rejected),
            };
            let (form, bytes) = (slot.form, slot.bytes);
            self.slots.pop_front();
            self.first_slot += 1;
            self.held -= bytes;
            self.emit(form, &response, result);
        }
        self.slots = VecDeque::new();
    }

    fn answer(&mut self, form: Form, result: AloneResult) {
        let (response, result) = classic::answer(result);
        self.emit(form, &response, result);
    }

    fn emit(&mut self, form: Form, response: &Response, result: RequestResult) {
        if matches!(self.input, Input::WebSocket(_)) {
            websocket::put_binary_header(response.encoded_len(), &mut self.output);
        }
        response.encode(form.version, form.order, &mut self.output);
        self.tally.count(form.code, result);
    }

    fn begin_packet_end(&mut self) {
        self.is_closing = true;
        self.pads = true;
    }

    /// Fills the last packet of output with zeros.
    fn pad(&mut self) {
        let unit = to_u64(PACKET_UNIT);
        let total = self.written + to_u64(self.output.len());
        let missing = (unit - total % unit) % unit;
        let padded = self.output.len() + usize::try_from(missing).unwrap_or(0);
        self.output.resize(padded, 0);
        self.pads = false;
    }

    /// Writes what comes behind the last answer.
    fn finish(&mut self) {
        if !self.slots.is_empty() {
            return;
        }
        if self.pads {
            self.pad();
        }
        if let Some(code) = self.goodbye.take() {
            websocket::put_close(code, &mut self.output);
        }
    }
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
