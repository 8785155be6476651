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
//! The version byte of each frame chooses the dialect: [`classic`] for 1 and 2, [`sotto`] for 3.
//! Neither knows what the other has seen. Pushes of version 3 ([`Connection::push`]) are written
//! between responses, and so are the entries of the device's mailbox: the connection says what to
//! read of it ([`Connection::next_fetch`]) and is given that ([`Connection::fetched`]). Time comes in
//! by [`Connection::advance`].

mod classic;
mod input;
mod job;
mod pump;
pub mod sotto;
mod tally;
mod turn;
mod websocket;

use core::time::Duration;
use std::collections::VecDeque;

use bytes::{Buf as _, BytesMut};
use sotto_shared::ClientId;
use sotto_shared::classic::Decoded;
use sotto_shared::sotto::group::Delivery;
use sotto_shared::sotto::push::EndReason;
use sotto_shared::sotto::{Push, Response};

use crate::config::Limits;
use crate::storage::{Write, Written};
use classic::Form;
use input::Input;
use sotto::{Deliveries, Dialect, Fetch, SottoTally};
use turn::{Reply, Step, Turn};

pub use job::{Alone, AloneResult, Job};
pub use tally::{RESULTS, RequestResult, TALLIED_CODES, TALLIED_SOTTO_CODES, Tally};
pub use websocket::CloseCode;

/// After this time clients of a gateway that stops are to come back …
pub const RESTART_IN: Duration = Duration::from_secs(2);
/// … and a random part of this one, so that they do not all come at once.
pub const RESTART_SPREAD: Duration = Duration::from_secs(10);

/// How frames are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// They follow each other.
    Stream,
    /// One binary message is one frame.
    WebSocket,
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
    outcome: Outcome,
    /// Bytes of content held for it.
    bytes: usize,
}

#[derive(Debug)]
enum Outcome {
    /// A send in the storage's hands, to this client.
    Awaited(Form, ClientId),
    Stored(Form, ClientId, Written),
    Rejected(Form),
    /// A request of version 3, by its code.
    Sotto(u16, Box<Response>),
    /// It will not be answered.
    Dropped,
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
    /// Since an origin of the caller's choice.
    now: Duration,
    /// Version 3, once its first frame has come.
    sotto: Option<Box<Dialect>>,
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
            input: Input::new(framing, limits),
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
            now: Duration::ZERO,
            sotto: None,
        }
    }

    /// Says what time it is, counted from an origin of the caller's choice. The connection's clock
    /// stands still between calls.
    pub fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// By when the peer has to be authenticated, or else be cut; nothing if it need not be.
    pub fn authentication_due(&self) -> Option<Duration> {
        self.sotto.as_ref().and_then(|sotto| sotto.due())
    }

    /// Takes bytes as they arrived.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.is_closing || self.input_ended {
            return;
        }
        self.input.push(bytes);
        self.pump();
    }

    /// The peer will send nothing more. What it sent whole is still served.
    pub fn receive_end(&mut self) {
        self.input_ended = true;
        self.pump();
    }

    /// The gateway stops: what arrived whole is still served, then the connection ends. Whoever
    /// speaks version 3 is told when to come back.
    pub fn stop(&mut self) {
        if self.sotto.as_ref().is_some_and(|sotto| sotto.is_greeted()) {
            self.push(&Push::Restarting {
                reconnect_in: RESTART_IN,
                spread: RESTART_SPREAD,
            });
        }
        if self.goodbye.is_some() {
            self.goodbye = Some(CloseCode::GoingAway);
        }
        self.receive_end();
    }

    /// Says something unasked, to a peer that speaks version 3. [`Push::SessionEnded`] ends the
    /// connection behind it; so does a peer that does not read what it is told.
    pub fn push(&mut self, push: &Push) {
        if self.is_closing {
            return;
        }
        let frame = push.to_frame();
        let end = self.written + to_u64(self.output.len() + frame.encoded_len());
        let Some(sotto) = &mut self.sotto else {
            return;
        };
        let ends = matches!(push, Push::SessionEnded(_));
        let has_room = sotto.pushes.has_room(frame.encoded_len());
        // Nobody is cut off for what need not arrive.
        if !has_room && matches!(push, Push::Ephemeral(_)) {
            return;
        }
        if !ends && !has_room {
            return self.push(&Push::SessionEnded(EndReason::TooSlow));
        }
        sotto.pushes.add(end, frame.encoded_len());
        self.put_frame(&frame);
        if ends {
            self.is_closing = true;
            // A session that is over gets no answer any more.
            for slot in &mut self.slots {
                if matches!(slot.outcome, Outcome::Sotto(..)) {
                    slot.outcome = Outcome::Dropped;
                }
            }
            self.turn
                .take_if(|turn| matches!(turn.reply, Reply::Sotto(_)));
        }
        self.pump();
    }

    /// Something new waits in the device's mailbox.
    pub fn mail(&mut self) {
        if let Some(deliveries) = self.deliveries() {
            deliveries.mail();
        }
    }

    /// What is wanted of the device's mailbox now. There is one such question at a time.
    pub fn next_fetch(&mut self) -> Option<Fetch> {
        if self.is_closing || self.output.len() >= self.bounds.pipeline_bytes.max(1) {
            return None;
        }
        let written = self.written;
        self.deliveries()?.next_fetch(written)
    }

    /// Takes what a [`Connection::next_fetch`] found, and whether there may be more behind it.
    pub fn fetched(&mut self, entries: Vec<Delivery>, more: bool) {
        let is_closing = self.is_closing;
        let Some(deliveries) = self.deliveries() else {
            return;
        };
        deliveries.fetched(&entries, more);
        if is_closing || entries.is_empty() {
            return;
        }
        self.put_frame(&Push::Delivered(entries).to_frame());
        let end = self.written + to_u64(self.output.len());
        if let Some(deliveries) = self.deliveries() {
            deliveries.put(end);
        }
        self.pump();
    }

    fn acknowledged(&mut self, up_to: u64) {
        if let Some(deliveries) = self.deliveries() {
            deliveries.acknowledge(up_to);
        }
    }

    fn deliveries(&mut self) -> Option<&mut Deliveries> {
        self.sotto.as_mut()?.deliveries.as_mut()
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
            .filter(|slot| matches!(slot.outcome, Outcome::Awaited(..)));
        for (slot, written) in awaited.zip(results) {
            if let Outcome::Awaited(form, to) = slot.outcome {
                slot.outcome = Outcome::Stored(form, to, *written);
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
        if let Some(sotto) = &mut self.sotto {
            sotto.pushes.wrote(self.written);
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
        self.wants_input() && self.input.is_mid_frame()
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
        self.turn.as_ref().is_some_and(|turn| turn.holds_mailbox())
    }

    /// Bytes held in memory for this connection.
    pub fn held_bytes(&self) -> usize {
        self.input.buffered() + self.held + self.output.len()
    }

    /// What was counted since the last call, if anything.
    pub fn take_tally(&mut self) -> Option<Tally> {
        self.tally.take()
    }

    /// The same for version 3.
    pub fn take_sotto_tally(&mut self) -> Option<SottoTally> {
        self.sotto.as_mut().and_then(|sotto| sotto.tally.take())
    }
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
