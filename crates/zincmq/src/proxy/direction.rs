//! One direction of a proxy: reads a message, copies it to the capture, sends it.

use crate::error::{Error, Result};
use crate::message::Message;
use crate::pattern::contract::Denied;
use crate::socket::Core;
use crate::socket::outgoing::Parts;

/// Both ends, or the one that is both, and the socket that gets copies.
pub(super) struct Ends<'a> {
    pub(super) front: Side<'a>,
    pub(super) back: Option<Side<'a>>,
    pub(super) capture: Option<&'a mut Core>,
}

impl<'a> Ends<'a> {
    /// Where messages come from on the way forth or, otherwise, back.
    fn from(&mut self, to_back: bool) -> &mut Side<'a> {
        match &mut self.back {
            Some(back) if !to_back => back,
            _ => &mut self.front,
        }
    }

    /// Where they go.
    fn to(&mut self, to_back: bool) -> &mut Side<'a> {
        self.from(!to_back)
    }

    /// Whether a copy would be taken. A capture that never will is an error.
    fn captures(&mut self) -> Result<bool> {
        let Some(capture) = &mut self.capture else { return Ok(true) };
        if capture.can_send() {
            return Ok(true);
        }
        match capture.try_admit(&[]) {
            Err(Denied::Again) => Ok(false),
            Err(denied) => Err(Error::denied(denied, capture.name())),
            Ok(()) => Ok(true),
        }
    }
}

/// One end, and its numbers.
pub(super) struct Side<'a> {
    pub(super) core: &'a mut Core,
    pub(super) received: Traffic,
    pub(super) sent: Traffic,
}

impl<'a> Side<'a> {
    pub(super) fn new(core: &'a mut Core) -> Self {
        Self { core, received: Traffic::default(), sent: Traffic::default() }
    }
}

#[derive(Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Traffic {
    fn count(&mut self, message: &Message) {
        self.messages += 1;
        self.bytes += message.iter().map(|part| part.len() as u64).sum::<u64>();
    }
}

/// The condition that a direction waits for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Wait {
    /// A message to read.
    #[default]
    Message,
    /// Room at the other side.
    Room,
    /// Room at the capture.
    Capture,
    /// Room at one of several peers: no readiness tells of it.
    Peer,
}

/// How far the message that was read last has come.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Gone,
    Read,
    Copied,
}

/// The way from one side to the other.
#[derive(Default)]
pub(super) struct Direction {
    pub(super) waits_for: Wait,
    message: Message,
    stage: Stage,
}

impl Direction {
    /// Moves messages until there are no more, or no room, or so many. Returns how many.
    pub(super) fn forward(&mut self, ends: &mut Ends<'_>, to_back: bool, most: u32) -> Result<u32> {
        for moved in 0..most {
            if let Some(wait) = self.step(ends, to_back)? {
                self.waits_for = wait;
                return Ok(moved);
            }
        }
        self.waits_for = Wait::Message;
        Ok(most)
    }

    /// Moves one message, or returns what it waits for.
    fn step(&mut self, ends: &mut Ends<'_>, to_back: bool) -> Result<Option<Wait>> {
        // One socket may be able to send only after it has received.
        let must_have_room = self.stage != Stage::Gone || ends.back.is_some();
        if must_have_room && !ends.to(to_back).core.can_send() {
            return Ok(Some(Wait::Room));
        }
        if self.stage == Stage::Gone {
            if !ends.captures()? {
                return Ok(Some(Wait::Capture));
            }
            if !self.read(ends.from(to_back))? {
                return Ok(Some(Wait::Message));
            }
        }
        if self.stage == Stage::Read
            && let Some(capture) = &mut ends.capture
            && !self.copy(capture)?
        {
            return Ok(Some(if capture.can_send() { Wait::Peer } else { Wait::Capture }));
        }
        self.stage = Stage::Copied;
        if !self.send(ends.to(to_back))? {
            return Ok(Some(Wait::Peer));
        }
        self.stage = Stage::Gone;
        // The owner of the memory wants to know when the receiver has done with it.
        (0..self.message.len()).for_each(|at| drop(self.message.take_foreign(at)));
        Ok(None)
    }

    /// Reads the next message, if there is one.
    fn read(&mut self, from: &mut Side<'_>) -> Result<bool> {
        match from.core.try_recv(&mut self.message) {
            Ok(()) => {}
            Err(Denied::Again) => return Ok(false),
            Err(denied) => return Err(Error::denied(denied, from.core.name())),
        }
        self.stage = Stage::Read;
        self.message.share_large();
        from.received.count(&self.message);
        Ok(true)
    }

    /// Sends a copy to the capture, if there is room.
    fn copy(&mut self, capture: &mut Core) -> Result<bool> {
        self.offer(capture).map(|offered| offered != Err(Denied::Again))
    }

    /// Sends the message on, if there is room.
    fn send(&mut self, to: &mut Side<'_>) -> Result<bool> {
        let offered = self.offer(to.core)?;
        if offered == Ok(()) {
            to.sent.count(&self.message);
        }
        Ok(offered != Err(Denied::Again))
    }

    /// Whether the socket takes the message: not now, or never since the message names no receiver or has no form that the
    /// socket sends. No peer can end the proxy by such a message.
    fn offer(&mut self, core: &mut Core) -> Result<std::result::Result<(), Denied>> {
        let result = self.message.with(|parts| core.try_send(parts));
        if let Err(denied @ (Denied::State | Denied::Unroutable | Denied::Unsupported)) = result {
            self.stage = Stage::Gone;
            return Err(Error::denied(denied, core.name()));
        }
        Ok(result)
    }
}
