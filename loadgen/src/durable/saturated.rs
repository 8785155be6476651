//! As many sends as the gateway takes: every connection keeps its window full.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::time::{Instant, sleep, timeout};

use super::Options;
use super::round::Lane;
use crate::frames::Ring;
use crate::gateway::Gateway;
use crate::proc;
use crate::report::number;
use crate::wire::LinkReader;

/// Not measured: caches fill, the log grows to its usual size.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long what is under way may take in the end.
const DRAIN: Duration = Duration::from_secs(30);

/// What was measured.
pub(super) struct Saturated {
    /// Acknowledged messages a second.
    pub(super) rate: f64,
    /// Acknowledged messages, those before and after the measurement included.
    pub(super) acknowledged: u64,
    pub(super) gateway_cores: f64,
    pub(super) driver_cores: f64,
}

/// A connection that has been taken apart for pipelining.
pub(super) struct Split {
    pub(super) reader: LinkReader,
    pub(super) writer: OwnedWriteHalf,
    pub(super) ring: Ring,
}

#[derive(Default)]
struct Shared {
    acknowledged: AtomicU64,
    is_over: AtomicBool,
}

/// Measures, and gives the connections back with nothing under way.
pub(super) async fn measure(
    gateway: &Gateway,
    lanes: Vec<Lane>,
    options: &Options,
) -> Result<(Saturated, Vec<Split>)> {
    let shared = Arc::new(Shared::default());
    let tasks: Vec<_> = lanes
        .into_iter()
        .map(|lane| tokio::spawn(drive(lane, options.window.into(), Arc::clone(&shared))))
        .collect();

    sleep(WARM_UP).await;
    let driver = std::process::id();
    let begin = Instant::now();
    let before = shared.acknowledged.load(Ordering::Relaxed);
    let gateway_before = gateway.processor_time()?;
    let driver_before = proc::processor_time(driver)?;
    sleep(options.duration()).await;
    let after = shared.acknowledged.load(Ordering::Relaxed);
    let seconds = begin.elapsed().as_secs_f64();
    let gateway_time = gateway.processor_time()?.saturating_sub(gateway_before);
    let driver_time = proc::processor_time(driver)?.saturating_sub(driver_before);

    shared.is_over.store(true, Ordering::Relaxed);
    let drained = async {
        let mut lanes = Vec::new();
        for task in tasks {
            lanes.push(task.await??);
        }
        anyhow::Ok(lanes)
    };
    let lanes = timeout(DRAIN, drained)
        .await
        .context("the gateway did not answer everything")??;
    let saturated = Saturated {
        rate: number(after - before) / seconds,
        acknowledged: shared.acknowledged.load(Ordering::Relaxed),
        gateway_cores: gateway_time.as_secs_f64() / seconds,
        driver_cores: driver_time.as_secs_f64() / seconds,
    };
    Ok((saturated, lanes))
}

async fn drive(lane: Lane, window: usize, shared: Arc<Shared>) -> Result<Split> {
    let Lane { link, mut ring } = lane;
    let (mut reader, mut writer) = link.split();
    let mut under_way = 0;
    loop {
        while under_way < window && !shared.is_over.load(Ordering::Relaxed) {
            let (piece, count) = ring.take(window - under_way);
            writer.write_all(&piece).await?;
            under_way += count;
        }
        if under_way == 0 {
            return Ok(Split {
                reader,
                writer,
                ring,
            });
        }
        let receipts = reader.receipts().await?;
        under_way = under_way.saturating_sub(receipts);
        shared
            .acknowledged
            .fetch_add(receipts as u64, Ordering::Relaxed);
    }
}
