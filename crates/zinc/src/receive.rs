//! `zinc pull`, `zinc sub`: print the messages that come in.

use crate::failure::Failure;
use crate::output::Output;
use crate::session::{Opening, Session};
use clap::Args;
use zincmq::{Message, SocketType};

#[derive(Args)]
pub(crate) struct Pull {
    #[command(flatten)]
    opening: Opening,
}

#[derive(Args)]
pub(crate) struct Subscribe {
    #[command(flatten)]
    opening: Opening,

    /// Receive messages that begin with TOPIC only; may be given several times
    #[arg(long = "subscribe", value_name = "TOPIC", default_value = "", hide_default_value = true)]
    topics: Vec<String>,
}

impl Pull {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.opening.run(SocketType::Pull, |session| print_all(session, &self.opening))
    }
}

impl Subscribe {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.opening.run(SocketType::Sub, |session| {
            for topic in &self.topics {
                session.socket.subscribe(topic)?;
            }
            print_all(session, &self.opening)
        })
    }
}

fn print_all(session: &mut Session, opening: &Opening) -> Result<(), Failure> {
    let mut output = Output::new(&opening.form, opening.count);
    let mut message = Message::new();
    while !output.is_done() {
        let received = session.socket.recv_into(&mut message);
        received.map_err(|error| session.unreceived(error, "no message came"))?;
        output.print(&message)?;
        output.drain(&mut session.socket, |_| ())?;
    }
    output.flush()
}
