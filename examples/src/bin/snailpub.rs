//! The suicidal snail, the publisher: tells the time a thousand times a second.
//!
//! `snailpub [ENDPOINT]`: binds; runs until Ctrl-C.

use examples::{Result, text};
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};
use zincmq::{Context, Pub};

fn main() -> Result {
    let context = Context::new();
    // Without a mark nothing is lost, and the slowest subscriber gets everything, later and later.
    let mut publisher = Pub::builder(&context).sndhwm(0).bind(text(1, "tcp://127.0.0.1:5556"))?;
    let (interrupt, interrupted) = channel();
    ctrlc::set_handler(move || _ = interrupt.send(()))?;
    while interrupted.recv_timeout(Duration::from_millis(1)).is_err() {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        publisher.send((time.as_millis() as u64).to_be_bytes())?;
    }
    Ok(())
}
