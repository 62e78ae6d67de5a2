//! A service with several threads: ROUTER in front for clients, DEALER behind for workers, who are threads of the
//! same process and speak over inproc.
//!
//! `mtserver [ENDPOINT] [WORKERS]`: greets as `hwserver` does, by so many threads; runs until Ctrl-C.

use examples::{Result, number, text};
use std::thread;
use zincmq::{Context, Dealer, Error, Rep, Router};

fn main() -> Result {
    let context = Context::new();
    let mut clients = Router::new(&context)?;
    clients.bind(text(1, "tcp://127.0.0.1:5555"))?;
    let mut workers = Dealer::new(&context)?;
    workers.bind("inproc://workers")?;
    let interrupter = clients.interrupter();
    ctrlc::set_handler(move || interrupter.interrupt())?;

    // Threads share the context and nothing else: each has a socket of its own, and there are no locks.
    let start = |_| -> zincmq::Result<_> {
        let mut worker = Rep::new(&context)?;
        worker.connect("inproc://workers")?;
        Ok(thread::spawn(move || work(&mut worker)))
    };
    let threads = (0..number(2, 4)).map(start).collect::<zincmq::Result<Vec<_>>>()?;

    match zincmq::proxy(&mut clients, &mut workers) {
        Err(Error::Interrupted) => {}
        result => result?,
    }
    // Now the workers are told, and end.
    context.shutdown();
    let mut served = 0;
    for thread in threads {
        served += thread.join().map_err(|_| "a worker panicked")??;
    }
    println!("{served} requests served");
    Ok(())
}

/// Serves until the context's end; how many requests.
fn work(worker: &mut Rep) -> Result<u32> {
    let mut served = 0;
    loop {
        match worker.recv() {
            Ok(name) => worker.send(format!("Hello, {}!", name.as_str()?))?,
            Err(Error::Terminated) => return Ok(served),
            Err(error) => return Err(error.into()),
        }
        served += 1;
    }
}
