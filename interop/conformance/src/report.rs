//! What the run tells: a line a test, and the sums.

use std::fmt::{self, Display, Formatter};

use crate::expected::{Expected, Verdict};
use crate::run::{Cases, Finished, Outcome};

/// Tells what happened to one test.
pub(crate) fn tell(name: &str, finished: &Finished, expected: &Expected) {
    let note = match expected.verdict(name, finished) {
        Verdict::Known => format!("  [known: {}]", expected.reasons(name)),
        Verdict::Unexpected => "  [but more is on the list]".to_owned(),
        Verdict::Passed | Verdict::Skipped | Verdict::Broken => String::new(),
    };
    let Finished { outcome, cases, time } = finished;
    println!("{name:34} {:6.2} s  {cases:>9}  {outcome}{note}", time.as_secs_f64());
}

/// Tells the sums, and whether all went as expected.
pub(crate) fn sum(all: &[(&str, Finished)], expected: &Expected) -> bool {
    let verdicts: Vec<_> = all.iter().map(|(name, one)| expected.verdict(name, one)).collect();
    let count = |verdict| verdicts.iter().filter(|other| **other == verdict).count();
    let cases = |number: fn(&Cases) -> usize| all.iter().map(|(_, one)| number(&one.cases)).sum::<usize>();
    let (good, bad, ignored) =
        (cases(|one| one.passed), cases(|one| one.failed.len()), cases(|one| one.ignored));
    println!();
    for ((name, one), verdict) in all.iter().zip(&verdicts) {
        match verdict {
            Verdict::Broken => println!("NOT EXPECTED: {name}: {}", one.outcome),
            Verdict::Unexpected => println!("NOT EXPECTED: {name}: more passes than the list says"),
            Verdict::Passed | Verdict::Skipped | Verdict::Known => {}
        }
    }
    println!("cases: {good} passed, {bad} failed, {ignored} ignored");
    println!("failures: {} on the list, {} not on it", count(Verdict::Known), count(Verdict::Broken));
    let passed = all.iter().filter(|(_, one)| one.outcome == Outcome::Passed).count();
    let skipped = count(Verdict::Skipped);
    println!("{passed} passed, {} failed, {skipped} skipped", all.len() - passed - skipped);
    !verdicts.into_iter().any(Verdict::is_bad)
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => write!(formatter, "pass"),
            Self::Skipped => write!(formatter, "skip"),
            Self::Failed(reason) => write!(formatter, "FAIL {reason}"),
            Self::Crashed(reason) => write!(formatter, "CRASH {reason}"),
            Self::TimedOut(None) => write!(formatter, "TIMEOUT"),
            Self::TimedOut(Some(case)) => write!(formatter, "TIMEOUT after {case}"),
            Self::DoesNotCompile(reason) => write!(formatter, "DOES NOT COMPILE {reason}"),
        }
    }
}

impl Display for Cases {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}/{}", self.passed, self.count()))
    }
}
