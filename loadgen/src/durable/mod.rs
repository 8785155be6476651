//! `bench durable`: acknowledged sends a second, beside what the same disk takes without a server.
//!
//! Each round measures raw inserts, the gateway, and raw inserts again, so that a machine that
//! speeds up or slows down meanwhile does not change the ratio; the median round counts. Then the
//! gateway is loaded with a part of what it has just reached, at a pace that does not wait for
//! answers, and their latency is measured.

mod paced;
mod raw;
mod round;
mod saturated;
mod table;

use core::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use self::round::Round;
use crate::gateway::GatewayOptions;
use crate::proc;
use crate::report::Report;
use crate::wire::Transport;

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

    /// Rows in one commit of a second series of raw inserts: more than the gateway commits at once
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..))]
    raw_group: u32,

    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,

    /// Rounds; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,

    /// Parts of the reached rate at which latency is measured, in per cent
    #[arg(
        long,
        default_values = ["80", "40"],
        value_delimiter = ',',
        value_parser = clap::value_parser!(u8).range(1..=100)
    )]
    load: Vec<u8>,
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
            eprintln!("{transport}, round {number} of {}: {round}", options.rounds);
            rounds.push(round);
        }
        table::add(&mut report, *transport, options, rounds)?;
    }
    Ok(report)
}
