//! A large message goes past the pipe: both ends are in one thread's hands, and the pipe is empty.

use crate::drain::Drain;
use crate::header::{self, LONGEST};
use crate::part::Part;
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
        // The drain, which may rest, goes on here.
        _ = writer.publish();
        drain.begin(sent);
    }
    Ok(whole)
}
