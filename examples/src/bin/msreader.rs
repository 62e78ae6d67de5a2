//! Several sockets read without a poller: each is looked at in turn. It works, and shows what a poller is for.
//!
//! `msreader [WEATHER] [NEWS] [READINGS] [ITEMS]`: connects to `wuserver` and `psenvpub`, and ends when so much has
//! come from both.

use examples::{Result, number, text};
use std::time::Duration;
use zincmq::{Context, Error, Message, Sub};

fn main() -> Result {
    let context = Context::new();
    let mut weather = Sub::new(&context)?;
    weather.connect(text(1, "tcp://127.0.0.1:5556"))?;
    weather.subscribe("Oslo ")?;
    let mut news = Sub::new(&context)?;
    news.connect(text(2, "tcp://127.0.0.1:5563"))?;
    news.subscribe("B")?;

    let (mut readings, mut items) = (0, 0);
    let (all_readings, all_items) = (number(3, 100), number(4, 10));
    while readings < all_readings || items < all_items {
        // All that is there, first of one socket, then of the other. A flood on the first starves the second.
        while there_is(weather.try_recv())? {
            readings += 1;
        }
        while there_is(news.try_recv())? {
            items += 1;
        }
        // Nothing to do: wait a little for one of them, and be late for the other. Shorter waits cost more
        // processor time, longer ones more delay.
        if there_is(weather.recv_timeout(Duration::from_millis(1)))? {
            readings += 1;
        }
    }
    println!("{readings} readings, {items} items");
    Ok(())
}

/// Whether there was a message; that there is none is no failure.
fn there_is(received: zincmq::Result<Message>) -> zincmq::Result<bool> {
    match received {
        Ok(_) => Ok(true),
        Err(Error::Again | Error::Timeout) => Ok(false),
        Err(error) => Err(error),
    }
}
