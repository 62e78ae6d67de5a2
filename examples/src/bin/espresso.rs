//! Espresso: shows what passes between publishers and subscribers, by a forwarder with a third socket.
//!
//! `espresso [FRONT] [BACK]`: connects to a publisher in front, binds for subscribers behind, prints each message; runs
//! until Ctrl-C.

use examples::{Result, text};
use std::thread;
use zincmq::{Context, Proxy, Pull, Push, XPub, XSub};

fn main() -> Result {
    let context = Context::new();
    let mut front = XSub::builder(&context).connect(text(1, "tcp://127.0.0.1:5563"))?;
    let mut back = XPub::builder(&context).bind(text(2, "tcp://127.0.0.1:8100"))?;
    // The proxy gives this socket a copy of whatever it passes on, in both directions. Whoever looks at the copies too
    // slowly holds the proxy up.
    let mut copies = Push::builder(&context).bind("inproc://copies")?;
    let listener = Pull::builder(&context).connect("inproc://copies")?;
    thread::spawn(move || listen(listener));
    Proxy::new(&mut front, &mut back).capture(&mut copies).run()?;
    Ok(())
}

/// Messages from publishers, and from subscribers: 1 and a topic is a subscription, 0 and a topic its end.
fn listen(mut copies: Pull) -> zincmq::Result<()> {
    loop {
        println!("{:?}", copies.recv()?);
    }
}
