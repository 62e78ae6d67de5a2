//! A receiver and the application that gets what it delivers.

use crate::chance::Chance;
use crate::ledger::{Audit, Ledger};
use pgm::{Event, Flow, Packet, Receiver, ReceiverConfig};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub(crate) struct Subscriber {
    pub(crate) receiver: Receiver,
    pub(crate) address: SocketAddr,
    pub(crate) application: Application,
    /// Packets that it sent.
    pub(crate) sent: usize,
}

pub(crate) struct Application {
    pub(crate) audit: Audit,
    /// How often, in a thousand events, it wants no more for some time.
    pub(crate) pauses: u32,
    paused_until: Option<Instant>,
    chance: Chance,
}

impl Application {
    fn takes(&mut self, now: Instant, event: &Event<'_>, ledger: &Ledger) -> Flow {
        assert_eq!(self.paused_until, None, "an event while the application has paused: {event:?}");
        self.audit.judge(event, ledger);
        if self.chance.happens(self.pauses) {
            self.paused_until = Some(now + self.chance.microseconds(1..=300_000));
            return Flow::Pause;
        }
        Flow::Go
    }
}

impl Subscriber {
    pub(crate) fn new(config: ReceiverConfig, address: SocketAddr, seed: u64) -> Self {
        let application =
            Application { audit: Audit::default(), pauses: 0, paused_until: None, chance: Chance::new(seed) };
        Self { receiver: Receiver::new(config), address, application, sent: 0 }
    }

    pub(crate) fn hear(&mut self, now: Instant, from: SocketAddr, bytes: &[u8], ledger: &Ledger) {
        let Self { receiver, application, .. } = self;
        if let Ok(packet) = Packet::decode(bytes) {
            receiver.handle(now, from, &packet, &mut |event| application.takes(now, &event, ledger));
        }
    }

    /// Does what is due, and gives the time of what is next.
    pub(crate) fn turn(&mut self, now: Instant, ledger: &Ledger) -> Option<Instant> {
        let Self { receiver, application, .. } = self;
        // A slow application does not stop the receiver's timers.
        if receiver.next_timeout().is_some_and(|at| at <= now) {
            receiver.handle_timeout(now, &mut |event| application.takes(now, &event, ledger));
        }
        if application.paused_until.is_some_and(|at| at <= now) {
            application.paused_until = None;
            receiver.resume(now, &mut |event| application.takes(now, &event, ledger));
        }
        // It waits at least the least time that there is, where the application has just paused for none.
        let resume = application.paused_until.map(|at| at.max(now + Duration::from_nanos(1)));
        resume.into_iter().chain(receiver.next_timeout()).min()
    }
}
