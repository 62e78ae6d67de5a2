//! Clone, the server: holds a table that many programs share, and puts their changes in order.
//!
//! `clonesrv [SNAPSHOTS] [UPDATES] [CHANGES]`: binds all three; runs until Ctrl-C. The table begins empty. The protocol
//! is 12/CHP.

use examples::clone::{Change, Table};
use examples::heartbeat::{Lease, Pulse};
use examples::{Result, text};
use std::time::Instant;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Pub, Router, Sub};

const SNAPSHOTS: Token = Token(0);
const CHANGES: Token = Token(1);

fn main() -> Result {
    let context = Context::new();
    // No replica may miss anything. So there are no marks, and a slow replica costs memory.
    let mut snapshots = Router::builder(&context).sndhwm(0).bind(text(1, "tcp://127.0.0.1:5556"))?;
    let mut changes = Sub::builder(&context).bind(text(3, "tcp://127.0.0.1:5558"))?;
    changes.subscribe("")?;
    let mut updates = Pub::builder(&context).sndhwm(0).build()?;

    // Replicas of an earlier server are to notice that it has gone, even if this one has come at once. So this one is
    // silent at first.
    let now = Instant::now();
    let (mut silence, mut pulse) = (Some(Lease::new(now)), Pulse::new(now));
    let mut table = Table::default();
    let mut poller = Poller::new();
    loop {
        let items = [
            Item::socket(SNAPSHOTS, &mut snapshots, Interest::READABLE),
            Item::socket(CHANGES, &mut changes, Interest::READABLE),
        ];
        let events = poller.wait(items, Some(pulse.left()))?;
        let now = Instant::now();
        for event in events {
            if event.token == SNAPSHOTS {
                for message in table.answer(snapshots.recv()?) {
                    snapshots.send(message)?;
                }
            } else if let Some(change) = Change::read(&changes.recv()?) {
                updates.send(table.change(change, now))?;
            }
        }
        if silence.as_ref().is_some_and(|silence| silence.is_over(now)) {
            silence = None;
            updates.bind(text(2, "tcp://127.0.0.1:5557"))?;
        }
        if pulse.is_due(now) {
            for message in table.beat(now) {
                updates.send(message)?;
            }
        }
    }
}
