//! Limits over all connections: how many, from where, how many bytes, how many registrations.

use core::time::Duration;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use crate::metrics::LimitHit;

/// Who an address stands for: an IPv4 address, or the /64 of an IPv6 address, of which one
/// subscriber has all addresses.
pub(super) fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

/// Counts connections.
#[derive(Debug)]
pub(crate) struct Admission {
    open_max: usize,
    per_address_max: usize,
    state: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place for one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Arc<Admission>,
    /// The address that is counted, if it is.
    address: Option<IpAddr>,
    counts_in_all: bool,
}

impl Admission {
    pub(crate) fn new(open_max: usize, per_address_max: usize) -> Arc<Self> {
        Arc::new(Self {
            open_max,
            per_address_max,
            state: Mutex::default(),
        })
    }

    /// A place in all, and one for the address if it is given.
    pub(crate) fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Result<Place, LimitHit> {
        self.take(address, true)
    }

    /// A place for the address alone, for a connection that has one in all already.
    pub(crate) fn admit_address(self: &Arc<Self>, address: IpAddr) -> Result<Place, LimitHit> {
        self.take(Some(address), false)
    }

    fn take(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        counts_in_all: bool,
    ) -> Result<Place, LimitHit> {
        let address = address.map(subscriber);
        let mut open = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if counts_in_all && open.all >= self.open_max {
            return Err(LimitHit::Connections);
        }
        if let Some(address) = address {
            let count = open.by_address.entry(address).or_default();
            if *count >= self.per_address_max {
                if *count == 0 {
                    open.by_address.remove(&address);
                }
                return Err(LimitHit::ConnectionsPerAddress);
            }
            *count += 1;
        }
        open.all += usize::from(counts_in_all);
        Ok(Place {
            admission: Arc::clone(self),
            address,
            counts_in_all,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .admission
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.all -= usize::from(self.counts_in_all);
        if let Some(address) = self.address
            && let Some(count) = open.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

/// Counts bytes in memory over all connections.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    max: usize,
    used: AtomicUsize,
    freed: Notify,
}

impl ByteBudget {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            used: AtomicUsize::new(0),
            freed: Notify::new(),
        })
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    fn try_take(&self, bytes: usize) -> bool {
        let fits = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.max);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .is_ok()
    }

    fn give_back(&self, bytes: usize) {
        if bytes > 0 {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
            self.freed.notify_waiters();
        }
    }
}

/// One connection's part of a [`ByteBudget`].
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<ByteBudget>,
    bytes: usize,
}

impl Share {
    pub(crate) fn new(budget: &Arc<ByteBudget>) -> Self {
        Self {
            budget: Arc::clone(budget),
            bytes: 0,
        }
    }

    /// Makes this share so large; whether there was room. Without room it grows all the same if
    /// `force` is set, since the bytes are there already.
    pub(crate) fn resize(&mut self, bytes: usize, force: bool) -> bool {
        if bytes <= self.bytes {
            self.budget.give_back(self.bytes - bytes);
            self.bytes = bytes;
            return true;
        }
        let more = bytes - self.bytes;
        let fits = self.budget.try_take(more);
        if !fits && force {
            self.budget.used.fetch_add(more, Ordering::Relaxed);
        }
        if fits || force {
            self.bytes = bytes;
        }
        fits
    }

    /// Waits for room for so many bytes, or for all there is if they are more, up to `wait`.
    pub(crate) async fn reserve(
        budget: &Arc<ByteBudget>,
        bytes: usize,
        wait: Duration,
    ) -> Option<Self> {
        let mut share = Self::new(budget);
        let bytes = bytes.min(budget.max);
        let waited = async {
            loop {
                let freed = budget.freed.notified();
                if share.resize(bytes, false) {
                    return;
                }
                freed.await;
            }
        };
        tokio::time::timeout(wait, waited).await.ok()?;
        Some(share)
    }

    /// Adds another share to this one.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.bytes += core::mem::take(&mut other.bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

/// Registrations per address and hour: an address has as many as the limit to begin with, and
/// gets them back evenly over the hour.
#[derive(Debug)]
pub(crate) struct Registrations {
    per_hour: u32,
    /// When an address will have all of its registrations back.
    full_at: Mutex<HashMap<IpAddr, Instant>>,
}

/// Sign-ups that may be begun for each one that may be ended: the beginning costs the gateway two
/// OPRF evaluations, and a wrapped key where a classic client is carried over.
pub(super) const STARTS_PER_REGISTRATION: u32 = 10;
const HOUR: Duration = Duration::from_secs(3600);
/// Addresses at which those that have everything back are forgotten.
const SWEEP_AT: usize = 10_000;

impl Registrations {
    pub(crate) fn new(per_hour: u32) -> Self {
        Self {
            per_hour,
            full_at: Mutex::default(),
        }
    }

    /// Takes one registration; whether there was one.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> bool {
        let Some(each) = HOUR.checked_div(self.per_hour) else {
            return false;
        };
        let address = subscriber(address);
        let mut full_at = self.lock();
        if full_at.len() >= SWEEP_AT {
            full_at.retain(|_, at| *at > now);
        }
        let at = full_at.get(&address).map_or(now, |at| (*at).max(now)) + each;
        // What is not divided evenly must not cost one.
        if at.duration_since(now) > HOUR + Duration::from_micros(1) {
            return false;
        }
        full_at.insert(address, at);
        true
    }

    /// Gives one back that was taken and not used.
    pub(crate) fn give_back(&self, address: IpAddr) {
        if let Some(each) = HOUR.checked_div(self.per_hour)
            && let Some(at) = self.lock().get_mut(&subscriber(address))
            && let Some(earlier) = at.checked_sub(each)
        {
            *at = earlier;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn places_are_given_up_to_the_limit_and_come_back() {
        let admission = Admission::new(3, 2);
        let a = admission.admit(Some(address("192.0.2.1"))).unwrap();
        let _b = admission.admit(Some(address("192.0.2.1"))).unwrap();
        let third = admission.admit(Some(address("192.0.2.1")));
        assert_eq!(third.unwrap_err(), LimitHit::ConnectionsPerAddress);
        let _c = admission.admit(Some(address("192.0.2.2"))).unwrap();
        let fourth = admission.admit(Some(address("192.0.2.3")));
        assert_eq!(fourth.unwrap_err(), LimitHit::Connections);
        drop(a);
        let _d = admission.admit(Some(address("192.0.2.1"))).unwrap();
        assert_eq!(admission.state.lock().unwrap().by_address.len(), 2);
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_as_one() {
        let admission = Admission::new(10, 1);
        let _a = admission.admit(Some(address("2001:db8::1"))).unwrap();
        assert!(admission.admit(Some(address("2001:db8::2"))).is_err());
        let _b = admission.admit(Some(address("2001:db8:0:1::2"))).unwrap();
        let _c = admission.admit(Some(address("192.0.2.1"))).unwrap();
        assert!(admission.admit(Some(address("::ffff:192.0.2.1"))).is_err());
    }

    #[test]
    fn bytes_are_given_up_to_the_budget() {
        let budget = ByteBudget::new(100);
        let mut a = Share::new(&budget);
        let mut b = Share::new(&budget);
        assert!(a.resize(60, false));
        assert!(b.resize(40, false));
        assert!(!b.resize(41, false));
        assert!(!b.resize(50, true));
        assert_eq!(budget.used(), 110);
        drop(a);
        assert!(b.resize(100, false));
        drop(b);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn registrations_come_back_over_the_hour() {
        let limiter = Registrations::new(3);
        let (a, now) = (address("192.0.2.1"), Instant::now());
        for _ in 0..3 {
            assert!(limiter.take(a, now));
        }
        assert!(!limiter.take(a, now));
        assert!(limiter.take(address("192.0.2.2"), now));
        assert!(!limiter.take(a, now + HOUR / 3 - Duration::from_secs(1)));
        assert!(limiter.take(a, now + HOUR / 3));
        assert!(!limiter.take(a, now + HOUR / 3));
        limiter.give_back(a);
        assert!(limiter.take(a, now + HOUR / 3));
        assert!(!Registrations::new(0).take(a, now));
    }
}
