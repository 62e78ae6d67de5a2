//! The boxes of CURVE's messages: many are sealed or opened at a time, side by side.
//!
//! The first 16 bytes of a nonce never change in one direction of a connection, so the key that Salsa20 runs under is
//! made once. What differs from message to message are the last 8, a count. So the key streams of several messages, and
//! of several blocks of one, come from one run of [`salsa::keystream`]; and the authenticators of several short messages from
//! one run of [`salsa::poly::authenticate`].

use std::mem;

use subtle::ConstantTimeEq;

use super::batch::{MAC_AT, PLAIN_AT, Way, run};
use super::boxes::{Key, MAC, SharedKey};
use super::part::Part;
use crate::codec::command::MESSAGE;
use crate::codec::frame::{self, Flags};
use crate::error::Error;

/// The bytes that a box adds to a frame's body: the command's name, a count, an authenticator and the flags.
pub const OVERHEAD: usize = PLAIN_AT + 1;

/// A box of more bytes is sealed in parts.
const LARGE: usize = 64 << 10;
/// So much of it is sealed when it is appended.
const AT_ONCE: usize = 256 << 10;

/// Flags inside a box.
const MORE: u8 = 1;
const COMMAND: u8 = 2;

/// The two directions of an encrypted connection.
#[derive(Debug)]
pub struct Cipher {
    /// For what this side sends.
    pub sealer: Sealer,
    /// For what the peer sends.
    pub opener: Opener,
}

impl Cipher {
    /// From the connection's key, and for each direction the purpose in its nonces and a count: the next to be sent, and
    /// the last that was received.
    pub(crate) fn new(shared: &SharedKey, ours: (&[u8; 16], u64), theirs: (&[u8; 16], u64)) -> Self {
        Self {
            sealer: Sealer {
                key: Key::new(shared, ours.0),
                next: ours.1,
                begun: Vec::new(),
                large: None,
                exhausted: false,
            },
            opener: Opener { key: Key::new(shared, theirs.0), last: theirs.1, large: None },
        }
    }
}

/// A large box to be sealed.
#[derive(Debug)]
struct Large {
    /// Where its frame begins.
    frame: usize,
    /// Where its body begins.
    begin: usize,
    size: usize,
    /// Bytes that were sealed since the last budget.
    spent: usize,
    part: Part,
}

/// Seals frames.
#[derive(Debug)]
pub struct Sealer {
    key: Key,
    next: u64,
    /// Bodies that were appended and are not sealed: where they begin, and how long they are.
    begun: Vec<(usize, usize)>,
    /// A large one, sealed in parts.
    large: Option<Box<Large>>,
    exhausted: bool,
}

impl Sealer {
    /// Appends a frame with these flags and body, to be sealed by [`Sealer::seal`] before any of it is sent. Of a large one up to
    /// 256 KiB are sealed on the way, while the copy is in the cache.
    pub fn append(&mut self, out: &mut Vec<u8>, flags: Flags, body: &[u8]) {
        let count = self.next;
        let Some(next) = count.checked_add(1) else {
            self.exhausted = true;
            return;
        };
        self.next = next;
        let more = if flags.has(Flags::MORE) { MORE } else { 0 };
        let command = if flags.has(Flags::COMMAND) { COMMAND } else { 0 };
        let size = OVERHEAD + body.len();
        let mut header = [0; frame::MAX_HEADER];
        let len = frame::encode_header(Flags::LAST, size as u64, &mut header);
        out.reserve(len + size);
        let frame = out.len();
        out.extend_from_slice(&header[..len]);
        let begin = out.len();
        out.extend_from_slice(MESSAGE);
        out.extend_from_slice(&count.to_be_bytes());
        out.extend_from_slice(&[0; MAC]);
        if size > LARGE && self.large.is_none() {
            let (now, later) = body.split_at(body.len().min(AT_ONCE));
            let mut part = Part::new(&self.key, count);
            part.append(&self.key, &[more | command], out);
            part.append(&self.key, now, out);
            out.extend_from_slice(later);
            self.large = Some(Box::new(Large { frame, begin, size, spent: now.len(), part }));
        } else {
            out.push(more | command);
            out.extend_from_slice(body);
            self.begun.push((begin, size));
        }
    }

    /// Seals what was appended to `out` since the last time, but of a large box `budget` bytes at most, with those that were
    /// sealed on the way. Returns how many bytes of `out` may be sent; if not all, the rest is to be sealed by further calls
    /// before anything is appended or taken away.
    ///
    /// # Errors
    /// [`Error::Exhausted`] when every count had been used: no count is used twice. [`Error::Malformed`] if `out` is not
    /// what was appended to. Nothing of it may be sent then.
    pub fn seal(&mut self, out: &mut [u8], budget: usize) -> Result<usize, Error> {
        if self.exhausted {
            return Err(Error::Exhausted);
        }
        if !self.begun.is_empty() {
            self.seal_begun(out)?;
        }
        if self.large.is_some() { self.seal_large(out, budget) } else { Ok(out.len()) }
    }

    fn seal_begun(&mut self, out: &mut [u8]) -> Result<(), Error> {
        let mut rest = out;
        let (mut at, mut found) = (0, 0);
        let appended = self.begun.len();
        let bodies = self.begun.drain(..).map_while(|(begin, size)| {
            let (_, body) = mem::take(&mut rest).split_at_mut_checked(begin.checked_sub(at)?)?;
            let (body, later) = body.split_at_mut_checked(size)?;
            (rest, at) = (later, begin + size);
            found += 1;
            Some(body)
        });
        run(&self.key, bodies, Way::Seal)?;
        if found == appended { Ok(()) } else { Err(NOT_APPENDED) }
    }

    fn seal_large(&mut self, out: &mut [u8], budget: usize) -> Result<usize, Error> {
        let Some(mut large) = self.large.take() else { return Ok(out.len()) };
        let (_, body) = out.split_at_mut_checked(large.begin).ok_or(NOT_APPENDED)?;
        let body = body.get_mut(..large.size).ok_or(NOT_APPENDED)?;
        let (head, text) = body.split_at_mut_checked(PLAIN_AT).ok_or(NOT_APPENDED)?;
        let rest = &mut text[large.part.done()..];
        let now = rest.len().min(budget.saturating_sub(mem::take(&mut large.spent)));
        large.part.seal(&self.key, &mut rest[..now]);
        if large.part.done() < text.len() {
            let ready = large.frame;
            self.large = Some(large);
            return Ok(ready);
        }
        head[MAC_AT..].copy_from_slice(&large.part.authenticator());
        Ok(out.len())
    }
}

/// The bytes to seal are not those that were appended to.
const NOT_APPENDED: Error = Error::Malformed { command: "MESSAGE" };

/// Opens frames.
#[derive(Debug)]
pub struct Opener {
    key: Key,
    last: u64,
    /// A large body that comes in parts.
    large: Option<Box<Part>>,
}

impl Opener {
    /// Opens the bodies of frames, in their order and in place. Behind [`OVERHEAD`] each has its plain body afterwards;
    /// [`flags`] tells the flags.
    ///
    /// # Errors
    /// The first of: a body that is no MESSAGE, a count that is not above the last one, a box that was not sealed by the
    /// peer. The connection cannot go on then, and no body may be used.
    pub fn open<'a>(&mut self, bodies: impl IntoIterator<Item = &'a mut [u8]>) -> Result<(), Error> {
        let last = &mut self.last;
        let mut failed = None;
        let checked = bodies.into_iter().map_while(|body| match check(body, last) {
            Ok(()) => Some(body),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        run(&self.key, checked, Way::Open)?;
        failed.map_or(Ok(()), Err)
    }

    /// Opens, in place, what has come of the body of one frame: all of it if it is `whole`. The first `opened` bytes have been
    /// dealt with. Returns that number anew.
    ///
    /// # Errors
    /// As [`Opener::open`]. No part of the body may be used before it is whole.
    pub fn open_part(&mut self, body: &mut [u8], opened: usize, whole: bool) -> Result<usize, Error> {
        if body.len() < OVERHEAD && !whole {
            return Ok(0);
        }
        let mut part = match self.large.take() {
            Some(part) if opened > 0 => part,
            _ => {
                check(body, &mut self.last)?;
                Box::new(Part::new(&self.key, count_of(body)))
            }
        };
        let (head, text) =
            body.split_at_mut_checked(PLAIN_AT).ok_or(Error::Malformed { command: "MESSAGE" })?;
        let rest = text.get_mut(part.done()..).unwrap_or_default();
        part.open(&self.key, rest);
        if !whole {
            self.large = Some(part);
        } else if !bool::from(part.authenticator().ct_eq(&head[MAC_AT..])) {
            return Err(Error::Sealed { command: "MESSAGE" });
        }
        Ok(body.len())
    }
}

/// Whether a body is a MESSAGE whose turn it is.
fn check(body: &[u8], last: &mut u64) -> Result<(), Error> {
    let Some(rest) = body.strip_prefix(MESSAGE) else { return Err(crate::codec::command::unexpected(body)) };
    let count = rest.first_chunk().filter(|_| body.len() >= OVERHEAD);
    let count = u64::from_be_bytes(*count.ok_or(Error::Malformed { command: "MESSAGE" })?);
    if count <= *last {
        return Err(Error::Sequence);
    }
    *last = count;
    Ok(())
}

/// The count of a body that was checked.
fn count_of(body: &[u8]) -> u64 {
    let count = body.get(MESSAGE.len()..).and_then(<[u8]>::first_chunk);
    count.map_or(0, |count| u64::from_be_bytes(*count))
}

/// The flags of a body that was opened.
#[must_use]
pub fn flags(body: &[u8]) -> Flags {
    let flags = body.get(PLAIN_AT).copied().unwrap_or(0);
    let more = if flags & MORE != 0 { Flags::MORE } else { Flags::LAST };
    if flags & COMMAND != 0 { more | Flags::COMMAND } else { more }
}
