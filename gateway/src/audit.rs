//! The audit log: one JSON line for each security event, in the data folder.
//!
//! It is the only place where addresses of peers are written. It holds account ids, which open
//! nothing and are what an operator looks for; also of failed logins, if the name is somebody's.
//! It never holds names (what is typed as a name may be a password), client ids (who knows a
//! classic one can pull its mailbox), keys, codes or contents.

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::{Serialize, Serializer};
use sotto_shared::AccountId;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

use crate::metrics::LimitHit;

/// The log's file in the data folder.
pub const FILE: &str = "audit.log";

/// A security event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The gateway began to serve.
    Started,
    /// The gateway stopped.
    Stopped,
    /// A client was registered.
    Registered,
    /// A registration was refused: the name is taken, or there are too many clients.
    RegistrationRefused,
    /// A limit refused something or cut a connection.
    LimitHit {
        /// The limit's name.
        limit: &'static str,
    },
    /// A WebSocket was refused for its origin.
    OriginRefused,
    /// A connection was ended because what it sent is no request.
    BrokenFrame,
    /// An account was made.
    AccountRegistered {
        /// Its id.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// A login by password succeeded.
    LoggedIn {
        /// To whose account.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// A login by recovery code succeeded.
    RecoveryUsed {
        /// To whose account.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// A login failed, or was begun and never ended.
    LoginFailed {
        /// To whose account; none for a name that nobody has.
        #[serde(serialize_with = "text_if", skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
    },
    /// So many logins failed that the next ones are refused.
    LoginLocked {
        /// As of a failed login.
        #[serde(serialize_with = "text_if", skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
    },
    /// A login was refused, since too many of the name had failed.
    LoginRefused,
    /// The operator has forgotten an account's failed logins.
    LoginReset {
        /// Whose.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// A device could not authenticate.
    AuthenticationRefused {
        /// Whose, if it is anybody's.
        #[serde(serialize_with = "text_if", skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
        /// Why.
        cause: RefusedCause,
    },
    /// A device was added.
    DeviceAdded {
        /// To whose account.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// Devices were revoked.
    DevicesRevoked {
        /// Of whose account.
        #[serde(serialize_with = "text")]
        account: AccountId,
        /// How many.
        count: usize,
    },
    /// Password, recovery code or both were changed.
    CredentialsChanged {
        /// Whose.
        #[serde(serialize_with = "text")]
        account: AccountId,
        /// Whether the password was.
        password: bool,
    },
    /// An account was deleted.
    AccountDeleted {
        /// Its id.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// The operator has disabled an account.
    AccountDisabled {
        /// Its id.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// The operator has enabled an account.
    AccountEnabled {
        /// Its id.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// An account's classic mailbox was switched on, or carried over.
    BridgeOn {
        /// Whose.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// An account's classic mailbox was switched off.
    BridgeOff {
        /// Whose.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// An invitation was made.
    InvitationMade {
        /// By whom; nobody's is the operator's.
        #[serde(serialize_with = "text_if", skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
    },
    /// An invitation was used.
    InvitationUsed {
        /// By the account that was made with it.
        #[serde(serialize_with = "text")]
        account: AccountId,
    },
    /// Events that were not written, because there were too many.
    Suppressed {
        /// How many.
        count: u64,
    },
}

/// Why a device could not authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedCause {
    /// There is none of this id.
    UnknownDevice,
    /// The signature is not its own, or is for another connection or gateway.
    BadSignature,
    /// It was revoked.
    Revoked,
    /// Its account is disabled.
    Disabled,
}

fn text<S: Serializer>(account: &AccountId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(account)
}

fn text_if<S: Serializer>(account: &Option<AccountId>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&account.unwrap_or(AccountId::ZERO))
}

impl From<LimitHit> for Event {
    fn from(limit: LimitHit) -> Self {
        match limit {
            LimitHit::Origin => Self::OriginRefused,
            limit => Self::LimitHit {
                limit: limit.name(),
            },
        }
    }
}

#[derive(Serialize)]
struct Line {
    time: String,
    #[serde(flatten)]
    event: Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
}

/// Refusals and failures written in one second at most: a flood of them must not fill the disk. It
/// does not keep anything else from being written, which takes an account or a place in a limit.
const REFUSALS_PER_SECOND: u64 = 100;

impl Event {
    /// Whether everybody can make as many of these as they like.
    const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::RegistrationRefused
                | Self::LimitHit { .. }
                | Self::OriginRefused
                | Self::BrokenFrame
                | Self::LoginFailed { .. }
                | Self::LoginLocked { .. }
                | Self::LoginRefused
                | Self::AuthenticationRefused { .. }
        )
    }
}

/// Writes events. Clones write to the same file.
#[derive(Debug, Clone)]
pub struct Audit {
    log: Arc<Mutex<Log>>,
}

#[derive(Debug)]
struct Log {
    file: File,
    second: Instant,
    /// Refusals in this second.
    refusals: u64,
}

impl Audit {
    /// Opens the log in `folder` for appending.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let log = Log {
            file: options.open(folder.join(FILE))?,
            second: Instant::now(),
            refusals: 0,
        };
        Ok(Self {
            log: Arc::new(Mutex::new(log)),
        })
    }

    /// Writes one event of the gateway itself, or of a peer at an address.
    pub fn record(&self, event: impl Into<Event>, address: Option<IpAddr>) {
        self.record_at(Instant::now(), event.into(), address);
    }

    fn record_at(&self, now: Instant, event: Event, address: Option<IpAddr>) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(log.second) >= Duration::from_secs(1) {
            let count = log.refusals.saturating_sub(REFUSALS_PER_SECOND);
            log.second = now;
            log.refusals = 0;
            if count > 0 {
                log.write(Event::Suppressed { count }, None);
            }
        }
        log.refusals += u64::from(event.is_refusal());
        if log.refusals <= REFUSALS_PER_SECOND || !event.is_refusal() {
            log.write(event, address);
        }
    }
}

impl Log {
    fn write(&mut self, event: Event, address: Option<IpAddr>) {
        let mut time = String::new();
        // Writing to a string cannot fail.
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        let line = Line {
            time,
            event,
            address,
        };
        let written = serde_json::to_vec(&line)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                self.file.write_all(&line)
            });
        if let Err(error) = written {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_json_object_a_line_with_time_event_and_address() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open(folder.path()).unwrap();
        audit.record(Event::Started, None);
        audit.record(LimitHit::Registrations, Some("192.0.2.7".parse().unwrap()));
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["event"], "started");
        assert!(lines[0].get("address").is_none());
        assert_eq!(lines[1]["event"], "limit_hit");
        assert_eq!(lines[1]["limit"], "registrations_per_hour");
        assert_eq!(lines[1]["address"], "192.0.2.7");
        assert!(lines[1]["time"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn a_flood_is_cut_short_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open(folder.path()).unwrap();
        let now = Instant::now();
        for _ in 0..REFUSALS_PER_SECOND + 42 {
            audit.record_at(now, Event::BrokenFrame, None);
        }
        let account = AccountId::from_bytes([7; 16]);
        audit.record_at(now, Event::RecoveryUsed { account }, None);
        audit.record_at(now + Duration::from_secs(1), Event::Registered, None);
        let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(text.matches("broken_frame").count(), 100);
        let [.., suppressed, last] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert!(
            suppressed.contains("\"event\":\"suppressed\",\"count\":42"),
            "{suppressed}"
        );
        assert!(last.contains("registered"));
        assert!(text.contains("recovery_used"), "no flood hides it");
    }
}
