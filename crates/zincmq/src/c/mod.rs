//! The interface that the C library (`zincmq-libzmq`) needs beyond Rust's. It is no promise: it changes as that crate does.

mod direct;
mod option;
mod sending;

use crate::context::{Context, ContextBuilder};
use crate::error::Result;
use crate::message::{Frame, Message};
use crate::poller::Poller;
use crate::proxy::Proxy;
use crate::socket::Socket;
pub use direct::Direct;
pub use option::ByNumber;
use queue::Common;
pub use sending::{Admits, Kept};
pub use sys::SignalMask;

/// A socket that behaves and counts as libzmq's.
pub trait LikeLibzmq {
    /// Sets whether sends that do not wait (as [`Socket::try_send`]) are slow to notice room, as in libzmq. Default:
    /// `false`, room is noticed at once.
    ///
    /// A peer makes room in steps of half the high-water mark. If `on`, a send that needs the first step, or a step
    /// less than a millisecond after it took the last one, is refused once ([`Error::Again`](crate::Error::Again))
    /// although there is room; the next send uses the room. After a refusal by a queue that was full in fact, new room
    /// is used at once. Programs written for libzmq may count on a fast sender being refused, however fast its peer is.
    ///
    /// Has no effect on sends while [`Socket::descriptor`] is in use, or where a refused message would be lost.
    /// [`LikeLibzmq::report_queues`] of such a socket counts as libzmq does: the number of messages queued outbound goes
    /// down in steps of half the high-water mark.
    fn set_lazy(&mut self, on: bool);

    /// Has the monitor told of every peer's queues ([`EventKind::PipesStats`](crate::EventKind::PipesStats)).
    ///
    /// # Errors
    /// [`Error::Again`](crate::Error::Again) if there is no peer, [`Error::Terminated`](crate::Error::Terminated).
    fn report_queues(&mut self) -> Result<()>;
}

impl<K> LikeLibzmq for Socket<K> {
    fn set_lazy(&mut self, on: bool) {
        self.core_mut().lazy = on;
    }

    fn report_queues(&mut self) -> Result<()> {
        self.core_mut().report_queues()
    }
}

/// A context whose settings change after it was made.
pub trait Configures {
    /// Changes the settings: `change` gets the present ones and returns the new ones. The settings of I/O threads (number,
    /// names, affinity, scheduling) take effect only before the first socket, which starts the threads. The others take
    /// effect for each socket made afterwards.
    fn configure(&self, change: impl FnOnce(ContextBuilder) -> ContextBuilder);
}

impl Configures for Context {
    fn configure(&self, change: impl FnOnce(ContextBuilder) -> ContextBuilder) {
        self.change(change);
    }
}

/// Whose memory the parts of a message are in.
pub trait Memory {
    /// As [`Message::take_part`], if the memory of the body is not this message's own: shared, or a piece of the buffer
    /// that the network filled.
    fn take_foreign(&mut self, at: usize) -> Option<Frame>;

    /// The body of part `at`, if other subscribers in this process have it, too; an empty part stays.
    fn take_common(&mut self, at: usize) -> Option<Common>;

    /// The bytes of part `at`, if their memory is this message's own.
    fn own(&self, at: usize) -> Option<&[u8]>;
}

impl Memory for Message {
    #[inline]
    fn take_foreign(&mut self, at: usize) -> Option<Frame> {
        self.take_foreign(at)
    }

    #[inline]
    fn take_common(&mut self, at: usize) -> Option<Common> {
        self.as_mut_slice().get_mut(at).and_then(Frame::take_common)
    }

    #[inline]
    fn own(&self, at: usize) -> Option<&[u8]> {
        self.own(at)
    }
}

/// A proxy with one socket at both ends: it sends again the messages that it receives.
pub fn reflecting<K>(socket: &mut Socket<K>) -> Proxy<'_> {
    Proxy::between(socket.core_mut(), None)
}

/// A poller that sleeps under another signal mask than its thread's.
pub trait Masks {
    /// Sets the signals that are blocked while the poller sleeps, in place of those that the thread blocks, as in
    /// ppoll(2). Default: `None`, the thread's own signal mask stays in force.
    ///
    /// The kernel changes the mask and begins the sleep in one step. A program can so block a signal everywhere but
    /// in the sleep: the signal cannot come between a check of the program and the sleep. A wait with a timeout of
    /// zero lets such signals in as well. Use [`Poller::set_interruptible`] to have the handler of a signal end the
    /// wait.
    fn set_signal_mask(&mut self, mask: Option<SignalMask>);
}

impl Masks for Poller {
    fn set_signal_mask(&mut self, mask: Option<SignalMask>) {
        self.mask = mask;
    }
}
