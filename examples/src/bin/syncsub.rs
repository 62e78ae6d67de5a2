//! A publisher and its subscribers, coordinated. Here, a subscriber.
//!
//! `syncsub [PUBLISH] [SYNC]`: connects to both, and ends with the publisher.

use examples::{Result, text};
use zincmq::{Context, Req, Sub};

fn main() -> Result {
    let context = Context::new();
    let mut subscriber = Sub::new(&context)?;
    subscriber.connect(text(1, "tcp://127.0.0.1:5561"))?;
    subscriber.subscribe("")?;
    // The first message says that the subscription works.
    subscriber.recv()?;
    let mut sync = Req::new(&context)?;
    sync.connect(text(2, "tcp://127.0.0.1:5562"))?;
    sync.send("listening")?;
    sync.recv()?;

    let mut count = 0;
    loop {
        let message = subscriber.recv()?;
        match message.as_str()? {
            "?" => {}
            "end" => break,
            _ => count += 1,
        }
    }
    println!("{count} numbers received");
    Ok(())
}
