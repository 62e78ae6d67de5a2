//! What the tests share: the command as a process, with its pipes and exit code.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// No command of these tests takes so long; one that hangs ends with exit code 124.
pub(crate) const PATIENCE: &str = "--timeout=30";

pub(crate) fn zinc(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zinc"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = zinc(arguments).stdin(Stdio::piped()).spawn().unwrap();
    // A command that fails early may not read it.
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A command that binds to a free port, and the endpoints that it names.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) stderr: BufReader<ChildStderr>,
    pub(crate) endpoints: Vec<String>,
}

impl Server {
    pub(crate) fn start(arguments: &[&str], endpoints: usize) -> Self {
        let mut child = zinc(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let endpoints = (0..endpoints).map(|_| {
            let mut line = String::new();
            stderr.read_line(&mut line).unwrap();
            let said = line.trim().strip_prefix("zinc: ").unwrap_or_else(|| panic!("{line}"));
            let names = ["bound to ", "statistics at ", "metrics at "];
            names
                .iter()
                .find_map(|name| said.strip_prefix(name))
                .unwrap_or_else(|| panic!("{line}"))
                .to_owned()
        });
        let endpoints = endpoints.collect();
        Self { child, stderr, endpoints }
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the command watches for interrupts, which has them not end it at once.
    pub(crate) fn await_signals(&self) {
        const INTERRUPT: u64 = 1 << 1;
        let path = format!("/proc/{}/status", self.child.id());
        let caught = || {
            let status = fs::read_to_string(&path).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            u64::from_str_radix(line.trim(), 16).unwrap() & INTERRUPT != 0
        };
        while !caught() {
            std::thread::yield_now();
        }
    }

    /// Once: a command that has named its endpoint loses no interrupt, and takes a second one for the order to give up
    /// what has not gone out.
    pub(crate) fn interrupt(&self) {
        let kill = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Its output, once it has ended with this exit code. One that does not end is killed, and so has none.
    pub(crate) fn end(self, code: i32) -> String {
        let (output, said) = self.finish();
        assert_eq!(output.status.code(), Some(code), "{said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What it has printed, and what it has still said, once it has ended or was killed.
    pub(crate) fn finish(mut self) -> (Output, String) {
        drop(self.child.stdin.take());
        let (_ended, end) = channel::<()>();
        let id = self.child.id().to_string();
        std::thread::spawn(move || {
            if end.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
                _ = Command::new("kill").args(["-KILL", &id]).status();
            }
        });
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait_with_output().unwrap(), said)
    }
}

pub(crate) fn assert_ends(output: &Output, code: i32, stdout: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout);
}

/// Binds to a free port.
pub(crate) const ANY: &str = "@tcp://127.0.0.1:*";

/// A directory of its own for a test.
pub(crate) fn folder(name: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A pair of keys: the file of the secret one, and of the public one.
pub(crate) fn keys(folder: &Path, name: &str) -> (String, String) {
    let path = folder.join(name);
    let output = run(&["keygen", path.to_str().unwrap()], "");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let file = |ending: &str| path.display().to_string() + ending;
    let (secret, public) = (file(".key_secret"), file(".key"));
    assert!(fs::read_to_string(&public).unwrap().contains(printed.trim()));
    assert!(!fs::read_to_string(&public).unwrap().contains("secret"));
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    (secret, public)
}

/// The directory with this certificate in it.
pub(crate) fn friends(folder: &Path, name: &str, certificate: &str) -> String {
    let friends = folder.join(name);
    fs::create_dir(&friends).unwrap();
    fs::copy(certificate, friends.join("friend.key")).unwrap();
    friends.display().to_string()
}

pub(crate) fn option(name: &str, value: impl Into<String>) -> String {
    format!("--{name}={}", value.into())
}

/// A file that only its owner can read.
pub(crate) fn private(path: &Path, text: &str) -> String {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// A file of users with one in it.
pub(crate) fn users(folder: &Path, name: &str, password: &str) -> String {
    let line = run(&["keygen", "--password", name], &format!("{password}\n"));
    private(&folder.join("users"), &String::from_utf8(line.stdout).unwrap())
}

/// The next line of a command's standard error.
pub(crate) fn said(server: &mut Server) -> String {
    let mut line = String::new();
    server.stderr.read_line(&mut line).unwrap();
    line
}

pub(crate) fn assert_says(output: &Output, code: i32, expected: &[&str]) {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    expected.iter().for_each(|text| assert!(stdout.contains(text), "no {text:?} in {stdout}"));
}

/// A packet of TCP over IPv4 over Ethernet, in a pcap file.
fn packet(file: &mut Vec<u8>, from: u16, to: u16, sequence: u32, flags: u8, payload: &[u8]) {
    let mut frame = vec![0; 12];
    frame.extend(b"\x08\0\x45\0");
    frame.extend((40 + payload.len() as u16).to_be_bytes());
    frame.extend(b"\0\0\0\0\x40\x06\0\0");
    // Who uses a high port is 10.0.0.1, the other 10.0.0.2.
    let server = |port| if matches!(port, 22 | 5555) { 2 } else { 1 };
    [from, to].into_iter().for_each(|port| frame.extend([10, 0, 0, server(port)]));
    frame.extend(from.to_be_bytes());
    frame.extend(to.to_be_bytes());
    frame.extend(sequence.to_be_bytes());
    frame.extend([0, 0, 0, 0, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
    frame.extend(payload);
    let length = frame.len() as u32;
    [7, 250_000, length, length].iter().for_each(|word| file.extend(u32::to_le_bytes(*word)));
    file.extend(frame);
}

pub(crate) const SYN: u8 = 2;
pub(crate) const DATA: u8 = 0x10;
pub(crate) const FIN: u8 = 0x11;

pub(crate) fn capture(packets: &[(u16, u16, u32, u8, &[u8])]) -> Vec<u8> {
    let mut file = b"\xD4\xC3\xB2\xA1\x02\0\x04\0\0\0\0\0\0\0\0\0\xFF\xFF\0\0\x01\0\0\0".to_vec();
    for (from, to, sequence, flags, payload) in packets {
        packet(&mut file, *from, *to, *sequence, *flags, payload);
    }
    file
}

pub(crate) fn dump(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = zinc(&[&["dump"], arguments].concat()).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}
