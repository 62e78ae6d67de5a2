//! Proxies: one socket sends the messages that another receives, both ways (zmq_proxy(3), zmq_proxy_steerable(3)).

#[cfg(test)]
mod tests;

use crate::error::{Error, Result, SendError};
use crate::message::{Frame, Message};
use crate::pattern::contract::Denied;
use crate::poller::{Interest, Item, Pollable, Poller};
use crate::socket::outgoing::Parts;
use crate::socket::{AnySocket, Socket};
use std::time::Duration;

/// Messages that one direction moves before the other has its turn.
const BURST: u32 = 1000;
/// The pause before a message is offered again to a peer without room, where others have room.
const RETRY: Duration = Duration::from_millis(10);

/// Passes messages between two sockets, both ways as far as their types receive and send, until the context
/// ends. A message is read only when the other side can take it. `capture` is sent a copy of each.
///
/// ROUTER and DEALER make a request broker, XSUB and XPUB a forwarder of topics, PULL and PUSH a streamer.
///
/// # Errors
/// Always ends with one: [`Error::Terminated`] after the context's end, [`Error::Interrupted`] by an
/// [`Interrupter`](crate::Interrupter) of one of the sockets, or what a send failed with (zmq_proxy(3)).
pub fn proxy<F, B>(
    frontend: &mut Socket<F>,
    backend: &mut Socket<B>,
    capture: Option<&mut AnySocket>,
) -> Result<()> {
    Proxy::new(frontend, Some(backend), capture).run(None)
}

/// As [`proxy`], told by the messages that `control` receives: `PAUSE`, `RESUME`, `TERMINATE`, and
/// `STATISTICS`, which is answered with eight parts of 8 bytes in native order: messages received, bytes
/// received, messages sent, bytes sent at the frontend, then the same at the backend. A REP socket answers
/// every other message with an empty one.
///
/// Returns after `TERMINATE`.
///
/// # Errors
/// As [`proxy`].
pub fn proxy_steerable<F, B>(
    frontend: &mut Socket<F>,
    backend: &mut Socket<B>,
    capture: Option<&mut AnySocket>,
    control: &mut AnySocket,
) -> Result<()> {
    Proxy::new(frontend, Some(backend), capture).run(Some(control))
}

/// As [`proxy`] or, with `control`, [`proxy_steerable`], where one socket is both ends: it sends again the messages
/// that it receives.
///
/// # Errors
/// As [`proxy`].
pub fn reflect<K>(
    socket: &mut Socket<K>,
    capture: Option<&mut AnySocket>,
    control: Option<&mut AnySocket>,
) -> Result<()> {
    Proxy::new(socket, None, capture).run(control)
}

/// Both ends, or the one that is both.
struct Ends<'a> {
    front: Side<'a>,
    back: Option<Side<'a>>,
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
}

struct Side<'a> {
    socket: &'a mut dyn Pollable,
    received: Traffic,
    sent: Traffic,
}

#[derive(Clone, Copy, Default)]
struct Traffic {
    messages: u64,
    bytes: u64,
}

impl Traffic {
    fn count(&mut self, message: &Message) {
        self.messages += 1;
        self.bytes += message.iter().map(|part| part.len() as u64).sum::<u64>();
    }
}

/// The condition that a direction waits for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Wait {
    /// A message to read.
    #[default]
    Message,
    /// Room at the other side.
    Room,
    /// Room at one of several peers: no readiness tells of it.
    Peer,
}

/// The way from one side to the other.
#[derive(Default)]
struct Direction {
    waits_for: Wait,
    message: Message,
    /// The message has been read and not yet been sent.
    held: bool,
}

impl Direction {
    /// The readiness asked of the side that this direction reads from, and of the side that it sends to.
    fn interests(&self) -> (bool, bool) {
        (self.waits_for == Wait::Message, self.waits_for == Wait::Room)
    }

    /// Moves messages until there are no more, or no room, or the turn is over.
    fn forward(
        &mut self,
        ends: &mut Ends<'_>,
        to_back: bool,
        capture: &mut Option<&mut AnySocket>,
    ) -> Result<()> {
        for _ in 0..BURST {
            // One socket may be able to send only after it has received.
            let must_have_room = self.held || ends.back.is_some();
            if must_have_room && !ends.to(to_back).socket.core().can_send() {
                self.waits_for = Wait::Room;
                return Ok(());
            }
            if !self.held && !self.read(ends.from(to_back), capture)? {
                self.waits_for = Wait::Message;
                return Ok(());
            }
            let to = ends.to(to_back);
            let core = to.socket.core();
            match self.message.with(|parts| core.try_send(parts)) {
                Ok(()) => to.sent.count(&self.message),
                // It names no receiver, or has no form that the other side sends: no peer can end the proxy by it.
                Err(Denied::Invalid) => {}
                Err(Denied::Again) => {
                    self.waits_for = Wait::Peer;
                    return Ok(());
                }
                Err(denied) => return Err(Error::denied(denied, core.name())),
            }
            self.held = false;
            // The owner of the memory wants to know when the receiver has done with it.
            (0..self.message.len()).for_each(|at| drop(self.message.take_foreign(at)));
        }
        self.waits_for = Wait::Message;
        Ok(())
    }

    /// Reads the next message, if there is one.
    fn read(&mut self, from: &mut Side<'_>, capture: &mut Option<&mut AnySocket>) -> Result<bool> {
        let core = from.socket.core();
        match core.try_recv(&mut self.message) {
            Ok(()) => {}
            Err(Denied::Again) => return Ok(false),
            Err(denied) => return Err(Error::denied(denied, core.name())),
        }
        self.held = true;
        self.message.share_large();
        from.received.count(&self.message);
        if let Some(capture) = capture {
            match capture.send(&self.message) {
                Err(SendError { error: Error::InvalidMessage { .. }, .. }) => {}
                result => result?,
            }
        }
        Ok(true)
    }
}

/// The effect of a control command: the proxy goes on, or ends.
enum Steering {
    On,
    End,
}

/// Where something may be done.
struct Found {
    to_back: bool,
    to_front: bool,
    control: bool,
}

struct Proxy<'a> {
    ends: Ends<'a>,
    capture: Option<&'a mut AnySocket>,
    to_back: Direction,
    to_front: Direction,
    paused: bool,
}

impl<'a> Proxy<'a> {
    fn new(
        front: &'a mut dyn Pollable,
        back: Option<&'a mut dyn Pollable>,
        capture: Option<&'a mut AnySocket>,
    ) -> Self {
        let none = Traffic::default();
        let side = |socket: &'a mut dyn Pollable| Side { socket, received: none, sent: none };
        Self {
            ends: Ends { front: side(front), back: back.map(side) },
            capture,
            to_back: Direction::default(),
            to_front: Direction::default(),
            paused: false,
        }
    }

    fn run(mut self, mut control: Option<&mut AnySocket>) -> Result<()> {
        let mut poller = Poller::new();
        poller.set_interruptible(self.ends.front.socket.core().waiting.interruptible);
        loop {
            let found = self.wait(&mut poller, control.as_deref_mut())?;
            if found.control
                && let Some(control) = control.as_deref_mut()
                && let Steering::End = self.handle_command(control)?
            {
                return Ok(());
            }
            if self.paused {
                continue;
            }
            if found.to_back || self.to_back.waits_for == Wait::Peer {
                self.to_back.forward(&mut self.ends, true, &mut self.capture)?;
            }
            if found.to_front || self.to_front.waits_for == Wait::Peer {
                self.to_front.forward(&mut self.ends, false, &mut self.capture)?;
            }
        }
    }

    fn wait(&mut self, poller: &mut Poller, control: Option<&mut AnySocket>) -> Result<Found> {
        let (mut front, mut back) = (Interest::default(), Interest::default());
        let mut timeout = None;
        let single = self.ends.back.is_none();
        if !self.paused {
            (front.readable, back.writable) = self.to_back.interests();
            (back.readable, front.writable) =
                if single { (false, back.writable) } else { self.to_front.interests() };
            let retry =
                [&self.to_back, &self.to_front].iter().any(|direction| direction.waits_for == Wait::Peer);
            timeout = retry.then_some(RETRY);
        }
        let mut items = vec![Item::Socket(&mut *self.ends.front.socket, front)];
        items.extend(self.ends.back.as_mut().map(|side| Item::Socket(&mut *side.socket, back)));
        let steering = items.len();
        items.extend(control.map(|control| Item::Socket(control, Interest::READABLE)));
        // Nothing is awaited of it, but it may be asked for its numbers.
        let capture = self.capture.as_deref_mut();
        items.extend(capture.map(|capture| Item::Socket(capture, Interest::default())));
        poller.wait(&mut items, timeout)?;
        let front = poller.found(0);
        let back = if single { front } else { poller.found(1) };
        Ok(Found {
            to_back: front.readable || back.writable,
            to_front: !single && (back.readable || front.writable),
            control: poller.found(steering).readable,
        })
    }

    /// Does what the control socket says.
    fn handle_command(&mut self, control: &mut AnySocket) -> Result<Steering> {
        let command = match control.try_recv() {
            Ok(command) => command,
            Err(Error::Again) => return Ok(Steering::On),
            Err(error) => return Err(error),
        };
        match command.bytes() {
            b"STATISTICS" => {
                answer(control, self.statistics())?;
                return Ok(Steering::On);
            }
            b"PAUSE" => self.paused = true,
            b"RESUME" => self.paused = false,
            _ => {}
        }
        if control.socket_type().profile().owes_replies {
            answer(control, Message::from(Frame::new()))?;
        }
        Ok(if command.bytes() == b"TERMINATE" { Steering::End } else { Steering::On })
    }

    fn statistics(&self) -> Message {
        let (front, back) = (&self.ends.front, self.ends.back.as_ref().unwrap_or(&self.ends.front));
        let traffic = [front.received, front.sent, back.received, back.sent];
        let numbers = traffic.iter().flat_map(|traffic| [traffic.messages, traffic.bytes]);
        numbers.map(|number| Frame::copy_from(&number.to_ne_bytes())).collect()
    }
}

/// Nobody who steers a proxy can hold it up: a peer that cannot be answered, or has no room, gets no answer.
fn answer(control: &mut AnySocket, message: Message) -> Result<()> {
    match control.try_send(message) {
        Err(SendError { error: Error::Again | Error::Unsupported { .. }, .. }) => Ok(()),
        result => Ok(result?),
    }
}
