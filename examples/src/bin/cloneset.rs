//! Clone, a client that changes the table.
//!
//! `cloneset [CHANGES] [KEY] [VALUE] [SECONDS]`: sets a key, which goes after so many seconds; 0: never. Without a
//! value the key is removed.

use examples::clone::Change;
use examples::{Result, number, text};
use std::time::Duration;
use zincmq::{Context, Message, XPub};

fn main() -> Result {
    let context = Context::new();
    let mut server = XPub::builder(&context).connect(text(1, "tcp://127.0.0.1:5558"))?;
    let ttl = Some(Duration::from_secs(number(4, 0).into())).filter(|ttl| !ttl.is_zero());
    let change = Change::wanted(text(2, "/greeting"), text(3, ""), ttl);
    // The server subscribes as soon as it is connected. What is published before is lost.
    server.recv()?;
    server.send(Message::from(&change))?;
    Ok(())
}
