//! Reliable multicast, the publisher: a reading every 10 ms, sent once for everybody in the group.
//!
//! `mcpub [ENDPOINT]`: runs until Ctrl-C.

use examples::{Result, text};
use std::sync::mpsc::channel;
use std::time::Duration;
use zincmq::{Context, Pub, option};

const PAUSE: Duration = Duration::from_millis(10);

fn main() -> Result {
    let context = Context::new();
    let mut publisher = Pub::new(&context)?;
    // No subscriber can hold a publisher back, so this says how fast it may be: in kilobits a second, 100 by default.
    publisher.set(option::RATE, 10_000)?;
    publisher.bind(text(1, "epgm://127.0.0.1;239.192.1.1:5555"))?;
    let (interrupt, interrupted) = channel();
    ctrlc::set_handler(move || _ = interrupt.send(()))?;

    // No subscription reaches it either: it publishes, whether anybody listens or not.
    let mut count = 0;
    while interrupted.recv_timeout(PAUSE).is_err() {
        count += 1;
        publisher.send(format!("reading {count}"))?;
    }
    println!("{count} readings published");
    Ok(())
}
