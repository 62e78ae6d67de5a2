//! Files through sockets: every byte, and in bounded memory.

mod common;

use common::{ANY, PATIENCE, Server, assert_ends, folder, run, zinc};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const MEGABYTE: usize = 1 << 20;

/// A file in which no two megabytes are the same.
fn write_file(path: &Path, megabytes: u64) {
    let mut file = File::create(path).unwrap();
    let mut block: Vec<u8> =
        (0..MEGABYTE as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for number in 0..megabytes {
        block[..8].copy_from_slice(&number.to_le_bytes());
        file.write_all(&block).unwrap();
    }
    file.write_all(b"and some more").unwrap();
}

/// Whether the two are the same, byte for byte.
fn same(one: &Path, other: &Path) -> bool {
    Command::new("cmp").arg(one).arg(other).status().unwrap().success()
}

/// The command with less address space than a gigabyte, in kilobytes.
fn confined(arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 900000 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_zinc")]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_gigabyte_arrives_as_it_was() {
    let folder = folder("gigabyte");
    let (original, copy) = (folder.join("original"), folder.join("copy"));
    write_file(&original, 1024);
    let mut pull = confined(&["pull", "@ipc://*", "--raw", "--eof", "--option=rcvhwm=16", PATIENCE]);
    let mut pull = pull.stdout(File::create(&copy).unwrap()).spawn().unwrap();
    let mut stderr = std::io::BufReader::new(pull.stderr.take().unwrap());
    let endpoint = loop {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
        if let Some(endpoint) = line.trim().strip_prefix("zinc: bound to ") {
            break endpoint.to_owned();
        }
    };
    let mut push = confined(&["push", &endpoint, "--raw", "--eof", "--option=sndhwm=16", PATIENCE]);
    let push = push.arg("--file").arg(&original).output().unwrap();
    assert_ends(&push, 0, "");
    assert!(pull.wait().unwrap().success());
    assert_eq!(std::fs::metadata(&copy).unwrap().len(), (1 << 30) + 13);
    assert!(same(&original, &copy));
    std::fs::remove_dir_all(folder).unwrap();
}

/// The first receiver leaves, with all that it had; nobody has the whole file.
#[test]
fn a_file_that_went_to_two_is_a_failure() {
    let folder = folder("two");
    let (original, endpoint) =
        (folder.join("original"), format!("ipc://{}", folder.join("socket").display()));
    write_file(&original, 16);
    let receive = |enough: &str| {
        let mut pull = zinc(&["pull", "--bind", &endpoint, "--raw", "--option=rcvhwm=1", enough, PATIENCE]);
        pull.stdout(Stdio::null()).spawn().unwrap()
    };
    let mut first = receive("--count=1");
    let push = ["push", &endpoint, "--raw", "--eof", "--chunk=64K", "--option=sndhwm=1", PATIENCE, "--file"];
    let push = zinc(&push).arg(&original).spawn().unwrap();
    assert!(first.wait().unwrap().success());
    let mut second = receive("--eof");
    let output = push.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the pieces have gone over 2 connections"), "{stderr}");
    assert!(second.wait().unwrap().success());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_pipe_is_cut_into_full_pieces() {
    let pull = Server::start(&["pull", ANY, "--hex", "--eof", PATIENCE], 1);
    let push = ["push", &pull.endpoints[0], "--raw", "--chunk=4", "--eof", PATIENCE];
    let mut push = zinc(&push).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = push.stdin.take().unwrap();
    for piece in ["a", "bcde", "\n", "fg", "hi"] {
        stdin.write_all(piece.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }
    drop(stdin);
    assert_ends(&push.wait_with_output().unwrap(), 0, "");
    assert_eq!(pull.end(0), "61626364\n650a6667\n6869\n");
}

#[test]
fn what_is_raw_is_printed_raw() {
    let pull = Server::start(&["pull", ANY, "--raw", "--count=2", PATIENCE], 1);
    assert_ends(&run(&["push", &pull.endpoints[0], "-m=a\nb", "-m=c", PATIENCE], ""), 0, "");
    assert_eq!(pull.end(0), "a\nbc");
}
