//! `bench idle`: what an idle connection costs the gateway.
//!
//! Every connection has asked once and was answered, as a client that has just come, before it
//! falls silent; memory is measured then.

use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Result, bail};
use clap::Args;
use sotto_shared::ClientId;
use sotto_shared::classic::{RequestBody, Response};
use tokio::time::sleep;

use crate::clients::{self, request};
use crate::gateway::{Gateway, GatewayOptions};
use crate::proc;
use crate::report::{Aim, Report, number};
use crate::wire::{Link, Transport};

/// Bound of the memory for each connection, in KiB.
const AIM_KIB: f64 = 12.0;
/// Connections from one source address: far fewer than it has ports.
const PER_ADDRESS: usize = 5_000;
/// Connections made at the same time.
const AT_ONCE: usize = 100;
/// Open files beside the connections.
const FILES_BESIDE: u64 = 500;
/// Connections that are asked again in the end.
const SAMPLE: usize = 200;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How the connections are made
    #[arg(long, value_enum, default_values = ["ws", "tcp"], value_delimiter = ',')]
    transport: Vec<Transport>,

    /// How many connections
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    connections: u32,

    /// Seconds of silence before the memory is measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=600))]
    settle: u64,
}

pub(crate) async fn run(gateway: &GatewayOptions, options: &Options) -> Result<Report> {
    let count = usize::try_from(options.connections)?;
    proc::raise_open_files(u64::from(options.connections) + FILES_BESIDE)?;
    let mut report = Report::new("bench idle");
    for transport in &options.transport {
        measure(gateway, *transport, count, options.settle, &mut report).await?;
    }
    Ok(report)
}

async fn measure(
    options: &GatewayOptions,
    transport: Transport,
    count: usize,
    settle: u64,
    report: &mut Report,
) -> Result<()> {
    let scratch = options.scratch_folder()?;
    let gateway = Gateway::start(options, &scratch.path().join("data")).await?;
    let client = clients::register(&gateway, "idle", 1)
        .await?
        .pop()
        .unwrap_or(ClientId::ZERO);
    let to = transport.address(&gateway);
    // The threads, the database and the static parts are not the connections'.
    check(&mut Link::open(transport, to).await?, client).await?;
    sleep(Duration::from_secs(1)).await;
    let before = gateway.resident_bytes()?;

    let mut links = Vec::with_capacity(count);
    while links.len() < count {
        let first = links.len();
        let group: Vec<_> = (first..count.min(first + AT_ONCE))
            .map(|number| tokio::spawn(open(transport, to, number, client)))
            .collect();
        for link in group {
            links.push(link.await??);
        }
    }
    sleep(Duration::from_secs(settle)).await;
    let after = gateway.resident_bytes()?;

    let step = (links.len() / SAMPLE).max(1);
    let mut answered = 0;
    for link in links.iter_mut().step_by(step) {
        check(link, client).await?;
        answered += 1;
    }
    drop(links);
    gateway.stop().await?;

    let name = |what: &str| format!("{transport}: {what}");
    let each = number(after.saturating_sub(before)) / number(count as u64) / 1024.0;
    report.add(name("idle connections"), number(count as u64), "");
    report.add(name("gateway before"), number(before) / 1048576.0, "MiB");
    report.add(name("gateway with them"), number(after) / 1048576.0, "MiB");
    report.add_with_aim(name("each connection"), each, "KiB", Aim::Under(AIM_KIB));
    report.add(name("answered afterwards"), number(answered), "of sample");
    Ok(())
}

/// Opens a connection from one of several loopback addresses, and asks once.
async fn open(
    transport: Transport,
    to: SocketAddr,
    number: usize,
    client: ClientId,
) -> Result<Link> {
    let host = u8::try_from(number / PER_ADDRESS + 1)?;
    let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0));
    let mut link = Link::open_from(transport, to, Some(from)).await?;
    check(&mut link, client).await?;
    Ok(link)
}

/// Pulls from the empty mailbox.
async fn check(link: &mut Link, client: ClientId) -> Result<()> {
    match link.ask(&request(client, RequestBody::Pull)).await? {
        Response::Waiting(messages) if messages.is_empty() => Ok(()),
        other => bail!(
            "an idle connection's pull was answered with {}",
            other.code()
        ),
    }
}
