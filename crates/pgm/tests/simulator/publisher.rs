//! A source and the application that sends with it.

use crate::chance::Chance;
use crate::ledger::{Ledger, Name};
use crate::{GROUP, PORT};
use pgm::{Packet, Sequence, Source, SourceConfig, Tsi};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Instant;

/// What the application is to send.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) messages: u32,
    /// Bytes of a message; at least 4, and no more than fit.
    pub(crate) sizes: RangeInclusive<u32>,
    /// The time between two messages, in microseconds, where the rate allows it.
    pub(crate) pace: RangeInclusive<u32>,
}

pub(crate) struct Publisher {
    pub(crate) source: Source,
    pub(crate) config: SourceConfig,
    pub(crate) address: SocketAddr,
    /// A source that has died hears and says nothing.
    pub(crate) is_alive: bool,
    work: Work,
    due: Instant,
    chance: Chance,
    /// Packets that came for it, and packets that it sent.
    pub(crate) handled: usize,
    pub(crate) sent: usize,
    /// When how many bytes of new data were sent, with all headers.
    pub(crate) wire: Vec<(Instant, usize)>,
}

/// The `number`-th session on the `host`-th address.
pub(crate) fn tsi(host: usize, number: u16) -> Tsi {
    // All processes of libzmq have the same GSI.
    Tsi { gsi: [0xb7, 0xc6, 0xd1, 0xbc, 0x03, 0x8a], port: 1_000 * host as u16 + number }
}

pub(crate) fn config(host: usize, first: Sequence) -> SourceConfig {
    SourceConfig {
        tsi: tsi(host, 1),
        port: PORT,
        nla: IpAddr::from([10, 0, 0, host as u8]),
        group: GROUP,
        rate: 12_500_000,
        max_tpdu: 1_500,
        overhead: 28,
        window: 10_000,
        first,
    }
}

impl Publisher {
    pub(crate) fn new(config: SourceConfig, now: Instant, seed: u64, ledger: &mut Ledger) -> Self {
        ledger.open((config.tsi, config.nla), config.first);
        let source = Source::new(config.clone(), now).expect("a source");
        Self {
            source,
            address: SocketAddr::new(config.nla, 40_000 + config.tsi.port),
            config,
            is_alive: true,
            work: Work { messages: 0, sizes: 4..=4, pace: 0..=0 },
            due: now,
            chance: Chance::new(seed),
            handled: 0,
            sent: 0,
            wire: Vec::new(),
        }
    }

    pub(crate) fn name(&self) -> Name {
        (self.config.tsi, self.config.nla)
    }

    pub(crate) fn works(&mut self, now: Instant, work: Work) {
        (self.due, self.work) = (now, work);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.work.messages == 0
    }

    pub(crate) fn hear(&mut self, now: Instant, bytes: &[u8]) {
        if let Ok(packet) = Packet::decode(bytes) {
            self.handled += 1;
            self.source.handle(now, &packet);
        }
    }

    /// Does what is due, and gives the time of what is next.
    pub(crate) fn turn(&mut self, now: Instant, ledger: &mut Ledger) -> Option<Instant> {
        if self.source.next_timeout().is_some_and(|at| at <= now) {
            self.source.handle_timeout(now);
        }
        let work = self.publish(now, ledger);
        let (trail, lead) = self.source.window();
        assert_eq!(ledger.sent(self.name()), lead.next().since(self.config.first) as usize);
        assert!(lead.next().since(trail) as u32 <= self.config.window);
        work.into_iter().chain(self.source.next_timeout()).min()
    }

    fn publish(&mut self, now: Instant, ledger: &mut Ledger) -> Option<Instant> {
        while self.work.messages > 0 {
            if self.due > now {
                return Some(self.due);
            }
            let longest = self.source.max_payload() as u32;
            // While it has to wait, the message stays the same.
            let size = self.chance.clone().of(self.work.sizes.clone()).clamp(4, longest);
            if let Some(at) = self.source.send_at(now, size as usize) {
                assert!(at > now, "a wait of no time never ends");
                return Some(at);
            }
            self.send(now, size as usize, ledger);
            self.work.messages -= 1;
            self.due = now + self.chance.microseconds(self.work.pace.clone());
        }
        None
    }

    fn send(&mut self, now: Instant, size: usize, ledger: &mut Ledger) {
        let name = self.name();
        // Any two payloads of a session differ.
        let number = (ledger.sent(name) as u32).to_be_bytes();
        let filler = self.chance.word().to_be_bytes();
        let payload: Vec<u8> = number.into_iter().chain(filler.into_iter().cycle()).take(size).collect();
        let sequence = self.source.send(now, &payload).expect("it may be sent now");
        ledger.sends(name, sequence, payload);
        self.wire.push((now, size + pgm::DATA_HEADER + self.config.overhead));
    }
}
