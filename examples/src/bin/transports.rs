//! The unicast transports compared: the same requests over inproc, ipc and tcp. Only the endpoint differs.
//!
//! `transports [COUNT]`: so many requests over each.

use examples::{Result, number};
use std::thread;
use std::time::Instant;
use zincmq::{Context, Rep, Req};

fn main() -> Result {
    let count = number(1, 10_000).max(1);
    // Between threads; between processes of one machine; between machines.
    for endpoint in ["inproc://echo", "ipc://*", "tcp://127.0.0.1:*"] {
        let context = Context::new();
        let mut server = Rep::new(&context)?;
        let bound = server.bind(endpoint)?;
        let mut client = Req::new(&context)?;
        client.connect(&bound)?;
        let echo = thread::spawn(move || echo(&mut server, count));
        let began = Instant::now();
        for _ in 0..count {
            client.send("echo this")?;
            client.recv()?;
        }
        let each = began.elapsed() / count;
        echo.join().map_err(|_| "the server panicked")??;
        let (transport, _) = endpoint.split_once("://").unwrap_or_default();
        println!("{transport}: {count} round trips, {each:.1?} each");
    }
    Ok(())
}

fn echo(server: &mut Rep, count: u32) -> zincmq::Result<()> {
    for _ in 0..count {
        let request = server.recv()?;
        server.send(request)?;
    }
    Ok(())
}
