//! The storage's time.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the storage has its time from. Clones of a set clock tell the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// A clock that stands at this time, in seconds since 1970, until it is advanced: for tests.
    pub fn set_to(seconds: i64) -> Self {
        Self(Some(Arc::new(AtomicI64::new(seconds))))
    }

    /// Moves a clock that was set; the system's clock goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(seconds) = &self.0 {
            seconds.fetch_add(whole_seconds(by), Ordering::Relaxed);
        }
    }

    /// Puts a clock back that was set.
    pub fn put_back(&self, by: Duration) {
        if let Some(seconds) = &self.0 {
            seconds.fetch_sub(whole_seconds(by), Ordering::Relaxed);
        }
    }

    /// Milliseconds since 1970.
    pub(super) fn now_millis(&self) -> i64 {
        match &self.0 {
            Some(seconds) => seconds.load(Ordering::Relaxed).saturating_mul(1000),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
                }),
        }
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        match &self.0 {
            Some(seconds) => seconds.load(Ordering::Relaxed),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, whole_seconds),
        }
    }
}

pub(super) fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
