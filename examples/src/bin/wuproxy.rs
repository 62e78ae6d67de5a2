//! A forwarder between networks: publishers on one side, subscribers on the other, and neither knows the other.
//!
//! `wuproxy [FRONT] [BACK]`: connects to a publisher in front, binds for subscribers behind; runs until Ctrl-C.

use examples::{Result, text};
use zincmq::{Context, Error, XPub, XSub};

fn main() -> Result {
    let context = Context::new();
    // XSUB and XPUB are SUB and PUB that let subscriptions through: they come in behind and go out in front.
    let mut front = XSub::new(&context)?;
    front.connect(text(1, "tcp://127.0.0.1:5556"))?;
    let mut back = XPub::new(&context)?;
    back.bind(text(2, "tcp://127.0.0.1:8100"))?;
    let interrupter = front.interrupter();
    ctrlc::set_handler(move || interrupter.interrupt())?;
    match zincmq::proxy(&mut front, &mut back) {
        Err(Error::Interrupted) => println!("{} readings forwarded", back.stats().sent),
        result => result?,
    }
    Ok(())
}
