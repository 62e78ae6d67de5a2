//! Strings and messages: what can be sent, and how what was received is read.

use bytes::Bytes;
use examples::Result;
use zincmq::{Context, Message, Pair};

fn main() -> Result {
    let context = Context::new();
    let mut here = Pair::new(&context)?;
    here.bind("inproc://messages")?;
    let mut there = Pair::new(&context)?;
    there.connect("inproc://messages")?;

    // A message is bytes with a length. Text is sent without a final zero, and its encoding is up to you.
    here.send("naïve text")?;
    let message = there.recv()?;
    println!("{} bytes, {} characters", message.bytes().len(), message.as_str()?.chars().count());

    // Everything that reads as bytes can be sent: borrowed, or given away.
    here.send(&[1, 2, 3])?;
    here.send(vec![7; 5])?;
    here.send(String::from("given away"))?;
    here.send(Bytes::from_static(b"shared"))?;
    for _ in 0..4 {
        println!("{:?}", there.recv()?);
    }

    // An empty message is a message too.
    here.send("")?;
    let message = there.recv()?;
    println!("{} part of {} bytes", message.len(), message.bytes().len());

    // Bytes that are not UTF-8 are no text, and say so.
    here.send(&[0xff, 0xfe])?;
    println!("text: {}", there.recv()?.as_str().is_ok());

    // A message can be received into the memory of the one before: the fast way to receive many.
    let mut message = Message::new();
    for _ in 0..3 {
        here.send("again")?;
        there.recv_into(&mut message)?;
    }
    println!("{message:?}");

    // And it can be sent on as it is.
    there.send(&message)?;
    println!("{:?}", here.recv()?);
    Ok(())
}
