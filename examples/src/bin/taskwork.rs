//! The pipeline, a worker: takes numbers, and counts the steps of their way to 1 (halve the even, triple the odd
//! and add one).
//!
//! `taskwork [WORK] [SINK] [COUNT]`: connects to both, and ends after so many tasks.

use examples::{Result, number, steps, text};
use zincmq::{Context, Pull, Push};

fn main() -> Result {
    let context = Context::new();
    let mut work = Pull::new(&context)?;
    work.connect(text(1, "tcp://127.0.0.1:5557"))?;
    let mut sink = Push::new(&context)?;
    sink.connect(text(2, "tcp://127.0.0.1:5558"))?;
    for _ in 0..number(3, 100) {
        let task = work.recv()?;
        let task = task.as_str()?;
        sink.send(["result".to_owned(), task.to_owned(), steps(task.parse()?).to_string()])?;
    }
    Ok(())
}
