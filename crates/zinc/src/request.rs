//! `zinc req`, `zinc rep`: requests and replies in turn.

use crate::failure::Failure;
use crate::input::Source;
use crate::session::Opening;
use clap::Args;
use zincmq::{Message, Poller, SocketType};

#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    source: Source,
}

#[derive(Args)]
pub(crate) struct Answer {
    #[command(flatten)]
    opening: Opening,

    /// Answer with TEXT instead of the request itself
    #[arg(long, value_name = "TEXT")]
    reply: Option<String>,
}

impl Ask {
    pub(crate) fn run(self) -> Result<(), Failure> {
        self.opening.run(SocketType::Req, |session| {
            let mut input = self.opening.input(&self.source)?;
            let mut output = self.opening.output();
            let mut poller = Poller::new();
            while !output.is_done()
                && let Some(request) = input.next(&mut session.socket, &mut poller)?
            {
                let sent = session.socket.send(request);
                sent.map_err(|error| session.explain(error, "nobody took the request"))?;
                let reply = session.socket.recv();
                output.print(&reply.map_err(|error| session.explain(error, "no reply came"))?)?;
                output.flush()?;
            }
            Ok(())
        })
    }
}

impl Answer {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let fixed = self.reply.as_ref().map(|text| self.opening.form.read(text.as_bytes())).transpose();
        let fixed = fixed.map_err(|reason| Failure::Failed(format!("--reply: {reason}")))?;
        self.opening.run(SocketType::Rep, |session| {
            let mut output = self.opening.output();
            let mut request = Message::new();
            while !output.is_done() {
                let received = session.socket.recv_into(&mut request);
                received.map_err(|error| session.explain(error, "no request came"))?;
                session.socket.send(fixed.as_ref().unwrap_or(&request))?;
                output.print(&request)?;
                output.flush()?;
            }
            Ok(())
        })
    }
}
