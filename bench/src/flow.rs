//! The loops of the works that go as fast as they can.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::row::Row;
use crate::side::{Copier, Receiver, Responder, Result, Sender};
use crate::took::Took;

/// How many messages a receiver of many sockets takes from one before it turns to the next.
const TURN: usize = 32;

/// The bytes that a sender without a high-water mark may send in one run, so that the memory suffices.
const UNLIMITED_BYTES: usize = 1 << 30;

/// Sends in rounds of `peers` messages until the time is over, then an empty one to each: the end.
pub(crate) fn pour(sender: &mut impl Sender, row: &Row, time: Duration, peers: usize) -> Result<()> {
    flow(sender, row, time, peers)?;
    (0..peers).try_for_each(|_| sender.send(0, 0))
}

/// Sends until the time is over, then a short message that says how many there were, since it may overtake some
/// where they go several ways.
pub(crate) fn pour_counted(sender: &mut impl Copier, row: &Row, time: Duration) -> Result<()> {
    let sent = flow(sender, row, time, 1)?;
    sender.send_copy(&(sent as u64).to_ne_bytes())
}

/// Sends in rounds until the time is over; returns how many messages.
fn flow(sender: &mut impl Sender, row: &Row, time: Duration, round: usize) -> Result<usize> {
    let between_looks = ((64 << 10) / row.size).clamp(1, 256).next_multiple_of(round);
    let most = if row.hwm == Some(0) { UNLIMITED_BYTES / row.size } else { usize::MAX };
    let (start, mut sent) = (Instant::now(), 0);
    while sent < most && start.elapsed() < time {
        for _ in 0..between_looks {
            sender.send(row.size, sent as u8)?;
            sent += 1;
        }
    }
    Ok(sent)
}

/// Receives as many messages as the short one says.
pub(crate) fn drain_counted(receiver: &mut impl Receiver, row: &Row) -> Result<Took> {
    let (start, mut messages, mut all) = (Instant::now(), 0, u64::MAX);
    while messages < all {
        let body = receiver.recv()?;
        match body.first_chunk() {
            Some(&count) if body.len() < row.size => all = u64::from_ne_bytes(count),
            _ => {
                read(body);
                messages += 1;
            }
        }
    }
    Ok(Took::timed(messages, start.elapsed()))
}

/// Receives until the end, which is shorter than a message, from all in turn; all get as many messages. The clock runs
/// from the first message on.
pub(crate) fn drain(receivers: &mut [impl Receiver], size: usize) -> Result<Took> {
    for receiver in receivers.iter_mut() {
        read(receiver.recv()?);
    }
    let (start, mut messages, mut over) = (Instant::now(), 0, false);
    while !over {
        for receiver in receivers.iter_mut() {
            for _ in 0..TURN {
                let body = receiver.recv()?;
                if body.len() < size {
                    over = true;
                    break;
                }
                read(body);
                messages += 1;
            }
        }
    }
    Ok(Took::timed(messages, start.elapsed()))
}

/// Answers until an empty request comes.
pub(crate) fn serve(responder: &mut impl Responder) -> Result<Option<Took>> {
    let mut byte = 0u8;
    while responder.respond(byte)? > 0 {
        byte = byte.wrapping_add(1);
    }
    Ok(None)
}

/// Sends a request for each answer, with `window` of them under way, until the time is over.
pub(crate) fn ask(
    peer: &mut (impl Sender + Receiver),
    size: usize,
    window: usize,
    time: Duration,
) -> Result<Took> {
    peer.send(size, 0)?;
    read(peer.recv()?);
    let (start, mut answers) = (Instant::now(), 0u64);
    for request in 0..window {
        peer.send(size, request as u8)?;
    }
    let elapsed = loop {
        read(peer.recv()?);
        answers += 1;
        let elapsed = if answers.is_multiple_of(16) { start.elapsed() } else { Duration::ZERO };
        if elapsed >= time {
            break elapsed;
        }
        peer.send(size, answers as u8)?;
    };
    for _ in 1..window {
        read(peer.recv()?);
    }
    peer.send(0, 0)?;
    Ok(Took::timed(2 * answers, elapsed))
}

/// Reads a body: touches every cache line.
pub(crate) fn read(body: &[u8]) {
    black_box(body.iter().step_by(64).fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
}
