//! Paranoid Pirate, the queue: a broker that balances load, and gives no request to a worker that it has not heard of
//! lately.
//!
//! `ppqueue [FRONT] [BACK]`: binds both; runs until Ctrl-C. The protocol is 6/PPP.

use examples::heartbeat::{Lease, Pulse};
use examples::{Result, text};
use std::collections::VecDeque;
use std::time::Instant;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Frame, Router};

const WORKERS: Token = Token(0);
const CLIENTS: Token = Token(1);

const READY: [u8; 1] = [1];
const HEARTBEAT: [u8; 1] = [2];

fn main() -> Result {
    let context = Context::new();
    let mut clients = Router::builder(&context).bind(text(1, "tcp://127.0.0.1:5559"))?;
    let mut workers = Router::builder(&context).bind(text(2, "tcp://127.0.0.1:5560"))?;
    let mut free = Free::default();
    let mut pulse = Pulse::new(Instant::now());
    let mut poller = Poller::new();
    loop {
        let items = [
            Some(Item::socket(WORKERS, &mut workers, Interest::READABLE)),
            (!free.0.is_empty()).then(|| Item::socket(CLIENTS, &mut clients, Interest::READABLE)),
        ];
        for event in poller.wait(items, Some(pulse.left()))? {
            if event.token == WORKERS {
                let mut message = workers.recv()?;
                let worker = message.pop_front().unwrap_or_default();
                if message == HEARTBEAT {
                    free.renew(&worker);
                    continue;
                }
                free.add(worker);
                if message == READY {
                    println!("a worker is ready");
                } else if message.len() > 1 {
                    clients.send(message)?;
                }
            } else if let Some(worker) = free.next() {
                workers.send((worker, clients.recv()?))?;
            }
        }
        let now = Instant::now();
        free.bury(now);
        if pulse.is_due(now) {
            for (worker, _) in &free.0 {
                workers.send((worker, HEARTBEAT))?;
            }
        }
    }
}

/// The workers that are free, the one that has been for longest first.
#[derive(Default)]
struct Free(VecDeque<(Frame, Lease)>);

impl Free {
    fn add(&mut self, worker: Frame) {
        self.0.push_back((worker, Lease::new(Instant::now())));
    }

    /// Worker `id` lives. One that has been given up, or has a request, is none of these.
    fn renew(&mut self, id: &Frame) {
        if let Some((_, lease)) = self.0.iter_mut().find(|(worker, _)| worker == id) {
            *lease = Lease::new(Instant::now());
        }
    }

    fn next(&mut self) -> Option<Frame> {
        self.0.pop_front().map(|(worker, _)| worker)
    }

    /// Forgets the dead. A worker that is heard of again later begins again with READY.
    fn bury(&mut self, now: Instant) {
        let before = self.0.len();
        self.0.retain(|(_, lease)| !lease.is_over(now));
        for _ in self.0.len()..before {
            println!("a worker is dead");
        }
    }
}
