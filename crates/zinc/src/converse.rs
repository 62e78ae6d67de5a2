//! `zinc pair`, `dealer`, `router`, `xpub`, `xsub`, `stream`: messages go out while those that come in are printed.

use crate::failure::Failure;
use crate::input::{INPUT, Input, Source};
use crate::output::Output;
use crate::session::{Opening, Session};
use crate::text::{Form, read_routing_id};
use clap::Args;
use zincmq::poller::Interest;
use zincmq::{Error, Frame, Message, Poller, SendError, SocketType};

/// Arguments that all of them take.
#[derive(Args)]
pub(crate) struct Converse {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    source: Source,
}

/// As a dealer or router: the parts of the address are not written and read by hand.
#[derive(Args)]
pub(crate) struct Addressed {
    #[command(flatten)]
    converse: Converse,

    /// Speak to REQ or REP: an empty part goes before each body, and is taken off what comes
    #[arg(long)]
    envelope: bool,
}

#[derive(Args)]
pub(crate) struct Route {
    #[command(flatten)]
    addressed: Addressed,

    /// Send every message to the peer of this routing id, instead of taking it from the first part
    #[arg(long, value_name = "ID", value_parser = routing_id)]
    to: Option<Frame>,
}

#[derive(Args)]
pub(crate) struct Upstream {
    #[command(flatten)]
    converse: Converse,

    /// Subscribe to messages that begin with TOPIC; may be given several times
    #[arg(long = "subscribe", value_name = "TOPIC")]
    topics: Vec<String>,
}

/// The frames that stand before a body on the wire and not in the text.
#[derive(Default)]
struct Wrapping {
    to: Option<Frame>,
    /// The first part is a routing id.
    routed: bool,
    envelope: bool,
}

impl Converse {
    pub(crate) fn run(self, socket_type: SocketType) -> Result<(), Failure> {
        self.run_after(socket_type, &Wrapping::default(), |_| Ok(()))
    }

    fn run_after(
        self,
        socket_type: SocketType,
        wrapping: &Wrapping,
        prepare: impl FnOnce(&mut Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.opening.run(socket_type, |session| {
            prepare(session)?;
            let routed = matches!(socket_type, SocketType::Router | SocketType::Stream);
            let given = Form { routed: routed && wrapping.to.is_none(), ..self.opening.form.clone() };
            // --count is of messages that come in.
            let input = self.source.open(&given, None)?;
            let form = Form { routed, ..given };
            let output = Output::new(&form, self.opening.count);
            self.talk(session, Outbound { input, wrapping, waiting: None }, output)
        })
    }

    fn talk(
        &self,
        session: &mut Session,
        mut outbound: Outbound<'_>,
        mut output: Output,
    ) -> Result<(), Failure> {
        let mut poller = Poller::new();
        loop {
            let waits = outbound.prepare()?;
            if output.is_done() && outbound.is_done() {
                return output.flush();
            }
            let early = if waits { outbound.input.pace().wait_left() } else { Default::default() };
            let interest = Interest {
                readable: !output.is_done(),
                writable: waits && early.is_zero(),
                ..Interest::default()
            };
            let timeout = if early.is_zero() { session.timeout() } else { Some(early) };
            let lines = outbound.input.item().filter(|_| !waits);
            let found = poller.wait([Some(session.item(interest)), lines], timeout)?;
            if found.is_empty() && early.is_zero() {
                let limit = session.timeout().unwrap_or_default();
                return Err(Failure::Timeout { what: "nothing came or went", limit });
            }
            for event in found {
                match event.token {
                    // A pipe whose writer has gone has failed, and the end is read.
                    INPUT => outbound.input.fill()?,
                    _ if event.writable => outbound.send(session)?,
                    _ => {}
                }
            }
            output.drain(&mut session.socket, |message| outbound.wrapping.take_off(message))?;
        }
    }
}

impl Addressed {
    pub(crate) fn run(self, socket_type: SocketType) -> Result<(), Failure> {
        let wrapping = Wrapping { envelope: self.envelope, ..Wrapping::default() };
        self.converse.run_after(socket_type, &wrapping, |_| Ok(()))
    }
}

impl Route {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let wrapping = Wrapping { to: self.to, routed: true, envelope: self.addressed.envelope };
        self.addressed.converse.run_after(SocketType::Router, &wrapping, |_| Ok(()))
    }
}

impl Upstream {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.converse.run_after(SocketType::XSub, &Wrapping::default(), |session| {
            for topic in &self.topics {
                session.socket.send([b"\x01", topic.as_bytes()].concat())?;
            }
            Ok(())
        })
    }
}

impl Wrapping {
    fn put_on(&self, message: Message) -> Message {
        if self.to.is_none() && !self.envelope {
            return message;
        }
        let mut parts = message.iter().cloned();
        let mut wrapped: Vec<Frame> = self.to.iter().cloned().collect();
        if self.routed && self.to.is_none() {
            wrapped.extend(parts.next());
        }
        wrapped.extend(self.envelope.then(Frame::new));
        wrapped.extend(parts);
        wrapped.into()
    }

    fn take_off(&self, message: &mut Message) {
        let at = usize::from(self.routed);
        if !self.envelope || message.iter().nth(at).is_none_or(|part| !part.is_empty()) {
            return;
        }
        let parts = message.iter().enumerate().filter(|(place, _)| *place != at);
        *message = parts.map(|(_, part)| part.clone()).collect();
    }
}

fn routing_id(text: &str) -> Result<Frame, String> {
    read_routing_id(text.as_bytes())
}

/// Messages on their way to the socket.
struct Outbound<'a> {
    input: Input,
    wrapping: &'a Wrapping,
    waiting: Option<Message>,
}

impl Outbound<'_> {
    /// Whether there is a message to send.
    fn prepare(&mut self) -> Result<bool, Failure> {
        if self.waiting.is_none() {
            self.waiting = self.input.take()?.map(|message| self.wrapping.put_on(message));
        }
        Ok(self.waiting.is_some())
    }

    /// Whether everything has been sent.
    fn is_done(&self) -> bool {
        self.waiting.is_none() && self.input.is_done()
    }

    /// Sends what has been read, as long as there is room and it is time.
    fn send(&mut self, session: &mut Session) -> Result<(), Failure> {
        while self.prepare()?
            && self.input.pace().wait_left().is_zero()
            && let Some(message) = &self.waiting
        {
            match session.socket.try_send(message) {
                Ok(()) => {
                    self.input.pace().count();
                    self.waiting = None;
                }
                Err(SendError { error: Error::Again, .. }) => break,
                Err(failed @ SendError { error: Error::InvalidMessage { .. }, .. }) => {
                    note!("zinc: {failed}: not sent");
                    self.waiting = None;
                }
                Err(failed) => return Err(failed.into()),
            }
        }
        Ok(())
    }
}
