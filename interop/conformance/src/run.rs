//! Running one program, with an end to it.

use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::Result;

/// By this exit code a test says that it cannot run here.
const SKIPPED: i32 = 77;

/// How a test ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Passed,
    Skipped,
    Failed(String),
    Crashed(String),
    /// After which case, if it told.
    TimedOut(Option<String>),
    DoesNotCompile(String),
}

/// A test that was run, or could not be.
pub(crate) struct Finished {
    pub(crate) outcome: Outcome,
    pub(crate) cases: Cases,
    pub(crate) time: Duration,
}

/// How a program's cases ended, as far as it told.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Cases {
    pub(crate) passed: usize,
    pub(crate) failed: Vec<String>,
    pub(crate) ignored: usize,
}

/// Runs `program` in a process group of its own, in the folder `scratch`, which it gets to itself and where
/// its output stays for who wants to read it.
pub(crate) fn run(program: &Path, libraries: &Path, scratch: &Path, limit: Duration) -> Result<Finished> {
    if scratch.exists() {
        fs::remove_dir_all(scratch)?;
    }
    fs::create_dir_all(scratch)?;
    let path = scratch.join("output");
    let output = File::create(&path)?;
    let begin = Instant::now();
    let mut command = Command::new(program);
    command.current_dir(scratch).env("LD_LIBRARY_PATH", libraries).process_group(0);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let status = wait(&mut command, limit)?;
    let time = begin.elapsed();
    let output = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    Ok(Finished { outcome: outcome(status, &output), cases: Cases::read(&output), time })
}

/// Runs the command to its end, or for so long. Whatever else it started is ended too.
pub(crate) fn wait(command: &mut Command, limit: Duration) -> Result<Option<ExitStatus>> {
    let mut child = command.spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or("a process without a number")?;
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || tell.send(child.wait()));
        let status = told.recv_timeout(limit);
        // An error means that the group is gone, as it should be.
        let _ = kill_process_group(group, Signal::KILL);
        Ok(status.ok().transpose()?)
    })
}

fn outcome(status: Option<ExitStatus>, output: &str) -> Outcome {
    let Some(status) = status else { return Outcome::TimedOut(last_case(output)) };
    match (status.code(), status.signal()) {
        (Some(0), _) => Outcome::Passed,
        (Some(SKIPPED), _) => Outcome::Skipped,
        (Some(code), _) => Outcome::Failed(reason(output).unwrap_or_else(|| format!("exit code {code}"))),
        (None, signal) if signal == Some(Signal::ALARM.as_raw()) => Outcome::TimedOut(last_case(output)),
        (None, signal) => Outcome::Crashed(crash(signal, output)),
    }
}

/// The first case that failed, as `case: message (line)`, or whatever the program said last.
fn reason(output: &str) -> Option<String> {
    let failure = output
        .lines()
        .filter_map(case)
        .find_map(|(number, name, end)| Some(format!("{name}{} (line {number})", end.strip_prefix("FAIL")?)));
    failure
        .or_else(|| output.lines().rfind(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned()))
}

fn last_case(output: &str) -> Option<String> {
    output.lines().filter_map(case).next_back().map(|(_, name, _)| name.to_owned())
}

/// Reads `path:line:case:PASS`, `path:line:case:FAIL: message` or `path:line:case:IGNORE`: line, case, and end.
fn case(line: &str) -> Option<(&str, &str, &str)> {
    let mut fields = line.splitn(4, ':').skip(1);
    let (number, name, end) = (fields.next()?, fields.next()?, fields.next()?);
    ["PASS", "FAIL", "IGNORE"].iter().any(|word| end.starts_with(word)).then_some((number, name, end))
}

fn crash(signal: Option<i32>, output: &str) -> String {
    let signal = signal.map_or_else(|| "unknown".to_owned(), |signal| signal.to_string());
    reason(output).map_or_else(|| format!("signal {signal}"), |reason| format!("signal {signal}: {reason}"))
}

impl Cases {
    fn read(output: &str) -> Self {
        let mut cases = Self::default();
        for (_, name, end) in output.lines().filter_map(case) {
            match end {
                "PASS" => cases.passed += 1,
                _ if end.starts_with("FAIL") => cases.failed.push(name.to_owned()),
                _ => cases.ignored += 1,
            }
        }
        cases
    }

    pub(crate) fn count(&self) -> usize {
        self.passed + self.failed.len() + self.ignored
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
a/b.cpp:12:test_one:PASS
a/b.cpp:20:test_two:FAIL: Expected 1 Was 2
a/b.cpp:30:test_three:IGNORE: no IPv6
-----------------------
3 Tests 1 Failures 1 Ignored
FAIL
";

    fn ended(raw: i32, output: &str) -> Outcome {
        outcome(Some(ExitStatus::from_raw(raw)), output)
    }

    #[test]
    fn exit_codes_are_outcomes() {
        assert_eq!(ended(0, OUTPUT), Outcome::Passed);
        assert_eq!(ended(77 << 8, ""), Outcome::Skipped);
        assert_eq!(ended(1 << 8, OUTPUT), Outcome::Failed("test_two: Expected 1 Was 2 (line 20)".into()));
        assert_eq!(ended(3 << 8, ""), Outcome::Failed("exit code 3".into()));
        assert_eq!(ended(11, "assertion\n\n"), Outcome::Crashed("signal 11: assertion".into()));
        assert_eq!(ended(14, ""), Outcome::TimedOut(None));
        assert_eq!(outcome(None, OUTPUT), Outcome::TimedOut(Some("test_three".into())));
    }

    #[test]
    fn cases_are_read() {
        assert_eq!(Cases::read(OUTPUT), Cases { passed: 1, failed: vec!["test_two".into()], ignored: 1 });
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & sleep 1000"]).process_group(0);
        assert_eq!(wait(&mut command, Duration::from_millis(10)).unwrap(), None);
        assert!(
            wait(Command::new("true").process_group(0), Duration::from_secs(60)).unwrap().unwrap().success()
        );
    }
}
