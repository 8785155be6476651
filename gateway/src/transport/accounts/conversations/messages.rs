//! What is said in groups.

use core::time::Duration;
use std::time::Instant;

use sotto_shared::sotto::group::{Ephemeral, Send, SendEphemeral};
use sotto_shared::sotto::{Error, ErrorCode, Push, Response};

use super::super::allowance::Rate;
use super::super::{Answer, Ask, read};
use super::{EPHEMERAL_MAX, EPHEMERALS, SEND_UNIT};
use crate::connection::sotto::{error, error_until};
use crate::metrics::LimitHit;
use crate::storage::delivery::{Act, Acted};

impl Ask<'_> {
    pub(in super::super) async fn send(&mut self, message: Send) -> Answer {
        let by = self.device()?.client;
        self.take_send(message.message.len())?;
        self.store(Act::Send { by, message }).await
    }

    /// Counts a message of so many bytes.
    pub(super) fn take_send(&self, bytes: usize) -> Result<(), Error> {
        let client = self.device()?.client;
        let rate = Rate {
            most: self.services.limits.sends_per_minute,
            over: Duration::from_secs(60),
        };
        let count = u32::try_from(1 + bytes / SEND_UNIT).unwrap_or(u32::MAX);
        let sends = &self.accounts.conversations.sends;
        sends
            .take(client, count, rate, Instant::now())
            .map_err(|wait| {
                self.services.limit_hit(LimitHit::Sends, self.address);
                error_until(ErrorCode::RateLimited, wait)
            })
    }

    /// Stores a commit or message, and tells those who are here that something waits.
    pub(super) async fn store(&mut self, act: Act) -> Answer {
        let stored = match self.accounts.conversations.act(act).await? {
            Acted::Stored {
                stored,
                reached,
                missed,
            } => {
                self.accounts.sessions.wake(&reached);
                let metrics = &self.services.metrics.conversations;
                metrics.stored.add(1);
                let count = u64::try_from(reached.len()).unwrap_or(u64::MAX);
                metrics.entries.add(count);
                metrics.missed.add(missed);
                stored
            }
            Acted::Repeated(stored) => stored,
            _ => return Err(error(ErrorCode::Unavailable)),
        };
        Ok(Response::Stored(stored).into())
    }

    pub(in super::super) async fn send_ephemeral(&mut self, request: SendEphemeral) -> Answer {
        let sender = self.device()?.client;
        let SendEphemeral {
            group,
            epoch,
            message,
        } = request;
        if message.len() > EPHEMERAL_MAX {
            return Err(error(ErrorCode::TooLarge));
        }
        let conversations = &self.accounts.conversations;
        let ephemerals = &conversations.ephemerals;
        if let Err(wait) = ephemerals.take(sender, 1, EPHEMERALS, Instant::now()) {
            self.services.metrics.refused(LimitHit::Ephemerals);
            return Err(error_until(ErrorCode::RateLimited, wait));
        }
        let audience = read(conversations.storage.audience(sender, group)).await?;
        let audience = audience.ok_or_else(|| error(ErrorCode::UnknownGroup))?;
        if !audience.member {
            return Err(error(ErrorCode::NotMember));
        }
        if audience.epoch != epoch {
            return Err(error(ErrorCode::StaleEpoch));
        }
        let push = Push::Ephemeral(Ephemeral {
            group,
            epoch,
            sender,
            message,
        });
        self.accounts.sessions.push_to(&audience.others, push);
        self.services.metrics.conversations.ephemerals.add(1);
        Ok(Response::Done.into())
    }

    pub(in super::super) async fn acknowledge(&mut self, up_to: u64) -> Answer {
        let by = self.device()?.client;
        match self
            .accounts
            .conversations
            .act(Act::Acknowledge { by, up_to })
            .await?
        {
            Acted::Acknowledged(count) => {
                let metrics = &self.services.metrics.conversations;
                metrics.acknowledged.add(count);
                Ok(Response::Done.into())
            }
            _ => Err(error(ErrorCode::Unavailable)),
        }
    }
}
