//! A stream of frames, read by a parser that has all of it at once.
//!
//! A few limits depend on how the stream is cut: commands that were dropped inside a message count for its size until
//! their place is given back. So the parser tells every end that is right.

use crate::boxes::{Fault, Part};
use crate::model::{self, Frame};
use queue::{Bounds, COMMAND, Kind, MORE};
use std::ops::RangeInclusive;
use zmtp::{Command, OVERHEAD, command};

/// Bytes that a frame costs in the size of a message, beside its own.
const COST: u64 = 16;

/// The sizes, header included, from which on a command is large: half a segment, whose own header is not known here.
const LARGE_COMMAND: RangeInclusive<u64> = 32_600..=32_768;
/// The same for a whole segment.
const LARGE: RangeInclusive<u64> = 65_300..=65_536;

/// A right end of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub parts: Vec<Part>,
    pub dropped: usize,
    pub fault: Option<Fault>,
}

/// The parser.
#[derive(Debug)]
struct Parser {
    bounds: Bounds,
    parts: Vec<Part>,
    /// Those of whole messages.
    whole: usize,
    dropped: usize,
    /// The message begun: its frames, and its size at least and at most.
    count: u64,
    least: u64,
    most: u64,
    /// Ends that are right if something was counted, or is large.
    perhaps: Vec<End>,
}

/// Nothing more can be read, or may be.
struct Stop(Option<Fault>);

/// Every right end of a stream. The last one is right if no other is.
pub fn ends(bytes: &[u8], bounds: Bounds, boxed: bool) -> Vec<End> {
    let frame = bounds.frame.min(bounds.message.saturating_sub(COST));
    let bounds = Bounds { frame, ..bounds };
    let (parts, perhaps) = (Vec::new(), Vec::new());
    let mut parser = Parser { bounds, parts, whole: 0, dropped: 0, count: 0, least: 0, most: 0, perhaps };
    let mut rest = bytes;
    let Stop(fault) = loop {
        let Some(frame) = model::frame(rest) else { break Stop(None) };
        let step =
            if boxed { parser.open(&frame) } else { parser.pass(frame.flags, &frame, frame.header as u64) };
        if let Err(stop) = step {
            break stop;
        }
        rest = &rest[frame.header + frame.body.len()..];
    };
    let end = parser.end(fault);
    parser.perhaps.push(end);
    parser.perhaps
}

/// Whether the stream has a box that is none.
pub fn has_false_box(mut bytes: &[u8]) -> bool {
    while let Some(frame) = model::frame(bytes).filter(Frame::is_whole) {
        if frame.body.len() < OVERHEAD {
            return true;
        }
        bytes = &bytes[frame.header + frame.body.len()..];
    }
    false
}

impl Parser {
    fn end(&self, fault: Option<Fault>) -> End {
        End { parts: self.parts[..self.whole].to_vec(), dropped: self.dropped, fault }
    }

    /// The stream may end here.
    fn perhaps(&mut self, fault: Fault) {
        let end = self.end(Some(fault));
        self.perhaps.push(end);
    }

    /// Checks something that is large. Where nobody here knows whether it is, both ends are right.
    fn if_large(
        &mut self,
        size: u64,
        large: &RangeInclusive<u64>,
        check: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if size < *large.start() {
            return Ok(());
        }
        let checked = check(self);
        match checked {
            Err(Stop(fault)) if large.contains(&size) => {
                fault.into_iter().for_each(|fault| self.perhaps(fault));
                Ok(())
            }
            checked => checked,
        }
    }

    /// The frame in a box.
    fn open(&mut self, sealed: &Frame<'_>) -> Result<(), Stop> {
        let whole = sealed.size.saturating_add(sealed.header as u64);
        let size = sealed.size.saturating_sub(OVERHEAD as u64);
        self.if_large(whole, &LARGE, |parser| {
            if size > parser.bounds.frame || sealed.size > isize::MAX as u64 - 9 {
                return Err(Stop(Some(Fault::TooLarge)));
            }
            parser.fits(size)
        })?;
        if !sealed.is_whole() {
            return Err(Stop(None));
        }
        if sealed.body.len() < OVERHEAD {
            return Err(Stop(Some(Fault::NoBox)));
        }
        let plain: Vec<u8> = sealed.body.iter().map(|byte| !byte).collect();
        let (overhead, body) = plain.split_at(OVERHEAD);
        let header = if size < 256 { 2 } else { 9 };
        self.pass(overhead[OVERHEAD - 1], &Frame { flags: 0, header, size, body }, whole)
    }

    /// A frame with these flags that takes `place` bytes, or its whole size if that is not known.
    fn pass(&mut self, flags: u8, frame: &Frame<'_>, place: u64) -> Result<(), Stop> {
        let place = place.max(frame.size.saturating_add(frame.header as u64));
        if flags & COMMAND != 0 {
            return self.obey(frame, place);
        }
        if frame.size > self.bounds.frame || frame.size > isize::MAX as u64 {
            return Err(Stop(Some(Fault::TooLarge)));
        }
        self.fits(frame.size)?;
        if !frame.is_whole() {
            return Err(Stop(None));
        }
        let more = flags & MORE != 0;
        self.add(Part { kind: Kind::Data, more, body: frame.body.to_vec() }, frame.size, frame.size);
        Ok(())
    }

    /// Whether a frame of `size` fits into the message begun.
    fn fits(&mut self, size: u64) -> Result<(), Stop> {
        let more = size.saturating_add(COST);
        self.within(self.least.saturating_add(more), self.most.saturating_add(more), self.count + 1)
    }

    fn within(&mut self, least: u64, most: u64, count: u64) -> Result<(), Stop> {
        if least > self.bounds.message {
            return Err(Stop(Some(Fault::TooLarge)));
        }
        if most > self.bounds.message {
            self.perhaps(Fault::TooLarge);
        }
        if count > self.bounds.parts { Err(Stop(Some(Fault::TooManyParts))) } else { Ok(()) }
    }

    fn add(&mut self, part: Part, least: u64, most: u64) {
        let more = part.more;
        self.parts.push(part);
        self.count += 1;
        self.least = self.least.saturating_add(least).saturating_add(COST);
        self.most = self.most.saturating_add(most).saturating_add(COST);
        if !more {
            (self.count, self.least, self.most) = (0, 0, 0);
            self.whole = self.parts.len();
        }
    }

    fn obey(&mut self, frame: &Frame<'_>, place: u64) -> Result<(), Stop> {
        let begun = self.count > 0;
        if begun {
            self.within(self.least, self.most, self.count)?;
        }
        let topic = command::WITH_TOPIC.iter().find(|name| frame.body.starts_with(name));
        if topic.is_some_and(|name| frame.size - name.len() as u64 > self.bounds.frame) {
            return Err(Stop(Some(Fault::CommandTooLarge)));
        }
        let whole = frame.size.saturating_add(frame.header as u64);
        self.if_large(whole, &LARGE_COMMAND, |parser| parser.large(frame))?;
        if !frame.is_whole() {
            return Err(Stop(None));
        }
        let (kind, topic) = match Command::parse(frame.body) {
            Command::Subscribe(topic) => (Kind::Subscribe, topic),
            Command::Cancel(topic) => (Kind::Cancel, topic),
            _ => {
                self.dropped += 1;
                self.most = if begun { self.most.saturating_add(place) } else { 0 };
                return Ok(());
            }
        };
        self.add(Part { kind, more: begun, body: topic.to_vec() }, topic.len() as u64, place);
        Ok(())
    }

    /// A large command: only those with a topic may be.
    fn large(&mut self, frame: &Frame<'_>) -> Result<(), Stop> {
        if frame.size > self.bounds.frame || frame.size > isize::MAX as u64 {
            return Err(Stop(Some(Fault::CommandTooLarge)));
        }
        self.fits(frame.size)?;
        let may_be = |name: &&&[u8]| name.iter().zip(frame.body).all(|(one, other)| one == other);
        match command::WITH_TOPIC.iter().find(may_be) {
            None => Err(Stop(Some(Fault::CommandTooLarge))),
            Some(name) if name.len() > frame.body.len() => Err(Stop(None)),
            Some(_) => Ok(()),
        }
    }
}
