//! Proxies: one socket sends the messages that another receives, both ways (zmq_proxy(3), zmq_proxy_steerable(3)).

mod direction;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::message::{Frame, Message};
use crate::pattern::ability::{Receives, Sends};
use crate::pattern::contract::Denied;
use crate::poller::{Interest, Item, Poller, Token};
use crate::socket::outgoing::Parts;
use crate::socket::{Core, Socket, end_streams_of_thread};
use direction::{Direction, Ends, Side, Wait};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Messages that a thread moves in one direction before the other has its turn.
const BURST: u32 = 1000;
/// As [`BURST`], for a task: afterwards other tasks have their turn, too.
const TASK_BURST: u32 = 128;
/// The pause before a message is offered again to a peer without room, where others have room.
const RETRY: Duration = Duration::from_millis(10);

const FRONT: Token = Token(0);
const BACK: Token = Token(1);
const CAPTURE: Token = Token(2);
const CONTROL: Token = Token(3);

/// Passes messages between two sockets, both ways as far as their types receive and send: `Proxy::new(front, back).run()`.
///
/// ROUTER and DEALER make a request broker, XSUB and XPUB a forwarder of topics, PULL and PUSH a streamer.
///
/// # Errors
/// As [`Proxy::run`].
pub fn proxy<F, B>(frontend: &mut Socket<F>, backend: &mut Socket<B>) -> Result<()> {
    Proxy::new(frontend, backend).run()
}

/// As [`proxy`], for async code: `Proxy::new(front, back).run_async()`.
///
/// # Errors
/// As [`Proxy::run`].
pub async fn proxy_async<F, B>(frontend: &mut Socket<F>, backend: &mut Socket<B>) -> Result<()> {
    Proxy::new(frontend, backend).run_async().await
}

/// Two sockets between which messages are passed, both ways as far as their types receive and send. A message is read
/// only when the other side can take it.
///
/// ```
/// use std::thread;
/// use zincmq::Proxy;
/// use zincmq::{Context, Dealer, Pair, Pub, Rep, Req, Router, Sub};
/// # fn main() -> zincmq::Result<()> {
/// let context = Context::new();
/// let mut front = Router::new(&context)?;
/// front.bind("inproc://front")?;
/// let mut back = Dealer::new(&context)?;
/// back.bind("inproc://back")?;
/// let mut capture = Pub::new(&context)?;
/// capture.bind("inproc://copies")?;
/// let mut control = Pair::new(&context)?;
/// control.bind("inproc://control")?;
/// let broker = thread::spawn(move || {
///     Proxy::new(&mut front, &mut back).capture(&mut capture).control(&mut control).run()
/// });
///
/// let mut client = Req::new(&context)?;
/// client.connect("inproc://front")?;
/// let mut worker = Rep::new(&context)?;
/// worker.connect("inproc://back")?;
/// client.send("request")?;
/// assert_eq!(worker.recv()?.as_str(), Ok("request"));
/// worker.send("reply")?;
/// assert_eq!(client.recv()?.as_str(), Ok("reply"));
///
/// let mut steer = Pair::new(&context)?;
/// steer.connect("inproc://control")?;
/// steer.send("TERMINATE")?;
/// broker.join().unwrap()?;
/// # Ok(()) }
/// ```
#[must_use = "a proxy passes messages while it runs"]
pub struct Proxy<'a> {
    ends: Ends<'a>,
    control: Option<&'a mut Core>,
    to_back: Direction,
    to_front: Direction,
    paused: bool,
}

impl<'a> Proxy<'a> {
    /// Between two sockets.
    pub fn new<F, B>(frontend: &'a mut Socket<F>, backend: &'a mut Socket<B>) -> Self {
        Self::between(frontend.core_mut(), Some(backend.core_mut()))
    }

    /// With one socket at both ends: it sends again the messages that it receives.
    pub fn reflecting<K: Sends + Receives>(socket: &'a mut Socket<K>) -> Self {
        Self::between(socket.core_mut(), None)
    }

    fn between(front: &'a mut Core, back: Option<&'a mut Core>) -> Self {
        Self {
            ends: Ends { front: Side::new(front), back: back.map(Side::new), capture: None },
            control: None,
            to_back: Direction::default(),
            to_front: Direction::default(),
            paused: false,
        }
    }

    /// Has a copy of each message sent to `capture`. While that has no room, nothing is passed on.
    pub fn capture<C: Sends>(mut self, capture: &'a mut Socket<C>) -> Self {
        self.ends.capture = Some(capture.core_mut());
        self
    }

    /// Obeys the messages that `control` receives: `PAUSE`, `RESUME`, `TERMINATE`, and `STATISTICS`, which is answered with
    /// eight parts of 8 bytes in native order: messages received, bytes received, messages sent, bytes sent at the
    /// frontend, then the same at the backend. A REP socket answers every other message with an empty one.
    pub fn control<C: Receives>(mut self, control: &'a mut Socket<C>) -> Self {
        self.control = Some(control.core_mut());
        self
    }

    /// Passes messages on until `TERMINATE` comes, which is no error, or something fails. It can be called again
    /// afterwards, and goes on where it ended.
    ///
    /// # Errors
    /// [`Error::Terminated`] after the context's end, [`Error::Interrupted`] by an
    /// [`Interrupter`](crate::Interrupter) of one of the sockets, or what a send failed with (zmq_proxy(3)).
    pub fn run(&mut self) -> Result<()> {
        let mut poller = Poller::new();
        poller.set_interruptible(self.ends.front.core.waiting.interruptible);
        loop {
            if self.wait(&mut poller)? && self.obey()? == Steering::End {
                return Ok(());
            }
            self.forward(BURST)?;
        }
    }

    /// As [`Proxy::run`], for async code; needs no particular executor. After 128 messages each way at most it lets other
    /// tasks run. Dropping the future loses no message, since the proxy keeps one that it has read and not yet sent:
    /// another call goes on with that.
    ///
    /// # Errors
    /// As [`Proxy::run`].
    pub async fn run_async(&mut self) -> Result<()> {
        let guard = Rest(self);
        poll_fn(|context| guard.0.poll(context)).await
    }

    /// One look at everything; if there is nothing to do, the task is woken at the next change.
    fn poll(&mut self, context: &Context<'_>) -> Poll<Result<()>> {
        for armed in [false, true] {
            if armed {
                let waker = Arc::new(context.waker().clone());
                self.cores().for_each(|core| core.owner.inbox.signal().arm(waker.clone()));
            }
            match self.pass() {
                Ok(Pass::Nothing) => {}
                Ok(Pass::Something) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(Pass::End) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        end_streams_of_thread();
        if self.cores().any(|core| core.is_unsettled()) {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Obeys one command and passes messages on, without waiting.
    fn pass(&mut self) -> Result<Pass> {
        for core in self.cores() {
            core.end_caller_io();
            core.check()?;
            core.heed_interrupt()?;
        }
        let commanded = self.control.as_mut().is_some_and(|control| control.can_recv());
        if commanded && self.obey()? == Steering::End {
            return Ok(Pass::End);
        }
        let moved = self.forward(TASK_BURST)?;
        Ok(if commanded || moved { Pass::Something } else { Pass::Nothing })
    }

    fn cores(&mut self) -> impl Iterator<Item = &mut Core> {
        let Ends { front, back, capture } = &mut self.ends;
        let back = back.as_mut().map(|back| &mut *back.core);
        let others = [back, capture.as_deref_mut(), self.control.as_deref_mut()];
        std::iter::once(&mut *front.core).chain(others.into_iter().flatten())
    }

    /// Moves messages in both directions, at most so many in each. Returns whether there were some.
    fn forward(&mut self, most: u32) -> Result<bool> {
        if self.paused {
            return Ok(false);
        }
        let mut moved = self.to_back.forward(&mut self.ends, true, most)?;
        if self.ends.back.is_some() {
            moved += self.to_front.forward(&mut self.ends, false, most)?;
        }
        Ok(moved > 0)
    }

    /// Waits until something may be done. Returns whether it is a command.
    fn wait(&mut self, poller: &mut Poller) -> Result<bool> {
        let waits = [self.to_back.waits_for, self.to_front.waits_for];
        let waits = if self.paused { [None, None] } else { waits.map(Some) };
        let [to_back, to_front] = waits;
        let interest = |readable, writable| Interest { readable, writable, ..Interest::default() };
        let front = interest(to_back == Some(Wait::Message), to_front == Some(Wait::Room));
        let back = interest(to_front == Some(Wait::Message), to_back == Some(Wait::Room));
        let capture = interest(false, waits.contains(&Some(Wait::Capture)));
        let timeout = waits.contains(&Some(Wait::Peer)).then_some(RETRY);

        let Self { ends, control, .. } = self;
        // One socket is both ends, and has one direction.
        let single = Interest { writable: back.writable, ..front };
        let front = if ends.back.is_none() { single } else { front };
        let items = [
            Some(Item::core(FRONT, ends.front.core, front)),
            ends.back.as_mut().map(|side| Item::core(BACK, side.core, back)),
            // Even if nothing is awaited of it, it may be asked for its numbers.
            ends.capture.as_deref_mut().map(|core| Item::core(CAPTURE, core, capture)),
            control.as_deref_mut().map(|core| Item::core(CONTROL, core, Interest::READABLE)),
        ];
        Ok(poller.wait(items, timeout)?.iter().any(|event| event.token == CONTROL))
    }

    /// Does what the control socket says.
    fn obey(&mut self) -> Result<Steering> {
        let Some(control) = self.control.as_deref_mut() else { return Ok(Steering::On) };
        let mut command = Message::new();
        match control.try_recv(&mut command) {
            Ok(()) => {}
            Err(Denied::Again) => return Ok(Steering::On),
            Err(denied) => return Err(Error::denied(denied, control.name())),
        }
        match command.bytes() {
            b"STATISTICS" => {
                answer(control, &statistics(&self.ends))?;
                return Ok(Steering::On);
            }
            b"PAUSE" => self.paused = true,
            b"RESUME" => self.paused = false,
            _ => {}
        }
        if control.owner.socket_type.profile().owes_replies {
            answer(control, &Message::from(Frame::new()))?;
        }
        Ok(if command.bytes() == b"TERMINATE" { Steering::End } else { Steering::On })
    }
}

/// The effect of a control command: the proxy goes on, or ends.
#[derive(PartialEq, Eq)]
enum Steering {
    On,
    End,
}

/// What a look at everything has brought.
enum Pass {
    Nothing,
    Something,
    End,
}

/// Forgets the waker when the future is dropped.
struct Rest<'p, 'a>(&'p mut Proxy<'a>);

impl Drop for Rest<'_, '_> {
    fn drop(&mut self) {
        self.0.cores().for_each(|core| core.rest());
    }
}

impl fmt::Debug for Proxy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let front = self.ends.front.core.name();
        let back = self.ends.back.as_ref().map_or(front, |back| back.core.name());
        write!(f, "Proxy({front}, {back})")
    }
}

fn statistics(ends: &Ends<'_>) -> Message {
    let (front, back) = (&ends.front, ends.back.as_ref().unwrap_or(&ends.front));
    let traffic = [front.received, front.sent, back.received, back.sent];
    let numbers = traffic.iter().flat_map(|traffic| [traffic.messages, traffic.bytes]);
    numbers.map(|number| Frame::copy_from(&number.to_ne_bytes())).collect()
}

/// Nobody who steers a proxy can hold it up: a peer that cannot be answered, or has no room, gets no answer.
fn answer(control: &mut Core, message: &Message) -> Result<()> {
    match message.with(|parts| control.try_send(parts)) {
        Ok(()) | Err(Denied::Again | Denied::Unsupported) => Ok(()),
        Err(denied) => Err(Error::denied(denied, control.name())),
    }
}
