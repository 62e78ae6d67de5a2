//! `zinc proxy`: what one side sends, the other gets.

use crate::failure::Failure;
use crate::place::Place;
use crate::session::Session;
use clap::{Args, ValueEnum};
use zincmq::{AnySocket, SocketType};

/// Both endpoints are bound; `>` before one connects instead.
#[derive(Args)]
pub(crate) struct Proxy {
    #[arg(value_enum)]
    kind: Kind,

    /// The side of clients, publishers or pushers
    #[arg(value_name = "FRONTEND")]
    front: Place,

    /// The side of workers, subscribers or pullers
    #[arg(value_name = "BACKEND")]
    back: Place,

    /// Publish a copy of every message here
    #[arg(long, value_name = "ENDPOINT")]
    capture: Option<Place>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Requests to workers, replies back (ROUTER, DEALER)
    Queue,
    /// Messages to subscribers, subscriptions back (XSUB, XPUB)
    Forwarder,
    /// Work from pushers to pullers (PULL, PUSH)
    Streamer,
}

impl Kind {
    const fn sides(self) -> (SocketType, SocketType) {
        match self {
            Self::Queue => (SocketType::Router, SocketType::Dealer),
            Self::Forwarder => (SocketType::XSub, SocketType::XPub),
            Self::Streamer => (SocketType::Pull, SocketType::Push),
        }
    }
}

impl Proxy {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let (front, back) = self.kind.sides();
        let mut session = Session::new(front, None)?;
        let result = self.pass(&mut session, back);
        session.close(result)
    }

    fn pass(&self, session: &mut Session, back: SocketType) -> Result<(), Failure> {
        self.front.open(&mut session.socket, true)?;
        let mut backend = AnySocket::with_type(session.context(), back)?;
        self.back.open(&mut backend, true)?;
        let mut capture = None;
        if let Some(place) = &self.capture {
            let mut socket = AnySocket::with_type(session.context(), SocketType::Pub)?;
            place.open(&mut socket, true)?;
            capture = Some(socket);
        }
        Ok(zincmq::proxy(&mut session.socket, &mut backend, capture.as_mut())?)
    }
}
