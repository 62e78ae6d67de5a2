//! I/O threads: how many a context has, which connections use which, and what works without any.

use examples::Result;
use zincmq::{Context, Error, Pull, Push, option};

fn main() -> Result {
    // One thread moves several gigabytes a second. More help only where many connections are busy at once.
    let context = Context::builder().io_threads(2).build();
    println!("{} I/O threads", context.io_threads());

    // New connections go to the thread with the fewest. AFFINITY keeps those of a socket to some threads: bit 1
    // is the second one, so that bulk traffic does not hold up what is urgent.
    let mut bulk = Pull::new(&context)?;
    bulk.set(option::AFFINITY, 0b10_u64)?;
    let endpoint = bulk.bind("tcp://127.0.0.1:*")?;
    let mut sender = Push::new(&context)?;
    sender.set(option::AFFINITY, 0b10_u64)?;
    sender.connect(&endpoint)?;
    sender.send("by the second thread")?;
    println!("{}", bulk.recv_string()?);

    // A program whose sockets meet over inproc alone needs none: there messages go straight from thread to thread.
    let context = Context::builder().io_threads(0).build();
    let mut pull = Pull::new(&context)?;
    pull.bind("inproc://inside")?;
    let mut push = Push::new(&context)?;
    push.connect("inproc://inside")?;
    push.send("by no thread at all")?;
    println!("{}", pull.recv_string()?);
    match pull.bind("tcp://127.0.0.1:*") {
        Err(Error::NoIoThread { .. }) => println!("tcp needs an I/O thread"),
        other => println!("{other:?}"),
    }
    Ok(())
}
