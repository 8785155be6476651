//! Sockets: what carries bytes to and from a [`crate::connection::Connection`].

mod accept;
pub(crate) mod accounts;
mod claims;
mod handshake;
mod jobs;
pub(crate) mod limits;
mod session;
mod sessions;
mod stream;
pub(crate) mod tcp;
pub(crate) mod websocket;

use std::net::IpAddr;
use std::sync::Arc;

use crate::audit::{Audit, Event};
use crate::config::Limits;
use crate::metrics::{LimitHit, Metrics};
use crate::storage::Storage;
use accounts::Accounts;
use claims::Claims;
use limits::{Admission, ByteBudget, Registrations, STARTS_PER_REGISTRATION};

pub(crate) use accept::accept_each;
pub(crate) use handshake::shake_hands;

/// What every connection needs.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) limits: Limits,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) accounts: Accounts,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) audit: Audit,
    pub(crate) admission: Arc<Admission>,
    pub(crate) budget: Arc<ByteBudget>,
    registrations: Registrations,
    /// Sign-ups that are begun.
    registration_starts: Registrations,
    claims: Claims,
}

impl Services {
    pub(crate) fn new(
        limits: Limits,
        storage: Arc<dyn Storage>,
        accounts: Accounts,
        metrics: Arc<Metrics>,
        audit: Audit,
    ) -> Self {
        Self {
            accounts,
            admission: Admission::new(limits.connections, limits.connections_per_address),
            budget: ByteBudget::new(limits.in_flight_bytes),
            registrations: Registrations::new(limits.registrations_per_hour),
            registration_starts: Registrations::new(
                limits
                    .registrations_per_hour
                    .saturating_mul(STARTS_PER_REGISTRATION),
            ),
            claims: Claims::default(),
            limits,
            storage,
            metrics,
            audit,
        }
    }

    /// Writes down that a limit refused something.
    pub(crate) fn limit_hit(&self, limit: LimitHit, address: IpAddr) {
        self.metrics.refused(limit);
        self.audit.record(limit, Some(address));
    }

    /// Writes down a security event of a peer.
    pub(crate) fn event(&self, event: Event, address: IpAddr) {
        self.audit.record(event, Some(address));
    }
}
