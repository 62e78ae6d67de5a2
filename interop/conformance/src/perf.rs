//! libzmq's measuring tools, built against the header under test and each run for a moment: to see that they
//! work, not how fast.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::Result;
use crate::compile::Tree;
use crate::run::wait;

const LIMIT: Duration = Duration::from_secs(30);

/// Tools that talk to each other over tcp: the one that binds, the one that connects, and how many messages.
const PAIRS: &[(&str, &str, &str)] =
    &[("local_thr", "remote_thr", "100000"), ("local_lat", "remote_lat", "1000")];
const SINGLES: &[(&str, &str)] = &[("inproc_thr", "100000"), ("inproc_lat", "1000"), ("proxy_thr", "10000")];

/// Runs them all; whether all passed.
pub(crate) fn run(tree: &Tree, libraries: &Path) -> Result<bool> {
    let mut failed = 0;
    let mut tell = |name: &str, passed: Result<bool>| {
        let verdict = match passed {
            Ok(true) => "pass".to_owned(),
            Ok(false) => "FAIL".to_owned(),
            Err(error) => format!("FAIL {error}"),
        };
        failed += usize::from(verdict != "pass");
        println!("{name:22} {verdict}");
    };
    for (local, remote, count) in PAIRS {
        tell(&format!("{local}, {remote}"), talk(tree, libraries, local, remote, count));
    }
    for (name, count) in SINGLES {
        tell(name, tool(tree, libraries, name, &["64", count]).and_then(succeeds));
    }
    println!("{} passed, {failed} failed, 0 skipped", PAIRS.len() + SINGLES.len() - failed);
    Ok(failed == 0)
}

fn talk(tree: &Tree, libraries: &Path, local: &str, remote: &str, count: &str) -> Result<bool> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let endpoint = format!("tcp://127.0.0.1:{port}");
    let [local, remote] = [local, remote].map(|name| tool(tree, libraries, name, &[&endpoint, "64", count]));
    let (local, remote) = (local?, remote?);
    thread::scope(|scope| {
        let local = scope.spawn(|| succeeds(local));
        let remote = succeeds(remote)?;
        Ok(remote && local.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
    })
}

fn tool(tree: &Tree, libraries: &Path, name: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(tree.program(&format!("perf/{name}.cpp"), &[])?);
    command.args(arguments).env("LD_LIBRARY_PATH", libraries).stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

fn succeeds(mut command: Command) -> Result<bool> {
    Ok(wait(&mut command, LIMIT)?.is_some_and(|status| status.success()))
}
