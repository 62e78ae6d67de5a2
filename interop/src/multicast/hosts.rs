//! Hosts on one wire: network namespaces, joined by a bridge in another one, where nftables lose what a test wants.
//! Only root may do that.

use super::PATIENCE;
use std::process::{self, Command, Output};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How packets go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// As `epgm`, with IPv4.
    Udp,
    /// As `epgm`, with IPv6.
    Udp6,
    /// IP protocol 113.
    Raw,
}

impl Over {
    /// How nftables tell such packets, and where in them PGM begins, from the beginning of the transport header.
    fn packets(self) -> (&'static str, u32) {
        match self {
            Self::Udp => ("ip protocol udp", 64),
            Self::Udp6 => ("ip6 nexthdr udp", 64),
            Self::Raw => ("ip protocol 113", 0),
        }
    }
}

/// See the module. Dropping them removes them.
#[derive(Debug)]
pub struct Hosts {
    name: String,
    count: u32,
}

impl Hosts {
    /// So many hosts, numbered from 1. Where there can be none, says why.
    #[must_use]
    pub fn new(count: u32) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("zincmq{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let hosts = Self { name, count };
        if let Err(reason) = hosts.build() {
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                let need = "it takes root, iproute2 and nftables (Debian: apt-get install iproute2 nftables)";
                eprintln!("not tested between hosts: {need}; {reason}");
            });
            return None;
        }
        Some(hosts)
    }

    /// The namespace of a host.
    #[must_use]
    pub fn host(&self, number: u32) -> String {
        format!("{}-{number}", self.name)
    }

    /// An endpoint at a host.
    #[must_use]
    pub fn endpoint(over: Over, number: u32, port: u16) -> String {
        match over {
            Over::Udp => format!("epgm://10.77.0.{number};239.192.1.1:{port}"),
            Over::Udp6 => format!("epgm://[fd00:77::{number}];[ff08::1]:{port}"),
            Over::Raw => format!("pgm://10.77.0.{number};239.192.1.1:{port}"),
        }
    }

    fn build(&self) -> Result<(), String> {
        let wire = self.host(0);
        for number in 0..=self.count {
            ip(&["netns", "add", &self.host(number)])?;
            ip(&["-n", &self.host(number), "link", "set", "dev", "lo", "up"])?;
        }
        ip(&["-n", &wire, "link", "add", "name", "bridge", "type", "bridge", "mcast_snooping", "0"])?;
        ip(&["-n", &wire, "link", "set", "dev", "bridge", "up"])?;
        for number in 1..=self.count {
            let (host, port) = (self.host(number), format!("port{number}"));
            ip(&[
                "link", "add", "eth", "netns", &host, "type", "veth", "peer", "name", &port, "netns", &wire,
            ])?;
            ip(&["-n", &host, "addr", "add", &format!("10.77.0.{number}/24"), "dev", "eth"])?;
            ip(&["-n", &host, "addr", "add", &format!("fd00:77::{number}/64"), "dev", "eth", "nodad"])?;
            ip(&["-n", &host, "link", "set", "dev", "eth", "up"])?;
            ip(&["-n", &wire, "link", "set", "dev", &port, "master", "bridge", "up"])?;
        }
        self.nft("add table bridge t")?;
        self.nft("add chain bridge t forward { type filter hook forward priority 0; }")
    }

    /// Waits until an SPM of this host has passed on the wire: subscribers that had joined before know from then on where
    /// to ask it for repairs. It comes 0.1 s after the last data, and libzmq looks at its timers only when something has
    /// happened; so `greet` sends something now and then.
    pub fn wait_for_spm(&self, over: Over, number: u32, mut greet: impl FnMut()) {
        let ((packets, begin), comment) = (over.packets(), format!("spm{number}"));
        self.rule(&format!(
            "iifname port{number} {packets} @th,{},8 0x00 counter comment \"{comment}\"",
            begin + 32
        ));
        let (until, mut greets) = (Instant::now() + PATIENCE, Instant::now());
        while self.counted(&comment).0 == 0 {
            let now = Instant::now();
            assert!(now < until, "no SPM");
            if now >= greets {
                greet();
                greets = now + Duration::from_millis(300);
            }
        }
    }

    /// Loses one of twenty packets from now on.
    pub fn lose(&self, over: Over) {
        let (packets, _) = over.packets();
        self.rule(&format!("{packets} numgen inc mod 20 7 counter drop comment \"lost\""));
    }

    /// Packets that were lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.counted("lost").0
    }

    /// Begins to count packets with data.
    pub fn count_data(&self, over: Over) {
        let (packets, begin) = over.packets();
        self.rule(&format!("{packets} @th,{},8 0x04 counter comment \"data\"", begin + 32));
    }

    /// The packets with data until now, and their bytes, with all headers of IP.
    #[must_use]
    pub fn data(&self) -> (u64, u64) {
        self.counted("data")
    }

    fn rule(&self, rule: &str) {
        self.nft(&format!("add rule bridge t forward {rule}")).unwrap();
    }

    /// The packets and bytes that the rule with this comment has counted.
    fn counted(&self, comment: &str) -> (u64, u64) {
        let mut list = self.inside(&["nft", "list", "chain", "bridge", "t", "forward"]);
        let rules = String::from_utf8(run(&mut list).unwrap().stdout).unwrap();
        let rule = rules.lines().find(|line| line.contains(&format!("\"{comment}\""))).unwrap_or_default();
        let number = |name| rule.split(name).nth(1)?.split_whitespace().next()?.parse().ok();
        number("packets").zip(number("bytes")).unwrap_or_else(|| panic!("no {comment} in {rules}"))
    }

    fn nft(&self, command: &str) -> Result<(), String> {
        run(&mut self.inside(&["nft", command])).map(drop)
    }

    /// A command where the wire is.
    fn inside(&self, command: &[&str]) -> Command {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.host(0)]).args(command);
        inside
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for number in 0..=self.count {
            // Some may be missing, if not all could be made.
            _ = ip(&["netns", "delete", &self.host(number)]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    run(Command::new("ip").args(arguments)).map(drop)
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
