//! The engines of multicast endpoints: a publisher's moves messages from its pipe into datagrams for the group, a
//! subscriber's moves those of all sources of the group into its pipe.

mod contract;
mod publishing;
mod settings;
mod subscribing;

use crate::engine::contract::Rest;
use crate::option::Options;
use crate::stats::MulticastStats;
use crate::transport::multicast::{Port, Role};
use contract::Emit;
use pgm::ConfigError;
use publishing::Publishing;
use queue::{Backlog, Notify, Reader, Writer};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Instant;
use subscribing::Subscribing;

/// See the module.
#[derive(Debug)]
pub(crate) struct Multicast {
    port: Port,
    /// Both ends of the pipe; a publisher's writer, and what a subscriber's reader brings, have no other use.
    reader: Reader,
    writer: Writer,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Publishes(Box<Publishing>),
    Subscribes(Box<Subscribing>),
}

impl Multicast {
    /// # Errors
    /// The options allow no datagram.
    pub(crate) fn new(
        mut port: Port,
        (reader, writer): (Reader, Writer),
        role: Role,
        options: &Options,
    ) -> Result<Self, ConfigError> {
        let way = match role {
            Role::Send => Way::Publishes(Box::new(Publishing::new(&mut port, options, Instant::now())?)),
            Role::Receive => Way::Subscribes(Box::new(Subscribing::new(&port, options)?)),
        };
        Ok(Self { port, reader, writer, way })
    }

    /// Names who is woken when the pipe has something, or room.
    pub(crate) fn attach(&self, notify: Arc<dyn Notify>, key: u64) {
        self.reader.attach(notify.clone(), key);
        self.writer.attach(notify, key);
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.port.descriptors()
    }

    /// The number of the first descriptor, as events name it.
    pub(crate) fn number(&self) -> u64 {
        self.descriptors().next().map_or(u64::MAX, |descriptor| descriptor.as_raw_fd() as u64)
    }

    /// Something has happened to a descriptor.
    pub(crate) fn event(&mut self, readable: bool, writable: bool) {
        match &mut self.way {
            Way::Publishes(publishing) => publishing.event(readable, writable),
            Way::Subscribes(subscribing) => subscribing.event(readable, writable),
        }
    }

    /// The pipe from the socket has something, or has ended.
    pub(crate) fn resume(&mut self) {
        self.reader.resume();
    }

    /// Moves what can be moved, within one turn. Returns whether there is more to do at once, and when there is next.
    pub(crate) fn turn(&mut self, now: Instant, emit: Emit<'_>) -> (Rest, Option<Instant>) {
        let Self { port, reader, writer, way } = self;
        match way {
            Way::Publishes(publishing) => publishing.turn(port, reader, now),
            Way::Subscribes(subscribing) => {
                ignore(reader);
                subscribing.turn(port, writer, now, emit)
            }
        }
    }

    /// Whether nothing is left to send: the socket has closed its end, and all is out.
    pub(crate) fn is_done(&self) -> bool {
        match &self.way {
            Way::Publishes(publishing) => self.reader.has_ended() && publishing.is_empty(),
            Way::Subscribes(_) => true,
        }
    }

    /// The messages in the pipe, and the bytes of datagrams that are made and not sent.
    pub(crate) fn unsent(&self) -> Backlog {
        match &self.way {
            Way::Publishes(publishing) => {
                let Backlog { messages, bytes } = self.reader.backlog();
                Backlog { messages, bytes: bytes + publishing.unsent() }
            }
            Way::Subscribes(_) => Backlog::default(),
        }
    }

    /// The end. A source says farewell, so that no receiver asks for more.
    pub(crate) fn close(&mut self, now: Instant) {
        if let Way::Publishes(publishing) = &mut self.way {
            publishing.close(&mut self.port, now);
        }
    }

    /// The number of sources that it hears.
    pub(crate) fn source_count(&self) -> usize {
        match &self.way {
            Way::Publishes(_) => 0,
            Way::Subscribes(subscribing) => subscribing.source_count(),
        }
    }

    /// Fills in its numbers.
    pub(crate) fn tell(&self, numbers: &mut MulticastStats) {
        numbers.refused_by_system = self.port.lost();
        match &self.way {
            Way::Publishes(publishing) => publishing.tell(numbers),
            Way::Subscribes(subscribing) => subscribing.tell(numbers),
        }
    }
}

/// What a subscriber says to publishers stays here: no source hears it.
fn ignore(reader: &mut Reader) {
    loop {
        while reader.take().is_some() {}
        if reader.has_ended() || reader.park() {
            return;
        }
    }
}
