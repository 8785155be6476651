//! The figures of all rounds as the report shows them.

use anyhow::{Context, Result};

use super::Options;
use super::round::{Latency, Round};
use crate::report::{Aim, Report};
use crate::wire::Transport;

/// Least part of the raw rate, in per cent.
const RATIO_AIM: f64 = 60.0;
/// Load, in per cent, at which the latency has an aim.
const LOAD_OF_AIM: u8 = 80;
/// Bound of the answers' 99th percentile there, in milliseconds.
const P99_AIM: f64 = 50.0;

/// Adds the round with the median ratio.
pub(super) fn add(
    report: &mut Report,
    transport: Transport,
    options: &Options,
    mut rounds: Vec<Round>,
) -> Result<()> {
    rounds.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let middle = rounds.len() / 2;
    let round = rounds.get(middle).context("no round was run")?;
    let name = |what: &str| format!("{transport}: {what}");
    let raw = name(&format!("raw inserts, {} a commit", options.raw_batch));
    let group = name(&format!("raw inserts, {} a commit", options.raw_group));

    report.add(raw.clone(), round.raw.round(), "msg/s");
    report.add(group.clone(), round.raw_group.round(), "msg/s");
    report.add(name("acknowledged sends"), round.sends.round(), "msg/s");
    report.add_with_aim(
        format!("{raw}: part reached"),
        round.ratio(),
        "%",
        Aim::AtLeast(RATIO_AIM),
    );
    report.add(
        format!("{group}: part reached"),
        round.sends / round.raw_group * 100.0,
        "%",
    );
    report.add(name("processors, gateway"), round.gateway_cores, "cores");
    report.add(name("processors, driver"), round.driver_cores, "cores");
    for latency in &round.latencies {
        add_latency(report, transport, latency);
    }
    Ok(())
}

fn add_latency(report: &mut Report, transport: Transport, latency: &Latency) {
    let load = latency.load;
    let name = |what: &str| format!("{transport} at {load} %: {what}");
    report.add(name("sends"), latency.rate.round(), "msg/s");
    report.add(name("answer, p50"), latency.p50, "ms");
    report.add(name("answer, p95"), latency.p95, "ms");
    if load == LOAD_OF_AIM {
        let aim = Aim::Under(P99_AIM);
        report.add_with_aim(name("answer, p99"), latency.p99, "ms", aim);
    } else {
        report.add(name("answer, p99"), latency.p99, "ms");
    }
    report.add(name("answer, worst"), latency.worst, "ms");
}
