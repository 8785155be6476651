//! One client that sends, with several sends under way.

use core::time::Duration;
use std::collections::VecDeque;

use anyhow::{Result, bail};
use bytes::BytesMut;
use rand_core::{OsRng, RngCore};
use sotto_shared::classic::request::{Send, SendOnce};
use sotto_shared::classic::{MessageKind, RequestBody, Response};
use sotto_shared::{ClientId, SendId};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep_until};

use super::ledger::Stamp;
use super::world::{Left, Phase, World, broken, patiently};
use crate::clients::request;
use crate::wire::{Link, Transport};

/// Sends under way.
const WINDOW: usize = 32;
/// Bytes of content, at most.
const CONTENT_MAX: u32 = 600;

/// How a sender sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Code 603: what was under way when the connection broke is never sent again.
    Once,
    /// Code 613: what was under way is sent again until it is acknowledged.
    UntilAcknowledged,
}

pub(super) struct Sender {
    pub(super) number: u32,
    pub(super) client: ClientId,
    pub(super) transport: Transport,
    pub(super) manner: Manner,
    pub(super) receivers: Vec<ClientId>,
    /// Time between two messages.
    pub(super) interval: Duration,
    pub(super) world: World,
}

/// A send that awaits its receipt.
struct UnderWay {
    stamp: Stamp,
    body: RequestBody,
}

impl Sender {
    /// Sends until the run's load ends, and then until nothing is under way. Gives the number of
    /// sends that were repeated.
    pub(super) async fn run(mut self) -> Result<u64> {
        let mut under_way = VecDeque::new();
        let mut repeated = 0;
        loop {
            if self.manner == Manner::Once {
                under_way.clear();
            }
            repeated += under_way.len() as u64;
            let link = self.world.connect(self.transport).await?;
            match self.serve(link, &mut under_way).await? {
                Left::Done => return Ok(repeated),
                Left::Broken => {}
            }
        }
    }

    async fn serve(&self, link: Link, under_way: &mut VecDeque<UnderWay>) -> Result<Left> {
        let end_of_life = self.world.end_of_life();
        let (mut reader, mut writer) = link.split();
        let mut out = BytesMut::new();
        for send in under_way.iter() {
            self.encode(send, &mut out);
        }
        let mut next_due = Instant::now();
        loop {
            while under_way.len() < WINDOW && self.world.phase() == Phase::Load {
                if next_due > Instant::now() {
                    if !under_way.is_empty() {
                        break;
                    }
                    sleep_until(next_due).await;
                }
                next_due += self.interval;
                let Some(send) = self.next_send() else {
                    bail!("a sender has sent 2^32 messages");
                };
                self.encode(&send, &mut out);
                under_way.push_back(send);
            }
            let written = writer.write_all(&out).await.map_err(Into::into);
            out.clear();
            if broken(written)?.is_none() || end_of_life.is_some_and(|end| Instant::now() > end) {
                return Ok(Left::Broken);
            }
            let Some(first) = under_way.front() else {
                return Ok(Left::Done);
            };
            match patiently(reader.next()).await? {
                None => return Ok(Left::Broken),
                Some(Response::Stored(_)) => {
                    self.world.ledger().acknowledge(first.stamp);
                    under_way.pop_front();
                }
                Some(other) => bail!("a send was answered with {}", other.code()),
            }
        }
    }

    fn encode(&self, send: &UnderWay, out: &mut BytesMut) {
        self.transport
            .encode(&request(self.client, send.body.clone()), out);
    }

    fn next_send(&self) -> Option<UnderWay> {
        let random = OsRng.next_u64();
        let receiver = usize::try_from(random >> 32).ok()? % self.receivers.len();
        let stamp = self.world.ledger().send(self.number, receiver)?;
        let size = u32::try_from(random & 0xffff).ok()? % CONTENT_MAX;
        let send = Send {
            to: *self.receivers.get(receiver)?,
            kind: MessageKind::TEXT,
            content: stamp.to_content(usize::try_from(size).ok()?),
        };
        let body = match self.manner {
            Manner::Once => RequestBody::Send(send),
            Manner::UntilAcknowledged => RequestBody::SendOnce(SendOnce {
                send_id: SendId::random(&mut OsRng),
                send,
            }),
        };
        Some(UnderWay { stamp, body })
    }
}
