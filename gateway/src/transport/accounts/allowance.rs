//! How often somebody may do something.

use core::hash::Hash;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// So many at once, which come back evenly over a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub most: u32,
    /// In which time all of them come back.
    pub over: Duration,
}

/// Entries at which those that have everything back are forgotten.
const SWEEP_AT: usize = 10_000;

/// Counts what was done, by who did it.
#[derive(Debug)]
pub(super) struct Allowance<K> {
    /// When somebody will have everything back.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K> Default for Allowance<K> {
    fn default() -> Self {
        Self {
            full_at: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash> Allowance<K> {
    /// Takes so many (as many as there may be at all, if they are more); or says how long to wait
    /// for them.
    pub(super) fn take(
        &self,
        key: K,
        count: u32,
        rate: Rate,
        now: Instant,
    ) -> Result<(), Duration> {
        let one = rate.over / rate.most.max(1);
        let cost = one.saturating_mul(count.min(rate.most));
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= SWEEP_AT {
            full_at.retain(|_, at| *at > now);
        }
        let at = full_at.get(&key).map_or(now, |at| (*at).max(now)) + cost;
        match at.duration_since(now).checked_sub(rate.over) {
            Some(wait) if !wait.is_zero() => Err(wait.min(rate.over)),
            _ => {
                full_at.insert(key, at);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        most: 3,
        over: Duration::from_secs(30),
    };

    #[test]
    fn everybody_has_as_many_as_there_may_be_and_gets_them_back_evenly() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        for _ in 0..3 {
            assert_eq!(allowance.take("alice", 1, RATE, now), Ok(()));
        }
        let ten = Duration::from_secs(10);
        assert_eq!(allowance.take("alice", 1, RATE, now), Err(ten));
        assert_eq!(allowance.take("bob", 3, RATE, now), Ok(()));
        assert_eq!(allowance.take("alice", 2, RATE, now + ten), Err(ten));
        assert_eq!(allowance.take("alice", 1, RATE, now + ten), Ok(()));
        assert_eq!(allowance.take("alice", 1, RATE, now + ten), Err(ten));
    }

    #[test]
    fn what_is_more_than_all_takes_all() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        assert_eq!(allowance.take((), 100, RATE, now), Ok(()));
        assert!(allowance.take((), 1, RATE, now).is_err());
    }
}
