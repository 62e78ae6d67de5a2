//! Messages with an envelope: the first part is the topic, and subscribers see it alone. Here, the publisher.
//!
//! `psenvpub [ENDPOINT] [COUNT] [SUBSCRIPTIONS]`: binds, waits for so many different subscriptions, publishes so many
//! messages of two topics.

use examples::{Result, number, text};
use zincmq::{Context, XPub};

fn main() -> Result {
    let context = Context::new();
    let mut publisher = XPub::new(&context)?;
    publisher.bind(text(1, "tcp://127.0.0.1:5563"))?;
    let count = number(2, 10);
    for _ in 0..number(3, 1) {
        publisher.recv()?;
    }
    for item in 1..=count {
        // Whatever the body holds, only the first part is compared with subscriptions.
        publisher.send(["A".to_owned(), format!("B is not meant to see item {item}")])?;
        publisher.send(["B".to_owned(), format!("item {item}")])?;
    }
    Ok(())
}
