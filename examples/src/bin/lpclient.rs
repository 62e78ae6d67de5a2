//! Lazy Pirate: a client that asks again when no reply comes in time, and the next server if there are several.
//!
//! `lpclient [REQUESTS] [SERVER]...`: has so many numbers squared. With one server, or a broker, that comes back; with
//! several (`lpserver`: Freelance, the first model; `bstarsrv`: Binary Star) that take the place of each other.

use examples::lazy::Client;
use examples::{Result, number, texts};
use zincmq::Context;

fn main() -> Result {
    let context = Context::new();
    let mut client = Client::new(&context, texts(2, &["tcp://127.0.0.1:5555"]), 20)?;
    for number in 1..=number(1, 10) {
        println!("{number} squared is {}", client.ask(number.to_string())?.as_str()?);
    }
    Ok(())
}
