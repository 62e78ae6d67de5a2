//! The whole run: compile all, run all, tell.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Result;
use crate::compile::Tree;
use crate::expected::Expected;
use crate::library::Library;
use crate::parallel::each;
use crate::report;
use crate::run::{Cases, Finished, Outcome, run};
use crate::source::Test;

pub(crate) struct Suite {
    pub(crate) tree: Tree,
    pub(crate) library: Library,
    /// Where each test gets a folder for what it leaves behind.
    pub(crate) scratch: PathBuf,
    pub(crate) jobs: usize,
    pub(crate) repeat: usize,
    pub(crate) expected: Expected,
}

impl Suite {
    /// Compiles and runs the tests; whether all went as expected.
    pub(crate) fn run(&self, tests: &[&Test]) -> Result<bool> {
        eprintln!("compiling {} tests", tests.len());
        let common = self.tree.common(self.jobs)?;
        let programs =
            each(self.jobs, tests, |test| self.tree.program(&format!("tests/{}.cpp", test.name), &common));
        let all: Vec<_> = tests.iter().copied().zip(programs).collect();
        let (alone, together): (Vec<_>, Vec<_>) = all.into_iter().partition(|(test, _)| test.alone);
        let mut finished = each(self.jobs, &together, |(test, program)| self.finish(test, program));
        finished.extend(each(1, &alone, |(test, program)| self.finish(test, program)));
        finished.sort_by_key(|(name, _)| *name);
        Ok(report::sum(&finished, &self.expected))
    }

    fn finish<'a>(&self, test: &'a Test, program: &Result<PathBuf>) -> (&'a str, Finished) {
        let finished = match program {
            Ok(program) => self.repeated(test, program),
            Err(error) => Finished::without_running(Outcome::DoesNotCompile(error.to_string())),
        };
        report::tell(&test.name, &finished, &self.expected);
        (&test.name, finished)
    }

    /// The first run that does not pass, or the last one.
    fn repeated(&self, test: &Test, program: &Path) -> Finished {
        let scratch = self.scratch.join(&test.name);
        let once = || {
            run(program, &self.library.folder, &scratch, test.limit)
                .unwrap_or_else(|error| Finished::without_running(Outcome::Failed(error.to_string())))
        };
        let mut last = once();
        for _ in 1..self.repeat {
            if last.outcome != Outcome::Passed {
                break;
            }
            last = once();
        }
        last
    }
}

impl Finished {
    fn without_running(outcome: Outcome) -> Self {
        Self { outcome, cases: Cases::default(), time: Duration::ZERO }
    }
}
