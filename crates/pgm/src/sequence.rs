use std::fmt;

/// The number of a data packet, or of an SPM. It goes on from 2^32 - 1 with 0, so which of two comes first is a question
/// of the shorter way: numbers must be less than 2^31 apart to be compared.
///
/// There is no `Ord`, since an order of a circle is not transitive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Sequence(pub u32);

impl Sequence {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The one that comes `count` later.
    #[must_use]
    pub const fn plus(self, count: u32) -> Self {
        Self(self.0.wrapping_add(count))
    }

    /// The one that came `count` earlier.
    #[must_use]
    pub const fn minus(self, count: u32) -> Self {
        Self(self.0.wrapping_sub(count))
    }

    /// How many numbers this one comes after `other`; negative where it comes before.
    #[must_use]
    pub const fn since(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }

    /// Whether this one comes before `other`.
    #[must_use]
    pub const fn is_before(self, other: Self) -> bool {
        self.since(other) < 0
    }
}

/// As a plain number.
impl fmt::Display for Sequence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_over_the_end() {
        let last = Sequence(u32::MAX);
        assert_eq!(last.next(), Sequence(0));
        assert_eq!(last.plus(3), Sequence(2));
        assert_eq!(Sequence(2).minus(3), last);
        assert_eq!(Sequence(2).since(last), 3);
        assert_eq!(last.since(Sequence(2)), -3);
        assert!(last.is_before(Sequence(0)) && !Sequence(0).is_before(last));
        assert!(!last.is_before(last));
    }
}
