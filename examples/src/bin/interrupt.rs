//! Ctrl-C handled cleanly: the wait ends, the request at hand is answered, and what was sent still goes out.
//!
//! `interrupt [ENDPOINT]`: greets as `hwserver` does; runs until Ctrl-C.

use examples::{Result, text};
use zincmq::{Context, Error, Rep};

fn main() -> Result {
    let context = Context::new();
    let mut server = Rep::new(&context)?;
    // Set before anything waits. The handler runs in a thread of its own, so it may do what it likes; it wakes
    // the call that waits in this socket, or else the next one that would.
    let interrupter = server.interrupter();
    ctrlc::set_handler(move || interrupter.interrupt())?;
    server.bind(text(1, "tcp://127.0.0.1:5555"))?;
    println!("serving until Ctrl-C");

    let mut served = 0;
    loop {
        match server.recv() {
            Ok(name) => server.send(format!("Hello, {}!", name.as_str()?))?,
            // The system's own EINTR is not seen here: calls go on after signals that nobody asked about.
            Err(Error::Interrupted) => break,
            Err(error) => return Err(error.into()),
        }
        served += 1;
    }
    println!("interrupted after {served} requests; closing");
    Ok(())
}
