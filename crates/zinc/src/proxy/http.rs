//! The little of HTTP that a scraper takes, for many connections in one thread.

use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// A client says what it wants within this time, and takes its answer within the same.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest head of a request.
const REQUEST: usize = 8 << 10;
/// When there are more connections, the oldest ends.
const CONNECTIONS: usize = 256;

/// How many are accepted before those that are there have their turn: however fast they come, each has one.
const ACCEPTS: usize = CONNECTIONS / 4;

/// A connection on the way from its request to its answer.
struct Client {
    stream: TcpStream,
    until: Instant,
    request: Vec<u8>,
    /// The part of the answer that has not been written yet; empty while the request is read.
    answer: Vec<u8>,
}

/// Has every request answered by `respond`, which gets its method and path and returns status and body, until the
/// process ends. Clients that say nothing hold up nobody.
pub(super) fn serve(listener: &TcpListener, respond: impl Fn(&str, &str) -> (&'static str, String)) {
    let mut clients: Vec<Client> = Vec::new();
    // Without descriptors nobody can be accepted until a client has gone.
    let mut choked = false;
    loop {
        wait((!choked).then_some(listener), &clients);
        choked = admit(listener, &mut clients).is_err();
        // A client that breaks off, or does not read its answer, goes without.
        clients.retain_mut(|client| {
            client.advance(&respond).is_ok_and(|goes_on| goes_on) && Instant::now() < client.until
        });
    }
}

/// Sleeps until there is something to do.
fn wait(listener: Option<&TcpListener>, clients: &[Client]) {
    let reading = listener.map(|listener| PollFd::new(listener, PollFlags::IN));
    let mut set: Vec<PollFd<'_>> = reading.into_iter().collect();
    set.extend(clients.iter().map(|client| {
        let reads = client.answer.is_empty();
        PollFd::new(&client.stream, if reads { PollFlags::IN } else { PollFlags::OUT })
    }));
    let first = clients.iter().map(|client| client.until).min();
    let left = first.map(|until| until.saturating_duration_since(Instant::now()));
    let left = if listener.is_none() { Some(left.unwrap_or(PATIENCE)) } else { left };
    let timeout = left.and_then(|left| Timespec::try_from(left).ok());
    // Everything is looked at, no matter what ended the sleep.
    _ = rustix::event::poll(&mut set, timeout.as_ref());
}

/// Accepts the clients that are there, up to a round's share.
fn admit(listener: &TcpListener, clients: &mut Vec<Client>) -> io::Result<()> {
    for _ in 0..ACCEPTS {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {
                continue;
            }
            Err(error) => return Err(error),
        };
        if stream.set_nonblocking(true).is_err() {
            continue;
        }
        if clients.len() == CONNECTIONS {
            clients.remove(0);
        }
        let until = Instant::now() + PATIENCE;
        clients.push(Client { stream, until, request: Vec::new(), answer: Vec::new() });
    }
    Ok(())
}

impl Client {
    /// Reads and writes as far as possible now. Whether there is more to do.
    fn advance(&mut self, respond: impl Fn(&str, &str) -> (&'static str, String)) -> io::Result<bool> {
        if self.answer.is_empty() {
            if !self.read()? {
                return Ok(true);
            }
            self.answer = answer(&String::from_utf8_lossy(&self.request), respond);
            self.until = Instant::now() + PATIENCE;
        }
        while !self.answer.is_empty() {
            match self.stream.write(&self.answer) {
                Ok(written) => drop(self.answer.drain(..written)),
                Err(error) => return not_yet(&error).map_or(Err(error), |()| Ok(true)),
            }
        }
        Ok(false)
    }

    /// Whether the head of the request has been read, up to its empty line.
    fn read(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 1024];
        while self.request.len() < REQUEST && !self.request.windows(4).any(|end| end == b"\r\n\r\n") {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.request.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Err(error) => return not_yet(&error).map_or(Err(error), |()| Ok(false)),
            }
        }
        Ok(true)
    }
}

/// Whether it is only to be tried again later.
fn not_yet(error: &io::Error) -> Option<()> {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted).then_some(())
}

fn answer(request: &str, respond: impl Fn(&str, &str) -> (&'static str, String)) -> Vec<u8> {
    let mut words = request.split(' ');
    let (status, body) = respond(words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let length = body.len();
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let head = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    format!("HTTP/1.1 {status}\r\n{head}{body}").into_bytes()
}
