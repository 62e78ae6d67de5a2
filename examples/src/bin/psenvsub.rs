//! Messages with an envelope. Here, a subscriber.
//!
//! `psenvsub [ENDPOINT] [COUNT]`: connects, subscribes to topic B, and ends after so many messages.

use examples::{Result, number, text, words};
use zincmq::{Context, Sub};

fn main() -> Result {
    let context = Context::new();
    let mut subscriber = Sub::new(&context)?;
    subscriber.connect(text(1, "tcp://127.0.0.1:5563"))?;
    subscriber.subscribe("B")?;
    for _ in 0..number(2, 10) {
        let message = subscriber.recv()?;
        match words(&message)?[..] {
            [topic, body] => println!("[{topic}] {body}"),
            _ => return Err(format!("not an envelope and a body: {message:?}").into()),
        }
    }
    Ok(())
}
