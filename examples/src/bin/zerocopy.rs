//! Sending without copying: what stays where it is, and what is copied.

use bytes::Bytes;
use examples::Result;
use zincmq::{Context, Pull, Push};

fn main() -> Result {
    let context = Context::new();
    let mut pull = Pull::new(&context)?;
    pull.bind("inproc://large")?;
    let mut push = Push::new(&context)?;
    push.connect("inproc://large")?;

    // A large body that is given away is queued by reference; between threads the receiver gets the very memory.
    let body = vec![7; 1 << 20];
    let address = body.as_ptr();
    push.send(body)?;
    let received = pull.recv()?;
    println!("1 MiB given away: {}", place(address, received.bytes()));

    // Shared memory is sent again and again, and stays usable here.
    let shared = Bytes::from(vec![8; 1 << 20]);
    for _ in 0..3 {
        push.send(shared.clone())?;
        let received = pull.recv()?;
        println!("1 MiB shared: {}", place(shared.as_ptr(), received.bytes()));
    }

    // Borrowed bytes must be copied, since they may change when the call has returned.
    let borrowed = vec![9; 1 << 20];
    push.send(&borrowed)?;
    println!("1 MiB borrowed: {}", place(borrowed.as_ptr(), pull.recv()?.bytes()));

    // Small ones are copied always: 64 KiB of the queue pass by faster than so many references.
    let small = Bytes::from(vec![1; 100]);
    push.send(small.clone())?;
    println!("100 bytes shared: {}", place(small.as_ptr(), pull.recv()?.bytes()));

    // A part leaves its message without a copy as well, and goes on to another socket as it is.
    push.send(shared.clone())?;
    let kept: Bytes = pull.recv()?.into_frame().into_bytes();
    println!("1 MiB kept: {}", place(shared.as_ptr(), &kept));
    Ok(())
}

fn place(before: *const u8, after: &[u8]) -> &'static str {
    if before == after.as_ptr() { "the same memory" } else { "copied" }
}
