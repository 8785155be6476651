//! The request that stands alone: its steps, one after the other.

use sotto_shared::ClientId;
use sotto_shared::sotto::{Request, Response};

use super::classic::{Form, Then};
use super::job::{Alone, AloneResult};
use super::{Connection, classic, to_u64};
use crate::storage::{StoredId, Written};

/// The request that stands alone.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) reply: Reply,
    pub(super) step: Step,
}

/// In which dialect it is answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reply {
    Classic(Form, Then),
    /// By the request's code.
    Sotto(u16),
}

#[derive(Debug)]
pub(super) enum Step {
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

impl Turn {
    /// Whether a mailbox is delivered and about to be deleted.
    pub(super) const fn holds_mailbox(&self) -> bool {
        matches!(self.reply, Reply::Classic(_, Then::Delete(_)))
    }
}

impl Connection {
    pub(super) fn advance_turn(&mut self, mut turn: Box<Turn>, result: AloneResult) {
        match &turn.step {
            Step::Awaited(work) if result.answers(work) => {}
            _ => {
                self.turn = Some(turn);
                return;
            }
        }
        let (form, then) = match turn.reply {
            Reply::Classic(form, then) => (form, then),
            Reply::Sotto(code) => {
                if let AloneResult::Account(result) = result {
                    if let Step::Awaited(Alone::Account(work)) = &turn.step
                        && let Request::Acknowledge(up_to) = work.request
                        && result.response == Response::Done
                    {
                        self.acknowledged(up_to);
                    }
                    self.answer_sotto(code, *result);
                }
                return;
            }
        };
        match (then, result) {
            (Then::Waiting(mailbox), AloneResult::Written(Written::Deleted)) => {
                turn.reply = Reply::Classic(form, Then::Answer);
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
                self.answer(form, AloneResult::Waiting(Ok(waiting)));
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
            (_, result) => self.answer(form, result),
        }
    }

    fn answer(&mut self, form: Form, result: AloneResult) {
        let (response, result) = classic::answer(result);
        self.emit(form, &response, result);
    }

    /// Lets the request that stands alone begin once it is alone.
    pub(super) fn unblock(&mut self) {
        if !self.slots.is_empty() || !self.batch.is_empty() {
            return;
        }
        if let Some(turn) = &mut self.turn
            && let Step::Blocked(work) = &turn.step
        {
            turn.step = Step::Ready(work.clone());
        }
    }
}
