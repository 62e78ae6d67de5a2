//! A socket that hostile peers attack, and a bare connection to attack it with.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use zincmq::{Context, EventKind, Events, Message, Monitor, Pull, Push};

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
pub(crate) const MORE: u8 = 1;
pub(crate) const COMMAND: u8 = 4;

/// Memory and descriptors are a matter of the whole process: one test at a time, whether it measures them or not.
static ALONE: Mutex<()> = Mutex::new(());
/// What a test may take beside what it must: far less than what its hostile peer sends.
pub(crate) const MEMORY: usize = 8 << 20;

pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Resident bytes of this process.
pub(crate) fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// A PULL that others attack while a good peer is connected.
pub(crate) struct Victim {
    pub(crate) pull: Pull,
    pub(crate) events: Monitor,
    pub(crate) endpoint: String,
    pub(crate) good: Push,
    memory: usize,
    _context: Context,
    _alone: MutexGuard<'static, ()>,
}

impl Victim {
    pub(crate) fn new(prepare: impl FnOnce(&mut Pull)) -> Self {
        Self::with(prepare, |_| ())
    }

    /// With credentials of the good one.
    pub(crate) fn with(prepare: impl FnOnce(&mut Pull), introduce: impl FnOnce(&mut Push)) -> Self {
        let alone = alone();
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        prepare(&mut pull);
        let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut good = Push::new(&context).unwrap();
        introduce(&mut good);
        good.connect(&endpoint).unwrap();
        let events = pull.monitor(Events::ALL);
        let mut victim = Self { pull, events, endpoint, good, memory: 0, _context: context, _alone: alone };
        victim.is_undisturbed();
        victim.memory = memory();
        victim
    }

    pub(crate) fn is_undisturbed(&mut self) {
        self.good.send("good").unwrap();
        assert_eq!(self.pull.recv_timeout(PATIENCE).unwrap(), Message::from("good"));
        let grown = memory().saturating_sub(self.memory);
        assert!(self.memory == 0 || grown < MEMORY, "{grown} bytes more");
    }

    /// A connection on which nothing has been said.
    pub(crate) fn connect(&self) -> Wire {
        Wire::connect(&self.endpoint)
    }

    /// A connection that has shaken hands as a PUSH.
    pub(crate) fn open(&self) -> Wire {
        let mut wire = self.connect();
        wire.open("PUSH");
        wire
    }

    pub(crate) fn wait_for(&mut self, kind: EventKind) {
        while self.events.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {kind:?}")).kind != kind {}
    }
}

pub(crate) struct Wire(pub(crate) TcpStream);

impl Wire {
    pub(crate) fn connect(endpoint: &str) -> Self {
        let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        Self(stream)
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    /// Writes again and again, up to so many bytes in all, until the other side closes or reads no more.
    pub(crate) fn flood(&mut self, bytes: &[u8], total: usize) {
        let many = bytes.repeat(65_536_usize.div_ceil(bytes.len()));
        for _ in 0..total / many.len() {
            if self.0.write_all(&many).is_err() {
                return;
            }
        }
    }

    pub(crate) fn open(&mut self, socket: &str) {
        self.write([greeting(), frame(COMMAND, &ready(socket))].concat());
        self.0.read_exact(&mut [0; 64]).unwrap();
        let mut header = [0; 2];
        self.0.read_exact(&mut header).unwrap();
        self.0.read_exact(&mut vec![0; header[1].into()]).unwrap();
    }

    pub(crate) fn is_closed(&mut self) {
        match self.0.read_to_end(&mut Vec::new()) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("not closed: {error}"),
        }
    }
}

/// RFC 37: signature, version 3.1, mechanism, filler.
pub(crate) fn greeting() -> Vec<u8> {
    let mut greeting = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\x01NULL".to_vec();
    greeting.resize(64, 0);
    greeting
}

pub(crate) fn ready(socket: &str) -> Vec<u8> {
    [&b"\x05READY\x0BSocket-Type\0\0\0"[..], &[socket.len() as u8], socket.as_bytes()].concat()
}

pub(crate) fn header(flags: u8, size: u64) -> Vec<u8> {
    match u8::try_from(size) {
        Ok(size) => vec![flags, size],
        Err(_) => [&[flags | 2][..], &size.to_be_bytes()].concat(),
    }
}

pub(crate) fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    [&header(flags, body.len() as u64), body].concat()
}
