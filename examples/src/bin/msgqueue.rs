//! Request and reply with a broker between, by the built-in proxy: what `rrbroker` does, in one call.
//!
//! `msgqueue [FRONT] [BACK]`: binds both; runs until Ctrl-C.

use examples::{Result, text};
use zincmq::{Context, Dealer, Error, Router};

fn main() -> Result {
    let context = Context::new();
    let mut front = Router::new(&context)?;
    front.bind(text(1, "tcp://127.0.0.1:5559"))?;
    let mut back = Dealer::new(&context)?;
    back.bind(text(2, "tcp://127.0.0.1:5560"))?;
    let interrupter = front.interrupter();
    ctrlc::set_handler(move || interrupter.interrupt())?;
    match zincmq::proxy(&mut front, &mut back) {
        Err(Error::Interrupted) => println!("{} requests, {} replies", back.stats().sent, front.stats().sent),
        result => result?,
    }
    Ok(())
}
