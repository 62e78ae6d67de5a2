//! The answer of a statistics server, and what a table shows of it.

use crate::failure::Failure;
use crate::report::human;
use indicatif::HumanCount;
use serde::Deserialize;
use std::time::Duration;

/// See `zincmq::stats_server`.
#[derive(Deserialize)]
pub(super) struct Report {
    format: String,
    pub(super) version: String,
    pub(super) program: String,
    pub(super) pid: u32,
    pub(super) uptime_ms: u64,
    pub(super) sockets: Vec<SocketNumbers>,
}

#[derive(Deserialize)]
pub(super) struct SocketNumbers {
    pub(super) id: u64,
    #[serde(rename = "type")]
    pub(super) socket_type: String,
    age_ms: Option<u64>,
    pub(super) bound: Vec<String>,
    pub(super) connected: Vec<String>,
    #[serde(flatten)]
    pub(super) numbers: Numbers,
    dropped_unroutable: u64,
    reconnects: u64,
    handshake_failures: u64,
    /// Older libraries have no multicast.
    #[serde(default)]
    pub(super) multicast: Vec<GroupNumbers>,
    pub(super) peers: Vec<PeerNumbers>,
}

#[derive(Deserialize)]
pub(super) struct PeerNumbers {
    pub(super) endpoint: String,
    #[serde(flatten)]
    pub(super) numbers: Numbers,
}

/// A multicast endpoint, in datagrams.
#[derive(Deserialize)]
pub(super) struct GroupNumbers {
    endpoint: String,
    sent: u64,
    repairs_sent: u64,
    requests_received: u64,
    lost: u64,
    sources: Vec<SourceNumbers>,
}

/// A source that such an endpoint hears.
#[derive(Deserialize)]
struct SourceNumbers {
    address: String,
    session: String,
    trail: u32,
    lead: u32,
    received: u64,
    repairs: u64,
    requests: u64,
    missing: u64,
    lost: u64,
}

/// The headings of [`GroupNumbers::rows`].
pub(super) const GROUP_HEADINGS: [&str; 7] =
    ["MULTICAST", "WINDOW", "DATAGRAMS", "REPAIRS", "REQUESTS", "MISSING", "LOST"];

impl GroupNumbers {
    /// What it sends and has lost, and a line for each source that it hears.
    pub(super) fn rows(&self) -> Vec<[String; 7]> {
        let Self { endpoint, sent, repairs_sent, requests_received, lost, sources } = self;
        let counts = [sent, repairs_sent, requests_received].map(u64::to_string);
        let [sent, repairs, requests] = counts;
        let empty = String::new;
        let own = [endpoint.clone(), empty(), sent, repairs, requests, empty(), lost.to_string()];
        [own].into_iter().chain(sources.iter().map(SourceNumbers::row)).collect()
    }
}

impl SourceNumbers {
    fn row(&self) -> [String; 7] {
        let Self { address, session, trail, lead, .. } = self;
        let counts = [self.received, self.repairs, self.requests, self.missing, self.lost];
        let [received, repairs, requests, missing, lost] = counts.map(|count| count.to_string());
        let window = format!("{trail}..{lead}");
        [format!("  from {address}/{session}"), window, received, repairs, requests, missing, lost]
    }
}

#[derive(Deserialize)]
pub(super) struct Numbers {
    pub(super) sent: u64,
    pub(super) received: u64,
    sent_bytes: u64,
    received_bytes: u64,
    pub(super) dropped_full: u64,
    pub(super) queued_out: u64,
    pub(super) discarded: u64,
    pub(super) conflated: u64,
    pub(super) queued_in: u64,
}

impl Report {
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let report: Self = serde_json::from_str(text).map_err(|error| {
            Failure::Failed(format!("the answer is not that of a statistics server: {error}"))
        })?;
        if report.format == "zincmq-stats/1" {
            return Ok(report);
        }
        let format = &report.format;
        Err(Failure::Failed(format!("the answer has the format {format}, of which this zinc knows nothing")))
    }

    pub(super) fn title(&self) -> String {
        let Self { program, pid, version, .. } = self;
        let uptime = indicatif::FormattedDuration(Duration::from_millis(self.uptime_ms));
        format!("{program} ({pid}), zincmq {version}, watched for {uptime}")
    }

    fn socket(&self, id: u64) -> Option<&SocketNumbers> {
        self.sockets.iter().find(|socket| socket.id == id)
    }
}

/// The headings of [`Row::cells`].
pub(super) const HEADINGS: [&str; 12] = [
    "TYPE", "ENDPOINT", "PEERS", "IN/s", "OUT/s", "IN B/s", "OUT B/s", "QUEUED", "UNREAD", "DROPPED", "LOST",
    "SEEN",
];

/// One socket as a line of the table.
pub(super) struct Row {
    pub(super) cells: [String; 12],
    /// Messages a second, in and out.
    pub(super) rates: [f64; 2],
}

impl Row {
    /// All sockets; rates are since `before`.
    pub(super) fn all(now: &Report, before: Option<&Report>) -> Vec<Self> {
        let row = |socket: &SocketNumbers| {
            let earlier = before.and_then(|before| Some((before, before.socket(socket.id)?)));
            Self::new(now, socket, earlier)
        };
        now.sockets.iter().map(row).collect()
    }

    fn new(now: &Report, socket: &SocketNumbers, before: Option<(&Report, &SocketNumbers)>) -> Self {
        let rate = |value: fn(&Numbers) -> u64| {
            let Some((report, earlier)) = before else { return 0.0 };
            // The times at which the socket told its numbers.
            let then = report.uptime_ms.saturating_sub(earlier.age_ms.unwrap_or(0));
            let elapsed = now.uptime_ms.saturating_sub(socket.age_ms.unwrap_or(0)).saturating_sub(then);
            let grown = value(&socket.numbers).saturating_sub(value(&earlier.numbers));
            if elapsed == 0 { 0.0 } else { grown as f64 * 1000.0 / elapsed as f64 }
        };
        let (received, sent) = (rate(|numbers| numbers.received), rate(|numbers| numbers.sent));
        let endpoints = [&*socket.bound, &*socket.connected].concat();
        let seen = match socket.age_ms {
            None => "never".to_owned(),
            Some(0..1000) => "now".to_owned(),
            Some(age) => format!("{} s ago", age / 1000),
        };
        let cells = [
            socket.socket_type.clone(),
            endpoints.join(" "),
            socket.peers.len().to_string(),
            human(received),
            human(sent),
            human(rate(|numbers| numbers.received_bytes)),
            human(rate(|numbers| numbers.sent_bytes)),
            HumanCount(socket.numbers.queued_out).to_string(),
            HumanCount(socket.numbers.queued_in).to_string(),
            format!("{}+{}", socket.numbers.dropped_full, socket.dropped_unroutable),
            format!("{}+{}", socket.reconnects, socket.handshake_failures),
            seen,
        ];
        Self { cells, rates: [received, sent] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(uptime: u64, age: &str, received: u64) -> Report {
        let text = format!(
            r#"{{"format":"zincmq-stats/1","version":"1","program":"p","pid":1,"uptime_ms":{uptime},"new":1,
            "sockets":[{{"id":7,"type":"PULL","age_ms":{age},"bound":["a"],"connected":["b"],"sent":0,
            "received":{received},"sent_bytes":0,"received_bytes":0,"dropped_full":1,"discarded":0,"conflated":0,"queued_out":2,"queued_in":5,
            "dropped_unroutable":6,"reconnects":3,"handshake_failures":4,"peers":[]}}]}}"#
        );
        Report::read(&text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn rates_are_between_the_times_at_which_the_socket_answered() {
        let (first, second) = (report(1000, "0", 100), report(3000, "1000", 2100));
        let rows = Row::all(&second, Some(&first));
        let cells = ["PULL", "a b", "0", "2.00k", "0", "0", "0", "2", "5", "1+6", "3+4", "1 s ago"];
        assert_eq!(rows[0].cells, cells.map(str::to_owned));
        let fresh = Row::all(&report(1000, "null", 0), None);
        assert_eq!((fresh[0].cells[3].as_str(), fresh[0].cells[11].as_str()), ("0", "never"));
    }

    #[test]
    fn a_group_has_a_line_and_so_has_each_source() {
        let text = r#"{"endpoint":"epgm://a","sent":1,"repairs_sent":2,"requests_received":3,"lost":4,"new":0,"sources":[
            {"address":"10.0.0.1","session":"ab.7","trail":5,"lead":9,"received":6,"repairs":7,"requests":8,"missing":9,
            "lost":10}]}"#;
        let group: GroupNumbers = serde_json::from_str(text).unwrap();
        let rows = [
            ["epgm://a", "", "1", "2", "3", "", "4"],
            ["  from 10.0.0.1/ab.7", "5..9", "6", "7", "8", "9", "10"],
        ];
        assert_eq!(group.rows(), rows.map(|row| row.map(str::to_owned)));
    }

    #[test]
    fn other_answers_are_refused() {
        let other = r#"{"format":"x/2","version":"","program":"","pid":1,"uptime_ms":0,"sockets":[]}"#;
        assert!(Report::read("hello").is_err() && Report::read(other).is_err());
    }
}
