//! The numbers of a running proxy, and their regular print.

use crate::proxy::kind::Kind;
use crate::report::human;
use indicatif::HumanCount;
use serde_json::json;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use zincmq::security::ZAP_ENDPOINT;
use zincmq::{AnySocket, Context, SocketReport, SocketStats, SocketType};

/// How long the sockets of the proxy have to answer: they wait in one call all the time.
const PATIENCE: Duration = Duration::from_millis(200);

/// The numbers of one socket of the proxy.
pub(super) struct Side {
    /// The socket's role there: frontend, backend, capture or control.
    pub(super) role: &'static str,
    pub(super) socket_type: SocketType,
    pub(super) stats: SocketStats,
}

impl Side {
    /// To be called by the thread that has the socket.
    pub(super) fn of(role: &'static str, socket: &AnySocket) -> Self {
        Self { role, socket_type: socket.socket_type(), stats: socket.stats() }
    }
}

/// Reads the numbers while the proxy runs.
#[derive(Clone)]
pub(super) struct Gauge {
    context: Context,
    kind: Kind,
}

impl Gauge {
    pub(super) fn new(context: &Context, kind: Kind) -> Self {
        Self { context: context.clone(), kind }
    }

    pub(super) fn read(&self) -> Vec<Side> {
        let (front, back) = self.kind.sides();
        let role = |socket_type| match socket_type {
            side if side == front => "frontend",
            side if side == back => "backend",
            SocketType::Pub => "capture",
            _ => "control",
        };
        let side = |report: SocketReport| {
            let SocketReport { socket_type, stats, .. } = report;
            Side { role: role(socket_type), socket_type, stats }
        };
        // The authenticator's socket passes no messages.
        let passes = |report: &SocketReport| !report.bound.iter().any(|endpoint| endpoint == ZAP_ENDPOINT);
        self.context.stats(PATIENCE).into_iter().filter(passes).map(side).collect()
    }
}

/// Prints the numbers again and again.
pub(super) struct Reporter {
    end: Sender<Vec<Side>>,
    thread: JoinHandle<()>,
}

impl Reporter {
    pub(super) fn start(gauge: Gauge, every: Duration, json: bool) -> Self {
        let (end, ended) = channel();
        let thread = thread::spawn(move || {
            let mut past = Past { began: Instant::now(), printed: Instant::now(), sides: Vec::new() };
            loop {
                match ended.recv_timeout(every) {
                    Err(RecvTimeoutError::Timeout) => past.print(gauge.read(), json),
                    Ok(last) => return past.print(last, json),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Self { end, thread }
    }

    /// Prints once more, when the sockets are at rest.
    pub(super) fn end(self, sides: Vec<Side>) {
        _ = self.end.send(sides);
        // It ends with the message, and does not panic.
        _ = self.thread.join();
    }
}

/// The numbers that were printed last.
struct Past {
    began: Instant,
    printed: Instant,
    sides: Vec<Side>,
}

impl Past {
    fn print(&mut self, sides: Vec<Side>, json: bool) {
        if json {
            note!("{}", as_json(&sides, self.began.elapsed()));
        } else {
            let ends = sides.iter().filter(|side| side.role.ends_with("end"));
            let text: Vec<String> = ends.map(|side| self.as_text(side)).collect();
            note!("zinc: {}", text.join("; "));
        }
        (self.sides, self.printed) = (sides, Instant::now());
    }

    /// The messages in and out, and how fast since the last time.
    fn as_text(&self, side: &Side) -> String {
        let now = &side.stats;
        let before = self.sides.iter().find(|before| before.role == side.role).map(|before| &before.stats);
        let seconds = self.printed.elapsed().as_secs_f64();
        let rate = |value: fn(&SocketStats) -> u64| {
            let grown = value(now).saturating_sub(before.map_or(0, value));
            human(grown as f64 / seconds)
        };
        let lost = match now.multicast.iter().map(|group| group.lost).sum::<u64>() {
            0 => String::new(),
            lost => format!(", {} datagrams lost", HumanCount(lost)),
        };
        format!(
            "{}: {} peers, in {} ({}/s), out {} ({}/s), {} queued, {} unread, {} dropped{lost}",
            side.role,
            now.peers.len(),
            HumanCount(now.received),
            rate(|stats| stats.received),
            HumanCount(now.sent),
            rate(|stats| stats.sent),
            HumanCount(now.queued_out),
            HumanCount(now.queued_in),
            HumanCount(now.dropped_full),
        )
    }
}

fn as_json(sides: &[Side], uptime: Duration) -> String {
    let sockets = sides.iter().map(|Side { role, socket_type, stats }| {
        json!({
            "side": role, "type": socket_type.name(), "peers": stats.peers.len(),
            "received": stats.received, "received_bytes": stats.received_bytes,
            "sent": stats.sent, "sent_bytes": stats.sent_bytes,
            "queued_out": stats.queued_out, "queued_in": stats.queued_in, "dropped_full": stats.dropped_full,
            "dropped_unroutable": stats.dropped_unroutable, "discarded": stats.discarded, "conflated": stats.conflated,
            "reconnects": stats.reconnects, "handshake_failures": stats.handshake_failures,
            "datagrams_lost": stats.multicast.iter().map(|group| group.lost).sum::<u64>(),
        })
    });
    json!({ "uptime_ms": uptime.as_millis() as u64, "sockets": sockets.collect::<Vec<_>>() }).to_string()
}
