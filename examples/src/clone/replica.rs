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

type Entries = BTreeMap<Frame, Frame>;

/// A copy of the server's table, or of a subtree.
#[derive(Debug)]
pub struct Replica {
    context: Context,
    snapshots: String,
    updates: String,
    subtree: Frame,
    subscriber: Sub,
    /// The number of the last change that the entries contain; `None` before there is a snapshot of this server.
    number: Option<u64>,
    entries: Entries,
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
        let (entries, news) = (Entries::new(), VecDeque::new());
        Ok(Self { context, snapshots, updates, subtree, subscriber, number: None, entries, news })
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
                Ok(message) => match self.number {
                    Some(number) => {
                        let news = Change::read(&message).and_then(|change| self.update(change, number));
                        self.news.extend(news);
                    }
                    // Now that updates arrive, a snapshot will not be older than the first of them.
                    None => self.take_snapshot()?,
                },
                Err(Error::Timeout) => {
                    // The server has gone, and the one that takes its place counts anew.
                    self.number = None;
                    self.subscriber = subscribe(&self.context, &self.updates, &self.subtree)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// An update that the snapshot contains already is none, nor is a heartbeat.
    fn update(&mut self, change: Change, number: u64) -> Option<News> {
        if change.number <= number {
            return None;
        }
        self.number = Some(change.number);
        if change.value.is_empty() {
            self.entries.remove(&change.key)?;
            return Some((change.key, None));
        }
        self.entries.insert(change.key.clone(), change.value.clone());
        Some((change.key, Some(change.value)))
    }

    /// Asks for the table, and finds out what is different. Updates wait meanwhile, in their socket.
    fn take_snapshot(&mut self) -> Result {
        let mut snapshots = Dealer::builder(&self.context).linger(Duration::ZERO).connect(&self.snapshots)?;
        snapshots.send((ASK, &self.subtree))?;
        let mut entries = Entries::new();
        loop {
            let change = match snapshots.recv_timeout(LEASE) {
                Ok(message) => Change::read(&message).ok_or("not a snapshot")?,
                // It is asked again at the next sign of life.
                Err(Error::Timeout) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if change.key == END {
                self.number = Some(change.number);
                break;
            }
            entries.insert(change.key, change.value);
        }
        let before = mem::replace(&mut self.entries, entries);
        self.news.extend(difference(before, &self.entries));
        Ok(())
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

/// What happens when a table becomes another.
fn difference(mut before: Entries, after: &Entries) -> Vec<News> {
    let mut news = Vec::new();
    for (key, value) in after {
        if before.remove(key).as_ref() != Some(value) {
            news.push((key.clone(), Some(value.clone())));
        }
    }
    news.extend(before.into_keys().map(|key| (key, None)));
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_snapshot_is_news_where_it_differs() {
        let entries = |pairs: &[(&str, &str)]| -> Entries {
            pairs.iter().map(|(key, value)| (key.into(), value.into())).collect()
        };
        let before = entries(&[("/a", "1"), ("/b", "1"), ("/c", "1")]);
        let after = entries(&[("/a", "1"), ("/b", "2"), ("/d", "1")]);
        let news: [News; 3] =
            [("/b".into(), Some("2".into())), ("/d".into(), Some("1".into())), ("/c".into(), None)];
        assert_eq!(difference(before, &after), news);
    }
}
