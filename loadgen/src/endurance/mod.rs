//! `crash` and `soak`: every acknowledged message is delivered exactly once, whatever happens to
//! the gateway and to the connections.

mod ledger;
mod receiver;
mod sender;
mod world;

use core::time::Duration;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use clap::Args;
use rand_chacha::ChaCha8Rng;
use rand_core::{OsRng, RngCore, SeedableRng};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use self::ledger::{Author, Ledger, Verdict};
use self::receiver::Receiver;
use self::sender::{Manner, Sender};
use self::world::{Addresses, PATIENCE, Phase, World};
use crate::clients;
use crate::gateway::{Gateway, GatewayOptions};
use crate::report::{Aim, Report, number};
use crate::wire::Transport;

/// What is done with the load.
#[derive(Debug, Args)]
pub(crate) struct LoadOptions {
    /// Clients that send: half of them over WebSocket, half of them repeating what was not
    /// acknowledged
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    senders: u16,

    /// Clients that receive, half of them over WebSocket
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    receivers: u16,

    /// Messages a second of all senders together, at most
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
}

#[derive(Debug, Args)]
pub(crate) struct CrashOptions {
    /// How many times the gateway is killed
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,

    /// Longest time between start and kill, in milliseconds
    #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u32).range(1..=600_000))]
    longest: u32,

    /// Seed of the moments at which it is killed [default: a new one]
    #[arg(long)]
    seed: Option<u64>,

    #[command(flatten)]
    load: LoadOptions,
}

#[derive(Debug, Args)]
pub(crate) struct SoakOptions {
    /// Minutes of load
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    minutes: u32,

    /// Longest life of a connection, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    life: u32,

    #[command(flatten)]
    load: LoadOptions,
}

/// Kills and restarts the gateway under load.
pub(crate) async fn crash(gateway: &GatewayOptions, options: &CrashOptions) -> Result<Report> {
    let scratch = gateway.scratch_folder()?;
    let data = scratch.path().join("data");
    let seed = options.seed.unwrap_or_else(|| OsRng.next_u64());
    eprintln!("seed {seed}");
    let mut moments = ChaCha8Rng::seed_from_u64(seed);

    let mut run = Run::start(gateway, &data, &options.load, None).await?;
    let mut longest_start = Duration::ZERO;
    for _ in 0..options.rounds {
        let moment = moments.next_u32() % options.longest;
        sleep(Duration::from_millis(moment.into())).await;
        run.check_tasks().await?;
        longest_start = longest_start.max(run.kill_and_restart(gateway, &data).await?);
    }
    let (verdict, repeated) = run.finish().await?;

    let mut report = Report::new("crash");
    report.add("kills", f64::from(options.rounds), "");
    report.add("longest restart", longest_start.as_secs_f64() * 1e3, "ms");
    add_verdict(&mut report, &verdict, repeated)?;
    Ok(report)
}

/// Loads the gateway for long.
pub(crate) async fn soak(gateway: &GatewayOptions, options: &SoakOptions) -> Result<Report> {
    let scratch = gateway.scratch_folder()?;
    let data = scratch.path().join("data");
    let life = Duration::from_secs(options.life.into());
    let duration = Duration::from_secs(60) * options.minutes;

    let mut run = Run::start(gateway, &data, &options.load, Some(life)).await?;
    // A tenth of the time for caches to fill.
    let begin = Instant::now();
    run.load_until(begin + duration / 10).await?;
    let early = run.gateway()?.resident_bytes()?;
    run.load_until(begin + duration).await?;
    let late = run.gateway()?.resident_bytes()?;
    let (verdict, repeated) = run.finish().await?;

    let mut report = Report::new("soak");
    report.add("minutes", f64::from(options.minutes), "");
    report.add("gateway, early", number(early) / 1048576.0, "MiB");
    report.add("gateway, late", number(late) / 1048576.0, "MiB");
    add_verdict(&mut report, &verdict, repeated)?;
    Ok(report)
}

fn add_verdict(report: &mut Report, verdict: &Verdict, repeated: u64) -> Result<()> {
    report.add("sent", number(verdict.sent), "messages");
    report.add("sends repeated", number(repeated), "");
    report.add("acknowledged", number(verdict.acknowledged), "messages");
    report.add("delivered", number(verdict.delivered), "messages");
    let unacknowledged = number(verdict.unacknowledged_delivered);
    report.add("of them unacknowledged", unacknowledged, "messages");
    for (name, count) in [
        ("lost", verdict.lost),
        ("doubled", verdict.doubled),
        ("out of order", verdict.disordered),
        ("never sent", verdict.strangers),
    ] {
        report.add_with_aim(name, number(count), "messages", Aim::Under(1.0));
    }
    if !verdict.is_sound() {
        bail!("a promise was broken:\n{report}");
    }
    Ok(())
}

/// A gateway under load.
struct Run {
    gateway: Option<Gateway>,
    addresses: watch::Sender<Option<Addresses>>,
    phase: watch::Sender<Phase>,
    ledger: Arc<Mutex<Ledger>>,
    senders: Vec<JoinHandle<Result<u64>>>,
    receivers: Vec<JoinHandle<Result<()>>>,
}

impl Run {
    async fn start(
        options: &GatewayOptions,
        data: &Path,
        load: &LoadOptions,
        life: Option<Duration>,
    ) -> Result<Self> {
        let gateway = Gateway::start(options, data).await?;
        let senders = clients::register(&gateway, "sender", load.senders.into()).await?;
        let receivers = clients::register(&gateway, "receiver", load.receivers.into()).await?;
        let (addresses, gateway_seen) = watch::channel(Some(Addresses::of(&gateway)));
        let (phase, phase_seen) = watch::channel(Phase::Load);
        let authors = senders.iter().zip(0..).map(|(client, number)| Author {
            client: *client,
            keeps_order: life.is_none() || manner(number) == Manner::UntilAcknowledged,
        });
        let world = World {
            gateway: gateway_seen,
            phase: phase_seen,
            ledger: Arc::new(Mutex::new(Ledger::new(authors.collect()))),
            life,
        };
        let interval = Duration::from_secs(1) * u32::from(load.senders) / load.rate;
        let sending = senders.iter().zip(0u32..).map(|(client, number)| {
            let sender = Sender {
                number,
                client: *client,
                transport: alternate(number, [Transport::Tcp, Transport::WebSocket]),
                manner: manner(number),
                receivers: receivers.clone(),
                interval,
                world: world.clone(),
            };
            tokio::spawn(sender.run())
        });
        let receiving = receivers.iter().zip(0u32..).map(|(client, number)| {
            let receiver = Receiver {
                number: usize::try_from(number).unwrap_or(usize::MAX),
                client: *client,
                transport: alternate(number, [Transport::Tcp, Transport::WebSocket]),
                world: world.clone(),
            };
            tokio::spawn(receiver.run())
        });
        Ok(Self {
            senders: sending.collect(),
            receivers: receiving.collect(),
            gateway: Some(gateway),
            addresses,
            phase,
            ledger: world.ledger,
        })
    }

    fn gateway(&self) -> Result<&Gateway> {
        self.gateway.as_ref().context("no gateway runs")
    }

    /// How long the gateway took to be up again.
    async fn kill_and_restart(
        &mut self,
        options: &GatewayOptions,
        data: &Path,
    ) -> Result<Duration> {
        let gateway = self.gateway.take().context("no gateway runs")?;
        gateway.kill().await?;
        self.addresses.send_replace(None);
        let begin = Instant::now();
        let gateway = Gateway::start(options, data).await?;
        self.addresses.send_replace(Some(Addresses::of(&gateway)));
        self.gateway = Some(gateway);
        Ok(begin.elapsed())
    }

    async fn load_until(&mut self, end: Instant) -> Result<()> {
        while Instant::now() < end {
            let step = end.saturating_duration_since(Instant::now());
            sleep(step.min(Duration::from_secs(1))).await;
            self.check_tasks().await?;
        }
        Ok(())
    }

    /// Nobody ends before the load does, except by an error.
    async fn check_tasks(&mut self) -> Result<()> {
        for task in &mut self.senders {
            if task.is_finished() {
                task.await??;
            }
        }
        for task in &mut self.receivers {
            if task.is_finished() {
                task.await??;
            }
        }
        Ok(())
    }

    /// Ends the load, waits until everything is delivered, and gives the verdict with the number
    /// of repeated sends.
    async fn finish(self) -> Result<(Verdict, u64)> {
        self.phase.send_replace(Phase::Finish);
        let mut repeated = 0;
        for task in self.senders {
            repeated += timeout(PATIENCE * 2, task)
                .await
                .context("a sender does not come to its end")???;
        }
        self.phase.send_replace(Phase::Drain);
        for task in self.receivers {
            timeout(PATIENCE * 2, task)
                .await
                .context("a receiver does not come to its end")???;
        }
        if let Some(gateway) = self.gateway {
            let status = gateway.stop().await?;
            if !status.success() {
                bail!("the gateway ended with {status}");
            }
        }
        let ledger = self
            .ledger
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok((ledger.verdict(), repeated))
    }
}

/// Half of the senders on each transport repeat what was not acknowledged.
fn manner(number: u32) -> Manner {
    alternate(number / 2, [Manner::UntilAcknowledged, Manner::Once])
}

fn alternate<T: Copy>(number: u32, [even, odd]: [T; 2]) -> T {
    if number.is_multiple_of(2) { even } else { odd }
}
