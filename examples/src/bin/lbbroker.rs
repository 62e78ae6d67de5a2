//! Load balancing: a request goes to the worker that has been free for longest, and to none that is busy.
//!
//! `lbbroker [FRONT] [BACK]`: binds both; runs until Ctrl-C.

use examples::{Result, text};
use std::collections::VecDeque;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Router};

const WORKERS: Token = Token(0);
const CLIENTS: Token = Token(1);

fn main() -> Result {
    let context = Context::new();
    let mut clients = Router::builder(&context).bind(text(1, "tcp://127.0.0.1:5559"))?;
    // A DEALER would deal requests out in turn, to workers that are busy or hang too. ROUTER lets the broker choose.
    let mut workers = Router::builder(&context).bind(text(2, "tcp://127.0.0.1:5560"))?;

    let mut free = VecDeque::new();
    let mut poller = Poller::new();
    loop {
        // While no worker is free, requests stay where they are: in the queues of the sockets, whose marks hold clients
        // up.
        let items = [
            Some(Item::socket(WORKERS, &mut workers, Interest::READABLE)),
            (!free.is_empty()).then(|| Item::socket(CLIENTS, &mut clients, Interest::READABLE)),
        ];
        for event in poller.wait(items, None)? {
            if event.token == WORKERS {
                // What a worker says means that it is free: `worker, "", "READY"`, or `worker, "", client, "", reply`.
                let mut reply = workers.recv()?;
                let Some([worker, _]) = reply.pop_front_parts() else { continue };
                free.push_back(worker);
                if reply == "READY" {
                    println!("a worker is ready");
                } else if reply.len() > 1 {
                    clients.send(reply)?;
                }
            } else if let Some(worker) = free.pop_front() {
                workers.send((worker, "", clients.recv()?))?;
            }
        }
    }
}
