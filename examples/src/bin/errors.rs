//! Errors: those that belong to the traffic, and those that end the work.

use examples::Result;
use std::fmt::Display;
use std::thread;
use std::time::Duration;
use zincmq::{AnySocket, Context, Error, Pull, Push, Rep, Req, Router, SendError, SocketType, option};

fn main() -> Result {
    let context = Context::new();

    // Not fatal: nothing is there just now. Go on with something else, or wait.
    let mut pull = Pull::new(&context)?;
    let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    tell("no message", pull.try_recv());
    pull.set(option::RCVTIMEO, Duration::from_millis(10))?;
    tell("no message in time", pull.recv());

    // Not fatal: the peer is not there. Without ROUTER_MANDATORY the message would be dropped in silence.
    let mut router = Router::new(&context)?;
    router.set(option::ROUTER_MANDATORY, true)?;
    tell("no such peer", router.send(["nobody", "hello"]));

    // What was not sent comes back, to be sent later or elsewhere. (`?` makes an `Error` of a `SendError`.)
    let letter = vec![0; 1000];
    if let Err(SendError { error, message: letter }) = Push::new(&context)?.try_send(letter) {
        println!("not sent: {} bytes, {error}", letter.len());
    }

    // A mistake in the program: requests and replies take turns.
    let mut rep = Rep::new(&context)?;
    tell("out of turn", rep.send("an answer to nothing"));
    let mut any = AnySocket::with_type(&context, SocketType::Pull)?;
    tell("wrong type", any.send("x"));

    // Fatal, mostly: what the program was to use is not to be had.
    let mut second = Pull::new(&context)?;
    if let Err(Error::Io { error, .. }) = second.bind(&endpoint) {
        println!("address taken: {error}");
    }
    tell("no endpoint", second.bind("tcp//127.0.0.1:5555"));
    tell("no transport", second.bind("carrier-pigeon://home"));
    tell("no value", second.set(option::RCVHWM, 5_000_000_000));

    // The end: after a shutdown every call fails with `Terminated`, those that wait included. This is how the
    // threads of a program are told to finish.
    let mut client = Req::new(&context)?;
    client.connect("inproc://nobody")?;
    let waiting = thread::spawn(move || {
        client.send("is anybody there?")?;
        client.recv()
    });
    context.shutdown();
    tell("the end", waiting.join().map_err(|_| "the thread panicked")?);
    Ok(())
}

/// Errors say what failed, and where: `match` on them, or print them.
fn tell<T>(what: &str, result: std::result::Result<T, impl Display>) {
    match result {
        Ok(_) => println!("{what}: no error"),
        Err(error) => println!("{what}: {error}"),
    }
}
