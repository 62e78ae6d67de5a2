//! Both directions at once, in one thread.

use std::thread;
use std::time::{Duration, Instant};

use crate::flow::read;
use crate::side::{AtOnce, Result};
use crate::took::Took;

/// How many messages go one way before it is the other's turn.
const TURN: usize = 64;

/// Sends until the time is over, then an empty message, and receives until the peer's empty message: whatever
/// is possible at once. The clock runs from the first message received to the last.
pub(crate) fn exchange(peer: &mut impl AtOnce, size: usize, time: Duration) -> Result<Took> {
    let (mut start, mut elapsed, mut received) = (None::<Instant>, Duration::ZERO, 0);
    let (mut sending, mut receiving) = (true, true);
    while sending || receiving {
        let mut idle = true;
        let over = start.is_some_and(|start| start.elapsed() >= time);
        for turn in 0..TURN {
            if !sending || !peer.try_send(if over { 0 } else { size }, turn as u8)? {
                break;
            }
            idle = false;
            sending = !over;
        }
        for _ in 0..TURN {
            let Some(body) = receiving.then(|| peer.try_recv()).transpose()?.flatten() else { break };
            idle = false;
            read(body);
            receiving = !body.is_empty();
            received += u64::from(receiving);
            let start = *start.get_or_insert_with(Instant::now);
            if !receiving {
                elapsed = start.elapsed();
            }
        }
        if idle {
            thread::yield_now();
        }
    }
    Ok(Took::timed(received, elapsed))
}
