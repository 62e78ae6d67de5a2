//! Paranoid Pirate, a worker: squares numbers, and begins anew with a queue of which it hears nothing.
//!
//! `ppworker [QUEUE]`: runs until Ctrl-C. The protocol is 6/PPP.

use examples::heartbeat::{Lease, Pulse};
use examples::{Result, square, text};
use std::time::{Duration, Instant};
use zincmq::{Context, Dealer, Error};

const READY: [u8; 1] = [1];
const HEARTBEAT: [u8; 1] = [2];

fn main() -> Result {
    let (context, queue) = (Context::new(), text(1, "tcp://127.0.0.1:5560"));
    loop {
        // A new socket has a new routing id: the queue cannot take this worker for the one that it gave up. What the
        // old socket has not sent is dropped with it.
        let mut queue = Dealer::builder(&context).linger(Duration::ZERO).connect(&queue)?;
        queue.send(READY)?;
        converse(&mut queue)?;
        println!("the queue is silent");
    }
}

/// Works until nothing is heard of the queue any more.
fn converse(queue: &mut Dealer) -> Result {
    let now = Instant::now();
    let (mut pulse, mut lease) = (Pulse::new(now), Lease::new(now));
    while !lease.is_over(Instant::now()) {
        match queue.recv_timeout(pulse.left()) {
            Ok(message) if message == HEARTBEAT => lease = Lease::new(Instant::now()),
            Ok(mut message) => {
                let number = message.pop().unwrap_or_default();
                message.push(square(&number));
                queue.send(message)?;
                // The time at work was no silence of the queue.
                lease = Lease::new(Instant::now());
            }
            Err(Error::Timeout) => {}
            Err(error) => return Err(error.into()),
        }
        if pulse.is_due(Instant::now()) {
            queue.send(HEARTBEAT)?;
        }
    }
    Ok(())
}
