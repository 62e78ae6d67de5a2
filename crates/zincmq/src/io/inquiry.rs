//! A question to the context's authenticator about one peer, and the answer to it.

use crate::command::{Authenticator, NoAuthenticator};
use crate::pipe::Ends;
use queue::{Notify, Part, Pool};
use std::sync::Arc;
use zmtp::zap::{Answer, Circumstances, answer, question};
use zmtp::{Error, ZapRequest};

/// The most parts of an answer that are kept: one more than it should have.
const PARTS: usize = 8;

/// A question that was asked.
#[derive(Debug)]
pub(crate) struct Inquiry {
    ends: Ends,
    /// The parts of the answer that have come.
    parts: Vec<Vec<u8>>,
}

/// What has become of a question.
#[derive(Debug)]
pub(crate) enum Inquired {
    Waiting,
    /// The authenticator has gone without an answer.
    Gone,
    Answered(Result<Answer, Error>),
}

impl Inquiry {
    /// Asks. The answer is told to `notify` under this key.
    pub(crate) fn ask(
        authenticator: &dyn Authenticator,
        request: &ZapRequest<'_>,
        about: Circumstances<'_>,
        pool: &Arc<Pool>,
        (notify, key): (Arc<dyn Notify>, u64),
    ) -> Result<Self, NoAuthenticator> {
        let mut ends = authenticator.connect(pool)?;
        ends.reader.attach(notify.clone(), key);
        ends.writer.attach(notify, key);
        let parts: Vec<_> = question(request, about).into_iter().map(Part::Slice).collect();
        ends.writer.write(&[], &parts);
        if ends.writer.publish() {
            ends.writer.wake();
        }
        Ok(Self { ends, parts: Vec::new() })
    }

    /// Looks for the answer.
    pub(crate) fn look(&mut self) -> Inquired {
        let reader = &mut self.ends.reader;
        reader.resume();
        loop {
            while let Some(taken) = reader.take() {
                let more = taken.more;
                if self.parts.len() < PARTS {
                    self.parts.push(taken.body.as_ref().to_vec());
                }
                if !more {
                    return Inquired::Answered(answer(&self.parts));
                }
            }
            if reader.has_ended() {
                return Inquired::Gone;
            }
            if reader.park() {
                return Inquired::Waiting;
            }
        }
    }
}
