//! The life of sockets: creating, configuring, plugging in, using and closing them.

use examples::Result;
use std::time::Duration;
use zincmq::{Context, Pull, Push, option};

fn main() -> Result {
    // A context holds the I/O threads and the names of inproc endpoints. One a process is enough.
    let context = Context::builder().io_threads(1).max_sockets(100).build();

    // The type of a socket says what it does: `pull.send("x")` would not compile.
    let mut pull = Pull::new(&context)?;
    let mut push = Push::new(&context)?;

    // Options are best set before bind and connect: many act on connections made later.
    push.set(option::SNDHWM, 10)?;
    push.set(option::LINGER, Duration::from_secs(1))?;
    pull.set(option::RCVTIMEO, Duration::from_secs(5))?;
    println!("high-water mark {}, linger {:?}", push.get(option::SNDHWM)?, push.get(option::LINGER)?);
    if let Err(error) = push.set(option::SNDHWM, 5_000_000_000) {
        println!("refused: {error}");
    }

    // Bind takes wildcards, and returns the endpoint in full, for others to connect to.
    let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    push.connect(&endpoint)?;
    assert_eq!(push.last_endpoint(), endpoint);
    push.send("carried over tcp")?;
    println!("received: {}", pull.recv_string()?);

    // After the disconnect there is nobody left to send to.
    push.disconnect(&endpoint)?;
    if let Err(error) = push.send_timeout("for nobody", Duration::ZERO) {
        println!("not sent: {error}");
    }

    // A dropped socket is closed. What it had accepted still goes out, within LINGER; the context's end waits
    // for that. Dropping the last handle of the context does the same as `term`.
    drop((push, pull));
    context.term();
    println!("closed");
    Ok(())
}
