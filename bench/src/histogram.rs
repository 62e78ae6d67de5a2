//! Counts of numbers by size, in a fixed amount of memory.

/// Each power of two is divided into so many equal steps, so a number is known to within 1.6 percent.
const STEPS: u64 = 64;

/// How often numbers of each size came.
pub(crate) struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; step(u64::MAX) + 1], count: 0, max: 0 }
    }

    pub(crate) fn record(&mut self, number: u64) {
        self.counts[step(number)] += 1;
        self.count += 1;
        self.max = self.max.max(number);
    }

    /// How many numbers were recorded.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The greatest of them, exactly; 0 if there are none.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The number that so great a part of them does not exceed, rounded up to the end of its step.
    pub(crate) fn quantile(&self, part: f64) -> u64 {
        let rank = ((self.count as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = |count: &u64| {
            seen += count;
            seen >= rank
        };
        self.counts.iter().position(reached).map_or(0, |step| last_of(step).min(self.max))
    }
}

/// The step of a number: below [`STEPS`] each number is one.
fn step(number: u64) -> usize {
    let shift = u64::from(number.checked_ilog2().unwrap_or(0).saturating_sub(STEPS.ilog2()));
    (shift * STEPS + (number >> shift)) as usize
}

/// The greatest number of a step.
fn last_of(step: usize) -> u64 {
    let shift = (step as u64 / STEPS).saturating_sub(1);
    let first = (step as u64 - shift * STEPS) << shift;
    first + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_ends_where_the_next_begins() {
        assert_eq!((step(0), last_of(step(u64::MAX))), (0, u64::MAX));
        for index in 0..step(u64::MAX) {
            assert_eq!((step(last_of(index)), step(last_of(index) + 1)), (index, index + 1));
        }
    }

    #[test]
    fn a_step_is_small() {
        for power in 6..64 {
            let number = 1u64 << power;
            assert!((last_of(step(number)) - number) as f64 / number as f64 <= 1.0 / STEPS as f64);
        }
    }

    #[test]
    fn quantiles_are_of_what_was_recorded() {
        let mut histogram = Histogram::new();
        assert_eq!((histogram.quantile(0.5), histogram.max()), (0, 0));
        (1..=1000).for_each(|number| histogram.record(number * 1000));
        assert_eq!((histogram.count(), histogram.max()), (1000, 1_000_000));
        for (part, exact) in [(0.5, 500_000.0), (0.99, 990_000.0), (0.999, 999_000.0)] {
            let error = histogram.quantile(part) as f64 / exact - 1.0;
            assert!((0.0..0.016).contains(&error), "{part}: {error}");
        }
        assert_eq!(histogram.quantile(1.0), 1_000_000);
    }
}
