//! What the writer does as one, and where its answer goes.

use tokio::sync::oneshot;

use super::super::account::{Applied, Change, Refused};
use super::super::delivery::{Act, Acted, Denied};
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
    /// Conversations.
    Act {
        act: Box<Act>,
        done: oneshot::Sender<Result<Acted, Denied>>,
    },
}

/// What became of it.
pub(super) enum Answer {
    Batch(Vec<Written>),
    Change(Result<Applied, Refused>),
    Act(Result<Acted, Denied>),
}

impl Work {
    /// How many changes it is.
    pub(super) fn writes(&self) -> usize {
        match self {
            Self::Batch { batch, .. } => batch.len(),
            Self::Change { .. } | Self::Act { .. } => 1,
        }
    }

    /// Bytes of contents in it.
    pub(super) fn content_len(&self) -> usize {
        match self {
            Self::Batch { batch, .. } => batch.iter().map(content_len).sum(),
            Self::Change { .. } => 0,
            Self::Act { act, .. } => act_len(act),
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
            Self::Act { act, .. } => Answer::Act(apply.act(act)?),
        })
    }

    /// That the storage is failing.
    pub(super) fn failed(&self) -> Answer {
        match self {
            Self::Batch { batch, .. } => Answer::Batch(vec![Written::Failed; batch.len()]),
            Self::Change { .. } => Answer::Change(Err(Refused::Failed)),
            Self::Act { .. } => Answer::Act(Err(Denied::Failed)),
        }
    }

    /// Tells who asked. That nobody listens any more is fine.
    pub(super) fn answer(self, answer: Answer) {
        match (self, answer) {
            (Self::Batch { done, .. }, Answer::Batch(written)) => drop(done.send(written)),
            (Self::Change { done, .. }, Answer::Change(result)) => drop(done.send(result)),
            (Self::Act { done, .. }, Answer::Act(result)) => drop(done.send(result)),
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

fn act_len(act: &Act) -> usize {
    match act {
        Act::Send { message, .. } => message.message.len(),
        Act::Commit { commit, .. } => {
            commit.commit.len() + commit.group_info.len() + commit.welcome.len()
        }
        Act::Create { group, .. } => group.group_info.len(),
        Act::Publish { packages, .. } => {
            let sizes = packages.packages.iter().map(|it| it.package.len());
            sizes.sum()
        }
        Act::Claim { .. } | Act::Acknowledge { .. } => 0,
    }
}
