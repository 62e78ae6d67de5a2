//! A publisher and those who hear it. Nothing tells a publisher when a subscriber has joined, but what it hears: so
//! hellos are sent, numbered, until it has heard one.

use interop::multicast::{Library, Messages, PATIENCE, Process, Start, genuine};
use std::net::SocketAddr;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long to wait for an answer to one hello before there is another.
const PAUSE: Duration = Duration::from_millis(20);

/// Options of both sides, unless a test is about them: a window that holds all of a test, no high-water mark, and a rate
/// at which the token bucket is one millisecond's.
pub(crate) const OPTIONS: &[&str] = &["rate=12800", "sndhwm=0", "rcvhwm=0", "rcvbuf=212992", "linger=0"];

/// Whoever sends messages.
pub(crate) trait Says {
    fn say(&mut self, messages: &Messages);
}

/// Whoever receives messages: as the lines that `describe` makes of them.
pub(crate) trait Hears {
    fn hear(&mut self, time: Duration) -> Option<String>;
}

impl Says for Process {
    fn say(&mut self, messages: &Messages) {
        self.send(messages);
    }
}

impl Hears for Process {
    fn hear(&mut self, time: Duration) -> Option<String> {
        self.line_within(time)
    }
}

/// One publisher.
pub(crate) struct Talk<S> {
    pub(crate) publisher: S,
    /// What its hellos begin with.
    hello: char,
    next: u32,
}

impl<S: Says> Talk<S> {
    pub(crate) fn new(publisher: S, hello: char) -> Self {
        Self { publisher, hello, next: 0 }
    }

    /// Sends hellos until the subscriber has one of these. Returns what it has heard besides, all before it.
    pub(crate) fn reach(&mut self, subscriber: &mut impl Hears) -> Vec<String> {
        let (first, until, mut heard) = (self.next, Instant::now() + PATIENCE, Vec::new());
        while Instant::now() < until {
            self.greet();
            while let Some(line) = subscriber.hear(PAUSE) {
                match self.hello(&line) {
                    None => heard.push(line),
                    Some(number) if number < first => {}
                    Some(_) => return heard,
                }
            }
        }
        panic!("no hello is heard, but {} lines: {heard:#?}", heard.len());
    }

    pub(crate) fn greet(&mut self) {
        self.publisher.say(&Messages::new(self.hello, self.next, 1, &[9]));
        self.next += 1;
    }

    /// Sends these, and sees that they are heard, in this order and nothing else.
    pub(crate) fn tell(&mut self, subscriber: &mut impl Hears, messages: &[Messages]) {
        messages.iter().for_each(|messages| self.publisher.say(messages));
        same(&self.reach(subscriber), messages);
    }

    fn hello(&self, line: &str) -> Option<u32> {
        line.strip_prefix(self.hello)?.split('/').next()?.parse().ok()
    }
}

/// These lines are of these messages.
pub(crate) fn same(lines: &[String], messages: &[Messages]) {
    let expected: Vec<_> = messages.iter().flat_map(Messages::lines).collect();
    for (index, (line, expected)) in lines.iter().zip(&expected).enumerate() {
        assert_eq!(line, expected, "message {index} of {}", lines.len());
    }
    assert_eq!(lines.len(), expected.len(), "the first ones are right");
}

/// Sizes at which a frame takes another form, or a datagram (of 1428 bytes) more, one in several of them, and many in one.
pub(crate) fn all_sizes() -> Vec<Messages> {
    let single = [
        0, 1, 8, 9, 100, 252, 253, 254, 255, 256, 1000, 1415, 1416, 1417, 1418, 1423, 1424, 1425, 1426, 1427,
        1428, 1429, 2000, 2852, 2856, 20_000, 65_535, 65_536, 100_000,
    ];
    let single = single.iter().map(|&size| vec![size]);
    let several = [vec![9, 0, 253], vec![0, 0], vec![3000, 9, 60_000], vec![9; 100], vec![1; 3000]];
    let mut next = 0;
    let mut row = |count, sizes: Vec<usize>| {
        let messages = Messages::new('a', next, count, &sizes);
        next += count;
        messages
    };
    let mut messages: Vec<_> = single.chain(several).map(|sizes| row(1, sizes)).collect();
    messages.push(row(200, vec![9]));
    messages.push(row(30, vec![9, 1400]));
    messages
}

/// The program each of whose processes is a socket.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_multicast_peer"))
}

/// Whether a test of these can be run.
pub(crate) fn available(libraries: &[Library]) -> bool {
    !libraries.contains(&Library::Genuine) || genuine(program())
}

/// A group and a port of the test's own.
pub(crate) struct Place {
    group: [u8; 4],
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let (id, next) = (process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Below the ports that the system gives out.
        let port = 20_000 + ((id * 64) as u16).wrapping_add(next) % 12_000;
        let [.., high, low] = id.to_be_bytes();
        Self { group: [239, 192, high, low], port }
    }

    pub(crate) fn group(&self) -> SocketAddr {
        SocketAddr::from((self.group, self.port))
    }

    /// On the loopback interface.
    pub(crate) fn loopback(&self) -> String {
        let [a, b, c, d] = self.group;
        format!("epgm://127.0.0.1;{a}.{b}.{c}.{d}:{}", self.port)
    }
}

/// A socket's process on this host, with the usual options, of which these are others.
pub(crate) fn socket(library: Library, socket: &str, endpoint: &str, options: &[&str]) -> Process {
    start(library, socket, endpoint, options).process()
}

/// What [`socket`] starts.
pub(crate) fn start<'a>(library: Library, socket: &'a str, endpoint: &'a str, options: &[&str]) -> Start<'a> {
    let options = OPTIONS.iter().chain(options).map(ToString::to_string).collect();
    // Which of both it does makes no difference.
    let binds = library == Library::Genuine || socket.starts_with('x');
    Start { program: program(), host: None, library, socket, binds, endpoint, options }
}
