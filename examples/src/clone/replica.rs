//! The client's side: a copy of the server's table that stays equal to it.

use super::{ASK, Change, END, HEARTBEAT};
use crate::Result;
use crate::heartbeat::LEASE;
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::time::Duration;
use zincmq::{Context, Dealer, Error, Frame, Sub};

/// What has changed in a replica: the key, and its value unless the key has gone.
pub type News = (Frame, Option<Frame>);

/// A copy of the server's table, or of a subtree.
#[derive(Debug)]
pub struct Replica {
    context: Context,
    snapshots: String,
    updates: String,
    subtree: Frame,
    subscriber: Sub,
    /// Whether there is a snapshot of this server.
    joined: bool,
    contents: Contents,
    news: VecDeque<News>,
}

impl Replica {
    /// A copy of what is below `subtree`, such as `/lights/`, or of everything if that is empty; of the server that has
    /// its snapshots and updates at these endpoints.
    ///
    /// # Errors
    /// If an endpoint is none.
    pub fn new(context: &Context, snapshots: String, updates: String, subtree: String) -> Result<Self> {
        let (context, subtree) = (context.clone(), subtree.into());
        let subscriber = subscribe(&context, &updates, &subtree)?;
        let (contents, news) = (Contents::default(), VecDeque::new());
        Ok(Self { context, snapshots, updates, subtree, subscriber, joined: false, contents, news })
    }

    /// Waits for the next change of the copy.
    ///
    /// # Errors
    /// At the end of the context.
    pub fn recv(&mut self) -> Result<News> {
        loop {
            if let Some(news) = self.news.pop_front() {
                return Ok(news);
            }
            match self.subscriber.recv_timeout(LEASE) {
                Ok(message) if self.joined => {
                    let news = Change::read(&message).and_then(|change| self.contents.update(change));
                    self.news.extend(news);
                }
                // Now that updates arrive, a snapshot will not be older than the first of them.
                Ok(_) => self.take_snapshot()?,
                Err(Error::Timeout) => {
                    // The server has gone, and the one that takes its place counts anew.
                    self.joined = false;
                    self.subscriber = subscribe(&self.context, &self.updates, &self.subtree)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Asks for the table, and finds out what is different. Updates wait meanwhile, in their socket.
    fn take_snapshot(&mut self) -> Result {
        let mut snapshots = Dealer::builder(&self.context).linger(Duration::ZERO).connect(&self.snapshots)?;
        snapshots.send((ASK, &self.subtree))?;
        let mut entries = BTreeMap::new();
        loop {
            let change = match snapshots.recv_timeout(LEASE) {
                Ok(message) => Change::read(&message).ok_or("not a snapshot")?,
                // It is asked again at the next sign of life.
                Err(Error::Timeout) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if change.key == END {
                self.news.extend(self.contents.replace(entries, change.number));
                self.joined = true;
                return Ok(());
            }
            entries.insert(change.key, change.value);
        }
    }
}

fn subscribe(context: &Context, updates: &str, subtree: &Frame) -> Result<Sub> {
    // No update is to be missed, however many come during the snapshot.
    let mut subscriber = Sub::builder(context).rcvhwm(0).connect(updates)?;
    subscriber.subscribe(subtree)?;
    // The second one: when a heartbeat comes, the first one has arrived as well.
    subscriber.subscribe(HEARTBEAT)?;
    Ok(subscriber)
}

/// What a replica has, without its sockets.
#[derive(Debug, Default)]
struct Contents {
    entries: BTreeMap<Frame, Frame>,
    /// The number of the last change that the entries contain.
    number: u64,
}

impl Contents {
    /// An update that the snapshot contains already is none, nor is a heartbeat.
    fn update(&mut self, change: Change) -> Option<News> {
        if change.number <= self.number {
            return None;
        }
        self.number = change.number;
        if change.value.is_empty() {
            self.entries.remove(&change.key)?;
            return Some((change.key, None));
        }
        self.entries.insert(change.key.clone(), change.value.clone());
        Some((change.key, Some(change.value)))
    }

    /// A snapshot takes the place of what was there. News is what is different.
    fn replace(&mut self, entries: BTreeMap<Frame, Frame>, number: u64) -> Vec<News> {
        let mut before = mem::replace(&mut self.entries, entries);
        self.number = number;
        let mut news = Vec::new();
        for (key, value) in &self.entries {
            if before.remove(key).as_ref() != Some(value) {
                news.push((key.clone(), Some(value.clone())));
            }
        }
        news.extend(before.into_keys().map(|key| (key, None)));
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use zincmq::{Router, XPub};

    fn contents(pairs: &[(&str, &str)], number: u64) -> Contents {
        let mut contents = Contents::default();
        contents.replace(pairs.iter().map(|(key, value)| (key.into(), value.into())).collect(), number);
        contents
    }

    fn news(key: &str, value: &str) -> News {
        (key.into(), Some(value).filter(|value| !value.is_empty()).map(Frame::from))
    }

    #[test]
    fn a_new_snapshot_is_news_where_it_differs() {
        let mut contents = contents(&[("/a", "1"), ("/b", "1"), ("/c", "1")], 3);
        let after = [("/a", "1"), ("/b", "2"), ("/d", "1")];
        let after = after.map(|(key, value)| (key.into(), value.into())).into();
        assert_eq!(contents.replace(after, 1), [news("/b", "2"), news("/d", "1"), news("/c", "")]);
    }

    #[test]
    fn updates_are_taken_once() {
        let mut contents = contents(&[("/a", "4")], 4);
        let mut update =
            |number, value: &str| contents.update(Change { number, ..Change::wanted("/a", value, None) });
        assert_eq!(update(3, "3"), None);
        assert_eq!(update(4, "4"), None);
        assert_eq!(update(5, "5"), Some(news("/a", "5")));
        assert_eq!(update(7, ""), Some(news("/a", "")));
        assert_eq!(update(8, ""), None);
        assert_eq!(update(6, "6"), None);
    }

    /// A table that was asked for before the subscriptions work may be older than the first update that arrives.
    #[test]
    fn a_replica_hears_before_it_asks() -> Result {
        let context = Context::new();
        let endpoint = "tcp://127.0.0.1:*";
        let mut snapshots = Router::builder(&context).bind(endpoint)?;
        let mut updates = XPub::builder(&context).xpub_verbose(true).bind(endpoint)?;
        let endpoints = (snapshots.last_endpoint(), updates.last_endpoint());
        let mut replica = Replica::new(&context, endpoints.0, endpoints.1, "/a/".to_owned())?;
        let replica = thread::spawn(move || replica.recv().map(drop));

        // It has waited for its lease to end twice, and has not asked.
        let mut subscriptions = 0;
        while subscriptions < 3 {
            subscriptions += u32::from(updates.recv()? == "\x01HUGZ");
        }
        assert_eq!(snapshots.try_recv(), Err(Error::Again));
        let mut request = Err(Error::Again);
        for _ in 0..1000 {
            updates.send(HEARTBEAT)?;
            request = snapshots.recv_timeout(Duration::from_millis(10));
            if request.is_ok() {
                break;
            }
        }
        assert_eq!(request?[1], ASK);
        context.shutdown();
        assert!(replica.join().unwrap().is_err());
        Ok(())
    }
}
