//! A message that comes alone, where everything rests, is written by the thread that sends it. To wake the I/O thread would
//! take as long, and the message would leave later.

use std::time::{Duration, Instant};

/// Messages that come closer together go by the I/O thread, which takes many at a time. A call to the system takes a tenth of this.
const APART: Duration = Duration::from_micros(50);

/// When the socket last had a message for an I/O thread at rest.
#[derive(Debug, Default)]
pub(super) struct Lone {
    last: Option<Instant>,
}

impl Lone {
    /// Whether a message that finds its I/O thread at rest comes alone.
    pub(super) fn comes(&mut self) -> bool {
        let now = Instant::now();
        self.last.replace(now).is_none_or(|last| now.duration_since(last) >= APART)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comes_alone_and_one_that_follows_at_once_does_not() {
        let mut lone = Lone::default();
        assert!(lone.comes());
        let later = Instant::now() + Duration::from_secs(3600);
        lone.last = Some(later);
        assert!(!lone.comes(), "before {later:?}");
        lone.last = Instant::now().checked_sub(APART);
        assert!(lone.comes());
    }
}
