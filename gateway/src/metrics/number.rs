//! Numbers that are counted, and how they are spread.

use core::time::Duration;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{head, line};

/// A counter or gauge.
#[derive(Debug, Default)]
pub struct Number(AtomicU64);

impl Number {
    /// Adds.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Subtracts.
    pub fn subtract(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }

    /// Replaces it.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The present value.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts of values up to each of some bounds.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: [u64; N],
    counts: [Number; N],
    count: Number,
    sum: Number,
}

impl<const N: usize> Histogram<N> {
    fn new(bounds: [u64; N]) -> Self {
        Self {
            bounds,
            counts: core::array::from_fn(|_| Number::default()),
            count: Number::default(),
            sum: Number::default(),
        }
    }

    fn observe(&self, value: u64) {
        self.count.add(1);
        self.sum.add(value);
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            if value <= *bound {
                count.add(1);
            }
        }
    }

    pub(super) fn write(&self, out: &mut String, name: &str, help: &str, per_unit: f64) {
        head(out, name, "histogram", help);
        #[allow(
            clippy::cast_precision_loss,
            reason = "bounds and sums are for people to look at"
        )]
        let scaled = |value: u64| value as f64 / per_unit;
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            let bound = scaled(*bound);
            line(
                out,
                format_args!("{name}_bucket{{le=\"{bound}\"}} {}", count.value()),
            );
        }
        let count = self.count.value();
        line(out, format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        line(out, format_args!("{name}_sum {}", scaled(self.sum.value())));
        line(out, format_args!("{name}_count {count}"));
    }
}

/// What the storage's writer counts.
#[derive(Debug)]
pub struct CommitMetrics {
    pub(super) sizes: Histogram<8>,
    pub(super) micros: Histogram<9>,
    pub(super) failures: Number,
    /// Messages of conversations that waited for too long.
    pub expired: Number,
}

impl Default for CommitMetrics {
    fn default() -> Self {
        Self {
            sizes: Histogram::new([1, 4, 16, 64, 256, 1024, 4096, 16384]),
            micros: Histogram::new([
                500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
            ]),
            failures: Number::default(),
            expired: Number::default(),
        }
    }
}

impl CommitMetrics {
    /// A transaction of so many changes took so long.
    pub fn committed(&self, writes: usize, took: Duration) {
        self.sizes
            .observe(u64::try_from(writes).unwrap_or(u64::MAX));
        self.micros
            .observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// A transaction failed.
    pub fn failed(&self) {
        self.failures.add(1);
    }
}
