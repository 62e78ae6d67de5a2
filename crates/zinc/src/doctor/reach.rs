//! A connection to the endpoint, or the reason why there is none.

use crate::doctor::findings::{Findings, Over};
use crate::place::is_no_socket;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixStream};
use std::time::{Duration, Instant};
use zincmq::endpoint::Endpoint;

/// A stream whose reads do not last for ever.
pub(super) trait Wire: Read + Write {
    /// How long a read may last; not zero.
    fn set_patience(&self, patience: Duration) -> io::Result<()>;

    /// Nothing more is said.
    fn fall_silent(&self) -> io::Result<()>;
}

impl Wire for TcpStream {
    fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(patience))
    }

    fn fall_silent(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Wire for UnixStream {
    fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(patience))
    }

    fn fall_silent(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

pub(super) fn connect(
    endpoint: &Endpoint,
    timeout: Duration,
    findings: &mut Findings,
) -> Result<Box<dyn Wire>, Over> {
    match endpoint.scheme() {
        "tcp" => connect_tcp(endpoint.address(), timeout, findings),
        "ipc" => connect_ipc(endpoint.address(), findings),
        _ => Err(findings.wrong(
            "inproc endpoints exist inside one process only",
            "no other process can connect to it; use ipc or tcp between processes",
        )),
    }
}

fn connect_tcp(address: &str, timeout: Duration, findings: &mut Findings) -> Result<Box<dyn Wire>, Over> {
    // The address before a semicolon is that of this side.
    let target = address.rsplit(';').next().unwrap_or(address);
    if target.starts_with('*') || target.ends_with(":*") {
        let advice = "* is for binding; name the host and the port to connect to";
        return Err(findings.wrong(format!("{target} is nothing to connect to"), advice));
    }
    let addresses = resolve(target, findings)?;
    let mut last = io::Error::from(ErrorKind::NotFound);
    for address in addresses {
        let began = Instant::now();
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => {
                let took = began.elapsed().as_secs_f64() * 1e3;
                findings.well(format!("connected to {address} in {took:.1} ms"));
                if address.is_ipv6() {
                    findings.well("that is IPv6: a program's socket needs the option ipv6=1 for it");
                }
                findings.fact("address", address.to_string());
                return Ok(Box::new(stream));
            }
            Err(error) => last = error,
        }
    }
    Err(refused(target, &last, timeout, findings))
}

fn resolve(target: &str, findings: &mut Findings) -> Result<Vec<SocketAddr>, Over> {
    let found = target.to_socket_addrs().map(Vec::from_iter);
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
    match found {
        Ok(addresses) if addresses.is_empty() => {
            Err(findings.wrong(format!("the name {host} has no address"), "check the name"))
        }
        Ok(addresses) => {
            if target.parse::<SocketAddr>().is_err() {
                let list: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
                findings.well(format!("the name {host} stands for {}", list.join(", ")));
            }
            Ok(addresses)
        }
        Err(error) if error.kind() == ErrorKind::InvalidInput => Err(findings.wrong(
            format!("{target} is no address: {error}"),
            "write tcp://HOST:PORT, with an IPv6 address in brackets",
        )),
        Err(error) => Err(findings.wrong(
            format!("the name {host} was not found: {error}"),
            format!("check the spelling, and /etc/hosts and the name server: getent hosts {host}"),
        )),
    }
}

fn refused(target: &str, error: &io::Error, timeout: Duration, findings: &mut Findings) -> Over {
    match error.kind() {
        ErrorKind::ConnectionRefused => findings.wrong(
            format!("{target} refuses connections: nobody listens there"),
            "is the other program running, and bound to this port? On its machine: ss -ltn\n\
             a program bound to 127.0.0.1 cannot be reached from other machines",
        ),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => findings.wrong(
            format!("{target} did not answer within {} s", timeout.as_secs_f64()),
            "the machine is off, or a firewall drops what comes: try ping, and the rules on both sides",
        ),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => findings.wrong(
            format!("{target} cannot be reached: {error}"),
            "there is no way to this address: check network, VPN and routes",
        ),
        _ => findings.wrong(format!("{target}: {error}"), "the operating system gave this reason"),
    }
}

fn connect_ipc(path: &str, findings: &mut Findings) -> Result<Box<dyn Wire>, Over> {
    let address = match path.strip_prefix('@') {
        Some(name) => UnixAddr::from_abstract_name(name),
        None => UnixAddr::from_pathname(path),
    };
    match address.and_then(|address| UnixStream::connect_addr(&address)) {
        Ok(stream) => {
            findings.well(format!("connected to {path}"));
            Ok(Box::new(stream))
        }
        Err(error) => Err(match error.kind() {
            ErrorKind::NotFound => findings.wrong(
                format!("{path} does not exist"),
                "is the other program running, and bound to this path?\n\
                 a relative path counts from where each program was started",
            ),
            ErrorKind::ConnectionRefused if is_no_socket(path) => findings.wrong(
                format!("{path} is a file or directory, not a socket"),
                "a bind does not remove it: give the other program another path, or remove it yourself",
            ),
            ErrorKind::ConnectionRefused => findings.wrong(
                format!("nobody listens at {path}"),
                "the program that made it is gone; it makes the path anew when it starts",
            ),
            ErrorKind::PermissionDenied => findings.wrong(
                format!("you may not use {path}"),
                format!("connecting takes the right to write: ls -l {path}"),
            ),
            _ => findings.wrong(format!("{path}: {error}"), "the operating system gave this reason"),
        }),
    }
}
