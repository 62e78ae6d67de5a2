//! The worker's side.

use super::{DISCONNECT, HEARTBEAT, READY, REPLY, REQUEST, WORKER};
use crate::Result;
use crate::heartbeat::{Lease, Pulse};
use std::time::{Duration, Instant};
use zincmq::{Context, Dealer, Error, Message};

/// Serves requests for `service` by `work`, until the context ends. Begins anew with a broker that has gone silent.
///
/// # Errors
/// If the endpoint is none, or the context has ended.
pub fn serve(
    context: &Context,
    broker: &str,
    service: &str,
    mut work: impl FnMut(Message) -> Message,
) -> Result {
    loop {
        // A new socket has a new routing id, and nothing of the old conversation comes into the new one.
        let mut broker = Dealer::builder(context).linger(Duration::ZERO).connect(broker)?;
        broker.send(("", WORKER, [READY], service))?;
        converse(&mut broker, &mut work)?;
    }
}

/// Works until nothing is heard of the broker any more, or it ends the conversation.
fn converse(broker: &mut Dealer, work: &mut impl FnMut(Message) -> Message) -> Result {
    let now = Instant::now();
    let (mut pulse, mut lease) = (Pulse::new(now), Lease::new(now));
    while !lease.is_over(Instant::now()) {
        match broker.recv_timeout(pulse.left()) {
            Ok(mut message) => {
                match message.as_slice() {
                    [_, protocol, command, ..] if protocol != WORKER || *command == [DISCONNECT] => {
                        return Ok(());
                    }
                    [_, _, command, _, _, ..] if *command == [REQUEST] => {
                        let request = message.split_off(5);
                        // The envelope goes back as it came, under another command.
                        message[2] = [REPLY].into();
                        message.extend(work(request));
                        broker.send(message)?;
                    }
                    _ => {}
                }
                // The time at work was no silence of the broker.
                lease = Lease::new(Instant::now());
            }
            Err(Error::Timeout) => {}
            Err(error) => return Err(error.into()),
        }
        if pulse.is_due(Instant::now()) {
            broker.send(("", WORKER, [HEARTBEAT]))?;
        }
    }
    Ok(())
}
