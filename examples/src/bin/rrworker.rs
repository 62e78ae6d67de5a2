//! Request and reply with a broker between, a worker: squares numbers. It connects, so workers can come and go
//! without anybody being told.
//!
//! `rrworker [BROKER] [COUNT]`: ends after so many requests.

use examples::{Result, number, text};
use zincmq::{Context, Rep};

fn main() -> Result {
    let context = Context::new();
    let mut worker = Rep::new(&context)?;
    worker.connect(text(1, "tcp://127.0.0.1:5560"))?;
    let count = number(2, 10);
    for _ in 0..count {
        let number: u64 = worker.recv()?.as_str()?.parse()?;
        worker.send((number * number).to_string())?;
    }
    println!("{count} requests served");
    Ok(())
}
