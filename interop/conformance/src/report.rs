//! What the run tells: a line a test, and the sums.

use std::fmt::{self, Display, Formatter};

use crate::expected::{Expected, Verdict};
use crate::run::{Cases, Finished, Outcome};

/// Tells what happened to one test.
pub(crate) fn tell(name: &str, finished: &Finished, expected: &Expected) {
    let note = match expected.verdict(name, &finished.outcome) {
        Verdict::Known => format!("  [known: {}]", expected.reason(name).unwrap_or_default()),
        Verdict::Unexpected => "  [but the list says that it fails]".to_owned(),
        Verdict::Passed | Verdict::Skipped | Verdict::Broken => String::new(),
    };
    let Finished { outcome, cases, time } = finished;
    println!("{name:34} {:6.2} s  {cases:>9}  {outcome}{note}", time.as_secs_f64());
}

/// Tells the sums, and whether all went as expected.
pub(crate) fn sum(all: &[(&str, Finished)], expected: &Expected) -> bool {
    let verdicts: Vec<_> = all.iter().map(|(name, one)| expected.verdict(name, &one.outcome)).collect();
    let count = |verdict| verdicts.iter().filter(|other| **other == verdict).count();
    let (known, broken, unexpected) =
        (count(Verdict::Known), count(Verdict::Broken), count(Verdict::Unexpected));
    let cases = all.iter().fold(Cases::default(), |sum, (_, one)| Cases {
        passed: sum.passed + one.cases.passed,
        failed: sum.failed + one.cases.failed,
        ignored: sum.ignored + one.cases.ignored,
    });
    println!();
    for ((name, one), verdict) in all.iter().zip(&verdicts) {
        match verdict {
            Verdict::Broken => println!("NOT EXPECTED: {name}: {}", one.outcome),
            Verdict::Unexpected => println!("NOT EXPECTED: {name} passes: take it off the list"),
            Verdict::Passed | Verdict::Skipped | Verdict::Known => {}
        }
    }
    println!("cases: {} passed, {} failed, {} ignored", cases.passed, cases.failed, cases.ignored);
    println!("failures: {known} on the list, {broken} not on it");
    let passed = count(Verdict::Passed) + unexpected;
    println!("{passed} passed, {} failed, {} skipped", known + broken, count(Verdict::Skipped));
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
        formatter.pad(&format!("{}/{}", self.passed, self.passed + self.failed + self.ignored))
    }
}
