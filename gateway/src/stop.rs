//! The order to stop, as every task sees it.

use tokio::sync::{mpsc, watch};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// Nothing new is accepted; what was accepted is finished.
    Draining,
    /// Whatever still runs ends now.
    Ended,
}

/// Gives the order.
#[derive(Debug)]
pub(crate) struct Stopper {
    phase: watch::Sender<Phase>,
    alive: mpsc::Sender<()>,
    all_gone: mpsc::Receiver<()>,
}

/// Sees the order. The stopper can wait until all of these are dropped.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    phase: watch::Receiver<Phase>,
    _alive: mpsc::Sender<()>,
}

impl Stopper {
    pub(crate) fn new() -> Self {
        let (alive, all_gone) = mpsc::channel(1);
        Self {
            phase: watch::Sender::new(Phase::Running),
            alive,
            all_gone,
        }
    }

    pub(crate) fn watcher(&self) -> Stop {
        Stop {
            phase: self.phase.subscribe(),
            _alive: self.alive.clone(),
        }
    }

    /// Lets everything finish, up to `wait`, and ends the rest. Whether all finished by itself.
    pub(crate) async fn stop(self, wait: core::time::Duration) -> bool {
        let Self {
            phase,
            alive,
            mut all_gone,
        } = self;
        drop(alive);
        phase.send_replace(Phase::Draining);
        let finished = tokio::time::timeout(wait, all_gone.recv()).await.is_ok();
        phase.send_replace(Phase::Ended);
        if !finished {
            all_gone.recv().await;
        }
        finished
    }
}

impl Stop {
    /// Waits for the order to stop.
    pub(crate) async fn draining(&mut self) {
        // Without a stopper there is nobody to wait for.
        drop(self.phase.wait_for(|phase| *phase >= Phase::Draining).await);
    }

    /// Waits for the order to end at once.
    pub(crate) async fn ended(&mut self) {
        drop(self.phase.wait_for(|phase| *phase >= Phase::Ended).await);
    }
}
