//! One round: raw inserts, the gateway saturated and then paced, raw inserts again.

use core::fmt;
use std::path::Path;

use anyhow::{Result, bail};
use sotto_shared::ClientId;

use super::{Options, paced, raw, saturated};
use crate::clients;
use crate::frames::Ring;
use crate::gateway::{Gateway, GatewayOptions};
use crate::report::number;
use crate::wire::{Link, Transport};

/// What one round measured. Rates are messages a second, latencies milliseconds.
pub(super) struct Round {
    /// Commits of `raw_batch` rows.
    pub(super) raw: f64,
    /// Commits of `raw_group` rows.
    pub(super) raw_group: f64,
    pub(super) sends: f64,
    pub(super) gateway_cores: f64,
    pub(super) driver_cores: f64,
    pub(super) latencies: Vec<Latency>,
}

/// The answers' latency at one load.
pub(super) struct Latency {
    /// Per cent of the reached rate.
    pub(super) load: u8,
    /// The rate that was held.
    pub(super) rate: f64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) worst: f64,
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} of {:.0} messages/s", self.sends, self.raw)?;
        self.latencies.iter().try_for_each(|at| {
            let Latency { load, p99, .. } = at;
            write!(f, ", p99 at {load} % {p99:.1} ms")
        })
    }
}

impl Round {
    /// Sends in per cent of raw inserts.
    pub(super) fn ratio(&self) -> f64 {
        self.sends / self.raw * 100.0
    }

    pub(super) async fn run(
        gateway_options: &GatewayOptions,
        options: &Options,
        transport: Transport,
    ) -> Result<Self> {
        let scratch = gateway_options.scratch_folder()?;
        let data = scratch.path().join("data");
        let gateway = Gateway::start(gateway_options, &data).await?;
        let senders = clients::register(&gateway, "sender", options.connections.into()).await?;
        let mailboxes = clients::register(&gateway, "mailbox", options.mailboxes.into()).await?;
        gateway.stop().await?;
        // What raw inserts begin with, each time.
        let fresh = scratch.path().join("fresh");
        std::fs::create_dir(&fresh)?;
        std::fs::copy(data.join(raw::DATABASE), fresh.join(raw::DATABASE))?;

        let raw = || -> Result<[f64; 2]> {
            let rows = raw::Rows {
                senders: &senders,
                mailboxes: &mailboxes,
                content: usize::try_from(options.content)?,
            };
            let rate = |batch: u32| {
                let folder = scratch.path().join("raw");
                let half = options.duration() / 2;
                raw::measure(&fresh, &folder, rows, usize::try_from(batch)?, half)
            };
            Ok([rate(options.raw_batch)?, rate(options.raw_group)?])
        };
        let [raw_before, group_before] = raw()?;
        let gateway = Gateway::start(gateway_options, &data).await?;
        let mut lanes = Vec::new();
        for (number, sender) in senders.iter().enumerate() {
            lanes.push(Lane {
                link: Link::open(transport, transport.address(&gateway)).await?,
                ring: ring(transport, *sender, &mailboxes, number, options),
            });
        }
        let (saturated, mut lanes) = saturated::measure(&gateway, lanes, options).await?;
        let mut stored = saturated.acknowledged;
        let mut latencies = Vec::new();
        for load in &options.load {
            let rate = saturated.rate * f64::from(*load) / 100.0;
            let (answers, back) = paced::measure(lanes, rate, options.duration()).await?;
            lanes = back;
            stored += answers.samples.len() as u64;
            latencies.push(Latency::of(*load, answers));
        }
        drop(lanes);
        gateway.stop().await?;
        check_stored(&data, stored)?;
        let [raw_after, group_after] = raw()?;
        Ok(Self {
            raw: f64::midpoint(raw_before, raw_after),
            raw_group: f64::midpoint(group_before, group_after),
            sends: saturated.rate,
            gateway_cores: saturated.gateway_cores,
            driver_cores: saturated.driver_cores,
            latencies,
        })
    }
}

impl Latency {
    fn of(load: u8, answers: paced::Answers) -> Self {
        let count = number(answers.samples.len() as u64);
        let [p50, p95, p99, worst] = answers.samples.millis_at([50.0, 95.0, 99.0, 100.0]);
        Self {
            load,
            rate: count / answers.elapsed.as_secs_f64(),
            p50,
            p95,
            p99,
            worst,
        }
    }
}

/// One connection and what it sends.
pub(super) struct Lane {
    pub(super) link: Link,
    pub(super) ring: Ring,
}

fn ring(
    transport: Transport,
    sender: ClientId,
    mailboxes: &[ClientId],
    number: usize,
    options: &Options,
) -> Ring {
    // Neighbours begin far apart, so that no mailbox is hit by all at once.
    let first = number * 37 % mailboxes.len().max(1);
    let content = usize::try_from(options.content).unwrap_or(usize::MAX);
    Ring::new(
        transport,
        sender,
        mailboxes,
        first,
        options.window.into(),
        content,
    )
}

/// Every acknowledged message must be in the database of the stopped gateway.
fn check_stored(data: &Path, acknowledged: u64) -> Result<()> {
    let stored: i64 = raw::open(&data.join(raw::DATABASE))?.query_row(
        "SELECT count(*) FROM messages",
        [],
        |row| row.get(0),
    )?;
    if u64::try_from(stored)? != acknowledged {
        bail!("{acknowledged} messages were acknowledged, and {stored} are stored");
    }
    Ok(())
}
