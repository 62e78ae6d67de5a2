//! The connection events of a socket of either library.

use crate::PATIENCE;
use std::time::{Duration, Instant};
use zincmq::EventKind;

/// The events of one socket, oldest first.
#[derive(Debug)]
pub enum Monitor {
    /// Of one of ours.
    Ours(zincmq::Monitor),
    /// Of a genuine one: the socket that receives them.
    Genuine(genuine::Socket),
}

impl Monitor {
    pub(crate) fn genuine(socket: &genuine::Socket, context: &genuine::Context) -> Self {
        socket.monitor("inproc://monitor", 0xFFFF).expect("a monitor");
        let events = genuine::Socket::new(context, genuine::kind::PAIR).expect("a socket");
        events.set(genuine::option::LINGER, 0).expect("an option");
        events.connect("inproc://monitor").expect("the monitor");
        Self::Genuine(events)
    }

    /// Waits for an event of this kind, passing over others, and returns its value.
    pub fn wait_for(&mut self, kind: EventKind) -> u64 {
        self.find(kind, PATIENCE).unwrap_or_else(|| panic!("{kind:?} did not happen"))
    }

    /// As [`Monitor::wait_for`], for so long.
    pub fn find(&mut self, kind: EventKind, time: Duration) -> Option<u64> {
        let until = Instant::now() + time;
        loop {
            let (found, value) = self.next(until.saturating_duration_since(Instant::now()))?;
            if found == kind as u16 {
                return Some(value);
            }
        }
    }

    fn next(&mut self, time: Duration) -> Option<(u16, u64)> {
        match self {
            Self::Ours(monitor) => {
                monitor.recv_timeout(time).ok().map(|event| (event.kind as u16, event.value))
            }
            Self::Genuine(events) => {
                let time = i32::try_from(time.as_millis()).expect("a short time");
                events.set(genuine::option::RCVTIMEO, time).expect("an option");
                let event = events.recv(0).ok()?;
                let (kind, value) = event[0].split_at(2);
                let value = u32::from_ne_bytes(value.try_into().expect("four bytes"));
                Some((u16::from_ne_bytes(kind.try_into().expect("two bytes")), value.into()))
            }
        }
    }
}
