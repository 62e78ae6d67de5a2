//! The end of a connection that this side closes.
//!
//! close(2) takes back what is still on its way. Over tcp, input that was not read, or that comes later, makes the kernel
//! reset the connection and drop its unsent bytes. Over ipc the peer hears of a hang-up before it has read everything,
//! and libzmq, where it stands at its high-water mark, then drops the rest. So this side only says that it writes no
//! more, reads on for nobody, and closes when the peer has everything, or has closed.

use crate::engine::zmtp::{SCRATCH, TURN};
use crate::engine::{End, Engine, Rest, SHORT};
use rustix::net::{Shutdown, shutdown};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long a peer may take nothing before it is given up: longer than a busy one rests, shorter than a program may
/// seem to hang at its end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often to look whether the peer has everything, which no event tells; its own closing is one.
pub(crate) const LEAVE_LOOKS: Duration = Duration::from_millis(20);

/// What the peer has not got yet.
#[derive(Debug)]
pub(super) struct Leaving {
    unsent: usize,
    since: Instant,
}

impl Engine {
    /// Whether this side has closed and waits for the peer to get everything.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// Everything is written: a turn on the way to the end.
    pub(super) fn leave(&mut self) -> Result<Rest, End> {
        let mut rest = Rest::Quiet;
        if self.is_leaving() {
            self.recheck();
            // However the connection ends now, it is the end that was wanted.
            rest = self.read().map_err(|_| End::Flushed)?;
        }
        let (unsent, now) = (sys::unsent(self.descriptor.as_fd()), Instant::now());
        match &self.leaving {
            _ if unsent == 0 => return Err(End::Flushed),
            None => shutdown(&self.descriptor, Shutdown::Write).map_err(|_| End::Flushed)?,
            Some(leaving) if unsent < leaving.unsent => {}
            Some(leaving) if now < leaving.since + PATIENCE => return Ok(rest),
            Some(_) => return Err(End::Flushed),
        }
        self.leaving = Some(Leaving { unsent, since: now });
        Ok(rest)
    }

    /// Whether nobody will have what is read: the socket has closed its end, and either nothing can be answered to the
    /// peer, or more waits already than somebody would read.
    pub(super) fn is_deaf(&mut self) -> bool {
        let writer = self.filler.writer();
        writer.is_gone()
            && (self.full || self.leaving.is_some() || self.broken.is_some() || !writer.is_short(SHORT))
    }

    /// Reads what is there, for nobody.
    pub(super) fn discard(&mut self) -> Result<Rest, End> {
        let mut scratch = [MaybeUninit::uninit(); SCRATCH];
        let mut moved = 0;
        while self.may_read {
            match sys::receive(self.descriptor.as_fd(), &mut scratch, &mut []) {
                Ok(0) => return Err(End::Eof),
                Ok(read) => {
                    self.heartbeat.received(Instant::now);
                    moved += read;
                }
                Err(error) => self.read_failed(error)?,
            }
            if moved >= TURN {
                return Ok(Rest::Busy);
            }
        }
        Ok(Rest::Quiet)
    }
}
