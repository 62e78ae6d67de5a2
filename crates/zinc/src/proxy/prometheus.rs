//! The numbers as Prometheus reads them, over the little of HTTP that this takes.

use crate::failure::Failure;
use crate::proxy::gauge::{Gauge, Side};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use zincmq::SocketStats;

/// A scraper says what it wants within this time, and in so many bytes.
const PATIENCE: Duration = Duration::from_secs(1);
const REQUEST: usize = 8 << 10;

type Metric = (&'static str, &'static str, &'static str, fn(&SocketStats) -> u64);

const METRICS: [Metric; 9] = [
    ("messages_received_total", "counter", "Messages received.", |stats| stats.received),
    ("messages_sent_total", "counter", "Messages accepted for peers.", |stats| stats.sent),
    ("received_bytes_total", "counter", "Bytes of frames received.", |stats| stats.received_bytes),
    ("sent_bytes_total", "counter", "Bytes of frames sent.", |stats| stats.sent_bytes),
    ("messages_dropped_total", "counter", "Messages dropped for full peers.", |stats| stats.dropped_full),
    ("reconnects_total", "counter", "Connections made again after a loss.", |stats| stats.reconnects),
    (
        "handshake_failures_total",
        "counter",
        "Connections that ended before the handshake was done.",
        |stats| stats.handshake_failures,
    ),
    ("messages_queued", "gauge", "Messages queued for peers.", |stats| stats.queued_out),
    ("peers", "gauge", "Peers of this moment.", |stats| stats.peers.len() as u64),
];

/// Answers scrapers, one after the other, until the process ends.
pub(super) fn serve(address: SocketAddr, gauge: Gauge) -> Result<(), Failure> {
    let unable = |error: io::Error| Failure::Failed(format!("cannot serve metrics at {address}: {error}"));
    let listener = TcpListener::bind(address).map_err(unable)?;
    note!("zinc: metrics at http://{}/metrics", listener.local_addr().map_err(unable)?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who does not read its answer does without.
            _ = answer(stream, &gauge);
        }
    });
    Ok(())
}

fn answer(mut stream: TcpStream, gauge: &Gauge) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = read_head(&mut stream)?;
    let mut words = request.split(' ');
    let (status, body) = match (words.next(), words.next()) {
        (Some("GET"), Some("/metrics" | "/")) => ("200 OK", text(&gauge.read())),
        (Some("GET"), _) => ("404 Not Found", "the metrics are at /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed", "only GET is understood\n".to_owned()),
    };
    let length = body.len();
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let head = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("HTTP/1.1 {status}\r\n{head}{body}").as_bytes())
}

/// The head of a request, up to its empty line.
fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    let until = Instant::now() + PATIENCE;
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < REQUEST {
        let left = until.saturating_duration_since(Instant::now());
        // No time at all would mean no limit.
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let count = stream.read(&mut buffer)?;
        if count == 0 || left.is_zero() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
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
