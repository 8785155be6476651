//! `bench durable`: acknowledged sends a second, beside what the same disk takes without a server.
//!
//! Each round measures raw inserts, the gateway, and raw inserts again, so that a machine that
//! speeds up or slows down meanwhile does not change the ratio; the median round counts. Then the
//! gateway is loaded with a part of what it has just reached, at a pace that does not wait for
//! answers, and their latency is measured.

mod paced;
mod raw;
mod saturated;

use core::time::Duration;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use sotto_shared::ClientId;

use crate::clients;
use crate::frames::Ring;
use crate::gateway::{Gateway, GatewayOptions};
use crate::proc;
use crate::report::{Aim, Report, number};
use crate::wire::{Link, Transport};

/// Least part of the raw rate, in per cent.
const RATIO_AIM: f64 = 60.0;
/// Bound of the answers' 99th percentile, in milliseconds.
const P99_AIM: f64 = 50.0;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How frames travel
    #[arg(long, value_enum, default_values = ["tcp", "ws"], value_delimiter = ',')]
    transport: Vec<Transport>,

    /// Connections, each with a sender of its own
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4096))]
    connections: u16,

    /// Sends of one connection that await their answers
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=1024))]
    window: u16,

    /// Bytes of content in each message
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(..=1 << 20))]
    content: u32,

    /// Mailboxes that the messages are spread over
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    mailboxes: u16,

    /// Rows in one commit of the raw inserts
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    raw_batch: u32,

    /// Rows in one commit of a second series of raw inserts: as many as the gateway commits at once
    /// when enough is waiting
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..))]
    raw_group: u32,

    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,

    /// Rounds; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,

    /// Part of the reached rate at which latency is measured, in per cent
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100))]
    load: u8,
}

impl Options {
    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

pub(crate) async fn run(gateway: &GatewayOptions, options: &Options) -> Result<Report> {
    proc::raise_open_files(u64::from(options.connections) + 256)?;
    let mut report = Report::new("bench durable");
    for transport in &options.transport {
        let mut rounds = Vec::new();
        for number in 1..=options.rounds {
            let round = Round::run(gateway, options, *transport)
                .await
                .with_context(|| format!("{transport}, round {number}"))?;
            eprintln!(
                "{transport}, round {number} of {}: {:.0} of {:.0} messages/s, p99 {:.1} ms",
                options.rounds, round.sends, round.raw, round.p99
            );
            rounds.push(round);
        }
        add_to(&mut report, *transport, options, rounds)?;
    }
    Ok(report)
}

/// What one round measured. Rates are messages a second, latencies milliseconds.
struct Round {
    /// Commits of `raw_batch` rows.
    raw: f64,
    /// Commits of `raw_group` rows.
    raw_group: f64,
    sends: f64,
    gateway_cores: f64,
    driver_cores: f64,
    paced: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    worst: f64,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.sends / self.raw * 100.0
    }

    async fn run(
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
        let (saturated, lanes) = saturated::measure(&gateway, lanes, options).await?;
        let sends = saturated.rate;
        let paced = sends * f64::from(options.load) / 100.0;
        let latency = paced::measure(lanes, paced, options.duration()).await?;
        let stored = saturated.acknowledged + latency.samples.len() as u64;
        gateway.stop().await?;
        check_stored(&data, stored)?;
        let [raw_after, group_after] = raw()?;

        let achieved = number(latency.samples.len() as u64) / latency.elapsed.as_secs_f64();
        let [p50, p95, p99, worst] = latency.samples.millis_at([50.0, 95.0, 99.0, 100.0]);
        Ok(Self {
            raw: f64::midpoint(raw_before, raw_after),
            raw_group: f64::midpoint(group_before, group_after),
            sends,
            gateway_cores: saturated.gateway_cores,
            driver_cores: saturated.driver_cores,
            paced: achieved,
            p50,
            p95,
            p99,
            worst,
        })
    }
}

/// One connection and what it sends.
struct Lane {
    link: Link,
    ring: Ring,
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

fn add_to(
    report: &mut Report,
    transport: Transport,
    options: &Options,
    mut rounds: Vec<Round>,
) -> Result<()> {
    rounds.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let middle = rounds.len() / 2;
    let round = rounds.get(middle).context("no round was run")?;
    let name = |what: &str| format!("{transport}: {what}");
    for (batch, rate) in [
        (options.raw_batch, round.raw),
        (options.raw_group, round.raw_group),
    ] {
        report.add(
            name(&format!("raw inserts, {batch} a commit")),
            rate.round(),
            "msg/s",
        );
    }
    report.add(name("acknowledged sends"), round.sends.round(), "msg/s");
    report.add_with_aim(
        name(&format!(
            "part of raw inserts, {} a commit",
            options.raw_batch
        )),
        round.ratio(),
        "%",
        Aim::AtLeast(RATIO_AIM),
    );
    report.add(
        name(&format!(
            "part of raw inserts, {} a commit",
            options.raw_group
        )),
        round.sends / round.raw_group * 100.0,
        "%",
    );
    report.add(name("processors, gateway"), round.gateway_cores, "cores");
    report.add(name("processors, driver"), round.driver_cores, "cores");
    let load = options.load;
    report.add(
        name(&format!("sends at {load} %")),
        round.paced.round(),
        "msg/s",
    );
    report.add(name(&format!("answer at {load} %, p50")), round.p50, "ms");
    report.add(name(&format!("answer at {load} %, p95")), round.p95, "ms");
    report.add_with_aim(
        name(&format!("answer at {load} %, p99")),
        round.p99,
        "ms",
        Aim::Under(P99_AIM),
    );
    report.add(
        name(&format!("answer at {load} %, worst")),
        round.worst,
        "ms",
    );
    Ok(())
}
