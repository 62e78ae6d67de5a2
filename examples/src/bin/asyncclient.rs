//! An asynchronous server, a client: sends all requests at once, and takes the replies as they come.
//!
//! `asyncclient [ENDPOINT] [REPLIES] [DELAY]...`: ends after so many replies, though others may be missing.

use examples::{Result, number, text, texts};
use std::time::Duration;
use zincmq::{Context, Dealer};

fn main() -> Result {
    let context = Context::new();
    let mut server =
        Dealer::builder(&context).linger(Duration::ZERO).connect(text(1, "tcp://127.0.0.1:5570"))?;
    let replies = number(2, 3);
    // A DEALER does not wait for one reply before the next request.
    for delay in texts(3, &["60000", "30", "20", "10"]) {
        server.send(delay)?;
    }
    for _ in 0..replies {
        println!("{}", server.recv_string()?);
    }
    Ok(())
}
