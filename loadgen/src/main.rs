//! Load, crash and soak driver, and benchmark, of a Sotto gateway.
//!
//! Every command starts a gateway of its own on free ports of the loopback and on a fresh data
//! folder, is bounded in time and in count, and leaves nothing behind.

mod clients;
mod durable;
mod endurance;
mod fanout;
mod frames;
mod gateway;
mod idle;
mod logins;
mod percentiles;
mod proc;
mod report;
mod wire;

use clap::{Parser, Subcommand};

use crate::gateway::GatewayOptions;
use crate::report::Report;

/// Load, crash and soak driver, and benchmark, of a Sotto gateway.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    gateway: GatewayOptions,

    /// Print the figures as one JSON object at the end
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure
    #[command(subcommand)]
    Bench(Bench),
    /// Kill the gateway at random moments under load, and check that nothing acknowledged is lost
    /// and nothing is delivered twice
    Crash(endurance::CrashOptions),
    /// Load the gateway for long, with connections that come and go, and check the same
    Soak(endurance::SoakOptions),
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Acknowledged sends a second beside raw inserts, and the answers' latency at 80 % of them
    Durable(durable::Options),
    /// Messages a second to groups of many devices beside raw inserts, and how soon they arrive
    Fanout(fanout::Options),
    /// The gateway's memory for each idle connection
    Idle(idle::Options),
    /// Password logins a second, and what a flood of them does to connected users
    Logins(logins::Options),
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // One thread: the driver shares the machine with what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let report: Report = runtime.block_on(async {
        let gateway = &arguments.gateway;
        match &arguments.command {
            Command::Bench(Bench::Durable(options)) => durable::run(gateway, options).await,
            Command::Bench(Bench::Fanout(options)) => fanout::run(gateway, options).await,
            Command::Bench(Bench::Idle(options)) => idle::run(gateway, options).await,
            Command::Bench(Bench::Logins(options)) => logins::run(gateway, options).await,
            Command::Crash(options) => endurance::crash(gateway, options).await,
            Command::Soak(options) => endurance::soak(gateway, options).await,
        }
    })?;
    if arguments.json {
        println!("{}", report.to_json());
    } else {
        print!("{report}");
    }
    Ok(())
}
