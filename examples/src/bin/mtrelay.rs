//! Threads that signal each other, by PAIR sockets over inproc: a relay race of three.

use examples::Result;
use std::thread;
use zincmq::{Context, Pair};

fn main() -> Result {
    let context = Context::new();
    // Each receiver binds before the thread that signals it is started.
    let mut finish = Pair::new(&context)?;
    finish.bind("inproc://third leg")?;
    let second = {
        let mut from_first = Pair::new(&context)?;
        from_first.bind("inproc://second leg")?;
        let mut to_third = Pair::new(&context)?;
        to_third.connect("inproc://third leg")?;
        thread::spawn(move || -> zincmq::Result<()> {
            let baton = from_first.recv()?;
            println!("the second runs");
            Ok(to_third.send(baton)?)
        })
    };
    let first = {
        let mut to_second = Pair::new(&context)?;
        to_second.connect("inproc://second leg")?;
        thread::spawn(move || -> zincmq::Result<()> {
            println!("the first runs");
            Ok(to_second.send("the baton")?)
        })
    };
    // A PAIR speaks with one peer only, so a signal cannot go astray to a third.
    println!("the third has {}", finish.recv_string()?);
    for thread in [first, second] {
        thread.join().map_err(|_| "a runner panicked")??;
    }
    Ok(())
}
