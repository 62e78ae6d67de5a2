//! Figures for people: times, short numbers.

use std::time::Duration;

/// A time in microseconds.
pub(crate) fn micros(time: Duration) -> String {
    format!("{:.1} us", time.as_secs_f64() * 1e6)
}

/// `1234567` as `1.23M`.
pub(crate) fn human(number: f64) -> String {
    let units = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    match units.into_iter().find(|(size, _)| number >= *size) {
        Some((size, unit)) => format!("{:.2}{unit}", number / size),
        None if number > 0.0 && number < 10.0 => format!("{number:.1}"),
        None => format!("{number:.0}"),
    }
}

/// How long each of many things took.
#[derive(Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// These and those.
    pub(crate) fn and(mut self, mut others: Self) -> Self {
        self.0.append(&mut others.0);
        self
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The times that the given share of all does not exceed.
    pub(crate) fn shares(mut self) -> Vec<(&'static str, Duration)> {
        self.0.sort_unstable();
        let at = |share: f64| {
            let place = (self.0.len() as f64 * share).ceil() as usize;
            self.0.get(place.saturating_sub(1)).copied().unwrap_or_default()
        };
        let shares = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
        shares.map(|(name, share)| (name, at(share))).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_occurred() {
        let mut latencies = Latencies::default();
        (1..=1000).rev().for_each(|time| latencies.add(Duration::from_micros(time)));
        let values: Vec<String> = latencies.shares().into_iter().map(|(_, time)| micros(time)).collect();
        assert_eq!(values, ["500.0 us", "900.0 us", "990.0 us", "999.0 us", "1000.0 us"]);
        assert_eq!(Latencies::default().shares()[0].1, Duration::ZERO);
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.25, 9.5, 999.0, 1234.0, 5e6, 1e10].map(human);
        assert_eq!(shown, ["0", "0.2", "9.5", "999", "1.23k", "5.00M", "10.00G"]);
    }
}
