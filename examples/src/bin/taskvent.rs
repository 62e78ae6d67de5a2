//! The pipeline, where it begins: deals tasks to workers.
//!
//! `taskvent [WORK] [SINK] [TASKS] [WORKERS]`: binds for workers, waits for so many, deals so many tasks.

use examples::{Result, number, text};
use zincmq::{Context, EventKind, Push};

fn main() -> Result {
    let context = Context::new();
    let mut work = Push::new(&context)?;
    // Tasks dealt before all workers are there would go to the first alone, so it waits for all.
    let mut monitor = work.monitor(EventKind::HandshakeSucceeded);
    work.bind(text(1, "tcp://127.0.0.1:5557"))?;
    let mut sink = Push::new(&context)?;
    sink.connect(text(2, "tcp://127.0.0.1:5558"))?;
    let tasks = number(3, 100);
    for _ in 0..number(4, 1) {
        monitor.recv()?;
    }
    sink.send(["batch".to_owned(), tasks.to_string()])?;
    for task in 1..=tasks {
        // Each worker has its turn; only a full queue is passed over.
        work.send(task.to_string())?;
    }
    Ok(())
}
