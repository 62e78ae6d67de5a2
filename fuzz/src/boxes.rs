//! The pipe behind a descriptor as an engine uses it: bytes in, commands and frames out.

use queue::{Bounds, Filler, Kind, Notify, Pool, Reader, Refusal, Unopened, Unseal, Walk, channel};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use zmtp::{Command, OVERHEAD, Opener, command};

/// One frame as the application gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub kind: Kind,
    pub more: bool,
    pub body: Vec<u8>,
}

/// The cipher of a connection, as the walk sees it.
#[derive(Debug)]
pub struct Curve(pub Opener);

impl Unseal for Curve {
    const OVERHEAD: usize = OVERHEAD;

    type Error = ();

    fn open(&mut self, bodies: &mut [&mut [u8]]) -> Result<(), ()> {
        self.0.open(bodies.iter_mut().map(|body| &mut **body)).map_err(drop)
    }

    fn open_part(&mut self, body: &mut [u8], opened: usize, whole: bool) -> Result<usize, ()> {
        self.0.open_part(body, opened, whole).map_err(drop)
    }

    fn flags(body: &[u8]) -> u8 {
        zmtp::sealed_flags(body).0
    }
}

/// Boxes that keep no secret: each byte is turned over.
#[derive(Debug)]
pub struct Turned;

impl Unseal for Turned {
    const OVERHEAD: usize = OVERHEAD;

    type Error = ();

    fn open(&mut self, bodies: &mut [&mut [u8]]) -> Result<(), ()> {
        bodies.iter_mut().for_each(|body| body.iter_mut().for_each(|byte| *byte = !*byte));
        if bodies.iter().all(|body| body.len() >= OVERHEAD) { Ok(()) } else { Err(()) }
    }

    fn open_part(&mut self, body: &mut [u8], opened: usize, whole: bool) -> Result<usize, ()> {
        body[opened..].iter_mut().for_each(|byte| *byte = !*byte);
        if whole && body.len() < OVERHEAD { Err(()) } else { Ok(body.len()) }
    }

    fn flags(body: &[u8]) -> u8 {
        body[OVERHEAD - 1]
    }
}

/// The reason for which a connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    TooLarge,
    TooManyParts,
    CommandTooLarge,
    NoBox,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooLarge(_) => Self::TooLarge,
            Refusal::TooManyParts(_) => Self::TooManyParts,
            Refusal::CommandTooLarge(_) => Self::CommandTooLarge,
            refusal => panic!("{refusal:?}"),
        }
    }
}

/// Nobody sleeps here.
#[derive(Debug)]
struct Silent;

impl Notify for Silent {
    fn readable(&self, _: u64) {}

    fn writable(&self, _: u64) {}
}

/// The inbound direction of a connection.
#[derive(Debug)]
pub struct Inbound<U> {
    filler: Filler,
    reader: Reader,
    unseal: Option<U>,
    mark: u64,
    wire: Option<(UnixStream, UnixStream)>,
    /// The frames that the application got.
    pub parts: Vec<Part>,
    /// The bodies of the commands that were dropped.
    pub dropped: Vec<Vec<u8>>,
    pub fault: Option<Fault>,
}

impl<U: Unseal> Inbound<U> {
    pub fn new(mark: u32, bounds: Bounds, unseal: Option<U>) -> Self {
        let (writer, mut reader) = channel(&Pool::new());
        let silent = Arc::new(Silent);
        writer.attach(silent.clone(), 2);
        reader.attach(silent, 1);
        reader.set_high_water(mark);
        let mut filler = Filler::new(writer, bounds);
        filler.allow_large(command::WITH_TOPIC);
        if unseal.is_some() {
            filler.expect_boxes();
        }
        let (parts, dropped, mark) = (Vec::new(), Vec::new(), u64::from(mark));
        Self { filler, reader, unseal, mark, wire: None, parts, dropped, fault: None }
    }

    /// Gives it bytes as they come with the end of a handshake.
    pub fn preload(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.fault.is_none() {
            let taken = self.filler.preload(rest);
            rest = &rest[taken..];
            self.walk();
            if taken == 0 {
                let before = self.parts.len();
                self.drain();
                assert!(
                    self.parts.len() > before || self.fault.is_some(),
                    "it takes nothing, and has nothing"
                );
            }
        }
    }

    /// Gives it bytes by a descriptor.
    pub fn receive(&mut self, bytes: &[u8]) {
        let (mut sender, end) = self.wire.take().unwrap_or_else(|| {
            let (sender, end) = UnixStream::pair().expect("two descriptors");
            sender.set_nonblocking(true).expect("a socket");
            (sender, end)
        });
        let (mut rest, mut in_kernel) = (bytes, 0);
        while (!rest.is_empty() || in_kernel > 0) && self.fault.is_none() {
            let sent = if rest.is_empty() { 0 } else { sender.write(rest).unwrap_or(0) };
            (rest, in_kernel) = (&rest[sent..], in_kernel + sent);
            let read = self.filler.read_from(end.as_fd()).map_or(0, |(read, _)| read);
            in_kernel -= read;
            self.walk();
            if read == 0 {
                self.drain();
            }
        }
        self.wire = Some((sender, end));
    }

    /// The walk, boxes opened where it ends.
    fn next(&mut self) -> Result<Walk, Fault> {
        loop {
            let found = self.filler.walk()?;
            let Some(unseal) = self.unseal.as_mut().filter(|_| found == Walk::Dry) else { return Ok(found) };
            match self.filler.open(unseal) {
                Ok(None) => {}
                Ok(Some(found)) => return Ok(found),
                Err(Unopened::Refused(refusal)) => return Err(refusal.into()),
                Err(Unopened::Failed(_)) => return Err(Fault::NoBox),
            }
        }
    }

    /// Walks until nothing is left to walk over, or there is no room.
    fn walk(&mut self) {
        while self.fault.is_none() {
            match self.next() {
                Ok(Walk::Dry) => break,
                Ok(Walk::Full) => {
                    if !self.filler.writer().await_room() {
                        break;
                    }
                }
                Ok(Walk::Command) => self.obey(),
                Err(fault) => self.fault = Some(fault),
            }
        }
        if self.filler.publish() {
            self.filler.wake();
        }
        let waiting = self.filler.writer().written() - self.reader.read();
        assert!(self.mark == 0 || waiting <= self.mark, "over the high-water mark");
    }

    fn obey(&mut self) {
        let body = self.filler.command();
        match Command::parse(body) {
            Command::Subscribe(_) => self.filler.command_as(Kind::Subscribe, 10),
            Command::Cancel(_) => self.filler.command_as(Kind::Cancel, 7),
            _ => {
                self.dropped.push(body.to_vec());
                self.filler.drop_command();
            }
        }
    }

    /// The application takes everything there is.
    pub fn take(&mut self) {
        if self.reader.is_parked() {
            self.reader.resume();
        }
        while let Some(frame) = self.reader.take() {
            let body = frame.body.as_ref().to_vec();
            self.parts.push(Part { kind: frame.kind, more: frame.more, body });
        }
        _ = self.reader.park();
    }

    /// Takes and walks by turns until nothing moves.
    pub fn drain(&mut self) {
        loop {
            let before = (self.parts.len(), self.filler.writer().written());
            self.take();
            self.walk();
            if before == (self.parts.len(), self.filler.writer().written()) {
                break;
            }
        }
    }

    /// The connection's end: nothing unfinished may come through, and no memory stays.
    pub fn end(&mut self) {
        self.drain();
        let taken = self.parts.len();
        if let Some(unseal) = &mut self.unseal {
            self.filler.open_rest(unseal);
        }
        self.filler.cut();
        assert!(self.filler.is_clean());
        self.take();
        assert_eq!(self.parts.len(), taken, "something came after everything");
        assert!(self.parts.last().is_none_or(|part| !part.more), "a message lacks its end");
        assert!(!self.filler.sweep(), "an idle connection holds a segment");
    }
}
