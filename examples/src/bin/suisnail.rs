//! The suicidal snail: a subscriber that stops when it is too late, rather than go on with what is no longer true.
//!
//! `suisnail [ENDPOINT] [LIMIT] [WORK] [COUNT]`: works for so many milliseconds at each message, and fails when one is
//! older than LIMIT milliseconds; ends after so many messages.

use examples::{Result, number, text};
use std::thread;
use std::time::{Duration, SystemTime};
use zincmq::{Context, Sub};

#[expect(clippy::disallowed_methods, reason = "this is all its work")]
fn main() -> Result {
    let context = Context::new();
    let mut subscriber = Sub::builder(&context).connect(text(1, "tcp://127.0.0.1:5556"))?;
    subscriber.subscribe("")?;
    let (limit, work) = (number(2, 1000).into(), Duration::from_millis(number(3, 3).into()));
    let count = number(4, 10_000);
    for _ in 0..count {
        let published = u64::from_be_bytes(subscriber.recv()?.bytes().try_into()?);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let age = (now.as_millis() as u64).saturating_sub(published);
        if age > limit {
            // Whoever watches over the program hears of it, and starts it anew, or a faster one.
            println!("too slow");
            return Err(format!("{age} ms late").into());
        }
        thread::sleep(work);
    }
    println!("{count} messages in time");
    Ok(())
}
