//! `zinc pair`, `dealer`, `router`, `xpub`, `xsub`: lines go out while what comes in is printed.

use crate::failure::Failure;
use crate::input::{Input, Source};
use crate::session::{Opening, Session};
use clap::Args;
use zincmq::poller::{Interest, Item};
use zincmq::{Error, Message, Poller, SocketType};

/// Ends when the input has ended and --count messages have come; without --count, only with --timeout or an
/// interrupt.
#[derive(Args)]
pub(crate) struct Converse {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    source: Source,
}

#[derive(Args)]
pub(crate) struct Upstream {
    #[command(flatten)]
    converse: Converse,

    /// Subscribe to messages that begin with TOPIC; may be given several times
    #[arg(long = "subscribe", value_name = "TOPIC")]
    topics: Vec<String>,
}

impl Converse {
    pub(crate) fn run(self, socket_type: SocketType) -> Result<(), Failure> {
        self.run_after(socket_type, |_| Ok(()))
    }

    fn run_after(
        self,
        socket_type: SocketType,
        prepare: impl FnOnce(&mut Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.opening.run(socket_type, |session| {
            prepare(session)?;
            let input = self.opening.input(&self.source)?;
            self.talk(session, Outbound { input, waiting: None })
        })
    }

    fn talk(&self, session: &mut Session, mut outbound: Outbound) -> Result<(), Failure> {
        let mut output = self.opening.output();
        let mut poller = Poller::new();
        let timeout = session.timeout();
        loop {
            let writable = outbound.prepare()?;
            if output.is_done() && outbound.is_done() {
                return Ok(());
            }
            let interest = Interest { readable: !output.is_done(), writable, ..Interest::default() };
            let socket = Item::Socket(&mut session.socket, interest);
            let ready = match outbound.input.item().filter(|_| !writable) {
                Some(lines) => poller.wait(&mut [socket, lines], timeout)?,
                None => poller.wait(&mut [socket], timeout)?,
            };
            if ready == 0 {
                return Err(session.explain(Error::Again, "nothing came or went"));
            }
            if poller.found(1).readable {
                outbound.input.fill()?;
            }
            if poller.found(0).writable {
                outbound.send(session)?;
            }
            output.drain(&mut session.socket)?;
        }
    }
}

impl Upstream {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.converse.run_after(SocketType::XSub, |session| {
            for topic in &self.topics {
                session.socket.send([b"\x01", topic.as_bytes()].concat())?;
            }
            Ok(())
        })
    }
}

/// Lines on their way to the socket.
struct Outbound {
    input: Input,
    waiting: Option<Message>,
}

impl Outbound {
    /// Whether there is a message to send.
    fn prepare(&mut self) -> Result<bool, Failure> {
        if self.waiting.is_none() {
            self.waiting = self.input.take()?;
        }
        Ok(self.waiting.is_some())
    }

    /// Whether everything has been sent.
    fn is_done(&self) -> bool {
        self.waiting.is_none() && self.input.item().is_none()
    }

    /// Sends what has been read, as long as there is room.
    fn send(&mut self, session: &mut Session) -> Result<(), Failure> {
        while self.prepare()?
            && let Some(message) = &self.waiting
        {
            match session.socket.try_send(message) {
                Ok(()) => self.waiting = None,
                Err(Error::Again) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
