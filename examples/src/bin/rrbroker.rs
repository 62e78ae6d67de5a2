//! Request and reply with a broker between: passes requests to workers and replies back, by a poller.
//!
//! `rrbroker [FRONT] [BACK] [REQUESTS] [WORKERS]`: binds both, waits for so many workers, and ends after so many
//! replies.

use examples::{Result, number, text};
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Dealer, EventKind, Router};

const FRONT: Token = Token(0);
const BACK: Token = Token(1);

fn main() -> Result {
    let context = Context::new();
    // ROUTER remembers whom a request came from; DEALER deals requests to the workers in turn.
    let mut front = Router::new(&context)?;
    front.bind(text(1, "tcp://127.0.0.1:5559"))?;
    let mut back = Dealer::new(&context)?;
    let mut monitor = back.monitor(EventKind::HandshakeSucceeded);
    back.bind(text(2, "tcp://127.0.0.1:5560"))?;
    let requests = number(3, 10);
    for _ in 0..number(4, 1) {
        monitor.recv()?;
    }

    let mut poller = Poller::new();
    let mut replies = 0;
    while replies < requests {
        let sockets = [
            Item::socket(FRONT, &mut front, Interest::READABLE),
            Item::socket(BACK, &mut back, Interest::READABLE),
        ];
        // Whole messages with their envelopes: nothing to be taken apart.
        for event in poller.wait(sockets, None)? {
            match event.token {
                FRONT => back.send(front.recv()?)?,
                _ => {
                    front.send(back.recv()?)?;
                    replies += 1;
                }
            }
        }
    }
    println!("{replies} replies passed on");
    Ok(())
}
