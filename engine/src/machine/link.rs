//! The connection: whether there is one, and when the next one is made.

use core::time::Duration;

use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;
use sotto_shared::sotto::{Part, ResponseSplitter};

use super::{Profile, is_due};
use crate::api::Connection;
use crate::time::Timestamp;

/// First pause before connecting again; it doubles with every failure.
pub const RETRY_FIRST: Duration = Duration::from_millis(500);
/// Longest pause before connecting again by itself. A gateway that restarts may ask for a longer
/// one, up to [`RESTART_MAX`].
pub const RETRY_MAX: Duration = Duration::from_secs(30);
/// Longest pause that a gateway may ask for when it restarts.
pub const RESTART_MAX: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody wants one.
    Idle,
    Waiting {
        retry_at: Timestamp,
    },
    /// The connection was dropped for another one, which comes with the next tick.
    Renewing {
        at: Timestamp,
    },
    Connecting,
    Online,
}

/// The one connection that all parts of the engine share.
pub(super) struct Link {
    profile: Profile,
    rng: ChaCha20Rng,
    state: State,
    splitter: ResponseSplitter,
    /// Connections that failed since the last answer.
    failures: u32,
    /// What a gateway that restarts asked for.
    restart: Option<Duration>,
}

impl Link {
    pub(super) fn new(profile: Profile, rng: ChaCha20Rng) -> Self {
        Self {
            profile,
            rng,
            state: State::Idle,
            splitter: ResponseSplitter::default(),
            failures: 0,
            restart: None,
        }
    }

    pub(super) fn is_online(&self) -> bool {
        self.state == State::Online
    }

    /// Whether there is neither a connection nor a try for one.
    pub(super) fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    pub(super) fn shown(&self) -> Connection {
        match self.state {
            State::Idle => Connection::Offline { retry_at: None },
            State::Waiting { retry_at } => Connection::Offline {
                retry_at: Some(retry_at),
            },
            State::Renewing { .. } | State::Connecting => Connection::Connecting,
            State::Online => Connection::Online,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting { retry_at } => Some(retry_at),
            State::Renewing { at } => Some(at),
            State::Idle | State::Connecting | State::Online => None,
        }
    }

    /// Whether the next try is due.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        match self.state {
            State::Waiting { retry_at } => is_due(retry_at, now, RESTART_MAX * 2),
            State::Renewing { .. } => true,
            State::Idle | State::Connecting | State::Online => false,
        }
    }

    pub(super) fn connecting(&mut self) {
        self.state = State::Connecting;
    }

    pub(super) fn connected(&mut self) {
        self.state = State::Online;
        self.splitter = ResponseSplitter::default();
        self.restart = None;
    }

    /// The server has answered: it is there.
    pub(super) fn answered(&mut self) {
        self.failures = 0;
    }

    /// The gateway goes down and comes back.
    pub(super) fn restarting(&mut self, reconnect_in: Duration, spread: Duration) {
        let part = self.rng.next_u32() >> 16;
        let pause = reconnect_in.min(RESTART_MAX) + spread.min(RESTART_MAX) * part / 65_536;
        self.restart = Some(pause.min(RESTART_MAX));
    }

    /// The connection is gone, and the next one is `wanted` or not.
    pub(super) fn disconnected(&mut self, wanted: bool, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let pause = match self.restart.take() {
            Some(pause) => pause,
            None => self.back_off(),
        };
        self.state = match wanted {
            true => State::Waiting {
                retry_at: now + pause,
            },
            false => State::Idle,
        };
    }

    /// The connection was dropped for another one, which comes with the next tick.
    pub(super) fn again(&mut self, now: Timestamp) {
        self.state = State::Renewing { at: now };
    }

    /// Whether a connection is being made, or comes with the next tick.
    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.state, State::Renewing { .. } | State::Connecting)
    }

    /// The next try comes after the longest pause.
    pub(super) fn pause(&mut self, now: Timestamp) {
        self.state = State::Waiting {
            retry_at: now + RETRY_MAX,
        };
    }

    fn back_off(&mut self) -> Duration {
        let doubled = RETRY_FIRST * 2_u32.saturating_pow((self.failures - 1).min(10));
        let pause = doubled.min(RETRY_MAX);
        // Between three and five quarters of it, so that clients do not come back all at once.
        pause * 3 / 4 + pause * (self.rng.next_u32() % 512) / 1024
    }

    /// Takes bytes as they arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Part> {
        match self.profile {
            // Other people's servers may pad their answers, and know one dialect only.
            Profile::Seed => Some(Part::Classic(Bytes::copy_from_slice(bytes))),
            Profile::Reliable => {
                self.splitter.push(bytes);
                None
            }
        }
    }

    /// What arrived next. `Err` if the connection is of no use any more.
    pub(super) fn next_part(&mut self) -> Result<Option<Part>, ()> {
        self.splitter.next_part().map_err(|_| ())
    }
}
