//! Shows the numbers of a context to other processes: `zinc top`, or any program that speaks ZeroMQ.

use crate::context::{Context, Shared};
use crate::error::{Error, Result};
use crate::message::Message;
use crate::socket::typed::Rep;
use crate::stats::{MulticastSource, MulticastStats, PeerStats, SocketReport};
use std::fmt::Write;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long sockets have to answer.
const PATIENCE: Duration = Duration::from_millis(100);

/// Answers with the numbers of a context until it is dropped: `zinc top` asks, or any program that speaks ZeroMQ.
///
/// It has a thread and a context of its own, so the sockets that it speaks of pay nothing until somebody asks, and it
/// holds up nobody's end. A program that can connect can read the numbers and the names of endpoints: bind to ipc, or
/// to the loopback address.
///
/// ```
/// use zincmq::{Context, Req, StatsServer};
/// # fn main() -> zincmq::Result<()> {
/// let context = Context::new();
/// let server = StatsServer::open(&context, "tcp://127.0.0.1:*")?;
/// // From another process: zinc top ENDPOINT
/// # let elsewhere = Context::new();
/// let mut req = Req::new(&elsewhere)?;
/// req.connect(server.endpoint())?;
/// req.send("")?;
/// assert!(req.recv()?.as_str().unwrap().starts_with(r#"{"format":"zincmq-stats/1""#));
/// # Ok(()) }
/// ```
///
/// # The answers
///
/// The server is a REP socket. It answers every request with one part of JSON in UTF-8, on one line:
///
/// ```json
/// {"format":"zincmq-stats/1","version":"0.1.0","program":"broker","pid":4711,"uptime_ms":60000,
///  "sockets":[{"id":1,"type":"ROUTER","age_ms":0,"bound":["tcp://0.0.0.0:5555"],"connected":[],
///   "sent":7,"received":9,"sent_bytes":70,"received_bytes":90,"dropped_full":0,"discarded":0,"conflated":0,
///   "queued_out":2,"queued_in":1,"dropped_unread":0,"dropped_refused":0,"dropped_unroutable":0,"reconnects":0,
///   "handshake_failures":0,"multicast":[],
///   "peers":[{"endpoint":"tcp://0.0.0.0:5555","sent":7,"received":9,"sent_bytes":70,"received_bytes":90,
///    "dropped_full":0,"discarded":0,"conflated":0,"queued_out":2,"queued_in":1}]}]}
/// ```
///
/// - `uptime_ms` counts from the server's start and never goes backwards: rates are differences of two answers.
/// - The names below `sockets` and `peers` are those of [`SocketStats`](crate::SocketStats) and [`PeerStats`], with their meaning; those below
///   `multicast`, and `sources` in there, those of [`MulticastStats`] and [`MulticastSource`].
/// - `age_ms` is how long ago the socket told its numbers; `null`: it has never answered, and they are zero.
///   A socket answers when it is used (see [`Context::stats`]).
/// - Members may be added in a format of the same number; readers pass over those that they do not know.
#[derive(Debug)]
pub struct StatsServer {
    endpoint: String,
    context: Context,
    thread: Option<JoinHandle<()>>,
}

impl StatsServer {
    /// Binds to an endpoint, tcp or ipc, and answers there.
    ///
    /// # Errors
    /// As [`Socket::bind`](crate::Socket::bind); [`Error::Endpoint`] for inproc, which nobody else could reach;
    /// [`Error::System`] if the thread cannot be started.
    pub fn open(context: &Context, endpoint: &str) -> Result<Self> {
        let own = Context::builder().blocky(false).build();
        let mut rep = Rep::new(&own)?;
        rep.bind(endpoint)?;
        Self::with(context, own, rep)
    }

    /// Answers at a socket that the program has made ready: bound, and secured if it is to be. `own` is the context of
    /// that socket alone, and ends with the server; it should be made with `Context::builder().blocky(false)`, so that
    /// nothing waits for answers that nobody takes.
    ///
    /// # Errors
    /// [`Error::Endpoint`] for inproc; [`Error::System`] if the thread cannot be started.
    pub fn with(context: &Context, own: Context, mut rep: Rep) -> Result<Self> {
        let endpoint = rep.last_endpoint();
        if endpoint.starts_with("inproc:") {
            let reason = "a statistics server is for other processes: use ipc or tcp".to_owned();
            let errno = rustix::io::Errno::INVAL.raw_os_error();
            return Err(Error::endpoint(&endpoint, reason, errno));
        }
        let watched = context.0.view();
        let thread = thread::Builder::new().name("zincmq-stats".to_owned());
        let thread = thread.spawn(move || serve(&mut rep, &watched)).map_err(Error::System)?;
        Ok(Self { endpoint, context: own, thread: Some(thread) })
    }

    /// Where it is bound, wildcards resolved.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for StatsServer {
    fn drop(&mut self) {
        self.context.shutdown();
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, there would be nothing left to do.
            _ = thread.join();
        }
    }
}

/// Answers until the server's context ends.
fn serve(rep: &mut Rep, watched: &Shared) {
    let began = Instant::now();
    let mut request = Message::new();
    while rep.recv_into(&mut request).is_ok() {
        let sockets = watched.stats(PATIENCE);
        if rep.send(document(&sockets, began.elapsed())).is_err() {
            return;
        }
    }
}

/// The text of an answer.
fn document(sockets: &[SocketReport], uptime: Duration) -> String {
    let program = std::env::args_os().next().unwrap_or_default();
    let program = std::path::Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
    let mut json = r#"{"format":"zincmq-stats/1","#.to_owned();
    add(&mut json, "version", &text(env!("CARGO_PKG_VERSION")));
    add(&mut json, "program", &text(&program));
    add(&mut json, "pid", &std::process::id().to_string());
    add(&mut json, "uptime_ms", &uptime.as_millis().to_string());
    add(&mut json, "sockets", &list(sockets, socket));
    close(json)
}

/// Adds the numbers of these names.
macro_rules! numbers {
    ($json:ident, $stats:ident: $($name:ident)+) => {
        $(add(&mut $json, stringify!($name), &$stats.$name.to_string());)+
    };
}

fn socket(report: &SocketReport) -> String {
    let SocketReport { id, socket_type, age, bound, connected, stats } = report;
    let mut json = "{".to_owned();
    add(&mut json, "id", &id.to_string());
    add(&mut json, "type", &text(socket_type.name()));
    add(&mut json, "age_ms", &age.map_or_else(|| "null".to_owned(), |age| age.as_millis().to_string()));
    add(&mut json, "bound", &list(bound, |name| text(name)));
    add(&mut json, "connected", &list(connected, |name| text(name)));
    numbers!(json, stats: sent received sent_bytes received_bytes dropped_full discarded conflated queued_out queued_in);
    numbers!(json, stats: dropped_unread dropped_refused dropped_unroutable reconnects handshake_failures);
    add(&mut json, "multicast", &list(&stats.multicast, group));
    add(&mut json, "peers", &list(&stats.peers, peer));
    close(json)
}

fn group(stats: &MulticastStats) -> String {
    let mut json = "{".to_owned();
    add(&mut json, "endpoint", &text(&stats.endpoint));
    numbers!(json, stats: sent sent_bytes repairs_sent requests_received);
    numbers!(json, stats: received received_bytes repairs_received requests_sent);
    numbers!(json, stats: lost malformed refused_by_system);
    add(&mut json, "sources", &list(&stats.sources, source));
    close(json)
}

fn source(stats: &MulticastSource) -> String {
    let mut json = "{".to_owned();
    add(&mut json, "address", &text(&stats.address.to_string()));
    add(&mut json, "session", &text(&stats.session));
    numbers!(json, stats: trail lead received received_bytes repairs requests missing lost);
    close(json)
}

fn peer(stats: &PeerStats) -> String {
    let mut json = "{".to_owned();
    add(&mut json, "endpoint", &text(&stats.endpoint));
    numbers!(json, stats: sent received sent_bytes received_bytes dropped_full discarded conflated queued_out queued_in);
    close(json)
}

/// Adds a member, and a comma.
fn add(json: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    _ = write!(json, "\"{name}\":{value},");
}

/// Ends an object in place of its last comma.
fn close(mut json: String) -> String {
    json.pop();
    json + "}"
}

fn list<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(","))
}

fn text(text: &str) -> String {
    let mut quoted = String::from('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            '\0'..='\u{1f}' => _ = write!(quoted, "\\u{:04x}", u32::from(sign)),
            _ => quoted.push(sign),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted() {
        assert_eq!(text("a\"b\\c\n\u{e9}"), "\"a\\\"b\\\\c\\u000a\u{e9}\"");
    }

    #[test]
    fn a_group_and_its_sources_are_told() {
        let heard = MulticastSource {
            address: [10, 0, 0, 1].into(),
            session: "0102.7".to_owned(),
            trail: 3,
            lead: 9,
            received: 7,
            received_bytes: 70,
            repairs: 1,
            requests: 2,
            missing: 4,
            lost: 5,
        };
        let stats = MulticastStats {
            endpoint: "epgm://e".to_owned(),
            lost: 5,
            sources: vec![heard],
            ..Default::default()
        };
        let expected = r#"{"endpoint":"epgm://e","sent":0,"sent_bytes":0,"repairs_sent":0,"requests_received":0,"received":0,"received_bytes":0,"repairs_received":0,"requests_sent":0,"lost":5,"malformed":0,"refused_by_system":0,"sources":[{"address":"10.0.0.1","session":"0102.7","trail":3,"lead":9,"received":7,"received_bytes":70,"repairs":1,"requests":2,"missing":4,"lost":5}]}"#;
        assert_eq!(group(&stats), expected);
    }

    #[test]
    fn nothing_is_a_document_too() {
        let json = document(&[], Duration::from_secs(2));
        assert!(json.ends_with("\"uptime_ms\":2000,\"sockets\":[]}"), "{json}");
    }
}
