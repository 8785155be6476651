//! Every limit of the gateway, with its default.

use core::time::Duration;

use clap::Args;
use serde::Deserialize;
use sotto_shared::account::vault::SEALED_VAULT_MAX;
use sotto_shared::limits::{
    COMMIT_PAYLOAD_MAX, CONTENT_MAX_DEFAULT, DELIVERY_WINDOW, DEVICES_MAX, DIRECTORY_PAGE_MAX,
    GROUP_DEVICES_MAX, KEY_PACKAGES_MAX, MESSAGE_MAX, NONCE_SECONDS, SOTTO_PAYLOAD_MAX,
    SOTTO_PAYLOAD_MAX_UNAUTHENTICATED, SURPLUS_MAX, UNAUTHENTICATED_REQUESTS_MAX,
    UNAUTHENTICATED_SECONDS,
};
use sotto_shared::sotto::types;
use sotto_shared::wire::REQUEST_HEADER;

use super::value::{ByteSize, Span};

/// Bytes that one record of a pull answer, or one frame of a send, takes beside its content,
/// rounded up.
pub const FRAME_OVERHEAD: usize = 1024;

macro_rules! limits {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $given:ty => $kind:ty = $default:expr, $long:literal, $env:literal,
        |$value:ident| $into:expr;
    )+) => {
        /// Limits as they were given by flag, environment or file.
        #[derive(Debug, Clone, Default, Args, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[command(next_help_heading = "Limits (see docs/operations.md)")]
        pub struct GivenLimits {
            $(
                $(#[doc = $doc])+
                #[arg(long = $long, env = $env)]
                pub $name: Option<$given>,
            )+
        }

        impl GivenLimits {
            /// These limits, and those of `other` where these say nothing.
            #[must_use]
            pub fn or(self, other: Self) -> Self {
                Self { $($name: self.$name.or(other.$name),)+ }
            }
        }

        /// Every limit, settled.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $(
                $(#[doc = $doc])+
                pub $name: $kind,
            )+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl From<GivenLimits> for Limits {
            fn from(given: GivenLimits) -> Self {
                let mut limits = Self::default();
                $(if let Some($value) = given.$name {
                    limits.$name = $into;
                })+
                limits.settle();
                limits
            }
        }
    };
}

limits! {
    /// Largest content of one message [default: 64MiB]
    content_max: ByteSize => usize = CONTENT_MAX_DEFAULT, "content-max", "SOTTO_CONTENT_MAX",
    |value| value.as_usize().min(CONTENT_LIMIT);
    /// Largest answer to one pull; what does not fit comes with the next. Never less than one
    /// message of the largest content takes [default: 64MiB + 1KiB]
    pull_answer_max: ByteSize => usize = 0, "pull-answer-max", "SOTTO_PULL_ANSWER_MAX",
    |value| value.as_usize();
    /// Requests of one connection that may await their answers; more are not read until then
    /// [default: 1024]
    pipeline_requests: usize => usize = 1024, "pipeline-requests", "SOTTO_PIPELINE_REQUESTS",
    |value| value.max(1);
    /// Bytes of one connection's requests that may await their answers, and bytes of answers that
    /// may await being written, before no more requests are read [default: 1MiB]
    pipeline_bytes: ByteSize => usize = 1 << 20, "pipeline-bytes", "SOTTO_PIPELINE_BYTES",
    |value| value.as_usize();
    /// Bytes held in memory for all connections together: requests that are arriving or being
    /// stored, and answers being written. The first 16KiB of each connection are not counted
    /// [default: 512MiB]
    in_flight_bytes: ByteSize => usize = 512 << 20, "in-flight-bytes", "SOTTO_IN_FLIGHT_BYTES",
    |value| value.as_usize();
    /// Connections in all, TCP and HTTP together [default: 20000]
    connections: usize => usize = 20_000, "connections", "SOTTO_CONNECTIONS",
    |value| value;
    /// Connections from one address (IPv6: from one /64) [default: 1000]
    connections_per_address: usize => usize = 1_000,
    "connections-per-address", "SOTTO_CONNECTIONS_PER_ADDRESS",
    |value| value;
    /// Registrations from one address per hour [default: 1000]
    registrations_per_hour: u32 => u32 = 1_000,
    "registrations-per-hour", "SOTTO_REGISTRATIONS_PER_HOUR",
    |value| value;
    /// Registered clients in all [default: 100000]
    clients: u64 => u64 = 100_000, "clients", "SOTTO_CLIENTS",
    |value| value;
    /// Waiting messages of one mailbox [default: 1000000]
    mailbox_messages: u64 => u64 = 1_000_000, "mailbox-messages", "SOTTO_MAILBOX_MESSAGES",
    |value| value;
    /// Bytes of waiting contents of one mailbox [default: 2GiB]
    mailbox_bytes: ByteSize => u64 = 2 << 30, "mailbox-bytes", "SOTTO_MAILBOX_BYTES",
    |value| value.0;
    /// Entries that wait in one mailbox of version 3 [default: 100000]
    delivery_entries: u64 => u64 = 100_000, "delivery-entries", "SOTTO_DELIVERY_ENTRIES",
    |value| value.clamp(1, u64::from(u32::MAX));
    /// Bytes of the contents of those entries [default: 1GiB]
    delivery_bytes: ByteSize => u64 = 1 << 30, "delivery-bytes", "SOTTO_DELIVERY_BYTES",
    |value| value.0;
    /// How long an entry of a mailbox of version 3 waits [default: 90d]
    delivery_expiry: Span => Duration = Duration::from_secs(90 * 24 * 3600),
    "delivery-expiry", "SOTTO_DELIVERY_EXPIRY",
    |value| value.0;
    /// Messages and commits of one device of version 3 per minute; each 64KiB of them count as
    /// one more [default: 6000]
    sends_per_minute: u32 => u32 = 6_000, "sends-per-minute", "SOTTO_SENDS_PER_MINUTE",
    |value| value.max(1);
    /// Largest size of the database file; 0 for none. When it is reached, sends and registrations
    /// are refused and pulls go on [default: 0]
    database_max: ByteSize => u64 = 0, "database-max", "SOTTO_DATABASE_MAX",
    |value| value.0;
    /// How long a peer inside a frame may take for the rest of it, or for the next KiB of it
    /// [default: 30s]
    read_stall: Span => Duration = Duration::from_secs(30), "read-stall", "SOTTO_READ_STALL",
    |value| value.0;
    /// How long a peer may take to accept the next KiB of an answer [default: 30s]
    write_stall: Span => Duration = Duration::from_secs(30), "write-stall", "SOTTO_WRITE_STALL",
    |value| value.0;
    /// How long a peer may be silent between frames; 0 for ever [default: 24h]
    idle: Span => Duration = Duration::from_secs(24 * 3600), "idle", "SOTTO_IDLE",
    |value| value.0;
    /// How long a peer may take for the TLS handshake [default: 10s]
    handshake: Span => Duration = Duration::from_secs(10), "handshake", "SOTTO_HANDSHAKE",
    |value| value.0;
    /// How long an HTTP peer may take to send a request's header [default: 10s]
    header: Span => Duration = Duration::from_secs(10), "header", "SOTTO_HEADER",
    |value| value.0;
    /// How long a pull waits for another one of the same mailbox, so that no message is delivered
    /// twice [default: 5s]
    pull_wait: Span => Duration = Duration::from_secs(5), "pull-wait", "SOTTO_PULL_WAIT",
    |value| value.0;
    /// How long a repeated send is recognised [default: 7d]
    receipts: Span => Duration = Duration::from_secs(7 * 24 * 3600), "receipts", "SOTTO_RECEIPTS",
    |value| value.0;
    /// How often the times of last use are written [default: 30s]
    last_seen: Span => Duration = Duration::from_secs(30), "last-seen", "SOTTO_LAST_SEEN",
    |value| value.0;
    /// How long a stopping gateway waits for what it accepted [default: 10s]
    drain: Span => Duration = Duration::from_secs(10), "drain", "SOTTO_DRAIN",
    |value| value.0;
}

/// No content can be larger: clients refuse larger answers.
const CONTENT_LIMIT: usize = sotto_shared::limits::RESPONSE_MAX - FRAME_OVERHEAD;

impl Limits {
    /// Raises what would contradict another limit.
    fn settle(&mut self) {
        self.pull_answer_max = self.pull_answer_max.clamp(
            self.content_max + FRAME_OVERHEAD,
            CONTENT_LIMIT + FRAME_OVERHEAD,
        );
    }

    /// Largest WebSocket message: a frame of the largest content, and what is skipped behind it.
    pub fn message_max(&self) -> usize {
        self.content_max.max(COMMIT_PAYLOAD_MAX) + REQUEST_HEADER + SURPLUS_MAX + FRAME_OVERHEAD
    }

    /// What a client is told in the `Hello` of version 3.
    pub fn for_clients(&self) -> types::Limits {
        types::Limits {
            payload_max_unauthenticated: clamped(SOTTO_PAYLOAD_MAX_UNAUTHENTICATED),
            payload_max: clamped(SOTTO_PAYLOAD_MAX),
            unauthenticated_requests_max: UNAUTHENTICATED_REQUESTS_MAX,
            unauthenticated_seconds: UNAUTHENTICATED_SECONDS,
            nonce_seconds: NONCE_SECONDS,
            devices_max: clamped(DEVICES_MAX),
            vault_max: clamped(SEALED_VAULT_MAX),
            directory_page_max: clamped(DIRECTORY_PAGE_MAX),
            content_max: u64::try_from(self.content_max).unwrap_or(u64::MAX),
            idle_seconds: u32::try_from(self.idle.as_secs()).unwrap_or(u32::MAX),
            message_max: clamped(MESSAGE_MAX),
            commit_max: clamped(COMMIT_PAYLOAD_MAX),
            group_devices_max: clamped(GROUP_DEVICES_MAX),
            key_packages_max: clamped(KEY_PACKAGES_MAX),
            mailbox_entries_max: u32::try_from(self.delivery_entries).unwrap_or(u32::MAX),
            mailbox_seconds: self.delivery_expiry.as_secs(),
            delivery_window: clamped(DELIVERY_WINDOW),
        }
    }

    /// The defaults.
    pub fn new() -> Self {
        GivenLimits::default().into()
    }
}

fn clamped(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
