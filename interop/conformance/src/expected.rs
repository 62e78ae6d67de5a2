//! The list of what is known to fail, and what becomes of a test in view of it.

use std::collections::BTreeMap;

use crate::Result;
use crate::run::{Finished, Outcome};

/// The tests, and cases of tests, that are known to fail, each with the reason.
#[derive(Debug, Default)]
pub(crate) struct Expected(BTreeMap<String, Failure>);

#[derive(Debug)]
struct Failure {
    reason: String,
    /// It depends on who is faster.
    at_times: bool,
}

/// A test's outcome in view of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    Skipped,
    /// It fails, as is known.
    Known,
    /// It fails, and should not.
    Broken,
    /// It passes, or more of it than the list says: the list is out of date.
    Unexpected,
}

impl Expected {
    /// Reads lines of `test` or `test/case`, blanks, and a reason. Of a test that is named by itself nothing is
    /// expected but that it fails; of one of which cases are named, that just these fail. What has a `?` behind its
    /// name fails at times only. Empty lines and those that begin with `#` are for the reader. Each name must be a
    /// test's, and be there once.
    pub(crate) fn parse(text: &str, tests: &[&str]) -> Result<Self> {
        let mut list = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Some((name, reason)) = line.split_once(char::is_whitespace) else {
                return Err(format!("the list of expected failures gives no reason for {line}").into());
            };
            let (name, at_times) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
            let test = name.split_once('/').map_or(name, |(test, _)| test);
            if !tests.contains(&test) {
                return Err(format!("the list of expected failures names {name}, which is no test").into());
            }
            let failure = Failure { reason: reason.trim().to_owned(), at_times };
            if list.insert(name.to_owned(), failure).is_some() {
                return Err(format!("the list of expected failures names {name} twice").into());
            }
        }
        Ok(Self(list))
    }

    /// Why the test, or part of it, is known to fail.
    pub(crate) fn reasons(&self, test: &str) -> String {
        let cases = self.cases(test).map(|(_, failure)| failure);
        let all = self.0.get(test).into_iter().chain(cases);
        let mut reasons: Vec<_> = all.map(|failure| failure.reason.as_str()).collect();
        reasons.dedup();
        reasons.join("; ")
    }

    pub(crate) fn verdict(&self, test: &str, finished: &Finished) -> Verdict {
        let whole = self.0.get(test);
        let failed = &finished.cases.failed;
        // What should have failed: the test itself, or one of its cases.
        let missed =
            |(case, failure): (&str, &Failure)| !failure.at_times && failed.iter().all(|other| other != case);
        match &finished.outcome {
            Outcome::Skipped => Verdict::Skipped,
            Outcome::Passed if whole.is_some_and(|failure| !failure.at_times) => Verdict::Unexpected,
            Outcome::Passed if self.cases(test).any(missed) => Verdict::Unexpected,
            Outcome::Passed => Verdict::Passed,
            _ if whole.is_some() => Verdict::Known,
            Outcome::Failed(_) if !failed.is_empty() && failed.iter().all(|case| self.has(test, case)) => {
                if self.cases(test).any(missed) {
                    Verdict::Unexpected
                } else {
                    Verdict::Known
                }
            }
            _ => Verdict::Broken,
        }
    }

    fn has(&self, test: &str, case: &str) -> bool {
        self.cases(test).any(|(other, _)| other == case)
    }

    /// The test's cases on the list.
    fn cases<'a>(&'a self, test: &'a str) -> impl Iterator<Item = (&'a str, &'a Failure)> {
        self.0.iter().filter_map(move |(name, failure)| {
            let (other, case) = name.split_once('/')?;
            (other == test).then_some((case, failure))
        })
    }
}

impl Verdict {
    /// Whether it makes the run fail.
    pub(crate) fn is_bad(self) -> bool {
        matches!(self, Self::Broken | Self::Unexpected)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::Cases;

    const TESTS: &[&str] = &["test_a", "test_b"];

    fn finished(outcome: Outcome, failed: &[&str]) -> Finished {
        let failed = failed.iter().map(ToString::to_string).collect();
        Finished { outcome, cases: Cases { failed, ..Cases::default() }, time: Duration::ZERO }
    }

    fn failed(cases: &[&str]) -> Finished {
        finished(Outcome::Failed("Expected 1 Was 2".into()), cases)
    }

    #[test]
    fn lines_are_names_and_reasons() {
        let list =
            Expected::parse("# why\n\ntest_a   draft socket types\ntest_b/one  ws\ntest_b/two ws", TESTS);
        let list = list.unwrap();
        assert_eq!(list.reasons("test_a"), "draft socket types");
        assert_eq!(list.reasons("test_b"), "ws");
    }

    #[test]
    fn bad_lists_are_refused() {
        for (text, complaint) in [
            ("test_a", "gives no reason for test_a"),
            ("test_c gone", "names test_c, which is no test"),
            ("test_c/one gone", "names test_c/one, which is no test"),
            ("test_a x\ntest_a y", "names test_a twice"),
        ] {
            assert!(Expected::parse(text, TESTS).unwrap_err().to_string().ends_with(complaint));
        }
    }

    #[test]
    fn only_surprises_are_bad() {
        let list = Expected::parse("test_a not yet", TESTS).unwrap();
        for (name, finished, verdict, bad) in [
            ("test_a", failed(&[]), Verdict::Known, false),
            ("test_a", finished(Outcome::TimedOut(None), &[]), Verdict::Known, false),
            ("test_a", finished(Outcome::Passed, &[]), Verdict::Unexpected, true),
            ("test_a", finished(Outcome::Skipped, &[]), Verdict::Skipped, false),
            ("test_b", failed(&[]), Verdict::Broken, true),
            ("test_b", finished(Outcome::Passed, &[]), Verdict::Passed, false),
            ("test_b", finished(Outcome::Skipped, &[]), Verdict::Skipped, false),
        ] {
            assert_eq!(list.verdict(name, &finished), verdict);
            assert_eq!(verdict.is_bad(), bad);
        }
    }

    #[test]
    fn some_fail_at_times() {
        let list = Expected::parse("test_a? race\ntest_b/one? race\ntest_b/two ws", TESTS).unwrap();
        for (name, finished, verdict) in [
            ("test_a", failed(&[]), Verdict::Known),
            ("test_a", finished(Outcome::Passed, &[]), Verdict::Passed),
            ("test_b", failed(&["two"]), Verdict::Known),
            ("test_b", failed(&["one", "two"]), Verdict::Known),
            ("test_b", failed(&["one"]), Verdict::Unexpected),
        ] {
            assert_eq!(list.verdict(name, &finished), verdict);
        }
    }

    #[test]
    fn just_the_listed_cases_are_to_fail() {
        let list = Expected::parse("test_a/one ws\ntest_a/two ws", TESTS).unwrap();
        for (finished, verdict) in [
            (failed(&["two", "one"]), Verdict::Known),
            (failed(&["one"]), Verdict::Unexpected),
            (failed(&["one", "two", "three"]), Verdict::Broken),
            (failed(&[]), Verdict::Broken),
            (finished(Outcome::TimedOut(None), &["one", "two"]), Verdict::Broken),
            (finished(Outcome::Passed, &[]), Verdict::Unexpected),
        ] {
            assert_eq!(list.verdict("test_a", &finished), verdict);
        }
    }
}
