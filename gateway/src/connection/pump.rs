//! From the input to the output: requests in order, answers in the same order.

use std::collections::VecDeque;

use sotto_shared::classic::response::Response as ClassicResponse;
use sotto_shared::classic::{Decoded, Rejected};
use sotto_shared::limits::{PACKET_UNIT, SOTTO_PAYLOAD_MAX_UNAUTHENTICATED};
use sotto_shared::sotto::{RequestFrame, Response, ResponseFrame};

use super::classic::{self, Form, Need};
use super::input::Found;
use super::sotto::{self, AccountResult, Admitted, Dialect};
use super::turn::{Reply, Step, Turn};
use super::websocket::{self, CloseCode};
use super::{Alone, Connection, Outcome, RequestResult, Slot, to_u64};

impl Connection {
    /// Goes on with whatever can go on.
    pub(super) fn pump(&mut self) {
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

    pub(super) fn has_room(&self) -> bool {
        self.slots.len() < self.bounds.pipeline_requests
            && self.held < self.bounds.pipeline_bytes.max(1)
            && self.output.len() < self.bounds.pipeline_bytes.max(1)
    }

    fn decode(&mut self) -> Option<Decoded> {
        if self.is_closing {
            return None;
        }
        let sotto_max = self
            .sotto
            .as_ref()
            .map_or(SOTTO_PAYLOAD_MAX_UNAUTHENTICATED, |sotto| {
                sotto.payload_max()
            });
        let found = self.input.next(&self.bounds, sotto_max, &mut self.output);
        self.is_hungry = !matches!(found, Some(Found::Frame(_)));
        match found? {
            Found::Frame(decoded) => return Some(decoded),
            Found::Close => self.is_closing = true,
            Found::Broken(code) => {
                self.is_closing = true;
                self.broken = true;
                self.goodbye = Some(code);
            }
        }
        None
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
                            outcome: Outcome::Awaited(form, to),
                            bytes,
                        });
                    }
                    Need::Alone { first, then } => self.begin(Reply::Classic(form, then), first),
                }
            }
            Decoded::Rejected(rejected) => self.reject(&rejected),
            Decoded::PacketEnd => self.begin_packet_end(),
            Decoded::Sotto(frame) => self.accept_sotto(frame),
            Decoded::SottoTooLarge {
                code,
                declared,
                limit,
            } => {
                self.broken = true;
                self.dialect();
                self.queue_sotto(code, sotto::too_large(declared, limit), true);
            }
        }
    }

    fn begin(&mut self, reply: Reply, work: Alone) {
        self.turn = Some(Box::new(Turn {
            reply,
            step: Step::Blocked(work),
        }));
    }

    fn reject(&mut self, rejected: &Rejected) {
        let form = Form {
            code: 0,
            version: rejected.version,
            order: rejected.order,
        };
        self.slots.push_back(Slot {
            outcome: Outcome::Rejected(form),
            bytes: 0,
        });
        if rejected.is_fatal() {
            self.broken = true;
            self.end_by_policy();
        }
    }

    fn end_by_policy(&mut self) {
        self.is_closing = true;
        if self.goodbye.is_some() {
            self.goodbye = Some(CloseCode::Policy);
        }
    }

    /// The state of version 3, made now if there is none yet.
    fn dialect(&mut self) -> &mut Dialect {
        let now = self.now;
        self.sotto
            .get_or_insert_with(|| Box::new(Dialect::new(now)))
    }

    fn accept_sotto(&mut self, frame: RequestFrame) {
        let (code, now) = (frame.code, self.now);
        match self.dialect().admit(frame, now) {
            Admitted::Answer { response, ends } => self.queue_sotto(code, response, ends),
            Admitted::Work(work) => self.begin(Reply::Sotto(code), Alone::Account(work)),
        }
    }

    /// Answers when everything before it is answered.
    fn queue_sotto(&mut self, code: u16, response: Response, ends: bool) {
        self.slots.push_back(Slot {
            outcome: Outcome::Sotto(code, Box::new(response)),
            bytes: 0,
        });
        if ends {
            self.end_by_policy();
        }
    }

    /// Answers with a result, and goes by what it proves.
    pub(super) fn answer_sotto(&mut self, code: u16, result: AccountResult) {
        let now = self.now;
        let ends = self.dialect().take(&result, now);
        self.emit_sotto(code, &result.response);
        if ends {
            self.is_closing = true;
        }
    }

    /// Answers what is done, up to the first request that is not.
    fn flush(&mut self) {
        while let Some(slot) = self.slots.pop_front() {
            if matches!(slot.outcome, Outcome::Awaited(..)) {
                self.slots.push_front(slot);
                return;
            }
            self.first_slot += 1;
            self.held -= slot.bytes;
            match slot.outcome {
                Outcome::Awaited(..) | Outcome::Dropped => {}
                Outcome::Stored(form, to, written) => {
                    let (response, result) = classic::answer_to_send(to, written);
                    self.emit(form, &response, result);
                }
                Outcome::Rejected(form) => {
                    let response = classic::error_response();
                    self.emit(form, &response, RequestResult::Rejected);
                }
                Outcome::Sotto(code, response) => self.emit_sotto(code, &response),
            }
        }
        self.slots = VecDeque::new();
    }

    pub(super) fn emit(&mut self, form: Form, response: &ClassicResponse, result: RequestResult) {
        if self.input.is_websocket() {
            websocket::put_binary_header(response.encoded_len(), &mut self.output);
        }
        response.encode(form.version, form.order, &mut self.output);
        self.tally.count(form.code, result);
    }

    fn emit_sotto(&mut self, code: u16, response: &Response) {
        self.put_frame(&response.to_frame());
        let tally = &mut self.dialect().tally;
        tally.count(code, sotto::result_of(response));
    }

    pub(super) fn put_frame(&mut self, frame: &ResponseFrame) {
        if self.input.is_websocket() {
            websocket::put_binary_header(frame.encoded_len(), &mut self.output);
        }
        frame.encode(&mut self.output);
    }

    /// In packet mode the padding belongs to the answer: the peer reads both or neither.
    pub(super) fn pad_if_packet_ends(&mut self) {
        if self.peeked.is_none() {
            self.peeked = self.decode().map(Box::new);
        }
        if matches!(self.peeked.as_deref(), Some(Decoded::PacketEnd)) {
            self.peeked = None;
            self.begin_packet_end();
            self.pad();
        }
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
