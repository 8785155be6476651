//! Times as people read them, in UTC.

use core::time::Duration;

use x509_cert::der::DateTime;

/// Seconds since 1970 as in `2026-11-20 12:30:00Z`.
pub(super) fn text(seconds: u64) -> String {
    rfc3339(seconds).replace('T', " ")
}

/// Seconds since 1970 as in `2026-11-20T12:30:00Z`.
pub(super) fn rfc3339(seconds: u64) -> String {
    DateTime::from_unix_duration(Duration::from_secs(seconds))
        .map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
