//! What was really sent, and the judgement of what a subscriber gets.

use pgm::{Event, Sequence, SourceId, Tsi};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// What tells a session from all others: libzmq's processes may well have the same TSI on two hosts.
pub(crate) type Name = (Tsi, IpAddr);

/// All that was sent.
#[derive(Default)]
pub(crate) struct Ledger {
    sessions: HashMap<Name, Session>,
}

/// What one source sent.
struct Session {
    first: Sequence,
    sent: Vec<Vec<u8>>,
}

impl Ledger {
    pub(crate) fn open(&mut self, name: Name, first: Sequence) {
        let before = self.sessions.insert(name, Session { first, sent: Vec::new() });
        assert!(before.is_none(), "a session has a name of its own");
    }

    pub(crate) fn sends(&mut self, name: Name, sequence: Sequence, payload: Vec<u8>) {
        let session = self.sessions.get_mut(&name).expect("an open session");
        assert_eq!(sequence, session.first.plus(session.sent.len() as u32), "numbers follow each other");
        session.sent.push(payload);
    }

    pub(crate) fn sent(&self, name: Name) -> usize {
        self.sessions[&name].sent.len()
    }
}

/// What a subscriber got of one source.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) name: Name,
    /// What comes next, of all that was sent; not known until the first data.
    pub(crate) next: Option<usize>,
    pub(crate) delivered: usize,
    pub(crate) lost: usize,
    pub(crate) is_finished: bool,
}

/// What a subscriber got of all sources. Each event is judged as it comes.
#[derive(Default)]
pub(crate) struct Audit {
    streams: HashMap<SourceId, Stream>,
    gone: HashSet<SourceId>,
}

impl Audit {
    pub(crate) fn judge(&mut self, event: &Event<'_>, ledger: &Ledger) {
        match *event {
            Event::Joined { source, tsi, address } => self.join(source, (tsi, address), ledger),
            Event::Data { source, payload } => self.data(source, payload, ledger),
            Event::Lost { source, first, count } => self.lose(source, first, count, ledger),
            Event::Finished { source } => {
                let stream = self.stream(source);
                assert!(!stream.is_finished, "the end comes once");
                stream.is_finished = true;
                let (next, sent) = (stream.next, ledger.sent(stream.name));
                assert!(next.is_none_or(|next| next == sent), "the end comes after {next:?} of {sent}");
            }
            Event::Gone { source } => {
                assert!(!self.stream(source).is_finished, "a source that has ended does not go");
                self.streams.remove(&source);
                self.gone.insert(source);
            }
        }
    }

    fn join(&mut self, source: SourceId, name: Name, ledger: &Ledger) {
        assert!(ledger.sessions.contains_key(&name), "only who sent something joins");
        assert!(!self.gone.contains(&source), "the name of a source that has gone");
        let stream = Stream { name, next: None, delivered: 0, lost: 0, is_finished: false };
        assert!(self.streams.insert(source, stream).is_none(), "the name of another source");
    }

    fn data(&mut self, source: SourceId, payload: &[u8], ledger: &Ledger) {
        let stream = self.stream(source);
        assert!(!stream.is_finished, "data after the end");
        let sent = &ledger.sessions[&stream.name].sent;
        let index = stream.next.or_else(|| sent.iter().position(|sent| sent == payload));
        let index = index.expect("data that was sent");
        assert!(sent.get(index).is_some_and(|sent| sent == payload), "other data than number {index}");
        stream.next = Some(index + 1);
        stream.delivered += 1;
    }

    fn lose(&mut self, source: SourceId, first: Sequence, count: u32, ledger: &Ledger) {
        let stream = self.stream(source);
        assert!(!stream.is_finished, "a loss after the end");
        let session = &ledger.sessions[&stream.name];
        let index =
            usize::try_from(first.since(session.first)).expect("the loss of a number before the first");
        assert_eq!(stream.next.unwrap_or(index), index, "a loss is told where it is");
        let next = index + count as usize;
        assert!(
            count > 0 && next <= session.sent.len(),
            "{count} lost from {index} on of {}",
            session.sent.len()
        );
        stream.next = Some(next);
        stream.lost += count as usize;
    }

    fn stream(&mut self, source: SourceId) -> &mut Stream {
        self.streams.get_mut(&source).expect("an event of a source that is here")
    }

    /// What came of a session that has not gone.
    pub(crate) fn of(&self, name: Name) -> Option<&Stream> {
        self.streams.values().find(|stream| stream.name == name)
    }
}
