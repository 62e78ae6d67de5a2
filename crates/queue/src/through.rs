//! A message goes past the pipe: both ends are in one thread's hands, and the pipe is empty.

use crate::drain::Drain;
use crate::half::CLOSED;
use crate::header::{self, LONGEST};
use crate::part::Part;
use crate::primitive::Ordering;
use crate::writer::Writer;
use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::BorrowedFd;

/// Writes a message of one part to a descriptor without a copy, as far as the kernel takes it at once, which may be not at all;
/// the pipe then has the message as if it had been written to the pipe. Both ends must be of one pipe, and nothing may be left
/// in it. Returns whether the kernel has taken the whole message.
///
/// # Errors
/// As sendmsg(2), but for `WouldBlock`; nothing has been written then, and the pipe does not have the message.
pub fn write_through(
    writer: &mut Writer,
    drain: &mut Drain,
    to: BorrowedFd<'_>,
    body: &Part<'_>,
) -> io::Result<bool> {
    let mut header = [0; LONGEST];
    let len = header::encode(0, body.len(), &mut header);
    let sent = match sys::send(to, &[IoSlice::new(&header[..len]), IoSlice::new(body)]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        sent => sent?,
    };
    let whole = sent == len + body.len();
    if whole {
        writer.pass(sent);
        drain.pass();
    } else {
        writer.write(&[], std::slice::from_ref(body));
        begin(writer, drain, sent);
    }
    Ok(whole)
}

/// Sends the one message that is written and not published to a descriptor, as far as the kernel takes it at once. What is
/// true of the ends for [`write_through`] is true here. Returns whether the kernel has taken the whole message, which then has
/// left the pipe; `None`: nothing has happened, and the message is to be published.
#[must_use]
pub fn send_unpublished(writer: &mut Writer, drain: &mut Drain, to: BorrowedFd<'_>) -> Option<bool> {
    let bytes = writer.unpublished()?;
    let size = bytes.len();
    let sent = sys::send(to, &[IoSlice::new(bytes)]).ok()?;
    let whole = sent == size;
    if whole {
        writer.withdraw(size);
        drain.pass();
    } else {
        begin(writer, drain, sent);
    }
    Some(whole)
}

/// The kernel has so many bytes of the message, which the pipe gets now.
fn begin(writer: &mut Writer, drain: &mut Drain, sent: usize) {
    // The drain, which may rest, goes on here.
    _ = writer.publish();
    drain.begin(sent);
}

impl Writer {
    /// The bytes that are written and not published, where all of them are in one segment.
    fn unpublished(&self) -> Option<&[u8]> {
        let segment = self.chain.segment?;
        let from = self.half.producer().tail.load(Ordering::Relaxed) & !CLOSED;
        if from < segment.get().base || self.conflates() || !segment.get().is_plain() {
            return None;
        }
        segment.get().touch(from, self.chain.at, false);
        // SAFETY: [from, at) is inside the segment, and this end, which alone writes there, has written it.
        Some(unsafe { std::slice::from_raw_parts(segment.at(from), (self.chain.at - from) as usize) })
    }

    /// Takes [`Writer::unpublished`] bytes back: the message has gone past the pipe.
    fn withdraw(&mut self, bytes: usize) {
        self.chain.at -= bytes as u64;
        self.count_spliced(bytes);
    }

    /// Counts a message that goes past the pipe, of so many bytes.
    fn pass(&mut self, bytes: usize) {
        self.written += 1;
        self.count_spliced(bytes);
    }
}
