//! A publisher and its subscribers, coordinated: nothing is published before all are listening. Here, the publisher.
//!
//! `syncpub [PUBLISH] [SYNC] [SUBSCRIBERS] [COUNT]`: binds both, waits for so many, publishes so many numbers.

use examples::{Result, number, text};
use std::time::Duration;
use zincmq::{Context, Error, Pub, Rep, option};

fn main() -> Result {
    let context = Context::new();
    let mut publisher = Pub::new(&context)?;
    // Without a mark a slow subscriber loses nothing, and costs memory instead.
    publisher.set(option::SNDHWM, 0)?;
    publisher.bind(text(1, "tcp://127.0.0.1:5561"))?;
    let mut sync = Rep::new(&context)?;
    sync.bind(text(2, "tcp://127.0.0.1:5562"))?;

    // A subscriber reports when it has heard something: only then is its subscription surely here. So there
    // must be something to hear until all have reported.
    let mut missing = number(3, 1);
    while missing > 0 {
        publisher.send("?")?;
        match sync.recv_timeout(Duration::from_millis(10)) {
            Ok(_) => {
                sync.send("noted")?;
                missing -= 1;
            }
            Err(Error::Timeout) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for number in 1..=number(4, 1000) {
        publisher.send(number.to_string())?;
    }
    publisher.send("end")?;
    Ok(())
}
