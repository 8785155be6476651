//! One client that pulls reliably: it acknowledges what it has, and pulls what is behind it.

use core::time::Duration;

use anyhow::{Result, bail};
use sotto_shared::classic::request::PullAfter;
use sotto_shared::classic::{RequestBody, Response};
use sotto_shared::{ClientId, MessageId};
use tokio::time::{Instant, sleep};

use super::world::{Left, Phase, World, patiently};
use crate::clients::request;
use crate::wire::{Link, Transport};

/// How long to wait when nothing waits.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Receiver {
    pub(super) number: usize,
    pub(super) client: ClientId,
    pub(super) transport: Transport,
    pub(super) world: World,
}

impl Receiver {
    /// Pulls until the run drains and nothing waits any more.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut stored = MessageId::default();
        loop {
            let link = self.world.connect(self.transport).await?;
            match self.serve(link, &mut stored).await? {
                Left::Done => return Ok(()),
                Left::Broken => {}
            }
        }
    }

    async fn serve(&self, mut link: Link, stored: &mut MessageId) -> Result<Left> {
        let end_of_life = self.world.end_of_life();
        loop {
            // Read before the pull: what is sent after it is not looked for.
            let is_last = self.world.phase() == Phase::Drain;
            let body = RequestBody::PullAfter(PullAfter {
                acknowledged: *stored,
            });
            if end_of_life.is_some_and(|end| Instant::now() > end) {
                link.send(&request(self.client, body)).await.ok();
                return Ok(Left::Broken);
            }
            let messages = match patiently(link.ask(&request(self.client, body))).await? {
                None => return Ok(Left::Broken),
                Some(Response::Waiting(messages)) => messages,
                Some(other) => bail!("a pull was answered with {}", other.code()),
            };
            let Some(last) = messages.last() else {
                if is_last {
                    return Ok(Left::Done);
                }
                sleep(PAUSE).await;
                continue;
            };
            *stored = last.message;
            let mut ledger = self.world.ledger();
            for message in &messages {
                ledger.deliver(self.number, message.from, &message.content);
            }
        }
    }
}
