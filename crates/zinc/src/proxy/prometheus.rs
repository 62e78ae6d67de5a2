//! The numbers as Prometheus reads them.

use crate::failure::Failure;
use crate::proxy::gauge::{Gauge, Side};
use crate::proxy::http;
use std::fmt::Write as _;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use zincmq::MulticastStats;
use zincmq::SocketStats;

type Metric = (&'static str, &'static str, &'static str, fn(&SocketStats) -> u64);

const METRICS: [Metric; 23] = [
    ("messages_received_total", "counter", "Messages received.", |stats| stats.received),
    ("messages_sent_total", "counter", "Messages accepted for peers.", |stats| stats.sent),
    ("received_bytes_total", "counter", "Bytes of frames received.", |stats| stats.received_bytes),
    ("sent_bytes_total", "counter", "Bytes of frames sent.", |stats| stats.sent_bytes),
    ("messages_dropped_total", "counter", "Messages dropped for full peers.", |stats| stats.dropped_full),
    ("messages_refused_total", "counter", "Messages that their peers do not take.", |stats| {
        stats.dropped_refused
    }),
    ("messages_unroutable_total", "counter", "Messages for peers that are not there.", |stats| {
        stats.dropped_unroutable
    }),
    ("messages_unread_total", "counter", "Notices dropped since nobody read them.", |stats| {
        stats.dropped_unread
    }),
    ("messages_discarded_total", "counter", "Messages received and thrown away.", |stats| stats.discarded),
    ("messages_conflated_total", "counter", "Messages that a newer one took the place of.", |stats| {
        stats.conflated
    }),
    ("reconnects_total", "counter", "Connections made again after a loss.", |stats| stats.reconnects),
    (
        "handshake_failures_total",
        "counter",
        "Connections that ended before the handshake was done.",
        |stats| stats.handshake_failures,
    ),
    ("messages_queued", "gauge", "Messages queued for peers.", |stats| stats.queued_out),
    ("messages_waiting", "gauge", "Messages that wait to be received.", |stats| stats.queued_in),
    ("peers", "gauge", "Peers of this moment.", |stats| stats.peers.len() as u64),
    ("multicast_received_total", "counter", "Datagrams received from multicast sources.", |stats| {
        sum(stats, |group| group.received)
    }),
    ("multicast_sent_total", "counter", "Datagrams sent to multicast groups.", |stats| {
        sum(stats, |group| group.sent)
    }),
    ("multicast_repairs_received_total", "counter", "Datagrams received after a request.", |stats| {
        sum(stats, |group| group.repairs_received)
    }),
    ("multicast_repairs_sent_total", "counter", "Datagrams sent again.", |stats| {
        sum(stats, |group| group.repairs_sent)
    }),
    ("multicast_requests_total", "counter", "Requests for repair sent and received.", |stats| {
        sum(stats, |group| group.requests_sent + group.requests_received)
    }),
    ("multicast_lost_total", "counter", "Datagrams lost for good.", |stats| sum(stats, |group| group.lost)),
    ("multicast_malformed_total", "counter", "Datagrams that could not be read.", |stats| {
        sum(stats, |group| group.malformed)
    }),
    ("multicast_sources", "gauge", "Multicast sources that are heard.", |stats| {
        sum(stats, |group| group.sources.len() as u64)
    }),
];

/// The sum over all multicast endpoints.
fn sum(stats: &SocketStats, value: fn(&MulticastStats) -> u64) -> u64 {
    stats.multicast.iter().map(value).sum()
}

/// Answers scrapers until the process ends.
pub(super) fn serve(address: SocketAddr, gauge: Gauge) -> Result<(), Failure> {
    let unable = |error: io::Error| Failure::Failed(format!("cannot serve metrics at {address}: {error}"));
    let listener = TcpListener::bind(address).map_err(unable)?;
    listener.set_nonblocking(true).map_err(unable)?;
    note!("zinc: metrics at http://{}/metrics", listener.local_addr().map_err(unable)?);
    thread::spawn(move || {
        http::serve(&listener, |method, path| match (method, path) {
            ("GET", "/metrics" | "/") => ("200 OK", text(&gauge.read())),
            ("GET", _) => ("404 Not Found", "the metrics are at /metrics\n".to_owned()),
            _ => ("405 Method Not Allowed", "only GET is understood\n".to_owned()),
        });
    });
    Ok(())
}

/// The exposition format 0.0.4.
fn text(sides: &[Side]) -> String {
    let mut text = String::new();
    for (name, kind, help, value) in METRICS {
        // Writing to a String cannot fail.
        _ = writeln!(text, "# HELP zincmq_{name} {help}\n# TYPE zincmq_{name} {kind}");
        for Side { role, socket_type, stats } in sides {
            let value = value(stats);
            _ = writeln!(text, "zincmq_{name}{{side=\"{role}\",type=\"{socket_type}\"}} {value}");
        }
    }
    text
}
