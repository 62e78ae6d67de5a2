//! Bridging transports: a service that is bound to ipc, for its own machine only, becomes reachable over tcp.
//! Neither the service nor its clients change.
//!
//! `bridge [FRONT] [SERVICE]`: binds in front, connects to a service such as `hwserver`; runs until Ctrl-C.

use examples::{Result, text};
use zincmq::{Context, Dealer, Error, Router};

fn main() -> Result {
    let context = Context::new();
    let mut front = Router::new(&context)?;
    front.bind(text(1, "tcp://127.0.0.1:5555"))?;
    let mut service = Dealer::new(&context)?;
    service.connect(text(2, "ipc:///tmp/hwserver.ipc"))?;
    let interrupter = front.interrupter();
    ctrlc::set_handler(move || interrupter.interrupt())?;
    match zincmq::proxy(&mut front, &mut service) {
        Err(Error::Interrupted) => println!("{} requests bridged", service.stats().sent),
        result => result?,
    }
    Ok(())
}
