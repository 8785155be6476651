//! How many names an account may try in vain.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use sotto_shared::AccountId;

/// Names that an account may search in vain at once where the directory is exact; they come back
/// evenly over [`SEARCH_WINDOW`].
pub const SEARCHES_MAX: u32 = 60;
/// See [`SEARCHES_MAX`].
pub const SEARCH_WINDOW: Duration = Duration::from_secs(60);

/// Accounts at which those that have everything back are forgotten.
const SWEEP_AT: usize = 10_000;

/// Counts names that were searched.
#[derive(Debug, Default)]
pub(super) struct Searches {
    /// When an account will have all of its searches back.
    full_at: Mutex<HashMap<AccountId, Instant>>,
}

impl Searches {
    /// Takes so many; or says how long to wait for them.
    pub(super) fn take(
        &self,
        account: AccountId,
        names: usize,
        now: Instant,
    ) -> Result<(), Duration> {
        let cost = cost(names);
        let mut full_at = self.lock();
        if full_at.len() >= SWEEP_AT {
            full_at.retain(|_, at| *at > now);
        }
        let at = full_at.get(&account).map_or(now, |at| (*at).max(now)) + cost;
        match at.duration_since(now).checked_sub(SEARCH_WINDOW) {
            Some(wait) if !wait.is_zero() => Err(wait.min(SEARCH_WINDOW)),
            _ => {
                full_at.insert(account, at);
                Ok(())
            }
        }
    }

    /// Gives those back that were found.
    pub(super) fn give_back(&self, account: AccountId, names: usize) {
        if let Some(at) = self.lock().get_mut(&account)
            && let Some(earlier) = at.checked_sub(cost(names))
        {
            *at = earlier;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<AccountId, Instant>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cost(names: usize) -> Duration {
    let names = u32::try_from(names).unwrap_or(u32::MAX);
    (SEARCH_WINDOW / SEARCHES_MAX).saturating_mul(names)
}
