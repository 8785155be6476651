//! Counters for Prometheus: numbers of things, never who or what.

mod conversations;
mod number;

use core::fmt::Write as _;
use std::sync::Arc;

use crate::connection::sotto::SottoTally;
use crate::connection::{RESULTS, TALLIED_CODES, TALLIED_SOTTO_CODES, Tally};
use crate::storage::Totals;

pub use conversations::ConversationMetrics;
pub use number::{CommitMetrics, Histogram, Number};

/// A limit that can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitHit {
    /// Connections in all.
    Connections,
    /// Connections from one address.
    ConnectionsPerAddress,
    /// Registrations from one address.
    Registrations,
    /// Bytes in flight over all connections.
    InFlight,
    /// A peer that stalled inside a frame.
    ReadStall,
    /// A peer that did not read its answers.
    WriteStall,
    /// A peer that was silent for too long.
    Idle,
    /// The WebSocket's origin.
    Origin,
    /// A peer that took too long for the TLS handshake.
    Handshake,
    /// A peer of version 3 that did not authenticate in time.
    Unauthenticated,
    /// Failed logins from one address.
    LoginsPerAddress,
    /// Messages and commits of one device.
    Sends,
    /// Key packages that one account claims.
    KeyPackageClaims,
    /// One-time key packages of one device, instead of which the last resort was given.
    OneTimeKeyPackages,
    /// Ephemeral messages of one device.
    Ephemerals,
}

impl LimitHit {
    const ALL: [Self; 15] = [
        Self::Connections,
        Self::ConnectionsPerAddress,
        Self::Registrations,
        Self::InFlight,
        Self::ReadStall,
        Self::WriteStall,
        Self::Idle,
        Self::Origin,
        Self::Handshake,
        Self::Unauthenticated,
        Self::LoginsPerAddress,
        Self::Sends,
        Self::KeyPackageClaims,
        Self::OneTimeKeyPackages,
        Self::Ephemerals,
    ];

    /// The limit's name in metrics and audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections_per_address",
            Self::Registrations => "registrations_per_hour",
            Self::InFlight => "in_flight_bytes",
            Self::ReadStall => "read_stall",
            Self::WriteStall => "write_stall",
            Self::Idle => "idle",
            Self::Origin => "origin",
            Self::Handshake => "handshake",
            Self::Unauthenticated => "unauthenticated",
            Self::LoginsPerAddress => "logins_per_address",
            Self::Sends => "sends_per_minute",
            Self::KeyPackageClaims => "key_package_claims",
            Self::OneTimeKeyPackages => "one_time_key_packages",
            Self::Ephemerals => "ephemerals",
        }
    }
}

/// Transport of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// Raw TCP.
    Tcp,
    /// WebSocket.
    WebSocket,
    /// HTTP, which may become a WebSocket.
    Http,
}

const TRANSPORTS: [&str; 3] = ["tcp", "websocket", "http"];

/// What became of a login by password or recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginResult {
    /// It succeeded.
    Done,
    /// It failed, or never ended.
    Failed,
    /// It was refused, since there were too many.
    Locked,
}

const LOGIN_RESULTS: [&str; 3] = ["done", "failed", "locked"];

/// Requests of version 3 by code and result; the last code stands for all others.
#[derive(Debug)]
struct SottoRequests([[Number; RESULTS.len()]; TALLIED_SOTTO_CODES.len() + 1]);

impl Default for SottoRequests {
    fn default() -> Self {
        Self(core::array::from_fn(|_| Default::default()))
    }
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: [[Number; RESULTS.len()]; TALLIED_CODES.len()],
    sotto_requests: SottoRequests,
    logins: [Number; LOGIN_RESULTS.len()],
    /// Connected devices.
    pub sessions: Number,
    open: [Number; 3],
    accepted: [Number; 3],
    /// Bytes from peers.
    pub received: Number,
    /// Bytes to peers.
    pub sent: Number,
    refused: [Number; LimitHit::ALL.len()],
    /// What is counted of conversations.
    pub conversations: ConversationMetrics,
    /// What the storage's writer counts.
    pub commits: Arc<CommitMetrics>,
}

impl Metrics {
    /// Adds what a connection counted.
    pub fn add_tally(&self, tally: &Tally) {
        for (row, counts) in self.requests.iter().zip(tally.counts()) {
            for (number, count) in row.iter().zip(counts) {
                if *count > 0 {
                    number.add(u64::from(*count));
                }
            }
        }
    }

    /// Adds what version 3 of a connection counted.
    pub fn add_sotto_tally(&self, tally: &SottoTally) {
        for (code, result) in tally.requests() {
            let row = TALLIED_SOTTO_CODES.iter().position(|known| known == code);
            let row = row.unwrap_or(TALLIED_SOTTO_CODES.len());
            let counts = self.sotto_requests.0.get(row);
            if let Some(number) = counts.and_then(|counts| counts.get(*result as usize)) {
                number.add(1);
            }
        }
    }

    /// A login was tried.
    pub fn login(&self, result: LoginResult) {
        if let Some(number) = self.logins.get(result as usize) {
            number.add(1);
        }
    }

    /// A connection was opened; it is open until what is given back is dropped.
    pub fn opened(self: &Arc<Self>, kind: TransportKind) -> OpenConnection {
        if let Some(accepted) = self.accepted.get(kind as usize) {
            accepted.add(1);
        }
        if let Some(open) = self.open.get(kind as usize) {
            open.add(1);
        }
        OpenConnection {
            metrics: Arc::clone(self),
            kind,
        }
    }

    /// A limit refused something.
    pub fn refused(&self, limit: LimitHit) {
        if let Some(number) = self.refused.get(limit as usize) {
            number.add(1);
        }
    }

    /// The Prometheus text format.
    pub fn render(&self, totals: Totals, in_flight: u64) -> String {
        let mut out = String::with_capacity(8 * 1024);
        let name = "sotto_requests_total";
        head(&mut out, name, "counter", "Requests by code and result.");
        for (code, row) in TALLIED_CODES.iter().zip(&self.requests) {
            for (result, number) in RESULTS.iter().zip(row) {
                let value = number.value();
                line(
                    &mut out,
                    format_args!("{name}{{code=\"{code}\",result=\"{result}\"}} {value}"),
                );
            }
        }
        let codes = TALLIED_SOTTO_CODES.map(Some).into_iter().chain([None]);
        for (code, row) in codes.zip(&self.sotto_requests.0) {
            let code = code.map_or_else(|| "other_v3".to_owned(), |code| code.to_string());
            for (result, number) in RESULTS.iter().zip(row) {
                let value = number.value();
                line(
                    &mut out,
                    format_args!("{name}{{code=\"{code}\",result=\"{result}\"}} {value}"),
                );
            }
        }
        let name = "sotto_logins_total";
        let help = "Logins by password or recovery code.";
        head(&mut out, name, "counter", help);
        for (result, number) in LOGIN_RESULTS.iter().zip(&self.logins) {
            let value = number.value();
            line(
                &mut out,
                format_args!("{name}{{result=\"{result}\"}} {value}"),
            );
        }
        for (name, kind, help, values) in [
            (
                "sotto_connections",
                "gauge",
                "Open connections by transport.",
                &self.open,
            ),
            (
                "sotto_connections_accepted_total",
                "counter",
                "Connections accepted by transport.",
                &self.accepted,
            ),
        ] {
            head(&mut out, name, kind, help);
            for (transport, number) in TRANSPORTS.iter().zip(values) {
                let value = number.value();
                line(
                    &mut out,
                    format_args!("{name}{{transport=\"{transport}\"}} {value}"),
                );
            }
        }
        let name = "sotto_limit_refusals_total";
        head(
            &mut out,
            name,
            "counter",
            "Refusals and cut connections by limit.",
        );
        for (limit, number) in LimitHit::ALL.iter().zip(&self.refused) {
            let (limit, value) = (limit.name(), number.value());
            line(
                &mut out,
                format_args!("{name}{{limit=\"{limit}\"}} {value}"),
            );
        }
        for (name, kind, help, value) in [
            (
                "sotto_received_bytes_total",
                "counter",
                "Bytes from peers.",
                self.received.value(),
            ),
            (
                "sotto_sent_bytes_total",
                "counter",
                "Bytes to peers.",
                self.sent.value(),
            ),
            (
                "sotto_in_flight_bytes",
                "gauge",
                "Counted bytes in memory.",
                in_flight,
            ),
            (
                "sotto_sessions",
                "gauge",
                "Connected devices.",
                self.sessions.value(),
            ),
            (
                "sotto_clients",
                "gauge",
                "Registered clients.",
                totals.clients,
            ),
            (
                "sotto_waiting_messages",
                "gauge",
                "Waiting messages.",
                totals.mailboxes.messages,
            ),
            (
                "sotto_waiting_bytes",
                "gauge",
                "Bytes of waiting contents.",
                totals.mailboxes.bytes,
            ),
            (
                "sotto_commit_failures_total",
                "counter",
                "Transactions that failed and were rolled back.",
                self.commits.failures.value(),
            ),
        ] {
            head(&mut out, name, kind, help);
            line(&mut out, format_args!("{name} {value}"));
        }
        let expired = (
            "sotto_group_messages_expired_total",
            "Messages and commits that waited for too long.",
            &self.commits.expired,
        );
        for (name, help, number) in self.conversations.list().into_iter().chain([expired]) {
            head(&mut out, name, "counter", help);
            let value = number.value();
            line(&mut out, format_args!("{name} {value}"));
        }
        let help = "Changes in one transaction.";
        self.commits
            .sizes
            .write(&mut out, "sotto_commit_changes", help, 1.0);
        let help = "Time of one transaction.";
        self.commits
            .micros
            .write(&mut out, "sotto_commit_seconds", help, 1e6);
        out
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    line(out, format_args!("# HELP {name} {help}"));
    line(out, format_args!("# TYPE {name} {kind}"));
}

fn line(out: &mut String, arguments: core::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{arguments}");
}

/// A connection counted as open.
#[derive(Debug)]
pub struct OpenConnection {
    metrics: Arc<Metrics>,
    kind: TransportKind,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        if let Some(open) = self.metrics.open.get(self.kind as usize) {
            open.subtract(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn histograms_are_cumulative_and_in_seconds() {
        let metrics = Metrics::default();
        metrics.commits.committed(3, Duration::from_millis(2));
        metrics.commits.committed(300, Duration::from_millis(20));
        let text = metrics.render(Totals::default(), 0);
        for expected in [
            "sotto_commit_changes_bucket{le=\"1\"} 0\n",
            "sotto_commit_changes_bucket{le=\"4\"} 1\n",
            "sotto_commit_changes_bucket{le=\"1024\"} 2\n",
            "sotto_commit_changes_bucket{le=\"+Inf\"} 2\n",
            "sotto_commit_changes_sum 303\n",
            "sotto_commit_seconds_bucket{le=\"0.0025\"} 1\n",
            "sotto_commit_seconds_count 2\n",
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped() {
        let metrics = Arc::new(Metrics::default());
        let open = metrics.opened(TransportKind::Tcp);
        assert!(
            metrics
                .render(Totals::default(), 0)
                .contains("sotto_connections{transport=\"tcp\"} 1")
        );
        drop(open);
        let text = metrics.render(Totals::default(), 0);
        assert!(text.contains("sotto_connections{transport=\"tcp\"} 0"));
        assert!(text.contains("sotto_connections_accepted_total{transport=\"tcp\"} 1"));
    }
}
