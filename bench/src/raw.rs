//! The limits: the same loops on bare stream sockets, with nothing in between.

mod messages;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use crate::ends::Cues;
use crate::flow::{ask, drain, pour, read, serve};
use crate::side::{Receiver, Responder, Result, Sender};
use crate::task::{End, Task};
use crate::took::Took;
use crate::work::Work;

/// The most that is written or read at once. A larger message goes in pieces through one buffer of this size, which
/// stays in the cache: that is faster than 64 KiB or 1 MiB, and much faster than a buffer of 16 MiB.
const PIECE: usize = 256 << 10;

/// A stream whose messages are all of one size, so that nothing needs to say where one ends. Its end is the
/// empty message.
struct Stream<S> {
    stream: S,
    size: usize,
    sent: Vec<u8>,
    received: Vec<u8>,
}

/// The end of writing: a stream says that nothing more comes, while it stays open.
trait Finish: Read + Write {
    fn finish(&self) -> io::Result<()>;
}

/// Does one end of a raw row, like [`crate::ends::end`].
pub(crate) fn end(task: &Task, cues: &mut impl Cues) -> Result<Option<Took>> {
    let connections = if let Work::RawMessages(connections) = task.row.work { connections } else { 1 };
    if let Some(path) = task.endpoint.strip_prefix("ipc://") {
        let streams = if task.end == End::Bind {
            let listener = UnixListener::bind(path)?;
            cues.bound(&task.endpoint);
            several(connections, || Ok(listener.accept()?.0))
        } else {
            several(connections, || UnixStream::connect(path))
        };
        return half(streams?, task, cues);
    }
    let address = task.endpoint.trim_start_matches("tcp://").replace('*', "0");
    let streams = if task.end == End::Bind {
        let listener = TcpListener::bind(address)?;
        cues.bound(&format!("tcp://{}", listener.local_addr()?));
        several(connections, || Ok(listener.accept()?.0))
    } else {
        several(connections, || TcpStream::connect(&address))
    }?;
    streams.iter().try_for_each(|stream| stream.set_nodelay(true))?;
    half(streams, task, cues)
}

fn several<S>(count: usize, stream: impl FnMut() -> io::Result<S>) -> io::Result<Vec<S>> {
    std::iter::repeat_with(stream).take(count).collect()
}

fn half<S: Finish>(mut streams: Vec<S>, task: &Task, cues: &mut impl Cues) -> Result<Option<Took>> {
    let (row, time) = (&task.row, task.time());
    if matches!(row.work, Work::RawMessages(_)) {
        return messages::half(streams, task, cues);
    }
    let stream = streams.pop().ok_or("no stream")?;
    let buffer = vec![0; row.size.min(PIECE)];
    let mut stream = Stream { stream, size: row.size, sent: buffer.clone(), received: buffer };
    match (row.work, task.end) {
        (Work::RawStream, End::Bind) => {
            // Of a message that goes in pieces the last is shown; at the end, nothing is.
            let took = drain(&mut [stream], 1)?;
            cues.meet();
            Ok(Some(took))
        }
        (Work::RawStream, End::Connect) => {
            pour(&mut stream, row, time, 1)?;
            cues.meet();
            Ok(None)
        }
        (Work::RawPingPong, End::Bind) => serve(&mut stream),
        (Work::RawPingPong, End::Connect) => ask(&mut stream, row.size, 1, time).map(Some),
        (work, _) => Err(format!("{work} has no such end on raw sockets").into()),
    }
}

impl Finish for TcpStream {
    fn finish(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Finish for UnixStream {
    fn finish(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl<S: Finish> Sender for Stream<S> {
    fn send(&mut self, size: usize, byte: u8) -> Result<()> {
        if size == 0 {
            return Ok(self.stream.finish()?);
        }
        for at in (0..size).step_by(PIECE) {
            let piece = &mut self.sent[..(size - at).min(PIECE)];
            piece.fill(byte);
            self.stream.write_all(piece)?;
        }
        Ok(())
    }
}

impl<S: Finish> Receiver for Stream<S> {
    /// All pieces but the last, which is shown, are read here.
    fn recv(&mut self) -> Result<&[u8]> {
        let mut shown = 0;
        for at in (0..self.size).step_by(PIECE) {
            read(&self.received[..shown]);
            shown = (self.size - at).min(PIECE);
            match self.stream.read_exact(&mut self.received[..shown]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(&[]),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(&self.received[..shown])
    }
}

impl<S: Finish> Responder for Stream<S> {
    fn respond(&mut self, byte: u8) -> Result<usize> {
        let body = self.recv()?;
        let over = body.is_empty();
        read(body);
        let size = if over { 0 } else { self.size };
        if size > 0 {
            self.send(size, byte)?;
        }
        Ok(size)
    }
}
