//! The topics of a SUB or XSUB that is bound, for threads that make its pipes: they ask a new publisher for them before the
//! socket has looked.

use crate::life::lock;
use crate::pattern::contract::Kind;
use queue::Writer;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

/// See the module. Nothing is kept, and nobody told, before the first bind.
#[derive(Debug, Default)]
pub(crate) struct SharedTopics(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    shared: bool,
    standing: BTreeSet<Box<[u8]>>,
    /// Pipes that were told and that the socket has not taken in.
    pending: usize,
    /// The changes while there are such pipes.
    changes: Vec<Change>,
}

/// A subscription or its cancellation.
pub(crate) type Change = (Kind, Box<[u8]>);

/// A place in the changes: the publisher behind a pipe has been told all before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Told(usize);

/// As long as this lives, no topic changes.
#[derive(Debug)]
pub(crate) struct Unchanged<'a>(#[expect(dead_code, reason = "held")] MutexGuard<'a, State>);

impl SharedTopics {
    /// Begins to share: says yes the first time. The standing topics are to follow, by [`SharedTopics::change`].
    pub(crate) fn begin(&self) -> bool {
        !std::mem::replace(&mut lock(&self.0).shared, true)
    }

    /// Notes what publishers are told; `standing`: those, too, that come later. Returns whether some pipe waits to be
    /// taken in that was not told this.
    pub(crate) fn change(&self, kind: Kind, topic: &[u8], standing: bool) -> bool {
        let mut state = lock(&self.0);
        if !state.shared {
            return false;
        }
        match kind {
            _ if !standing => {}
            Kind::Cancel => drop(state.standing.remove(topic)),
            _ => drop(state.standing.insert(topic.into())),
        }
        if state.pending > 0 {
            state.changes.push((kind, topic.into()));
        }
        state.pending > 0
    }

    /// Asks the publisher at the other end of a new pipe for all topics, if they are shared. Nothing changes until the
    /// guard is dropped, at which time the socket must find the pipe in its inbox.
    pub(crate) fn tell<'a>(&'a self, writer: &mut Writer) -> (Option<Told>, Unchanged<'a>) {
        let mut state = lock(&self.0);
        if !state.shared {
            return (None, Unchanged(state));
        }
        for topic in &state.standing {
            writer.write_kind(queue::Kind::Subscribe, topic);
        }
        if writer.publish() {
            writer.wake();
        }
        state.pending += 1;
        (Some(Told(state.changes.len())), Unchanged(state))
    }

    /// The socket takes a pipe in: returns the changes that the pipe's publisher has not been told yet.
    pub(crate) fn catch_up(&self, told: Told) -> Vec<Change> {
        let mut state = lock(&self.0);
        let missed = state.changes.get(told.0..).unwrap_or_default().to_vec();
        state.pending = state.pending.saturating_sub(1);
        if state.pending == 0 {
            state.changes = Vec::new();
        }
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use queue::{Pool, channel};

    /// The topics that a new pipe's publisher is told, and its place in the changes.
    fn tell(topics: &SharedTopics) -> (Vec<Vec<u8>>, Option<Told>) {
        let (mut writer, mut reader) = channel(&Pool::new());
        let (told, _) = topics.tell(&mut writer);
        let mut heard = Vec::new();
        while let Some((queue::Kind::Subscribe, false, topic)) = reader.peek() {
            heard.push(topic.to_vec());
            reader.skip_frame();
        }
        (heard, told)
    }

    #[test]
    fn nobody_is_told_before_topics_are_shared() {
        let topics = SharedTopics::default();
        topics.change(Kind::Subscribe, b"early", true);
        assert_eq!(tell(&topics), (vec![], None));
        assert!(topics.begin() && !topics.begin());
        assert_eq!(tell(&topics), (vec![], Some(Told(0))));
    }

    #[test]
    fn each_pipe_catches_up_with_what_it_was_not_told() {
        let topics = SharedTopics::default();
        topics.begin();
        topics.change(Kind::Subscribe, b"a", true);
        let (heard, first) = tell(&topics);
        assert_eq!(heard, [b"a"]);
        assert!(topics.change(Kind::Subscribe, b"b", true));
        topics.change(Kind::Cancel, b"b", false);
        let (heard, second) = tell(&topics);
        assert_eq!(heard, [b"a", b"b"], "it was cancelled once, and still stands");
        topics.change(Kind::Cancel, b"a", true);
        let change = |kind, topic: &[u8]| (kind, topic.into());
        let missed = topics.catch_up(second.unwrap());
        assert_eq!(missed, [change(Kind::Cancel, b"a")]);
        let missed = topics.catch_up(first.unwrap());
        assert_eq!(
            missed,
            [change(Kind::Subscribe, b"b"), change(Kind::Cancel, b"b"), change(Kind::Cancel, b"a")]
        );
        assert!(lock(&topics.0).changes.is_empty());
        assert!(!topics.change(Kind::Subscribe, b"c", true), "nobody waits for it");
        assert!(lock(&topics.0).changes.is_empty());
    }
}
