//! Publishers and subscribers on a network, and the time in which everything happens.

use crate::chance::Chance;
use crate::ledger::{Ledger, Name, Stream};
use crate::network::{Faults, Network, Node};
use crate::publisher::{Publisher, Work};
use crate::subscriber::Subscriber;
use crate::{GROUP, PORT};
use pgm::{ReceiverConfig, SourceConfig, To};
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// More than this at the same moment is a circle.
const AT_ONCE: usize = 1_000_000;

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) network: Network,
    pub(crate) publishers: Vec<Publisher>,
    pub(crate) subscribers: Vec<Subscriber>,
    pub(crate) ledger: Ledger,
    pub(crate) chance: Chance,
    /// How often, in a thousand times, the kernel takes nothing from a node.
    pub(crate) kernel_full: u32,
    /// What happens when, in the order in which it was planned.
    agenda: BTreeMap<(Instant, u64), Happening>,
    planned: u64,
    /// The next time at which a node wants its turn.
    turns: HashMap<Node, Instant>,
}

enum Happening {
    Arrival { to: Node, from: SocketAddr, bytes: Rc<[u8]> },
    Turn(Node),
}

impl World {
    pub(crate) fn new(faults: Faults, seed: u64) -> Self {
        Self {
            now: Instant::now(),
            network: Network::new(faults, seed),
            publishers: Vec::new(),
            subscribers: Vec::new(),
            ledger: Ledger::default(),
            chance: Chance::new(!seed),
            kernel_full: 0,
            agenda: BTreeMap::new(),
            planned: 0,
            turns: HashMap::new(),
        }
    }

    pub(crate) fn publisher(&mut self, config: SourceConfig) -> usize {
        let seed = self.chance.word();
        self.publishers.push(Publisher::new(config, self.now, seed, &mut self.ledger));
        let index = self.publishers.len() - 1;
        self.wants_turn(Node::Publisher(index), self.now);
        index
    }

    /// The publisher dies without a word, and starts again with a new session.
    pub(crate) fn restarts(&mut self, index: usize, config: SourceConfig) {
        let seed = self.chance.word();
        self.publishers[index] = Publisher::new(config, self.now, seed, &mut self.ledger);
        self.wants_turn(Node::Publisher(index), self.now);
    }

    pub(crate) fn works(&mut self, index: usize, work: Work) {
        self.publishers[index].works(self.now, work);
        self.wants_turn(Node::Publisher(index), self.now);
    }

    pub(crate) fn closes(&mut self, index: usize) {
        self.publishers[index].source.close(self.now);
        self.wants_turn(Node::Publisher(index), self.now);
    }

    pub(crate) fn subscriber(&mut self, window: u32) -> usize {
        let config = ReceiverConfig { window, ..receiver_config(self.chance.word()) };
        let index = self.subscribers.len();
        let address =
            SocketAddr::new(IpAddr::from([10, 1, (index / 250) as u8, (index % 250) as u8]), 50_000);
        self.subscribers.push(Subscriber::new(config, address, self.chance.word()));
        index
    }

    /// Lets so much time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let mut at_once = 0;
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((at, _), happening) = entry.remove_entry();
            at_once = if at == self.now { at_once + 1 } else { 0 };
            assert!(at_once < AT_ONCE, "the time stands still");
            self.now = at;
            match happening {
                Happening::Arrival { to, from, bytes } => self.arrives(to, from, &bytes),
                Happening::Turn(node) if self.turns.get(&node) == Some(&at) => {
                    self.turns.remove(&node);
                    self.turn(node);
                }
                Happening::Turn(_) => {}
            }
        }
        self.now = end;
    }

    /// Lets time pass until all publishers have sent everything.
    pub(crate) fn run_until_sent(&mut self) {
        while !self.publishers.iter().all(|publisher| publisher.is_done() || !publisher.is_alive) {
            self.run(Duration::from_millis(100));
        }
    }

    /// What a subscriber got of a session.
    pub(crate) fn stream(&self, subscriber: usize, name: Name) -> Option<&Stream> {
        self.subscribers[subscriber].application.audit.of(name)
    }

    /// All publishers with all subscribers.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let subscribers = self.subscribers.len();
        (0..self.publishers.len())
            .flat_map(move |publisher| (0..subscribers).map(move |other| (publisher, other)))
    }

    fn arrives(&mut self, to: Node, from: SocketAddr, bytes: &[u8]) {
        match to {
            Node::Publisher(index) => {
                let publisher = &mut self.publishers[index];
                if publisher.is_alive {
                    publisher.hear(self.now, bytes);
                }
            }
            Node::Subscriber(index) => self.subscribers[index].hear(self.now, from, bytes, &self.ledger),
        }
        self.turn(to);
    }

    /// A node does what is due, and sends what it has.
    fn turn(&mut self, node: Node) {
        let next = match node {
            Node::Publisher(index) if !self.publishers[index].is_alive => return,
            Node::Publisher(index) => self.publishers[index].turn(self.now, &mut self.ledger),
            Node::Subscriber(index) => self.subscribers[index].turn(self.now, &self.ledger),
        };
        next.inspect(|at| self.wants_turn(node, *at));
        if self.queued(node) > 0 && self.chance.happens(self.kernel_full) {
            self.wants_turn(node, self.now + Duration::from_millis(1));
            return;
        }
        while self.queued(node) > 0 {
            self.sends(node);
        }
    }

    fn queued(&self, node: Node) -> usize {
        match node {
            Node::Publisher(index) => self.publishers[index].source.queued(),
            Node::Subscriber(index) => self.subscribers[index].receiver.queued(),
        }
    }

    /// Sends some packets with one system call.
    fn sends(&mut self, node: Node) {
        let count = self.queued(node).min(self.chance.of(1..=8) as usize);
        let read = |index| match node {
            Node::Publisher(publisher) => self.publishers[publisher].source.peek(index),
            Node::Subscriber(subscriber) => self.subscribers[subscriber].receiver.peek(index),
        };
        let packets: Vec<(To, Rc<[u8]>)> = (0..count)
            .map(|index| read(index).map(|packet| (packet.to, packet.bytes.into())).expect("a queued packet"))
            .collect();
        match node {
            Node::Publisher(index) => {
                self.publishers[index].sent += count;
                self.publishers[index].source.sent(count);
            }
            Node::Subscriber(index) => {
                self.subscribers[index].sent += count;
                self.subscribers[index].receiver.sent(count);
            }
        }
        packets.into_iter().for_each(|(to, bytes)| self.send(node, to, &bytes));
        self.wants_turn(node, self.now);
    }

    fn send(&mut self, node: Node, to: To, bytes: &Rc<[u8]>) {
        if !self.network.leaves(bytes) {
            return;
        }
        let subscribers = (0..self.subscribers.len()).map(Node::Subscriber);
        let publishers = (0..self.publishers.len()).map(Node::Publisher);
        let (from, hearers): (_, Vec<Node>) = match (node, to) {
            (Node::Publisher(index), To::Group) => (self.publishers[index].address, subscribers.collect()),
            (Node::Subscriber(index), To::GroupNear) => {
                let all = subscribers.filter(|other| *other != node).chain(publishers);
                (self.subscribers[index].address, all.collect())
            }
            (Node::Subscriber(index), To::Host(host)) => {
                let at_host = |node: &Node| self.is_at(*node, host);
                (self.subscribers[index].address, publishers.filter(at_host).collect())
            }
            (node, to) => panic!("{node:?} sends to {to:?}"),
        };
        for to in hearers {
            for (delay, bytes) in self.network.carry(to, bytes) {
                self.plan(self.now + delay, Happening::Arrival { to, from, bytes });
            }
        }
    }

    /// A source hears at the port of the endpoint, and at the port from which it sends.
    fn is_at(&self, node: Node, host: SocketAddr) -> bool {
        let Node::Publisher(index) = node else { return false };
        let address = self.publishers[index].address;
        address == host || address.ip() == host.ip() && host.port() == PORT
    }

    fn wants_turn(&mut self, node: Node, at: Instant) {
        let at = at.max(self.now);
        if self.turns.get(&node).is_none_or(|planned| at < *planned) {
            self.turns.insert(node, at);
            self.plan(at, Happening::Turn(node));
        }
    }

    fn plan(&mut self, at: Instant, happening: Happening) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), happening);
    }
}

fn receiver_config(seed: u64) -> ReceiverConfig {
    ReceiverConfig {
        port: PORT,
        group: GROUP,
        window: 10_000,
        max_tpdu: 1_500,
        memory: 64 << 20,
        max_sources: 1_024,
        seed,
        timing: Default::default(),
    }
}
