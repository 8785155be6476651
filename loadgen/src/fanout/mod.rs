//! `bench fanout`: messages a second to a group, each stored before it is answered and pushed to
//! every member device, beside what the same disk takes of the same rows without a server.
//!
//! Each size measures raw inserts, the gateway, and raw inserts again, so that a machine that
//! speeds up or slows down meanwhile does not change the ratio. All member devices are connected,
//! and acknowledge what they get; some of them send, each its next message when the last one is
//! answered.

mod line;
mod member;
mod raw;
mod world;

use core::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use self::member::Seen;
use self::world::World;
use crate::gateway::{Gateway, GatewayOptions};
use crate::percentiles::Samples;
use crate::proc;
use crate::report::{Report, number};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Member devices of the group
    #[arg(
        long,
        default_values = ["2", "10", "100", "1000"],
        value_delimiter = ',',
        value_parser = clap::value_parser!(u16).range(2..=1024)
    )]
    devices: Vec<u16>,

    /// Devices that send, at most
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    senders: u16,

    /// Bytes of each message
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=256 * 1024))]
    content: u32,

    /// Messages in one commit of the raw inserts
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    raw_batch: u16,

    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

impl Options {
    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

pub(crate) async fn run(gateway: &GatewayOptions, options: &Options) -> Result<Report> {
    let most = options.devices.iter().copied().max().unwrap_or_default();
    proc::raise_open_files(u64::from(most) + 256)?;
    let mut report = Report::new("bench fanout");
    for devices in &options.devices {
        let measured = measure(gateway, options, (*devices).into()).await;
        measured
            .with_context(|| format!("{devices} devices"))?
            .add_to(&mut report, *devices);
    }
    Ok(report)
}

/// What a group of one size reached.
struct Measured {
    /// Messages a second of plain inserts.
    raw: f64,
    /// Messages a second of the gateway.
    rate: f64,
    gateway_cores: f64,
    answers: Samples,
    deliveries: Samples,
}

async fn measure(
    gateway_options: &GatewayOptions,
    options: &Options,
    devices: usize,
) -> Result<Measured> {
    let scratch = gateway_options.scratch_folder()?;
    let data = scratch.path().join("data");
    // The schema, and who the gateway is.
    Gateway::start(gateway_options, &data).await?.stop().await?;
    let world = World::make(&data, devices)?;
    let fresh = scratch.path().join("fresh");
    std::fs::create_dir(&fresh)?;
    let gateway = Gateway::start(gateway_options, &data).await?;
    let members = world.gather(gateway.tcp).await?;
    gateway.stop().await?;
    std::fs::copy(data.join(raw::DATABASE), fresh.join(raw::DATABASE))?;

    let senders = usize::from(options.senders).min(devices);
    let content = usize::try_from(options.content)?;
    let raw = || {
        let rows = raw::Rows {
            content,
            batch: options.raw_batch.into(),
        };
        raw::measure(
            &fresh,
            &scratch.path().join("raw"),
            rows,
            options.duration() / 2,
        )
    };
    let before = raw()?;
    let gateway = Gateway::start(gateway_options, &data).await?;
    let used = gateway.processor_time()?;
    let seen = member::talk(gateway.tcp, members, senders, content, options.duration()).await?;
    let used = gateway.processor_time()?.saturating_sub(used);
    gateway.stop().await?;
    let after = raw()?;
    let Seen {
        stored,
        elapsed,
        answers,
        deliveries,
    } = seen;
    Ok(Measured {
        raw: f64::midpoint(before, after),
        rate: number(stored) / elapsed.as_secs_f64(),
        gateway_cores: used.as_secs_f64() / elapsed.as_secs_f64(),
        answers,
        deliveries,
    })
}

impl Measured {
    fn add_to(self, report: &mut Report, devices: u16) {
        let name = |what: &str| format!("{devices} devices: {what}");
        let others = f64::from(devices) - 1.0;
        report.add(name("messages"), self.rate, "/s");
        report.add(name("pushed to others"), self.rate * others, "/s");
        report.add(name("raw inserts of the same rows"), self.raw, "/s");
        report.add(
            name("messages to raw inserts"),
            self.rate / self.raw * 100.0,
            "%",
        );
        report.add(name("gateway's cores"), self.gateway_cores, "");
        let [p50, p99] = self.answers.millis_at([50.0, 99.0]);
        report.add(name("until it is stored: p50"), p50, "ms");
        report.add(name("until it is stored: p99"), p99, "ms");
        let [p50, p99] = self.deliveries.millis_at([50.0, 99.0]);
        report.add(name("until another device has it: p50"), p50, "ms");
        report.add(name("until another device has it: p99"), p99, "ms");
    }
}
