//! Proxies: what one socket receives, another sends, both ways (zmq_proxy(3), zmq_proxy_steerable(3)).

use crate::error::{Error, Result};
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

/// As [`proxy`] or, with `control`, [`proxy_steerable`], where one socket is both ends: what it receives it sends
/// again.
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
    fn from(&mut self, forth: bool) -> &mut Side<'a> {
        match &mut self.back {
            Some(back) if !forth => back,
            _ => &mut self.front,
        }
    }

    /// Where they go.
    fn to(&mut self, forth: bool) -> &mut Side<'a> {
        self.from(!forth)
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

/// What a direction waits for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Awaits {
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
struct Way {
    awaits: Awaits,
    message: Message,
    /// The message has been read and not yet been sent.
    held: bool,
}

impl Way {
    /// What is asked of the side it reads from, and of the side it sends to.
    fn interests(&self) -> (bool, bool) {
        (self.awaits == Awaits::Message, self.awaits == Awaits::Room)
    }

    /// Moves messages until there are no more, or no room, or the turn is over.
    fn forward(
        &mut self,
        ends: &mut Ends<'_>,
        forth: bool,
        capture: &mut Option<&mut AnySocket>,
    ) -> Result<()> {
        for _ in 0..BURST {
            // One socket may be able to send only after it has received.
            let must_have_room = self.held || ends.back.is_some();
            if must_have_room && !ends.to(forth).socket.core().can_send() {
                self.awaits = Awaits::Room;
                return Ok(());
            }
            if !self.held && !self.read(ends.from(forth), capture)? {
                self.awaits = Awaits::Message;
                return Ok(());
            }
            let to = ends.to(forth);
            let core = to.socket.core();
            match self.message.with(|parts| core.try_send(parts)) {
                Ok(()) => to.sent.count(&self.message),
                // It names no receiver, or has no form that the other side sends: no peer can end the proxy by it.
                Err(Denied::Invalid) => {}
                Err(Denied::Again) => {
                    self.awaits = Awaits::Peer;
                    return Ok(());
                }
                Err(denied) => return Err(Error::denied(denied, core.name())),
            }
            self.held = false;
            // Whose memory it is, wants to know when the receiver has done with it.
            (0..self.message.len()).for_each(|at| drop(self.message.take_foreign(at)));
        }
        self.awaits = Awaits::Message;
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
                Err(Error::InvalidMessage { .. }) => {}
                result => result?,
            }
        }
        Ok(true)
    }
}

/// What the control socket asked for.
enum Steer {
    On,
    End,
}

/// Where something may be done.
struct Found {
    forth: bool,
    back_again: bool,
    control: bool,
}

struct Proxy<'a> {
    ends: Ends<'a>,
    capture: Option<&'a mut AnySocket>,
    forth: Way,
    back_again: Way,
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
            forth: Way::default(),
            back_again: Way::default(),
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
                && let Steer::End = self.obey(control)?
            {
                return Ok(());
            }
            if self.paused {
                continue;
            }
            if found.forth || self.forth.awaits == Awaits::Peer {
                self.forth.forward(&mut self.ends, true, &mut self.capture)?;
            }
            if found.back_again || self.back_again.awaits == Awaits::Peer {
                self.back_again.forward(&mut self.ends, false, &mut self.capture)?;
            }
        }
    }

    fn wait(&mut self, poller: &mut Poller, control: Option<&mut AnySocket>) -> Result<Found> {
        let (mut front, mut back) = (Interest::default(), Interest::default());
        let mut timeout = None;
        let single = self.ends.back.is_none();
        if !self.paused {
            (front.readable, back.writable) = self.forth.interests();
            (back.readable, front.writable) =
                if single { (false, back.writable) } else { self.back_again.interests() };
            let retry = [&self.forth, &self.back_again].iter().any(|way| way.awaits == Awaits::Peer);
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
            forth: front.readable || back.writable,
            back_again: !single && (back.readable || front.writable),
            control: poller.found(steering).readable,
        })
    }

    /// Does what the control socket says.
    fn obey(&mut self, control: &mut AnySocket) -> Result<Steer> {
        let command = match control.try_recv() {
            Ok(command) => command,
            Err(Error::Again) => return Ok(Steer::On),
            Err(error) => return Err(error),
        };
        match command.bytes() {
            b"STATISTICS" => {
                answer(control, self.statistics())?;
                return Ok(Steer::On);
            }
            b"PAUSE" => self.paused = true,
            b"RESUME" => self.paused = false,
            _ => {}
        }
        if control.socket_type().profile().owes_replies {
            answer(control, Message::from(Frame::new()))?;
        }
        Ok(if command.bytes() == b"TERMINATE" { Steer::End } else { Steer::On })
    }

    fn statistics(&self) -> Message {
        let (front, back) = (&self.ends.front, self.ends.back.as_ref().unwrap_or(&self.ends.front));
        let traffic = [front.received, front.sent, back.received, back.sent];
        let numbers = traffic.iter().flat_map(|traffic| [traffic.messages, traffic.bytes]);
        numbers.map(|number| Frame::copy_from(&number.to_ne_bytes())).collect()
    }
}

/// Nobody who steers a proxy can hold it up: who cannot be answered, or has no room, gets no answer.
fn answer(control: &mut AnySocket, message: Message) -> Result<()> {
    match control.try_send(message) {
        Err(Error::Again | Error::Unsupported { .. }) => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, SocketType};
    use std::thread;
    use std::time::Instant;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A socket bound to, and one connected from the other side.
    fn link(context: &Context, bound: SocketType, other: SocketType, name: &str) -> (AnySocket, AnySocket) {
        let endpoint = format!("inproc://{name}");
        let mut inner = AnySocket::with_type(context, bound).unwrap();
        inner.bind(&endpoint).unwrap();
        let mut outer = AnySocket::with_type(context, other).unwrap();
        outer.connect(&endpoint).unwrap();
        (inner, outer)
    }

    fn numbers(message: &Message) -> Vec<u64> {
        message.iter().map(|part| u64::from_ne_bytes(part[..].try_into().unwrap())).collect()
    }

    #[test]
    fn requests_go_forth_and_replies_back() {
        let context = Context::new();
        let mut front = Router::new(&context).unwrap();
        let mut back = Dealer::new(&context).unwrap();
        front.bind("inproc://front").unwrap();
        back.bind("inproc://back").unwrap();
        let broker = thread::spawn(move || proxy(&mut front, &mut back, None));
        let mut client = Req::new(&context).unwrap();
        client.connect("inproc://front").unwrap();
        let mut worker = Rep::new(&context).unwrap();
        worker.connect("inproc://back").unwrap();
        for body in ["a", "", "c"] {
            client.send(["request", body]).unwrap();
            assert_eq!(worker.recv_timeout(PATIENCE).unwrap(), Message::from(["request", body]));
            worker.send(["reply", body]).unwrap();
            assert_eq!(client.recv_timeout(PATIENCE).unwrap(), Message::from(["reply", body]));
        }
        context.shutdown();
        assert!(matches!(broker.join().unwrap(), Err(Error::Terminated)));
    }

    #[test]
    fn nothing_is_read_before_there_is_room() {
        let context = Context::new();
        let mut front = Pull::new(&context).unwrap();
        let mut back = Push::new(&context).unwrap();
        front.bind("inproc://front").unwrap();
        back.bind("inproc://back").unwrap();
        let (mut control, mut steer) = link(&context, SocketType::Pair, SocketType::Pair, "control");
        let mut source = Push::new(&context).unwrap();
        source.connect("inproc://front").unwrap();
        for number in 0..=500_u32 {
            source.send_timeout(&number.to_ne_bytes(), PATIENCE).unwrap();
        }
        let streamer = thread::spawn(move || proxy_steerable(&mut front, &mut back, None, &mut control));
        steer.send("STATISTICS").unwrap();
        assert_eq!(numbers(&steer.recv_timeout(PATIENCE).unwrap()), [0; 8]);
        let mut sink = Pull::new(&context).unwrap();
        sink.connect("inproc://back").unwrap();
        for number in 0..=500_u32 {
            assert_eq!(sink.recv_timeout(PATIENCE).unwrap().bytes(), number.to_ne_bytes());
        }
        steer.send("STATISTICS").unwrap();
        let expected = [501, 2004, 0, 0, 0, 0, 501, 2004];
        assert_eq!(numbers(&steer.recv_timeout(PATIENCE).unwrap()), expected);
        steer.send("TERMINATE").unwrap();
        streamer.join().unwrap().unwrap();
    }

    #[test]
    fn a_reply_follows_each_command_and_a_pause_holds() {
        let context = Context::new();
        let (mut front, mut source) = link(&context, SocketType::Pair, SocketType::Pair, "front");
        let (mut back, mut sink) = link(&context, SocketType::Pair, SocketType::Pair, "back");
        let (mut control, mut steer) = link(&context, SocketType::Rep, SocketType::Req, "control");
        let middle = thread::spawn(move || proxy_steerable(&mut front, &mut back, None, &mut control));
        let mut order = |command: &str| {
            steer.send(command).unwrap();
            steer.recv_timeout(PATIENCE).unwrap()
        };
        let empty = Message::from("");
        assert_eq!(order("PAUSE"), empty);
        source.send("late").unwrap();
        assert_eq!(order("nonsense"), empty);
        assert_eq!(numbers(&order("STATISTICS")), [0; 8]);
        assert!(matches!(sink.try_recv(), Err(Error::Again)));
        assert_eq!(order("RESUME"), empty);
        assert_eq!(sink.recv_timeout(PATIENCE).unwrap(), Message::from("late"));
        assert_eq!(order("TERMINATE"), empty);
        middle.join().unwrap().unwrap();
    }

    #[test]
    fn the_capture_gets_a_copy_of_both_directions() {
        let context = Context::new();
        let (mut front, mut left) = link(&context, SocketType::Pair, SocketType::Pair, "front");
        let (mut back, mut right) = link(&context, SocketType::Pair, SocketType::Pair, "back");
        let (mut capture, mut copies) = link(&context, SocketType::Push, SocketType::Pull, "capture");
        let middle = thread::spawn(move || proxy(&mut front, &mut back, Some(&mut capture)));
        let large = vec![7; 100_000];
        left.send([b"a".to_vec(), large.clone()]).unwrap();
        let forth = right.recv_timeout(PATIENCE).unwrap();
        assert_eq!(forth, Message::from([b"a".to_vec(), large]));
        assert_eq!(copies.recv_timeout(PATIENCE).unwrap(), forth);
        right.send("b").unwrap();
        assert_eq!(left.recv_timeout(PATIENCE).unwrap(), Message::from("b"));
        assert_eq!(copies.recv_timeout(PATIENCE).unwrap(), Message::from("b"));
        context.shutdown();
        assert!(matches!(middle.join().unwrap(), Err(Error::Terminated)));
    }

    #[test]
    fn a_message_for_nobody_is_passed_over() {
        let context = Context::new();
        let (mut front, mut client) = link(&context, SocketType::Router, SocketType::Dealer, "front");
        let (mut back, mut worker) = link(&context, SocketType::Dealer, SocketType::Dealer, "back");
        let (mut capture, _copies) = link(&context, SocketType::Router, SocketType::Dealer, "capture");
        let middle = thread::spawn(move || proxy(&mut front, &mut back, Some(&mut capture)));
        worker.send("no routing id").unwrap();
        client.send("request").unwrap();
        let request = worker.recv_timeout(PATIENCE).unwrap();
        worker.send(request).unwrap();
        assert_eq!(client.recv_timeout(PATIENCE).unwrap(), Message::from("request"));
        context.shutdown();
        assert!(matches!(middle.join().unwrap(), Err(Error::Terminated)));
    }

    #[test]
    fn the_numbers_of_the_capture_are_told() {
        let context = Context::new();
        let (mut front, mut left) = link(&context, SocketType::Pair, SocketType::Pair, "front");
        let (mut back, mut right) = link(&context, SocketType::Pair, SocketType::Pair, "back");
        let (mut capture, mut copies) = link(&context, SocketType::Push, SocketType::Pull, "capture");
        let middle = thread::spawn(move || proxy(&mut front, &mut back, Some(&mut capture)));
        for passed in 1..=3 {
            left.send("a").unwrap();
            right.recv_timeout(PATIENCE).unwrap();
            copies.recv_timeout(PATIENCE).unwrap();
            let began = Instant::now();
            // The sockets of this thread never answer.
            while !context.stats(Duration::from_millis(10)).iter().any(|report| {
                report.socket_type == SocketType::Push
                    && (report.stats.sent, report.stats.peers.len()) == (passed, 1)
            }) {
                assert!(began.elapsed() < PATIENCE, "message {passed} is never told of");
            }
        }
        context.shutdown();
        assert!(matches!(middle.join().unwrap(), Err(Error::Terminated)));
    }

    #[test]
    fn a_capture_that_cannot_send_is_an_error() {
        let context = Context::new();
        let (mut front, mut left) = link(&context, SocketType::Pair, SocketType::Pair, "front");
        let mut back = Pub::new(&context).unwrap();
        let mut capture = Pull::new(&context).unwrap().into_any();
        left.send("a").unwrap();
        let result = proxy(&mut front, &mut back, Some(&mut capture));
        assert!(matches!(result, Err(Error::Unsupported { socket: "PULL" })));
    }

    #[test]
    fn a_control_that_cannot_answer_steers_all_the_same() {
        let context = Context::new();
        let mut front = Pair::new(&context).unwrap();
        let mut back = Pair::new(&context).unwrap();
        let (mut control, mut steer) = link(&context, SocketType::Pull, SocketType::Push, "control");
        steer.send("STATISTICS").unwrap();
        steer.send("TERMINATE").unwrap();
        proxy_steerable(&mut front, &mut back, None, &mut control).unwrap();
    }
}
