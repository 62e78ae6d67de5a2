//! The pipeline, where it ends: collects the results of all workers.
//!
//! `tasksink [SINK]`: binds, and ends when the batch is complete.

use examples::{Result, text};
use zincmq::{Context, Pull};

fn main() -> Result {
    let context = Context::new();
    let mut sink = Pull::new(&context)?;
    sink.bind(&text(1, "tcp://127.0.0.1:5558"))?;
    let (mut batch, mut results, mut longest) = (None, 0, (0, String::new()));
    // Messages of one peer come in order, those of different peers do not: a result may come before the message
    // that tells how many there will be.
    while batch != Some(results) {
        let message = sink.recv()?;
        if message[0] == "batch" {
            batch = Some(message[1].as_str()?.parse()?);
        } else {
            results += 1;
            longest = longest.max((message[2].as_str()?.parse::<u32>()?, message[1].as_str()?.to_owned()));
        }
    }
    println!("{results} results; the longest way to 1 is that of {}: {} steps", longest.1, longest.0);
    Ok(())
}
