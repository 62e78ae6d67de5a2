//! Messages with their length in front of each, by the buffers of the standard library: as a program without a library would
//! do it. Each message goes to all connections.

use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};

use crate::ends::Cues;
use crate::flow::{drain, pour};
use crate::raw::Finish;
use crate::side::{Receiver, Result, Sender};
use crate::task::{End, Task};
use crate::took::Took;

/// The size of a buffer. Larger messages go past it.
const BUFFER: usize = 64 << 10;

/// Does one end with these connections.
pub(super) fn half<S: Finish>(streams: Vec<S>, task: &Task, cues: &mut impl Cues) -> Result<Option<Took>> {
    if task.end == End::Bind {
        let took = drain(&mut streams.into_iter().map(Incoming::new).collect::<Vec<_>>(), 1)?;
        cues.meet();
        return Ok(Some(took));
    }
    let writers = streams.into_iter().map(|stream| BufWriter::with_capacity(BUFFER, stream)).collect();
    let mut outgoing = Outgoing { writers, body: vec![0; task.row.size] };
    pour(&mut outgoing, &task.row, task.time(), 1)?;
    cues.meet();
    Ok(None)
}

struct Outgoing<S: Write> {
    writers: Vec<BufWriter<S>>,
    body: Vec<u8>,
}

impl<S: Finish> Sender for Outgoing<S> {
    fn send(&mut self, size: usize, byte: u8) -> Result<()> {
        if size == 0 {
            for writer in &mut self.writers {
                writer.flush()?;
                writer.get_ref().finish()?;
            }
            return Ok(());
        }
        self.body.fill(byte);
        for writer in &mut self.writers {
            writer.write_all(&size.to_le_bytes())?;
            writer.write_all(&self.body)?;
        }
        Ok(())
    }
}

struct Incoming<S> {
    reader: BufReader<S>,
    body: Vec<u8>,
}

impl<S: Read> Incoming<S> {
    fn new(stream: S) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER, stream), body: Vec::new() }
    }
}

impl<S: Read> Receiver for Incoming<S> {
    fn recv(&mut self) -> Result<&[u8]> {
        let mut size = 0usize.to_le_bytes();
        match self.reader.read_exact(&mut size) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(&[]),
            Err(error) => return Err(error.into()),
        }
        self.body.resize(usize::from_le_bytes(size), 0);
        self.reader.read_exact(&mut self.body)?;
        Ok(&self.body)
    }
}
