//! Messages out of payloads.

use std::collections::VecDeque;

use super::payload::{NONE, empty};
use super::walk::{Deliver, Flow, Limits, Malformed, Walk, hand_over};

/// Gets the messages of one source out of its payloads.
///
/// It begins outside the stream and *joins* it at the first message that begins in a payload. What it cannot read
/// makes it leave the stream and join again: each [`Malformed`] has been dealt with when it is returned, and is to
/// be counted only. A message lies whole in one payload most of the time and is then handed over from there;
/// another is gathered, and memory grows with the bytes that come, not with the sizes that they tell.
///
/// Where a payload's offset is another than the frames before it lead to, the payload is believed: it came as a
/// whole, while the frames before it may be of another stream, as after a restart. The message that was begun is
/// thrown away, and the stream is joined where this payload says.
#[derive(Debug)]
pub struct Deframer {
    limits: Limits,
    joined: bool,
    /// The bytes of a message that began in an earlier payload; empty between messages.
    begun: Vec<u8>,
    /// How far these were read.
    walk: Walk,
    kept: VecDeque<Kept>,
}

/// The rest of a payload after a pause, or a payload that came too soon.
#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    at: usize,
    /// A message begins at `at`; otherwise the payload does.
    opened: bool,
    /// Something is missing behind it.
    torn: bool,
}

/// How far one call came: the bytes that are left (maybe none), if it was paused, and the first fault.
type Turn = (Option<usize>, Result<(), Malformed>);

impl Deframer {
    /// Outside the stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, joined: false, begun: Vec::new(), walk: Walk::default(), kept: VecDeque::new() }
    }

    /// Takes one payload, the next of the source, and gives each message that is whole with it to `deliver`.
    ///
    /// After [`Flow::Pause`] the rest of the payload is kept for [`resume`](Self::resume), and no other payload
    /// may be fed before that has given everything. One that is fed all the same is not lost: it is kept behind
    /// the rest.
    ///
    /// # Errors
    /// [`Malformed`]; messages that stand before the fault have been delivered.
    pub fn payload(&mut self, payload: &[u8], deliver: &mut Deliver<'_>) -> Result<(), Malformed> {
        if !self.kept.is_empty() {
            return self.keep(payload, false);
        }
        let (left, result) = self.open(payload, deliver);
        let rest = payload.len() - left.unwrap_or(0).min(payload.len());
        let kept = self.keep(payload.get(rest..).unwrap_or_default(), true);
        result.and(kept)
    }

    /// Goes on after a pause, to the next one. Nothing happens if nothing is kept.
    ///
    /// # Errors
    /// [`Malformed`], as with [`payload`](Self::payload).
    pub fn resume(&mut self, deliver: &mut Deliver<'_>) -> Result<(), Malformed> {
        let mut result = Ok(());
        while let Some(mut kept) = self.kept.pop_front() {
            let bytes = kept.bytes.get(kept.at..).unwrap_or_default();
            let (paused, now) =
                if kept.opened { self.messages(bytes, deliver) } else { self.open(bytes, deliver) };
            result = result.and(now);
            if let Some(left @ 1..) = paused {
                kept = Kept { at: kept.bytes.len() - left, opened: true, ..kept };
                self.kept.push_front(kept);
            } else if kept.torn {
                self.leave();
            }
            if paused.is_some() {
                break;
            }
        }
        result
    }

    /// Something is missing between the last payload and the next: leaves the stream, to join it where the next
    /// message begins. A message that was begun is thrown away; returns whether there was one. While something is
    /// kept, this is done behind it, in [`resume`](Self::resume).
    pub fn gap(&mut self) -> bool {
        let lost = !self.begun.is_empty();
        self.tear();
        lost
    }

    /// Bytes held: of a message that is not complete, and of payloads that are kept.
    #[must_use]
    pub fn held(&self) -> usize {
        let kept: usize = self.kept.iter().map(|kept| kept.bytes.len() - kept.at).sum();
        self.begun.len() + kept
    }

    /// Whether the rest of a payload is kept for [`resume`](Self::resume).
    #[must_use]
    pub fn is_paused(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Whether it knows where in the stream it is.
    #[must_use]
    pub fn is_joined(&self) -> bool {
        self.joined
    }

    /// Leaves the stream, now or behind what is kept.
    fn tear(&mut self) {
        match self.kept.back_mut() {
            Some(last) => last.torn = true,
            None => self.leave(),
        }
    }

    fn leave(&mut self) {
        self.joined = false;
        self.end();
    }

    /// The message begun is over.
    fn end(&mut self) {
        empty(&mut self.begun);
        self.walk = Walk::default();
    }

    fn keep(&mut self, bytes: &[u8], opened: bool) -> Result<(), Malformed> {
        if bytes.is_empty() && opened {
            return Ok(());
        }
        let mut copy = Vec::new();
        let room = self.kept.try_reserve(1).and_then(|()| copy.try_reserve_exact(bytes.len()));
        if let Err(error) = room {
            self.tear();
            return Err(error.into());
        }
        copy.extend_from_slice(bytes);
        self.kept.push_back(Kept { bytes: copy, at: 0, opened, torn: false });
        Ok(())
    }

    /// Takes a payload from its first byte.
    fn open(&mut self, payload: &[u8], deliver: &mut Deliver<'_>) -> Turn {
        let (head, rest) = match split(payload) {
            Ok(halves) => halves,
            Err(error) => {
                self.leave();
                return (None, Err(error));
            }
        };
        let seam = self.finish(head, rest.is_some(), deliver);
        if seam.is_err() {
            self.leave();
        }
        let fault = seam.map(drop);
        self.joined |= rest.is_some();
        let rest = rest.unwrap_or_default();
        if seam == Ok(Flow::Pause) {
            return (Some(rest.len()), fault);
        }
        let (left, result) = self.messages(rest, deliver);
        (left, fault.and(result))
    }

    /// Takes `head`, the data that stands before the first beginning of a message, or all where there is none. It
    /// belongs to the message begun and, if `ends`, ends it. That message is delivered only if so it is.
    fn finish(&mut self, head: &[u8], ends: bool, deliver: &mut Deliver<'_>) -> Result<Flow, Malformed> {
        if !self.joined {
            return Ok(Flow::Go);
        }
        if self.begun.is_empty() {
            return if head.is_empty() { Ok(Flow::Go) } else { Err(Malformed::Astray) };
        }
        append(&mut self.begun, head)?;
        let whole = self.walk.advance(&self.begun, &self.limits)?;
        if whole && self.walk.next == self.begun.len() {
            let flow = hand_over(&self.begun, self.walk.parts, deliver);
            self.end();
            return flow;
        }
        if whole || ends { Err(Malformed::Astray) } else { Ok(Flow::Go) }
    }

    /// Delivers the messages in `bytes`, where one begins, and gathers what comes behind them.
    fn messages(&mut self, mut bytes: &[u8], deliver: &mut Deliver<'_>) -> Turn {
        while !bytes.is_empty() {
            match self.message(&mut bytes, deliver) {
                Ok(Flow::Go) => {}
                Ok(Flow::Pause) => return (Some(bytes.len()), Ok(())),
                Err(error) => {
                    self.leave();
                    return (None, Err(error));
                }
            }
        }
        (None, Ok(()))
    }

    /// Delivers the message at the start of `bytes`, or gathers them if it is not complete.
    fn message(&mut self, bytes: &mut &[u8], deliver: &mut Deliver<'_>) -> Result<Flow, Malformed> {
        let mut walk = Walk::default();
        let whole = walk.advance(bytes, &self.limits)?;
        let Some((message, rest)) = bytes.split_at_checked(walk.next).filter(|_| whole) else {
            append(&mut self.begun, bytes)?;
            self.walk = walk;
            *bytes = &[];
            return Ok(Flow::Go);
        };
        *bytes = rest;
        hand_over(message, walk.parts, deliver)
    }
}

/// The data before the first beginning of a message, and the data from there on, if there is one.
fn split(payload: &[u8]) -> Result<(&[u8], Option<&[u8]>), Malformed> {
    let Some((&word, data)) = payload.split_first_chunk() else {
        return Err(Malformed::Short { size: payload.len() });
    };
    if word == NONE {
        return Ok((data, None));
    }
    let offset = u16::from_be_bytes(word);
    let (head, rest) =
        data.split_at_checked(usize::from(offset)).ok_or(Malformed::Beyond { offset, size: data.len() })?;
    Ok((head, Some(rest)))
}

fn append(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Malformed> {
    to.try_reserve(bytes.len())?;
    to.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_size_takes_no_memory() {
        let mut deframer = Deframer::new(Limits { frame: 1 << 40, message: 1 << 41, parts: 1 });
        let announced = [b"\0\0\xFF".as_slice(), &(1_u64 << 40).to_be_bytes(), b"\0x"].concat();
        assert_eq!(deframer.payload(&announced, &mut |_| Flow::Go), Ok(()));
        assert!(deframer.is_joined());
        assert!(deframer.begun.capacity() < 64, "{}", deframer.begun.capacity());
    }

    #[test]
    fn a_large_message_gives_its_memory_back() {
        let mut deframer = Deframer::new(Limits { frame: 1 << 20, message: 1 << 21, parts: 1 });
        let first = [b"\0\0\xFF".as_slice(), &100_001_u64.to_be_bytes(), &[0; 50_001]].concat();
        assert_eq!(deframer.payload(&first, &mut |_| Flow::Go), Ok(()));
        assert_eq!(deframer.held(), 50_010);
        let mut sizes = Vec::new();
        let second = [b"\xFF\xFF".as_slice(), &[0; 50_000]].concat();
        let taken = deframer.payload(&second, &mut |parts| {
            sizes.extend(parts.iter().map(|part| part.len()));
            Flow::Go
        });
        assert_eq!((taken, sizes, deframer.held()), (Ok(()), vec![100_000], 0));
        assert_eq!(deframer.begun.capacity(), 0);
    }
}
