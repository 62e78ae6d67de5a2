//! The pipeline, where it ends: collects the results of all workers.
//!
//! `tasksink [SINK]`: binds, and ends when the batch is complete.

use examples::{Result, text, words};
use zincmq::{Context, Pull};

fn main() -> Result {
    let context = Context::new();
    let mut sink = Pull::new(&context)?;
    sink.bind(text(1, "tcp://127.0.0.1:5558"))?;
    let (mut batch, mut results, mut longest) = (None, 0, (0, String::new()));
    // Messages of one peer come in order, those of different peers do not: a result may come before the message
    // that tells how many there will be.
    while batch != Some(results) {
        let message = sink.recv()?;
        match words(&message)?[..] {
            ["batch", size] => batch = Some(size.parse()?),
            ["result", task, steps] => {
                results += 1;
                longest = longest.max((steps.parse::<u32>()?, task.to_owned()));
            }
            _ => return Err(format!("not understood: {message:?}").into()),
        }
    }
    println!("{results} results; the longest way to 1 is that of {}: {} steps", longest.1, longest.0);
    Ok(())
}
