//! Many connections: that come and go, that do nothing, and that subscribe to a topic each; and many topics.

use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::param::page_size;

use crate::flow::read;
use crate::side::{Copier, Receiver, Result, Sender};
use crate::took::Took;

/// How many peers come at the same time. It is less than the backlog of a listening socket, which is 100.
const WAVE: usize = 64;

/// For how long connections are idle before they are weighed: longer than it takes zincmq to take back the memory
/// that an idle connection does not need (one to two seconds).
const IDLE: Duration = Duration::from_millis(2500);

/// Until the time is over: peers connect and ask, all at once; when each is answered all leave.
pub(crate) fn storm<P: Sender + Receiver>(
    connect: impl Fn() -> Result<P>,
    size: usize,
    time: Duration,
) -> Result<Took> {
    let asking = |_| {
        let mut peer = connect()?;
        peer.send(size, 0)?;
        Ok(peer)
    };
    let (start, mut peers) = (Instant::now(), 0);
    while start.elapsed() < time {
        let mut wave = (0..WAVE).map(asking).collect::<Result<Vec<_>>>()?;
        for peer in &mut wave {
            read(peer.recv()?);
        }
        peers += WAVE as u64;
    }
    let took = Took::timed(peers, start.elapsed());
    connect()?.send(0, 0)?;
    Ok(took)
}

/// The resident memory that `connect` adds for `peers` connections, once they are idle.
#[expect(clippy::disallowed_methods, reason = "to be idle takes time")]
pub(crate) fn rest(peers: usize, connect: impl FnOnce() -> Result<()>) -> Result<Took> {
    let before = resident()?;
    connect()?;
    thread::sleep(IDLE);
    Ok(Took { messages: peers as u64, numbers: vec![resident()?.saturating_sub(before)] })
}

/// The topic of this number.
pub(crate) fn topic(number: usize) -> [u8; 4] {
    (number as u32).to_be_bytes()
}

/// A publisher that sends by so many topics in turn.
pub(crate) struct ByTopic<P> {
    publisher: P,
    topics: usize,
    next: usize,
    body: Vec<u8>,
}

impl<P: Copier> ByTopic<P> {
    pub(crate) fn new(publisher: P, topics: usize) -> Self {
        Self { publisher, topics, next: 0, body: Vec::new() }
    }
}

/// The topic stands in front of the body, and alone in the last message.
impl<P: Copier> Sender for ByTopic<P> {
    fn send(&mut self, size: usize, byte: u8) -> Result<()> {
        self.body.clear();
        self.body.extend(topic(self.next));
        self.body.resize(size.max(self.body.len()), byte);
        self.next = (self.next + 1) % self.topics;
        self.publisher.send_copy(&self.body)
    }
}

/// Bytes of this process that are in memory.
fn resident() -> Result<u64> {
    let sizes = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = sizes.split(' ').nth(1).ok_or("statm has no second field")?.parse()?;
    Ok(pages * page_size() as u64)
}
