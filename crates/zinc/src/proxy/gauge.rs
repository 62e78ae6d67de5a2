//! The numbers of a running proxy, and their regular print.

use crate::proxy::Kind;
use indicatif::{HumanBytes, HumanCount};
use serde_json::json;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use zincmq::{Context, SocketReport};

/// How long the sockets of the proxy have to answer: they wait in one call all the time.
const PATIENCE: Duration = Duration::from_millis(200);

/// Reads the numbers.
#[derive(Clone)]
pub(super) struct Gauge {
    context: Context,
    kind: Kind,
}

impl Gauge {
    pub(super) fn new(context: &Context, kind: Kind) -> Self {
        Self { context: context.clone(), kind }
    }

    /// Every socket of the proxy, and what it is there.
    pub(super) fn read(&self) -> Vec<(&'static str, SocketReport)> {
        let (front, back) = self.kind.sides();
        let role = |report: &SocketReport| match report.socket_type {
            side if side == front => "frontend",
            side if side == back => "backend",
            zincmq::SocketType::Pub => "capture",
            _ => "control",
        };
        self.context.stats(PATIENCE).into_iter().map(|report| (role(&report), report)).collect()
    }
}

/// Prints the numbers again and again, and once more at the end.
pub(super) struct Reporter {
    /// Dropped at the end, which the thread notices.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reporter {
    pub(super) fn start(gauge: Gauge, every: Duration, json: bool) -> Self {
        let (end, ended) = channel::<()>();
        let thread = thread::spawn(move || {
            let (began, mut last) = (Instant::now(), Vec::new());
            loop {
                let over = ended.recv_timeout(every) != Err(RecvTimeoutError::Timeout);
                let now = gauge.read();
                if json {
                    eprintln!("{}", as_json(&now, began.elapsed()));
                } else {
                    eprintln!("zinc: {}", as_text(&now, &last, every));
                }
                last = now;
                if over {
                    return;
                }
            }
        });
        Self { end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It ends with the channel, and does not panic.
            _ = thread.join();
        }
    }
}

fn as_json(sockets: &[(&'static str, SocketReport)], uptime: Duration) -> String {
    let sockets = sockets.iter().map(|(role, report)| {
        let stats = &report.stats;
        json!({
            "side": role, "type": report.socket_type.name(), "peers": stats.peers.len(),
            "received": stats.received, "received_bytes": stats.received_bytes,
            "sent": stats.sent, "sent_bytes": stats.sent_bytes,
            "queued_out": stats.queued_out, "dropped_full": stats.dropped_full,
            "reconnects": stats.reconnects, "handshake_failures": stats.handshake_failures,
        })
    });
    json!({ "uptime_ms": uptime.as_millis() as u64, "sockets": sockets.collect::<Vec<_>>() }).to_string()
}

/// One line: what came, what went, and how fast since the `last` time.
fn as_text(
    sockets: &[(&'static str, SocketReport)],
    last: &[(&'static str, SocketReport)],
    every: Duration,
) -> String {
    let side = |(role, report): &(&'static str, SocketReport)| {
        let (now, id) = (&report.stats, report.id);
        let before = last.iter().find(|(_, before)| before.id == id).map(|(_, before)| &before.stats);
        let rate = |now: u64, before: Option<u64>| {
            HumanCount((now.saturating_sub(before.unwrap_or(0)) as f64 / every.as_secs_f64()) as u64)
        };
        format!(
            "{role} {} peers, in {} ({}/s, {}), out {} ({}/s, {}), {} queued, {} dropped",
            now.peers.len(),
            HumanCount(now.received),
            rate(now.received, before.map(|stats| stats.received)),
            HumanBytes(now.received_bytes),
            HumanCount(now.sent),
            rate(now.sent, before.map(|stats| stats.sent)),
            HumanBytes(now.sent_bytes),
            HumanCount(now.queued_out),
            HumanCount(now.dropped_full),
        )
    };
    sockets.iter().filter(|(role, _)| role.ends_with("end")).map(side).collect::<Vec<_>>().join("; ")
}
