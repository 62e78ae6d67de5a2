//! One side of an opening against bytes that nobody answers for.

use crate::model::{self, End, Role};
use crate::parties::reset;
use zmtp::{Cipher, Error, Local, Opening, Peer, Status, Verdict};

/// Bytes of a greeting.
pub const GREETING: usize = 64;

/// The things that one side's opening came to.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// `None`: it waits for more.
    pub result: Result<Option<Peer>, Error>,
    /// All that it sent.
    pub sent: Vec<u8>,
    /// The bytes that it took; 0 if it failed.
    pub taken: usize,
    /// The questions to its authenticator.
    pub told: Vec<(&'static str, Vec<Vec<u8>>)>,
}

/// A side, and what is known of its opening so far.
#[derive(Debug)]
pub struct Side {
    opening: Opening,
    verdict: Verdict,
    pub outcome: Outcome,
    pub cipher: Option<Cipher>,
}

impl Side {
    pub fn new(local: Local, verdict: Verdict) -> Self {
        let outcome = Outcome { result: Ok(None), sent: Vec::new(), taken: 0, told: Vec::new() };
        Self { opening: Opening::new(local), verdict, outcome, cipher: None }
    }

    pub fn is_over(&self) -> bool {
        self.outcome.result != Ok(None)
    }

    /// The bytes that it says now.
    pub fn say(&mut self) -> Vec<u8> {
        let said = std::mem::take(self.opening.output());
        self.outcome.sent.extend_from_slice(&said);
        said
    }

    /// Gives it bytes. Returns how many it took.
    pub fn hear(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while !self.is_over() {
            match self.opening.feed(&bytes[taken..]) {
                Ok((count, Status::More)) => {
                    assert_eq!(count, bytes.len() - taken, "more is wanted, and not all was taken");
                    taken += count;
                    break;
                }
                Ok((count, status)) => {
                    taken += count;
                    self.go_on(status);
                }
                Err(error) => self.fail(error),
            }
        }
        self.outcome.taken = if self.outcome.result.is_err() { 0 } else { self.outcome.taken + taken };
        taken
    }

    fn go_on(&mut self, status: Status) {
        match status {
            Status::More => {}
            Status::Waiting => {
                let request = self.opening.zap_request().expect("it waits for an answer to a question");
                self.outcome.told.push((request.mechanism, request.credentials.to_vec()));
                match self.opening.verdict(self.verdict) {
                    Ok(status) => self.go_on(status),
                    Err(error) => self.fail(error),
                }
            }
            Status::Open(peer) => {
                self.cipher = self.opening.take_cipher();
                assert!(self.opening.take_cipher().is_none(), "the keys of the traffic twice");
                self.end(Ok(Some(peer)));
            }
        }
    }

    fn fail(&mut self, error: Error) {
        assert_ne!(error, Error::Over, "it fails a second time");
        self.end(Err(error));
    }

    fn end(&mut self, result: Result<Option<Peer>, Error>) {
        self.outcome.result = result;
        assert_eq!(self.opening.feed(b"x"), Err(Error::Over), "the end is no end");
        assert_eq!(self.opening.verdict(Verdict::Success), Err(Error::Over));
    }
}

/// The outcome of `input`, which is the same however it is cut: whole, byte by byte, and in pieces as `cuts` says.
pub fn outcome(local: &Local, verdict: Verdict, input: &[u8], cuts: &[u8]) -> Outcome {
    let whole = in_pieces(local, verdict, input, &[usize::MAX]);
    let pieces: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut).max(1)).collect();
    let pieces = if pieces.is_empty() { vec![1] } else { pieces };
    assert_eq!(in_pieces(local, verdict, input, &pieces), whole, "cuts matter: {pieces:?}");
    assert!(whole.told.len() <= 1, "the authenticator is asked twice");
    whole
}

fn in_pieces(local: &Local, verdict: Verdict, input: &[u8], pieces: &[usize]) -> Outcome {
    reset(false);
    let mut side = Side::new(local.clone(), verdict);
    let mut rest = input;
    side.hear(b"");
    for piece in pieces.iter().cycle() {
        if side.is_over() || rest.is_empty() {
            break;
        }
        let taken = side.hear(&rest[..rest.len().min(*piece)]);
        rest = &rest[taken..];
    }
    side.say();
    side.outcome
}

/// A verdict from a byte: most often success.
pub fn verdict(byte: u8) -> Verdict {
    match byte % 8 {
        1 => Verdict::TemporaryError,
        2 => Verdict::AuthenticationFailure,
        3 => Verdict::InternalError,
        _ => Verdict::Success,
    }
}

/// A greeting of 3.1 with this mechanism.
pub fn greeting(mechanism: &str) -> Vec<u8> {
    let mut bytes = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\x01".to_vec();
    bytes.extend(mechanism.bytes());
    bytes.resize(GREETING, 0);
    bytes
}

/// Gives a side of `role` a greeting and `input`, and compares its end with that of the little parser.
pub fn compare(local: &Local, role: Role, verdict: Verdict, input: &[u8], cuts: &[u8]) {
    let bytes = [&greeting(local.security.name())[..], input].concat();
    let outcome = outcome(local, verdict, &bytes, cuts);
    let (end, taken, told) = model::handshake(role, verdict, local.socket_type.peers, input);
    let credentials: Vec<_> = outcome.told.into_iter().map(|(_, credentials)| credentials).collect();
    assert_eq!(credentials, Vec::from_iter(told));
    let failed = outcome.result.is_err();
    let found = match outcome.result {
        Ok(None) => End::Waits,
        Ok(Some(peer)) => {
            let find =
                |name| peer.properties.iter().find(|(found, _)| found == name).map(|(_, value)| &value[..]);
            assert_eq!(peer.routing_id.as_deref(), find("Identity"));
            assert_eq!(peer.socket_type.as_deref().map(str::as_bytes), find("Socket-Type"));
            End::Open(peer.properties)
        }
        Err(error) => End::of(error),
    };
    assert_eq!(found, end);
    assert_eq!(outcome.taken, if failed { 0 } else { GREETING + taken });
}
