//! A pipe between a socket and its peer: two directions, and one side's ends of both.

use crate::option::Options;
use crate::socket_type::SocketType;
use queue::{Part, Pool, Reader, Writer};
use std::sync::Arc;

/// One side's ends of a pipe.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) writer: Writer,
    pub(crate) reader: Reader,
}

/// Which directions of a socket's pipes keep only their last message (`CONFLATE`). Subscriptions are all kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conflates {
    outbound: bool,
    inbound: bool,
}

impl Conflates {
    pub(crate) fn new(socket_type: SocketType, options: &Options) -> Self {
        let profile = socket_type.profile();
        Self {
            outbound: options.conflate && profile.conflates_out,
            inbound: options.conflate && profile.conflates_in,
        }
    }

    /// Where the peer, in the same process, has a say too.
    pub(crate) fn with_peer(self, peer: Self) -> Self {
        Self { outbound: self.outbound || peer.inbound, inbound: self.inbound || peer.outbound }
    }
}

/// Both sides' ends of a new pipe, the first as `conflates` says and with the high-water marks of `options`: they
/// count before the socket has taken the pipe in.
pub(crate) fn pipe(pool: &Arc<Pool>, conflates: Conflates, options: &Options) -> (Ends, Ends) {
    let channel = |conflates: bool| if conflates { queue::conflating(pool) } else { queue::channel(pool) };
    let [(to_there, from_here), (to_here, from_there)] = match (conflates.outbound, conflates.inbound) {
        (false, false) => queue::pipe(pool),
        (outbound, inbound) => [channel(outbound), channel(inbound)],
    };
    let mut first = Ends { writer: to_there, reader: from_there };
    first.set_high_water(options.sndhwm, options.rcvhwm);
    (first, Ends { writer: to_here, reader: from_here })
}

impl Ends {
    /// Writes the first message to a new peer in the same process (`HELLO_MSG`), if there is one.
    pub(crate) fn send_hello(&mut self, hello: Option<&[u8]>) {
        let Some(hello) = hello.filter(|hello| !hello.is_empty()) else { return };
        self.writer.write(&[], &[Part::Slice(hello)]);
        if self.writer.publish() {
            self.writer.wake();
        }
    }

    /// Sets the marks of this side, in messages; 0: none.
    pub(crate) fn set_high_water(&mut self, send: i32, receive: i32) {
        self.writer.set_high_water(send.max(0) as u32);
        self.reader.set_high_water(receive.max(0) as u32);
    }
}
