//! Sends at a fixed pace, whatever the answers do.
//!
//! Every message has a time at which it is due, given by the pace alone; its latency is from then
//! to its answer, not from when it was written. So a gateway that stalls is charged for all that
//! should have been sent meanwhile (no coordinated omission), and so is the driver itself, which
//! wakes up every few milliseconds only.

use core::time::Duration;

use anyhow::{Context, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::{Instant, sleep_until, timeout};

use super::saturated::Split;
use crate::frames::Ring;
use crate::percentiles::Samples;
use crate::report::number;
use crate::wire::LinkReader;

/// How often a connection looks for what is due.
const TICK: Duration = Duration::from_millis(5);
/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was measured.
pub(super) struct Answers {
    pub(super) samples: Samples,
    pub(super) elapsed: Duration,
}

/// When messages of one connection are due.
#[derive(Debug, Clone, Copy)]
struct Pace {
    begin: Instant,
    interval: Duration,
    count: u32,
}

impl Pace {
    fn due(self, number: u32) -> Instant {
        self.begin + self.interval * number
    }

    /// How many are due by now.
    fn due_by(self, now: Instant) -> u32 {
        let elapsed = now.saturating_duration_since(self.begin);
        let passed = elapsed.as_nanos() / self.interval.as_nanos().max(1);
        u32::try_from(passed).map_or(self.count, |passed| (passed + 1).min(self.count))
    }
}

/// Sends `rate` messages a second over all connections together for `duration`, and gives the
/// connections back with nothing under way.
pub(super) async fn measure(
    lanes: Vec<Split>,
    rate: f64,
    duration: Duration,
) -> Result<(Answers, Vec<Split>)> {
    let interval = Duration::from_secs_f64(number(lanes.len() as u64) / rate.max(1.0));
    let count = duration.as_nanos() / interval.as_nanos().max(1);
    let count = u32::try_from(count).context("too many messages")?;
    let begin = Instant::now() + TICK;
    let lanes_count = u32::try_from(lanes.len())?.max(1);
    let mut tasks = Vec::new();
    for (lane, number) in lanes.into_iter().zip(0u32..) {
        let pace = Pace {
            // Connections tick one after another, not all at once.
            begin: begin + TICK * number / lanes_count,
            interval,
            count,
        };
        let writer = tokio::spawn(write(lane.writer, lane.ring, pace));
        let reader = tokio::spawn(read(lane.reader, pace));
        tasks.push((writer, reader));
    }
    let finished = async {
        let mut samples = Samples::default();
        let mut lanes = Vec::new();
        for (writer, reader) in tasks {
            let (writer, ring) = writer.await??;
            let (reader, answered) = reader.await??;
            samples.append(answered);
            lanes.push(Split {
                reader,
                writer,
                ring,
            });
        }
        anyhow::Ok((samples, lanes))
    };
    let (samples, lanes) = timeout(duration + PATIENCE, finished)
        .await
        .context("the gateway did not keep up")??;
    let elapsed = begin.elapsed();
    Ok((Answers { samples, elapsed }, lanes))
}

async fn write(
    mut writer: OwnedWriteHalf,
    mut ring: Ring,
    pace: Pace,
) -> Result<(OwnedWriteHalf, Ring)> {
    let mut sent = 0;
    let mut tick = pace.begin;
    while sent < pace.count {
        sleep_until(tick).await;
        let mut due = usize::try_from(pace.due_by(Instant::now()).saturating_sub(sent))?;
        while due > 0 {
            let (piece, count) = ring.take(due);
            writer.write_all(&piece).await?;
            due -= count;
            sent += u32::try_from(count)?;
        }
        tick = (tick + TICK).max(Instant::now());
    }
    Ok((writer, ring))
}

async fn read(mut reader: LinkReader, pace: Pace) -> Result<(LinkReader, Samples)> {
    let mut samples = Samples::default();
    let mut answered = 0;
    while answered < pace.count {
        let receipts = reader.receipts().await?;
        let now = Instant::now();
        for _ in 0..receipts {
            samples.add(now.saturating_duration_since(pace.due(answered)));
            answered += 1;
        }
    }
    Ok((reader, samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_by_the_clock_alone() {
        let pace = Pace {
            begin: Instant::now(),
            interval: Duration::from_millis(10),
            count: 100,
        };
        assert_eq!(pace.due_by(pace.begin), 1);
        assert_eq!(pace.due_by(pace.begin + Duration::from_millis(35)), 4);
        assert_eq!(pace.due_by(pace.begin + Duration::from_secs(60)), 100);
        assert_eq!(pace.due(4), pace.begin + Duration::from_millis(40));
    }
}
