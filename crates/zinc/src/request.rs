//! `zinc req`, `zinc rep`: requests and replies in turn.

use crate::failure::Failure;
use crate::input::Source;
use crate::output::Output;
use crate::session::{Opening, Session};
use clap::Args;
use zincmq::{Message, Poller, SocketType, option};

#[derive(Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    source: Source,

    /// When no reply comes in time, ask again so often; replies that come late are not mixed up. What never went
    /// out is not sent later, but a server that was only slow does what each request says
    #[arg(long, value_name = "N", default_value_t = 0, requires = "timeout")]
    retries: u32,
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
        let prepare = |session: &mut Session| {
            if self.retries > 0 {
                session.socket.set(option::REQ_RELAXED, true)?;
                session.socket.set(option::REQ_CORRELATE, true)?;
                // A request that waits for a connection would be asked as often as it was given up.
                session.socket.set(option::IMMEDIATE, true)?;
            }
            Ok(())
        };
        self.opening
            .run_prepared(SocketType::Req, prepare, |session| {
                let mut input = self.source.open(&self.opening.form, self.opening.count)?;
                let mut output = Output::new(&self.opening.form, self.opening.count);
                let mut poller = Poller::new();
                while !output.is_done()
                    && let Some(request) = input.next(session, &mut poller)?
                {
                    output.print(&self.ask(session, &request)?)?;
                    output.flush()?;
                }
                Ok(())
            })
            .map(drop)
    }

    fn ask(&self, session: &mut Session, request: &Message) -> Result<Message, Failure> {
        let mut left = self.retries;
        loop {
            match once(session, request) {
                Err(Failure::Timeout { .. }) if left > 0 => {
                    left -= 1;
                    note!("zinc: no reply yet, asking again");
                }
                reply => return reply,
            }
        }
    }
}

fn once(session: &mut Session, request: &Message) -> Result<Message, Failure> {
    let sent = session.socket.send(request);
    sent.map_err(|failed| session.unsent(failed.error, "nobody took the request"))?;
    let reply = session.socket.recv();
    reply.map_err(|error| session.unreceived(error, "no reply came"))
}

impl Answer {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let fixed = self.reply.as_ref().map(|text| self.opening.form.read(text.as_bytes())).transpose();
        let fixed = fixed.map_err(|reason| Failure::Usage(format!("--reply: {reason}")))?;
        self.opening.run(SocketType::Rep, |session| {
            let mut output = Output::new(&self.opening.form, self.opening.count);
            let mut request = Message::new();
            while !output.is_done() {
                let received = session.socket.recv_into(&mut request);
                received.map_err(|error| session.unreceived(error, "no request came"))?;
                let sent = session.socket.send(fixed.as_ref().unwrap_or(&request));
                sent.map_err(|failed| session.unsent(failed.error, "nobody took the reply"))?;
                output.print(&request)?;
                output.flush()?;
            }
            Ok(())
        })
    }
}
