//! What senders and receivers share: where the gateway is now, how far the run is, the ledger.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use rand_core::{OsRng, RngCore};
use sotto_shared::classic::ResponseError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::ledger::Ledger;
use crate::gateway::Gateway;
use crate::wire::{Link, Transport};

/// How long an answer, or a gateway that is up again, may be waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before connecting again.
const RETRY: Duration = Duration::from_millis(10);

/// How far the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Everyone works.
    Load,
    /// Nothing new is sent.
    Finish,
    /// Nothing is under way; receivers empty their mailboxes and end.
    Drain,
}

/// Where a running gateway listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addresses {
    tcp: SocketAddr,
    http: SocketAddr,
}

impl Addresses {
    pub(super) fn of(gateway: &Gateway) -> Self {
        Self {
            tcp: gateway.tcp,
            http: gateway.http,
        }
    }
}

/// The run as its senders and receivers see it.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// Nothing while no gateway runs.
    pub(super) gateway: watch::Receiver<Option<Addresses>>,
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    /// How long a connection lives at most; the half of it on average.
    pub(super) life: Option<Duration>,
}

/// Why a connection is used no more.
#[derive(Debug)]
pub(super) enum Left {
    /// All is done.
    Done,
    /// It broke, or was given up on purpose.
    Broken,
}

impl World {
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Connects to the gateway, once there is one.
    pub(super) async fn connect(&mut self, transport: Transport) -> Result<Link> {
        let connected = async {
            loop {
                let found = *self
                    .gateway
                    .wait_for(Option::is_some)
                    .await
                    .context("the run has ended")?;
                let Some(addresses) = found else { continue };
                let to = match transport {
                    Transport::Tcp => addresses.tcp,
                    Transport::WebSocket => addresses.http,
                };
                if let Ok(link) = Link::open(transport, to).await {
                    return Ok(link);
                }
                sleep(RETRY).await;
            }
        };
        timeout(PATIENCE, connected)
            .await
            .context("no connection to the gateway")?
    }

    /// When a connection that begins now is to be given up.
    pub(super) fn end_of_life(&self) -> Option<Instant> {
        self.life
            .map(|life| Instant::now() + life * (OsRng.next_u32() % 1000) / 1000)
    }
}

/// Tells a broken connection, which is to be expected, from an answer that should never be.
pub(super) fn broken<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is::<ResponseError>() => Err(error),
        Err(_) => Ok(None),
    }
}

/// Waits for an answer, but not for ever.
pub(super) async fn patiently<T>(answer: impl Future<Output = Result<T>>) -> Result<Option<T>> {
    broken(
        timeout(PATIENCE, answer)
            .await
            .context("the gateway did not answer")?,
    )
}
