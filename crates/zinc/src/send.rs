//! `zinc push`, `zinc pub`: messages go out.

use crate::failure::Failure;
use crate::input::Source;
use crate::session::{Opening, Session};
use clap::Args;
use zincmq::{Error, Message, Poller, SocketType, option};

#[derive(Args)]
pub(crate) struct Push {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    source: Source,
}

#[derive(Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    source: Source,

    /// Send TOPIC as the first part of every message
    #[arg(long)]
    topic: Option<String>,

    /// Wait for so many subscriptions before sending: who comes later misses what was sent
    #[arg(long, value_name = "N", default_value_t = 0)]
    subscriptions: u64,
}

impl Push {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let connections = self.opening.run_prepared(
            SocketType::Push,
            |_| Ok(()),
            |session| {
                send_all(session, &self.opening, &self.source, |session, message| {
                    Ok(session.socket.send(message)?)
                })
            },
        )?;
        let form = &self.opening.form;
        if form.raw && form.eof && connections > 1 {
            // A file is whole where all of its pieces arrive: over one connection.
            return Err(Failure::Failed(format!(
                "the pieces have gone over {connections} connections: there may be no receiver that has all of them"
            )));
        }
        Ok(())
    }
}

impl Publish {
    pub(crate) fn run(self) -> Result<(), Failure> {
        // An XPUB is a PUB that sees its subscriptions.
        let watched = self.subscriptions > 0;
        if watched && self.opening.has_only_multicast() {
            let text = "--subscriptions would wait for ever: over multicast nobody tells of subscriptions";
            return Err(Failure::Usage(text.to_owned()));
        }
        let socket_type = if watched { SocketType::XPub } else { SocketType::Pub };
        self.opening.run(socket_type, |session| {
            if watched {
                self.await_subscriptions(session)?;
            }
            send_all(session, &self.opening, &self.source, |session, body| {
                if watched {
                    while session.socket.try_recv().is_ok() {}
                }
                Ok(session.socket.send(self.envelop(body))?)
            })
        })
    }

    fn envelop(&self, body: Message) -> Message {
        let Some(topic) = &self.topic else { return body };
        let mut message = Message::from(topic.as_str());
        body.iter().for_each(|part| message.push(part.clone()));
        message
    }

    fn await_subscriptions(&self, session: &mut Session) -> Result<(), Failure> {
        // Several subscribers may have the same topic.
        session.socket.set(option::XPUB_VERBOSE, true)?;
        let mut seen = 0;
        while seen < self.subscriptions {
            let notice = session.socket.recv();
            let notice =
                notice.map_err(|error| session.unreceived(error, "not enough subscriptions came"))?;
            match notice.bytes().first() {
                Some(1) => seen += 1,
                Some(0) => seen = seen.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }
}

fn send_all(
    session: &mut Session,
    opening: &Opening,
    source: &Source,
    mut send: impl FnMut(&mut Session, Message) -> Result<(), Error>,
) -> Result<(), Failure> {
    let mut input = source.open(&opening.form, opening.count)?;
    let mut poller = Poller::new();
    while let Some(message) = input.next(session, &mut poller)? {
        send(session, message).map_err(|error| session.unsent(error, "nobody took the message"))?;
    }
    Ok(())
}
