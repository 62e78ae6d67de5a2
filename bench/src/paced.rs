//! Delays at a constant rate. The sender does not wait for the receiver: each message has a time at which it is
//! due, and a message that is sent late, because the one before took so long, counts as late.
//!
//! The sender sleeps until shortly before a message is due, then looks at the clock and lets other threads run
//! first. So it keeps a CPU busy only as far as the machine leaves it one.

use std::num::NonZeroU64;
use std::thread;
use std::time::Duration;

use rustix::thread::{clock_nanosleep_absolute, set_current_timer_slack};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::flow::read;
use crate::histogram::Histogram;
use crate::side::{Copier, Receiver, Result};
use crate::took::Took;

/// How long before its due time the sender is awake, in nanoseconds: about what it takes a CPU to wake up.
const AWAKE: u64 = 50_000;

/// Sends `rate` messages a second, each with its due time. The first fifth, which may have to wait for the
/// connection, has zeros instead and does not count.
pub(crate) fn pace(sender: &mut impl Copier, size: usize, rate: usize, time: Duration) -> Result<()> {
    // The default lets a sleep take 50 us longer.
    set_current_timer_slack(NonZeroU64::new(1))?;
    let (rate, time) = (rate as u64, u64::try_from(time.as_nanos())?);
    let counted = u64::try_from(u128::from(time) * u128::from(rate) / 1_000_000_000)?;
    let early = counted / 5;
    let mut body = vec![0; size.max(size_of::<u64>())];
    let start = now();
    for number in 0..early + counted {
        let due = start + number * 1_000_000_000 / rate;
        await_time(due)?;
        let stamp = if number < early { 0 } else { due };
        body[..size_of::<u64>()].copy_from_slice(&stamp.to_ne_bytes());
        sender.send_copy(&body)?;
    }
    sender.send(0, 0)
}

/// Receives until the end and compares due times with the clock, which all processes of a machine share.
pub(crate) fn clock(receiver: &mut impl Receiver) -> Result<Took> {
    let mut delays = Histogram::new();
    while let body = receiver.recv()?
        && let Some(&stamp) = body.first_chunk()
    {
        let due = u64::from_ne_bytes(stamp);
        read(body);
        if due > 0 {
            delays.record(now().saturating_sub(due));
        }
    }
    let numbers = vec![delays.quantile(0.5), delays.quantile(0.99), delays.quantile(0.999), delays.max()];
    Ok(Took { messages: delays.count(), numbers })
}

fn await_time(due: u64) -> Result<()> {
    let awake = due.saturating_sub(AWAKE);
    if now() < awake {
        let (seconds, nanos) = (awake / 1_000_000_000, awake % 1_000_000_000);
        clock_nanosleep_absolute(
            ClockId::Monotonic,
            &Timespec { tv_sec: seconds as i64, tv_nsec: nanos as i64 },
        )?;
    }
    while now() < due {
        thread::yield_now();
    }
    Ok(())
}

/// Nanoseconds of the monotonic clock.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
