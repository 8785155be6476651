//! Exact percentiles: every sample is kept.

use core::time::Duration;

/// Durations of answers.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    micros: Vec<u32>,
}

impl Samples {
    pub(crate) fn add(&mut self, duration: Duration) {
        self.micros
            .push(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.micros.append(&mut other.micros);
    }

    pub(crate) fn len(&self) -> usize {
        self.micros.len()
    }

    /// Milliseconds that so many per cent of the samples do not exceed (nearest rank).
    pub(crate) fn millis_at<const N: usize>(mut self, per_cent: [f64; N]) -> [f64; N] {
        self.micros.sort_unstable();
        let last = self.micros.len().saturating_sub(1);
        per_cent.map(|per_cent| {
            let rank = (per_cent / 100.0 * crate::report::number(self.micros.len() as u64)).ceil();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a rank between 0 and the number of samples"
            )]
            let at = (rank as usize).saturating_sub(1).min(last);
            f64::from(self.micros.get(at).copied().unwrap_or(0)) / 1000.0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut samples = Samples::default();
        for millis in (1..=100).rev() {
            samples.add(Duration::from_millis(millis));
        }
        assert_eq!(
            samples.millis_at([50.0, 95.0, 99.0, 100.0]),
            [50.0, 95.0, 99.0, 100.0]
        );
        assert_eq!(Samples::default().millis_at([99.0]), [0.0]);
    }
}
