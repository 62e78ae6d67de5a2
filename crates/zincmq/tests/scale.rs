//! Many connections to one socket: what each takes of memory, and whether their number makes messages dearer.
//!
//! 500 connections, or as many as `ZINCMQ_SCALE` says. The peers live in a process of their own, which is this
//! program again, so that neither runs out of descriptors. With `--nocapture` the figures are shown.

mod common;

use common::{PATIENCE, await_event, raw_finish, raw_greet, raw_peer, until, within};
use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::alloc::{GlobalAlloc, Layout, System};
use std::env;
use std::io::{BufRead, BufReader, Read, Write, stdin};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use zincmq::{Context, EventKind, Pull, Router, Sub, XPub, option};

/// The bytes that a connection may take while nothing happens on it; cache lines are twice as long on aarch64.
const MOST: isize = if cfg!(target_arch = "aarch64") { 2304 } else { 2048 };
/// A context may keep for its next connections, however many there were: so many small segments, and so many bytes
/// in its tables.
const SEGMENTS: isize = 1 << 10;
const TABLES: isize = 1 << 16;
/// The size of a small segment.
const SEGMENT: usize = 1 << 10;
/// What a subscription may take above its topic, in bytes.
const SUBSCRIBED: isize = 64;
/// How much dearer a message may be with many active connections than with one.
const DEARER: f64 = 4.0;
/// Tells this program that it is to be the peers, and of which address; of none if they are to say it.
const ADDRESS: &str = "ZINCMQ_SCALE_ADDRESS";
const COUNT: &str = "ZINCMQ_SCALE";
const BODY: usize = 16;

/// Memory is a matter of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Counts what is allocated: blocks that live, by their size in steps of 16 bytes; the last for all above.
struct Counting;

const SIZES: usize = 600;
static LIVE: [AtomicIsize; SIZES] = [const { AtomicIsize::new(0) }; SIZES];
static BYTES: AtomicIsize = AtomicIsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

impl Counting {
    fn count(size: usize, blocks: isize) {
        LIVE[size.div_ceil(16).min(SIZES - 1)].fetch_add(blocks, Relaxed);
        BYTES.fetch_add(size as isize * blocks, Relaxed);
    }
}

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size(), 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::count(layout.size(), -1);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

/// What lived at some moment.
struct Memory {
    bytes: isize,
    blocks: Vec<isize>,
}

impl Memory {
    fn now() -> Self {
        Self { bytes: BYTES.load(Relaxed), blocks: LIVE.iter().map(|live| live.load(Relaxed)).collect() }
    }

    /// Bytes that each of `count` connections has taken since.
    fn each(&self, count: usize) -> isize {
        (BYTES.load(Relaxed) - self.bytes) / count as isize
    }

    /// As [`Memory::each`], but for small segments, and how many of these there are more.
    fn idle(&self, count: usize) -> (isize, isize) {
        let segments = LIVE[SEGMENT / 16].load(Relaxed) - self.blocks[SEGMENT / 16];
        (self.each(count) - segments * SEGMENT as isize / count as isize, segments)
    }

    /// Whether connections are as small as they are to be, when nothing happens on them.
    fn is_settled(&self, count: usize) -> bool {
        let (each, segments) = self.idle(count);
        each <= MOST + TABLES / count as isize && segments <= SEGMENTS
    }

    /// Blocks of which at least every tenth connection has one.
    fn show(&self, count: usize) {
        for (at, (then, now)) in self.blocks.iter().zip(Self::now().blocks).enumerate() {
            let each = (now - then) as f64 / count as f64;
            if each >= 0.1 {
                println!("  {each:4.1} blocks of up to {} bytes", at * 16);
            }
        }
    }
}

/// As many descriptors as the system allows.
fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

/// What this process has used of its processors.
#[expect(clippy::disallowed_methods, reason = "not under valgrind")]
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

fn name(number: usize) -> [u8; 5] {
    let mut name = [b'p'; 5];
    name[1..].copy_from_slice(&(number as u32).to_be_bytes());
    name
}

/// A DEALER of ZMTP 3.0, NULL (RFC 23), under its name.
fn dealer(address: &str, number: usize) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = vec![0; 64];
    bytes[0] = 0xff;
    bytes[9] = 0x7f;
    bytes[10] = 3;
    bytes[12..16].copy_from_slice(b"NULL");
    let properties = [b"\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\x05", &name(number)[..]].concat();
    bytes.extend([4, 6 + properties.len() as u8]);
    bytes.extend(b"\x05READY");
    bytes.extend(properties);
    stream.write_all(&bytes).unwrap();
    raw_finish(&mut stream);
    stream
}

/// Not a test by itself: the peers, in their own process. Each line they read has two numbers: so many of them
/// are to answer so many messages each, in turn.
#[test]
fn peers() {
    let Ok(address) = env::var(ADDRESS) else { return };
    raise_limit();
    let mut streams: Vec<TcpStream> = (0..count()).map(|number| dealer(&address, number)).collect();
    for line in stdin().lock().lines().map(Result::unwrap) {
        let (active, rounds) = line.split_once(' ').unwrap();
        let (active, rounds): (usize, usize) = (active.parse().unwrap(), rounds.parse().unwrap());
        for _ in 0..rounds {
            for stream in &mut streams[..active] {
                let mut frame = [0; 2 + BODY];
                stream.read_exact(&mut frame).unwrap();
                stream.write_all(&frame).unwrap();
            }
        }
    }
}

fn count() -> usize {
    env::var(COUNT).map_or(500, |count| count.parse().unwrap())
}

/// Likewise: peers that are connected to. They say where, and stay until nothing is left to be read.
#[test]
fn peers_that_accept() {
    if env::var(ADDRESS).is_err() {
        return;
    }
    raise_limit();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("tcp://{}", listener.local_addr().unwrap());
    let accept = |_| {
        let (mut stream, _) = listener.accept().unwrap();
        raw_greet(&mut stream, "PUSH");
        raw_finish(&mut stream);
        stream
    };
    let _streams: Vec<TcpStream> = (0..count()).map(accept).collect();
    stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// This program as `test`, with a pipe to it and one from it.
fn child(test: &str, address: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(ADDRESS, address)
        .env(COUNT, count().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until idle connections have given back what they do not need. `rests` lets the socket do what is to be done.
fn settles(before: &Memory, count: usize, mut rests: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !before.is_settled(count) {
        assert!(rests());
        if begin.elapsed() > PATIENCE {
            before.show(count);
            panic!("bytes for an idle connection, segments: {:?}", before.idle(count));
        }
        thread::yield_now();
    }
    println!("{} bytes each after {:?}", before.idle(count).0, begin.elapsed());
    before.show(count);
}

/// The socket with its peers.
struct Crowd {
    router: Router,
    peers: Child,
}

impl Crowd {
    fn gather(router: Router, count: usize) -> Self {
        let endpoint = router.last_endpoint().strip_prefix("tcp://").unwrap().to_owned();
        let peers = child("peers", &endpoint);
        until("all are connected", || router.stats().peers.len() == count);
        Self { router, peers }
    }

    /// Sends a message to each of the first `active` peers and takes their answers, so many times. Returns what
    /// a message and its answer cost of processor time.
    fn talk(&mut self, active: usize, rounds: usize) -> Duration {
        writeln!(self.peers.stdin.as_mut().unwrap(), "{active} {rounds}").unwrap();
        let before = processor_time();
        for round in 0..rounds {
            let body = [round as u8; BODY];
            for number in 0..active {
                self.router.send([&name(number)[..], &body]).unwrap();
            }
            let mut answered = vec![false; active];
            for _ in 0..active {
                let answer = self.router.recv_timeout(PATIENCE).unwrap();
                assert_eq!(answer[1], body);
                let number = u32::from_be_bytes(answer[0][1..].try_into().unwrap());
                assert!(!std::mem::replace(&mut answered[number as usize], true), "{number} answers twice");
            }
        }
        (processor_time() - before) / (active * rounds) as u32
    }

    fn settles(&self, before: &Memory, count: usize) {
        settles(before, count, || !self.router.can_recv());
    }

    fn part(mut self) {
        drop(self.peers.stdin.take());
        assert!(self.peers.wait().unwrap().success());
        until("all have gone", || !self.router.can_recv() && self.router.stats().peers.is_empty());
    }
}

/// Acts with as many connections as there may be, if this process is the one that tests.
fn alone_with_many(act: impl FnOnce(usize) + Send + 'static) {
    if env::var(ADDRESS).is_ok() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    within(4 * PATIENCE, || {
        raise_limit();
        act(count());
    });
}

#[test]
fn many_connections_are_small_and_all_are_served() {
    alone_with_many(|count| {
        let context = Context::new();
        let mut router = Router::new(&context).unwrap();
        router.set(option::ROUTER_MANDATORY, true).unwrap();
        router.bind("tcp://127.0.0.1:*").unwrap();
        let (before, begin) = (Memory::now(), Instant::now());
        let mut crowd = Crowd::gather(router, count);
        println!("{count} connections in {:?}, {} bytes each", begin.elapsed(), before.each(count));
        crowd.settles(&before, count);

        let begin = Instant::now();
        crowd.talk(count, 1);
        println!("all answer in {:?}, then {} bytes each", begin.elapsed(), before.each(count));
        crowd.settles(&before, count);

        let active = [1, 10, 100, count.min(1000)];
        let costs = active.map(|active| crowd.talk(active, 2000_usize.div_ceil(active)));
        for (active, cost) in active.iter().zip(costs) {
            println!("{active:5} active: {cost:?} a message and its answer");
        }
        let dearer = costs[3].as_secs_f64() / costs[0].as_secs_f64();
        assert!(dearer <= DEARER, "{dearer} times as dear with {} active connections", active[3]);
        crowd.part();
    });
}

#[test]
fn many_connections_to_others_are_small() {
    alone_with_many(|count| {
        let mut others = child("peers_that_accept", "");
        let mut said = BufReader::new(others.stdout.take().unwrap()).lines().map(Result::unwrap);
        let endpoint = said.find_map(|line| Some(line[line.find("tcp://")?..].to_owned())).unwrap();
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let before = Memory::now();
        let mut monitor = pull.monitor(EventKind::HandshakeSucceeded);
        (0..count).for_each(|_| pull.connect(&endpoint).unwrap());
        (0..count).for_each(|_| drop(await_event(&mut monitor, EventKind::HandshakeSucceeded)));
        drop(monitor);
        settles(&before, count, || !pull.can_recv());
        drop(others.stdin.take());
        assert!(others.wait().unwrap().success());
    });
}

#[test]
fn many_subscriptions_are_small() {
    const COUNT: usize = 100_000;
    if env::var(ADDRESS).is_ok() {
        return;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let context = Context::new();
    let mut publisher = XPub::new(&context).unwrap();
    let mut peer = raw_peer(&publisher.bind("tcp://127.0.0.1:*").unwrap(), "SUB");
    let mut subscriber = Sub::new(&context).unwrap();
    let topics = |number: usize| format!("topic.{number:06}");
    let own = (0..COUNT).map(|number| topics(number).len()).sum::<usize>() / COUNT;
    let each = |before: &Memory| before.each(COUNT) - own as isize;

    let before = Memory::now();
    (0..COUNT).for_each(|number| subscriber.subscribe(topics(number)).unwrap());
    println!("{} bytes a subscription above its topic, of a subscriber", each(&before));
    assert!(each(&before) <= SUBSCRIBED);

    let before = Memory::now();
    let frame = move |number| [&[0, 1 + own as u8, 1][..], topics(number).as_bytes()].concat();
    let asking =
        thread::spawn(move || peer.write_all(&(0..COUNT).flat_map(frame).collect::<Vec<_>>()).map(|()| peer));
    for number in 0..COUNT {
        assert_eq!(publisher.recv_timeout(PATIENCE).unwrap()[0][1..], *topics(number).as_bytes());
    }
    let _peer = asking.join().unwrap().unwrap();
    until("buffers are given back", || !publisher.can_recv() && each(&before) <= SUBSCRIBED);
    println!("{} bytes, of a publisher", each(&before));
}
