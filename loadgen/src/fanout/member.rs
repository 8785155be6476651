//! A member device: it reads and acknowledges what is pushed, and maybe sends.

use core::time::Duration;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use rand_core::OsRng;
use sotto_shared::SendId;
use sotto_shared::sotto::group::{Delivery, DeliveryKind, Send};
use sotto_shared::sotto::{Push, Request, Response};
use tokio::time::{Instant, timeout};

use super::line::{Device, Line, Said};
use super::world::{EPOCH, GROUP};
use crate::percentiles::Samples;

/// Silence after which a member has got everything.
const QUIET: Duration = Duration::from_secs(2);

/// What all members saw.
#[derive(Default)]
pub(super) struct Seen {
    /// Messages that were answered.
    pub(super) stored: u64,
    pub(super) elapsed: Duration,
    /// From a message's sending to its answer.
    pub(super) answers: Samples,
    /// From a message's sending to its arrival at another device.
    pub(super) deliveries: Samples,
}

/// Everybody listens, and so many send for a while.
pub(super) async fn talk(
    to: SocketAddr,
    devices: Vec<Device>,
    senders: usize,
    content: usize,
    duration: Duration,
) -> Result<Seen> {
    let count = devices.len();
    let mut lines = Vec::with_capacity(count);
    for device in &devices {
        lines.push(Line::open(to, device).await?);
    }
    let begin = Instant::now();
    let end = begin + duration;
    let tasks: Vec<_> = lines
        .into_iter()
        .enumerate()
        .map(|(number, line)| {
            let member = Member {
                line,
                begin,
                content,
                sent_at: None,
                is_acknowledging: false,
                acknowledged: 1,
                last: 1,
                received: 0,
                stored: 0,
                answers: Samples::default(),
                deliveries: Samples::default(),
            };
            let sends_until = if number < senders { end } else { begin };
            tokio::spawn(member.run(sends_until, end))
        })
        .collect();
    let mut seen = Seen {
        elapsed: duration,
        ..Seen::default()
    };
    let mut received = 0;
    for task in tasks {
        let member = task.await??;
        seen.stored += member.stored;
        received += member.received;
        seen.answers.append(member.answers);
        seen.deliveries.append(member.deliveries);
    }
    let expected = seen.stored * u64::try_from(count.saturating_sub(1))?;
    if received != expected {
        bail!("{expected} entries were stored, and {received} arrived");
    }
    Ok(seen)
}

struct Member {
    line: Line,
    begin: Instant,
    content: usize,
    /// When the message was sent that is not answered yet.
    sent_at: Option<Instant>,
    is_acknowledging: bool,
    acknowledged: u64,
    /// The last entry that has come.
    last: u64,
    received: u64,
    stored: u64,
    answers: Samples,
    deliveries: Samples,
}

impl Member {
    async fn run(mut self, sends_until: Instant, end: Instant) -> Result<Self> {
        loop {
            let now = Instant::now();
            if self.sent_at.is_none() && now < sends_until {
                self.send(now).await?;
            }
            if self.last > self.acknowledged && !self.is_acknowledging {
                self.is_acknowledging = true;
                self.acknowledged = self.last;
                self.line.send(&Request::Acknowledge(self.last)).await?;
            }
            let wait = end.saturating_duration_since(now) + QUIET;
            match timeout(wait, self.line.next()).await {
                Ok(said) => self.take(said?)?,
                Err(_) if self.sent_at.is_none() && Instant::now() >= end => return Ok(self),
                Err(_) => {}
            }
        }
    }

    async fn send(&mut self, now: Instant) -> Result<()> {
        let mut message = now
            .duration_since(self.begin)
            .as_micros()
            .to_le_bytes()
            .to_vec();
        message.resize(self.content, 0x5a);
        self.sent_at = Some(now);
        let request = Request::Send(Send {
            id: SendId::random(&mut OsRng),
            group: GROUP,
            epoch: EPOCH,
            message: message.into(),
        });
        self.line.send(&request).await
    }

    fn take(&mut self, said: Said) -> Result<()> {
        match said {
            Said::Response(Response::Stored(_)) => {
                let sent_at = self.sent_at.take().context("an answer to nothing")?;
                self.answers.add(sent_at.elapsed());
                self.stored += 1;
            }
            Said::Response(Response::Done) => self.is_acknowledging = false,
            Said::Response(other) => bail!("a member was answered with {other:?}"),
            Said::Push(Push::Delivered(entries)) => {
                for entry in &entries {
                    self.entry(entry)?;
                }
            }
            Said::Push(_) => {}
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Delivery) -> Result<()> {
        if entry.kind != DeliveryKind::Message {
            return Ok(());
        }
        // The group's creator has no welcome before.
        if entry.number != self.last + 1 && self.received > 0 {
            bail!("entry {} came behind {}", entry.number, self.last);
        }
        self.last = entry.number;
        self.received += 1;
        let stamp = entry.payload.first_chunk().context("no message of ours")?;
        let micros = u64::try_from(u128::from_le_bytes(*stamp))?;
        let sent_at = self.begin + Duration::from_micros(micros);
        self.deliveries.add(sent_at.elapsed());
        Ok(())
    }
}
