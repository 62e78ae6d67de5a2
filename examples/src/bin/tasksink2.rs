//! The pipeline, where it ends: collects the results, then tells all workers to stop.
//!
//! `tasksink2 [SINK] [CONTROL] [WORKERS]`: binds both, and ends when so many workers have been told.

use examples::{Result, number, text, words};
use zincmq::{Context, Pull, XPub, option};

fn main() -> Result {
    let context = Context::new();
    let mut sink = Pull::new(&context)?;
    sink.bind(text(1, "tcp://127.0.0.1:5558"))?;
    let mut control = XPub::new(&context)?;
    // All workers subscribe to the same, and each subscription is to be seen, not only the first.
    control.set(option::XPUB_VERBOSE, true)?;
    control.bind(text(2, "tcp://127.0.0.1:5559"))?;

    let (mut batch, mut results) = (None, 0);
    while batch != Some(results) {
        let message = sink.recv()?;
        match words(&message)?[..] {
            ["batch", size] => batch = Some(size.parse()?),
            ["result", ..] => results += 1,
            _ => return Err(format!("not understood: {message:?}").into()),
        }
    }
    println!("{results} results");

    // A worker that has not subscribed yet would never hear of the end.
    for _ in 0..number(3, 1) {
        control.recv()?;
    }
    control.send("stop")?;
    Ok(())
}
