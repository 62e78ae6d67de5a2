//! Through a descriptor: pipe, drain, socket pair, filler, pipe; connections break anywhere.

mod common;

use common::{Bell, body, broadcast, take_message};
use proptest::collection::vec;
use proptest::prelude::*;
use queue::{Bounds, Drain, Filler, Part, PeerInfo, Pool, Reader, Walk, Writer, channel};
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

const UNBOUNDED: Bounds = Bounds { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };

/// A command on the wire: PING, with two bytes of its own.
const PING: [u8; 9] = [4, 7, 4, b'P', b'I', b'N', b'G', 0, 0];

#[derive(Debug, Clone)]
enum Step {
    /// Parts, and how many pipes share them; 0: they are this one's.
    Write(Vec<(u8, usize)>, usize),
    Publish,
    /// The writer says how far it has come.
    Milestone,
    /// Times that the sender writes to its descriptor.
    Drain(usize),
    /// As far as the end of the message begun, then a command.
    Ping,
    /// Times that the receiver reads from its descriptor.
    Fill(usize),
    Take(usize),
    Park,
    Sweep,
    Reconnect(usize),
    /// The sender's connection takes this much and breaks there.
    Swallow(usize),
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0usize..600,
        3 => prop::sample::select(vec![253, 254, 255, 256, 257, 1015, 1024, 8192]),
        2 => 2000usize..12_000,
        2 => 30_000usize..70_000,
        1 => 65_440usize..65_560,
        1 => 100_000usize..300_000,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let buffer = || prop::sample::select(vec![1usize, 4 << 10, 16 << 10, 64 << 10]);
    prop_oneof![
        12 => (vec((any::<u8>(), size()), 1..5), prop_oneof![Just(0), 1usize..40]).prop_map(|(parts, pipes)| Step::Write(parts, pipes)),
        8 => Just(Step::Publish),
        4 => Just(Step::Milestone),
        10 => (1usize..6).prop_map(Step::Drain),
        2 => Just(Step::Ping),
        10 => (1usize..6).prop_map(Step::Fill),
        6 => (1usize..6).prop_map(Step::Take),
        4 => Just(Step::Park),
        2 => Just(Step::Sweep),
        1 => buffer().prop_map(Step::Reconnect),
        1 => buffer().prop_map(Step::Swallow),
    ]
}

/// Both directions' worth of one connection, and what is on its way.
struct Line {
    pool: Arc<Pool>,
    writer: Writer,
    drain: Drain,
    drain_bell: Arc<Bell>,
    wires: (UnixStream, UnixStream),
    prefix: Vec<u8>,
    pings: usize,
    filler: Filler,
    full: bool,
    reader: Reader,
    reader_bell: Arc<Bell>,
    connection: i32,
    unpublished: usize,
    /// Written and not yet received; those not published are the last.
    queue: VecDeque<Vec<(u8, usize)>>,
}

fn pair(buffer: usize) -> (UnixStream, UnixStream) {
    let (sender, receiver) = UnixStream::pair().unwrap();
    set_socket_send_buffer_size(&sender, buffer).unwrap();
    (sender, receiver)
}

impl Line {
    fn new(mark: u32, buffer: usize) -> Self {
        let pool = Pool::new();
        let (drain_bell, reader_bell) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
        let (writer, outbound) = channel(&pool);
        outbound.attach(drain_bell.clone(), 1);
        let (inbound, mut reader) = channel(&pool);
        inbound.attach(reader_bell.clone(), 2);
        reader.attach(reader_bell.clone(), 1);
        reader.set_high_water(mark);
        Self {
            pool,
            writer,
            drain: Drain::new(outbound),
            drain_bell,
            wires: pair(buffer),
            prefix: Vec::new(),
            pings: 0,
            filler: Filler::new(inbound, UNBOUNDED),
            full: false,
            reader,
            reader_bell,
            connection: 0,
            unpublished: 0,
            queue: VecDeque::new(),
        }
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Write(parts, pipes) => {
                let slices: Vec<_> =
                    parts.iter().map(|&(seed, size)| Part::Slice(body(seed, size))).collect();
                if *pipes > 0 {
                    self.writer.write_shared(&slices, &mut broadcast(parts.len(), *pipes));
                } else {
                    self.writer.write(&[], &slices);
                }
                self.queue.push_back(parts.clone());
                self.unpublished += 1;
            }
            Step::Publish => self.publish(),
            Step::Milestone => self.drain.pass_on(self.writer.milestone()),
            Step::Drain(times) => (0..*times).for_each(|_| _ = self.drain()),
            Step::Ping => self.ping(),
            Step::Fill(times) => (0..*times).for_each(|_| _ = self.fill()),
            Step::Take(count) => (0..*count).for_each(|_| _ = self.take()),
            Step::Park => {
                self.wake();
                _ = (self.drain.park(), self.reader.park());
            }
            Step::Sweep => _ = (self.writer.sweep(), self.filler.sweep()),
            Step::Reconnect(buffer) => self.reconnect(*buffer),
            Step::Swallow(buffer) => {
                while self.drain() {}
                self.reconnect(*buffer);
            }
        }
    }

    fn publish(&mut self) {
        if self.writer.publish() {
            self.writer.wake();
        }
        self.unpublished = 0;
    }

    /// Looks at the bells.
    fn wake(&mut self) {
        if self.drain_bell.has_rung_for_reader() {
            self.drain.frames().resume();
        }
        if self.reader_bell.has_rung_for_reader() {
            self.reader.resume();
        }
        if self.reader_bell.has_rung_for_writer() {
            self.full = false;
        }
    }

    /// Returns whether the kernel took anything.
    fn drain(&mut self) -> bool {
        self.wake();
        let had = self.drain.has_bytes() || !self.prefix.is_empty();
        match self.drain.write_to(self.wires.0.as_fd(), &mut self.prefix) {
            Ok(sent) => {
                assert_eq!(sent > 0, had);
                sent > 0
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                false
            }
        }
    }

    fn ping(&mut self) {
        while self.drain.is_inside_message() {
            match self.drain.finish_message(self.wires.0.as_fd()) {
                Ok(sent) => assert!(sent > 0),
                Err(_) => return,
            }
        }
        assert_eq!(self.drain.finish_message(self.wires.0.as_fd()).unwrap(), 0);
        if self.prefix.is_empty() {
            self.prefix.extend_from_slice(&PING);
            self.pings += 1;
        }
        // It may be sent while the pipe rests, whatever has been published meanwhile.
        let parked = self.drain.park();
        if let Ok(sent) = self.drain.write_to(self.wires.0.as_fd(), &mut self.prefix) {
            assert!(!parked || sent <= PING.len());
        }
    }

    /// Returns whether anything came.
    fn fill(&mut self) -> bool {
        self.wake();
        if self.full {
            return false;
        }
        self.walk();
        if self.full {
            return true;
        }
        let read = match self.filler.read_from(self.wires.1.as_fd()) {
            Ok((read, _)) => read,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                0
            }
        };
        self.walk();
        read > 0
    }

    fn walk(&mut self) {
        loop {
            match self.filler.walk().unwrap() {
                Walk::Dry => break,
                Walk::Full => {
                    if !self.filler.writer().await_room() {
                        self.full = true;
                        break;
                    }
                }
                Walk::Command => {
                    assert_eq!(self.filler.command(), &PING[2..]);
                    self.pings -= 1;
                    self.filler.drop_command();
                }
            }
        }
        if self.filler.publish() {
            self.filler.wake();
        }
    }

    fn take(&mut self) -> bool {
        self.wake();
        let Some(found) = take_message(&mut self.reader) else { return false };
        let expected = self.queue.pop_front().expect("a message that nobody wrote, or twice");
        assert!(self.queue.len() >= self.unpublished);
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(&expected).all(|(found, &(seed, size))| found == body(seed, size)));
        true
    }

    /// The connection breaks; what the kernel has taken arrives, the rest of a message does not.
    fn reconnect(&mut self, buffer: usize) {
        let (sender, receiver) = std::mem::replace(&mut self.wires, pair(buffer));
        drop(sender);
        let fresh = std::mem::replace(&mut self.wires.1, receiver);
        loop {
            self.full = false;
            self.walk();
            let was_full = self.full;
            if self.take() {
                continue;
            }
            if was_full {
                _ = self.reader.park();
                assert!(!self.full || self.reader_bell.has_rung_for_writer(), "full, read out, and not told");
                continue;
            }
            match self.filler.read_from(self.wires.1.as_fd()) {
                Ok((0, _)) => break,
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
        self.wires.1 = fresh;
        self.connection += 1;
        let peer = PeerInfo::new(&[], self.connection);
        self.filler.restart(Some(Arc::new(peer)));
        assert!(self.filler.is_clean());
        // Every other time the message that was cut off is given up.
        let gives_up = self.connection % 2 == 0 && self.drain.is_inside_message();
        self.drain.rewind();
        if gives_up {
            self.drain.skip_message();
            assert!(!self.drain.is_inside_message());
            self.queue.pop_front().expect("the message that was cut off");
        }
        self.prefix.clear();
        self.pings = 0;
    }

    /// Everything that was published arrives.
    fn finish(mut self) {
        self.publish();
        self.writer.close();
        loop {
            let moved = [self.drain(), self.fill(), self.take()];
            if !moved.contains(&true) {
                assert!(self.queue.is_empty());
                break;
            }
        }
        assert_eq!(self.drain.frames().read(), self.writer.written(), "each message is counted once");
        assert_eq!(self.writer.queued(), 0);
        assert!(self.drain.frames().has_ended() && self.filler.is_clean() && !self.drain.is_inside_message());
        assert!(self.wires.0.take_error().unwrap().is_none());
        self.wires.1.set_nonblocking(true).unwrap();
        assert_eq!(self.wires.1.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300, max_shrink_iters: 3000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_lost_nothing_doubled(
        mark in prop::sample::select(vec![0, 1, 2, 7, 1000]),
        buffer in prop::sample::select(vec![1usize, 8 << 10, 200 << 10]),
        finish in any::<bool>(),
        steps in vec(step(), 0..150),
    ) {
        let mut line = Line::new(mark, buffer);
        for step in &steps {
            line.run(step);
        }
        let pool = line.pool.clone();
        if finish {
            line.finish();
        } else {
            drop(line);
        }
        prop_assert_eq!(Arc::strong_count(&pool), 1, "every segment has been given back");
    }
}
