//! A ready ZAP handler (RFC 27): decides which peers the sockets of a context let in.
//!
//! It runs on a thread of its own, bound to [`ZAP_ENDPOINT`], until it is dropped.
//!
//! ```
//! use zincmq::authenticator::{Authenticator, Rules};
//! use zincmq::security::Keypair;
//! use zincmq::{Context, Pull, Push};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let context = Context::new();
//! let (server, client) = (Keypair::generate()?, Keypair::generate()?);
//! let rules = Rules::new().key(client.public, "alice");
//! let authenticator = Authenticator::start(&context, rules)?;
//!
//! let mut pull = Pull::new(&context)?;
//! pull.curve_server(&server)?;
//! let endpoint = pull.bind("tcp://127.0.0.1:*")?;
//! let mut push = Push::new(&context)?;
//! push.curve_client(&client, server.public)?;
//! push.connect(&endpoint)?;
//! push.send("hello")?;
//! let message = pull.recv()?;
//! assert_eq!(message.metadata("User-Id"), Some(&b"alice"[..]));
//! # drop(authenticator);
//! # Ok(()) }
//! ```

mod certificate;
mod directory;
mod rules;
mod users;

pub use certificate::{Certificate, CertificateError};
pub use rules::{Credentials, Decision, Request, Rules};
pub use users::{UsersError, hash_password};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::message::Message;
use crate::security::ZAP_ENDPOINT;
use crate::socket::Interrupter;
use crate::socket::typed::Router;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// The parts of a question before the credentials: a version, a number, the domain, the address, the routing id of the
/// socket that asks, and the mechanism.
const PARTS: usize = 6;

/// Answers for the peers of a context until it is dropped.
#[derive(Debug)]
pub struct Authenticator {
    stopped: Arc<AtomicBool>,
    interrupter: Interrupter,
    thread: Option<JoinHandle<()>>,
}

impl Authenticator {
    /// Starts to answer for the sockets of this context, as the rules say.
    ///
    /// # Errors
    /// [`Error::Io`] (EADDRINUSE) if the context has a ZAP handler already; as [`Router::new`].
    pub fn start(context: &Context, mut rules: Rules) -> Result<Self> {
        let mut router = Router::new(context)?;
        router.bind(ZAP_ENDPOINT)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let (interrupter, seen) = (router.interrupter(), stopped.clone());
        let thread = thread::Builder::new().name("zincmq-zap".to_owned());
        let thread = thread.spawn(move || serve(&mut router, &mut rules, &seen)).map_err(Error::System)?;
        Ok(Self { stopped, interrupter, thread: Some(thread) })
    }
}

impl Drop for Authenticator {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.interrupter.interrupt();
        if let Some(thread) = self.thread.take() {
            // It does not panic: the program's own code within it is caught.
            _ = thread.join();
        }
    }
}

/// Answers until it is told to stop, or the context ends.
fn serve(router: &mut Router, rules: &mut Rules, stopped: &AtomicBool) {
    while !stopped.load(Ordering::Acquire) {
        match router.recv() {
            // A peer that has gone meanwhile wants no answer.
            Ok(question) => _ = answer(&question, rules).map(|answer| router.send(answer)),
            Err(Error::Interrupted) => {}
            Err(_) => return,
        }
    }
}

/// The answer to a question, with the envelope that it came in; none if it is no question.
fn answer(question: &Message, rules: &mut Rules) -> Option<Message> {
    let parts: Vec<&[u8]> = question.iter().map(AsRef::as_ref).collect();
    let end = parts.iter().position(|part| part.is_empty())? + 1;
    let (envelope, parts) = parts.split_at(end);
    let (&[version, number, domain, address, routing_id, mechanism], credentials) =
        parts.split_first_chunk::<PARTS>()?;
    if version != b"1.0" {
        return None;
    }
    let request = Request::new(domain, address, routing_id, mechanism, credentials);
    // The judge and the listener are the program's own. One that panics lets nobody in, and others are judged all the same.
    let decision = catch_unwind(AssertUnwindSafe(|| {
        let decision = rules.decide(&request);
        rules.tell(&request, &decision);
        decision
    }));
    let (status, text, user) = match &decision {
        Ok(Decision::Admitted { user }) => (&b"200"[..], "OK", user.as_bytes()),
        Ok(Decision::Refused { reason }) => (&b"400"[..], reason.as_str(), &b""[..]),
        Err(_) => (&b"500"[..], "the rules failed", &b""[..]),
    };
    let rest = [version, number, status, text.as_bytes(), user, b""];
    Some(envelope.iter().copied().chain(rest).map(<[u8]>::to_vec).collect())
}
