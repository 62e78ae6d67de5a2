//! Titanic, a client: has numbers squared, whenever that may be.
//!
//! `ticlient [BROKER] [COUNT] [SERVICE]`: hands in so many requests, and asks for the replies until it has them all.

use examples::majordomo::Client;
use examples::{Result, number, text};
use std::thread;
use std::time::Duration;
use zincmq::{Context, Frame};

fn main() -> Result {
    let context = Context::new();
    let mut titanic = Client::new(&context, text(1, "tcp://127.0.0.1:5555"))?;
    let service = text(3, "square");
    let mut requests = Vec::new();
    for number in 1..=number(2, 10) {
        let accepted = titanic.request("titanic.request", [service.clone(), number.to_string()])?;
        let [status, id]: [Frame; 2] = accepted.try_into()?;
        if status != "200" {
            return Err(format!("request {number} was not accepted: {status:?}").into());
        }
        println!("request {number} is kept");
        requests.push((number, id));
    }
    for (number, id) in requests {
        let square = fetch(&mut titanic, &id)?;
        titanic.request("titanic.close", &id)?;
        println!("{number} squared is {square}");
    }
    Ok(())
}

/// The reply, when it is there.
#[expect(
    clippy::disallowed_methods,
    reason = "Titanic does not tell when a reply has come: it is asked again"
)]
fn fetch(titanic: &mut Client, id: &Frame) -> Result<String> {
    loop {
        let found = titanic.request("titanic.reply", id)?;
        match found.as_slice() {
            [status, reply] if status == "200" => return Ok(reply.as_str()?.to_owned()),
            [status] if status == "300" => thread::sleep(Duration::from_millis(100)),
            _ => return Err(format!("no reply: {found:?}").into()),
        }
    }
}
