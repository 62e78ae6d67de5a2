//! The server's side, without its sockets.

use super::{ASK, Change, END, HEARTBEAT, signal};
use std::collections::BTreeMap;
use std::time::Instant;
use zincmq::{Frame, Message};

/// The table, and when its entries go.
#[derive(Debug, Default)]
pub struct Table {
    entries: BTreeMap<Frame, (Change, Option<Instant>)>,
    /// The number of the last change.
    number: u64,
}

impl Table {
    /// Makes a change. Returns what is to be published.
    pub fn change(&mut self, mut change: Change, now: Instant) -> Message {
        self.number += 1;
        change.number = self.number;
        let message = Message::from(&change);
        if change.value.is_empty() {
            self.entries.remove(&change.key);
        } else {
            let until = change.ttl.and_then(|ttl| now.checked_add(ttl));
            self.entries.insert(change.key.clone(), (change, until));
        }
        message
    }

    /// To be called once an interval: removes the entries whose time is over. Returns what is to be published; it is a
    /// heartbeat if there is nothing else.
    pub fn beat(&mut self, now: Instant) -> Vec<Message> {
        let over = |(change, until): &(Change, Option<Instant>)| {
            until.is_some_and(|until| now >= until).then(|| change.key.clone())
        };
        let over: Vec<_> = self.entries.values().filter_map(over).collect();
        if over.is_empty() {
            return vec![signal(HEARTBEAT, 0, &Frame::new())];
        }
        over.into_iter().map(|key| self.change(Change::wanted(key, "", None), now)).collect()
    }

    /// What is to be sent to a client that has asked for a subtree; nothing if it has said something else.
    #[must_use]
    pub fn answer(&self, mut request: Message) -> Vec<Message> {
        let [_, ask, subtree] = request.as_slice() else { return Vec::new() };
        if ask != ASK {
            return Vec::new();
        }
        let below = |change: &&Change| change.key.starts_with(subtree);
        let changes = self.entries.values().map(|(change, _)| change).filter(below).map(Message::from);
        let mut messages: Vec<_> = changes.chain([signal(END, self.number, subtree)]).collect();
        let client = request.pop_front().unwrap_or_default();
        messages.iter_mut().for_each(|message| message.push_front(&client));
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The keys of the parts of an answer, and the number at its end.
    fn ask(table: &Table, subtree: &str) -> (Vec<String>, u64) {
        let answer = table.answer(["ann", ASK, subtree].into());
        let (end, changes) = answer.split_last().unwrap();
        assert_eq!((end[0].as_str(), end[1].as_str(), end[5].as_str()), (Ok("ann"), Ok(END), Ok(subtree)));
        let keys = changes.iter().map(|change| change[1].as_str().unwrap().to_owned()).collect();
        (keys, u64::from_be_bytes(end[2][..].try_into().unwrap()))
    }

    #[test]
    fn clients_get_the_subtree_that_they_ask_for() {
        let (mut table, now) = (Table::default(), Instant::now());
        for (key, value) in [("/a/x", "1"), ("/a/y", "2"), ("/b/x", "3"), ("/a/y", "")] {
            table.change(Change::wanted(key, value, None), now);
        }
        assert_eq!(ask(&table, ""), (vec!["/a/x".to_owned(), "/b/x".to_owned()], 4));
        assert_eq!(ask(&table, "/b/"), (vec!["/b/x".to_owned()], 4));
        assert!(table.answer(["ann", "hello", ""].into()).is_empty());
        assert!(table.answer(["ann", ASK].into()).is_empty());
    }

    #[test]
    fn what_has_a_time_to_live_goes_when_it_is_over() {
        let (mut table, now, ttl) = (Table::default(), Instant::now(), Duration::from_secs(2));
        table.change(Change::wanted("/a", "1", Some(ttl)), now);
        table.change(Change::wanted("/b", "1", Some(ttl)), now);
        // Changed in time: it stays.
        table.change(Change::wanted("/b", "2", None), now);
        let heartbeat = [signal(HEARTBEAT, 0, &Frame::new())];
        assert_eq!(table.beat(now + ttl / 2), heartbeat);
        let gone = Change { number: 4, ..Change::wanted("/a", "", None) };
        assert_eq!(table.beat(now + ttl), [Message::from(&gone)]);
        assert_eq!(table.beat(now + ttl), heartbeat);
        assert_eq!(ask(&table, ""), (vec!["/b".to_owned()], 4));
    }
}
