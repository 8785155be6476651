//! What the writer does as one, and where its answer goes.

use tokio::sync::oneshot;

use super::super::account::{Applied, Change, Refused};
use super::super::{Write, Written};
use super::apply::Apply;

/// What is applied whole or not at all.
pub(super) enum Work {
    /// Clients and messages.
    Batch {
        batch: Vec<Write>,
        done: oneshot::Sender<Vec<Written>>,
    },
    /// Accounts.
    Change {
        change: Box<Change>,
        done: oneshot::Sender<Result<Applied, Refused>>,
    },
}

/// What became of it.
pub(super) enum Answer {
    Batch(Vec<Written>),
    Change(Result<Applied, Refused>),
}

impl Work {
    /// How many changes it is.
    pub(super) fn writes(&self) -> usize {
        match self {
            Self::Batch { batch, .. } => batch.len(),
            Self::Change { .. } => 1,
        }
    }

    /// Bytes of contents in it.
    pub(super) fn content_len(&self) -> usize {
        match self {
            Self::Batch { batch, .. } => batch.iter().map(content_len).sum(),
            Self::Change { .. } => 0,
        }
    }

    /// Inside of a transaction. An error is the whole transaction's.
    pub(super) fn apply(&self, apply: &mut Apply<'_>) -> Result<Answer, rusqlite::Error> {
        Ok(match self {
            Self::Batch { batch, .. } => Answer::Batch(
                batch
                    .iter()
                    .map(|write| apply.apply(write))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Change { change, .. } => Answer::Change(apply.change(change)?),
        })
    }

    /// That the storage is failing.
    pub(super) fn failed(&self) -> Answer {
        match self {
            Self::Batch { batch, .. } => Answer::Batch(vec![Written::Failed; batch.len()]),
            Self::Change { .. } => Answer::Change(Err(Refused::Failed)),
        }
    }

    /// Tells who asked. That nobody listens any more is fine.
    pub(super) fn answer(self, answer: Answer) {
        match (self, answer) {
            (Self::Batch { done, .. }, Answer::Batch(written)) => drop(done.send(written)),
            (Self::Change { done, .. }, Answer::Change(result)) => drop(done.send(result)),
            _ => tracing::error!("an answer of the storage is none to what was asked"),
        }
    }
}

fn content_len(write: &Write) -> usize {
    match write {
        Write::Send { message, .. } => message.content.len(),
        _ => 0,
    }
}
