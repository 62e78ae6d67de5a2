//! The list of tests that are known to fail, and what becomes of a test in view of it.

use std::collections::BTreeMap;

use crate::Result;
use crate::run::Outcome;

/// The tests that are known to fail, each with the reason.
#[derive(Debug, Default)]
pub(crate) struct Expected(BTreeMap<String, String>);

/// A test's outcome in view of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    Passed,
    Skipped,
    /// It fails, as is known.
    Known,
    /// It fails, and should not.
    Broken,
    /// It passes, though the list says otherwise: the list is out of date.
    Unexpected,
}

impl Expected {
    /// Reads lines of a name, blanks, and a reason. Empty lines and those that begin with `#` are for the
    /// reader. Each name must be a test's, and be there once.
    pub(crate) fn parse(text: &str, tests: &[&str]) -> Result<Self> {
        let mut list = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Some((name, reason)) = line.split_once(char::is_whitespace) else {
                return Err(format!("the list of expected failures gives no reason for {line}").into());
            };
            if !tests.contains(&name) {
                return Err(format!("the list of expected failures names {name}, which is no test").into());
            }
            if list.insert(name.to_owned(), reason.trim().to_owned()).is_some() {
                return Err(format!("the list of expected failures names {name} twice").into());
            }
        }
        Ok(Self(list))
    }

    /// Why the test is known to fail, if it is.
    pub(crate) fn reason(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn verdict(&self, name: &str, outcome: &Outcome) -> Verdict {
        match (outcome, self.0.contains_key(name)) {
            (Outcome::Passed, false) => Verdict::Passed,
            (Outcome::Passed, true) => Verdict::Unexpected,
            (Outcome::Skipped, _) => Verdict::Skipped,
            (_, true) => Verdict::Known,
            (_, false) => Verdict::Broken,
        }
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
    use super::*;

    const TESTS: &[&str] = &["test_a", "test_b"];

    #[test]
    fn lines_are_names_and_reasons() {
        let list = Expected::parse("# why\n\ntest_a   draft socket types\n", TESTS).unwrap();
        assert_eq!(list.reason("test_a"), Some("draft socket types"));
        assert_eq!(list.reason("test_b"), None);
    }

    #[test]
    fn bad_lists_are_refused() {
        for (text, complaint) in [
            ("test_a", "gives no reason for test_a"),
            ("test_c gone", "names test_c, which is no test"),
            ("test_a x\ntest_a y", "names test_a twice"),
        ] {
            assert!(Expected::parse(text, TESTS).unwrap_err().to_string().ends_with(complaint));
        }
    }

    #[test]
    fn only_surprises_are_bad() {
        let list = Expected::parse("test_a not yet", TESTS).unwrap();
        let failed = Outcome::Failed("Expected 1 Was 2".into());
        for (name, outcome, verdict, bad) in [
            ("test_a", &failed, Verdict::Known, false),
            ("test_a", &Outcome::TimedOut(None), Verdict::Known, false),
            ("test_a", &Outcome::Passed, Verdict::Unexpected, true),
            ("test_a", &Outcome::Skipped, Verdict::Skipped, false),
            ("test_b", &failed, Verdict::Broken, true),
            ("test_b", &Outcome::Passed, Verdict::Passed, false),
            ("test_b", &Outcome::Skipped, Verdict::Skipped, false),
        ] {
            assert_eq!(list.verdict(name, outcome), verdict);
            assert_eq!(verdict.is_bad(), bad);
        }
    }
}
