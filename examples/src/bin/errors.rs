//! Errors: those that belong to the traffic, and those that end the work.

use examples::Result;
use std::thread;
use zincmq::{AnySocket, Context, Error, Pull, Rep, Req, Router, SocketType, option};

fn main() -> Result {
    let context = Context::new();

    // Not fatal: nothing is there just now. Go on with something else, or wait.
    let mut pull = Pull::new(&context)?;
    let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    tell("no message", pull.try_recv());
    pull.set(option::RCVTIMEO, 10)?;
    tell("no message in time", pull.recv());

    // Not fatal: the peer is not there. Without ROUTER_MANDATORY the message would be dropped in silence.
    let mut router = Router::new(&context)?;
    router.set(option::ROUTER_MANDATORY, true)?;
    tell("no such peer", router.send(["nobody", "hello"]));

    // A mistake in the program: requests and replies take turns.
    let mut rep = Rep::new(&context)?;
    tell("out of turn", rep.send("an answer to nothing"));
    let mut any = AnySocket::with_type(&context, SocketType::Pull)?;
    tell("wrong type", any.send("x"));

    // Fatal, mostly: what the program was to use is not to be had.
    let mut second = Pull::new(&context)?;
    if let Err(Error::Io { source, .. }) = second.bind(&endpoint) {
        println!("address taken: {source}");
    }
    tell("no endpoint", second.bind("tcp//127.0.0.1:5555"));
    tell("no transport", second.bind("carrier-pigeon://home"));
    tell("no value", second.set(option::RCVHWM, -5));

    // The end: after a shutdown every call fails with `Terminated`, those that wait included. This is how the
    // threads of a program are told to finish.
    let mut client = Req::new(&context)?;
    client.connect("inproc://nobody")?;
    let waiting = thread::spawn(move || client.send("is anybody there?").and_then(|()| client.recv()));
    context.shutdown();
    tell("the end", waiting.join().map_err(|_| "the thread panicked")?);
    Ok(())
}

/// Errors say what failed, and where: `match` on them, or print them.
fn tell<T>(what: &str, result: zincmq::Result<T>) {
    match result {
        Ok(_) => println!("{what}: no error"),
        Err(error) => println!("{what}: {error}"),
    }
}
