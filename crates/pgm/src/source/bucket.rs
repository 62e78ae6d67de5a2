use std::time::{Duration, Instant};

/// One byte. Amounts are in billionths of it, so that every nanosecond brings a whole number of them and rounding loses
/// nothing.
const BYTE: u128 = 1_000_000_000;

/// A token bucket: bytes that may be sent. They come in at a rate, and those not used are kept up to a limit.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Bytes a second.
    rate: u64,
    capacity: u128,
    /// What was there at the time `at`.
    level: u128,
    at: Instant,
}

impl Bucket {
    /// A full one. A datagram that costs more than the capacity is never allowed.
    pub(super) fn new(rate: u64, capacity: u64, now: Instant) -> Self {
        let capacity = u128::from(capacity) * BYTE;
        Self { rate: rate.max(1), capacity, level: capacity, at: now }
    }

    /// From when on `cost` bytes may be sent. The time may have passed long ago.
    pub(super) fn ready_at(&self, cost: usize) -> Instant {
        let lacking = (cost as u128 * BYTE).saturating_sub(self.level);
        let wait = if lacking == 0 { 0 } else { lacking.div_ceil(u128::from(self.rate)) };
        self.at + Duration::from_nanos(wait as u64)
    }

    /// Takes `cost` bytes.
    ///
    /// # Errors
    /// When there are not so many: the time from when on there are.
    pub(super) fn take(&mut self, now: Instant, cost: usize) -> Result<(), Instant> {
        self.fill(now);
        let Some(left) = self.level.checked_sub(cost as u128 * BYTE) else { return Err(self.ready_at(cost)) };
        self.level = left;
        Ok(())
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.at);
        let nanoseconds = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let income = u128::from(nanoseconds) * u128::from(self.rate);
        self.level = self.level.saturating_add(income).min(self.capacity);
        self.at += elapsed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes taken in a minute by someone who comes at the very moment, and the moments' number.
    fn minute(bucket: &mut Bucket, start: Instant, cost: usize) -> (usize, usize) {
        let (mut now, mut taken, mut waits) = (start, 0, 0);
        while now.duration_since(start) <= Duration::from_secs(60) {
            match bucket.take(now, cost) {
                Ok(()) => taken += cost,
                Err(at) => {
                    assert!(at > now, "a wait of no time never ends");
                    now = at;
                    waits += 1;
                }
            }
        }
        (taken, waits)
    }

    #[test]
    fn gives_exactly_its_rate() {
        let start = Instant::now();
        for (rate, capacity, cost) in
            [(12_500, 12_500, 1480), (12_500, 12_500, 53), (1_500, 1_500, 1_499), (125_003, 125_003, 77)]
        {
            let (taken, _) = minute(&mut Bucket::new(rate, capacity, start), start, cost);
            let most = (capacity + 60 * rate) as usize;
            assert!(taken <= most && taken + cost >= most, "{taken} of {most} at {rate} by {cost}");
        }
        let (rate, capacity) = (2_000_001, 2_000);
        let (taken, waits) = minute(&mut Bucket::new(rate, capacity, start), start, 1_433);
        let most = (capacity + 60 * rate) as usize;
        assert!(taken <= most && taken + 1_433 >= most, "{taken} of {most} with a small bucket");
        assert!(waits > 80_000, "the small bucket lets no more through at once");
    }

    #[test]
    fn keeps_no_more_than_its_capacity() {
        let start = Instant::now();
        let mut bucket = Bucket::new(1_000, 500, start);
        let later = start + Duration::from_secs(3_600);
        assert_eq!(bucket.take(later, 500), Ok(()));
        assert_eq!(bucket.take(later, 1), Err(later + Duration::from_millis(1)));
        assert_eq!(bucket.ready_at(250), later + Duration::from_millis(250));
        assert_eq!(
            bucket.take(start, 1),
            Err(later + Duration::from_millis(1)),
            "a clock that goes back gives nothing"
        );
    }
}
