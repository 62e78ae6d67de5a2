//! Several sockets read with a poller: sleeps until one has something, and is late for none.
//!
//! `mspoller [WEATHER] [NEWS] [READINGS] [ITEMS]`: connects to `wuserver` and `psenvpub`, and ends when so much has
//! come from both.

use examples::{Result, number, text};
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Sub};

const WEATHER: Token = Token(0);
const NEWS: Token = Token(1);

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
    let mut poller = Poller::new();
    while readings < all_readings || items < all_items {
        let sockets = [
            Item::socket(WEATHER, &mut weather, Interest::READABLE),
            Item::socket(NEWS, &mut news, Interest::READABLE),
        ];
        // One message of each that has any: so neither starves.
        for event in poller.wait(sockets, None)? {
            match event.token {
                WEATHER => {
                    weather.recv()?;
                    readings += 1;
                }
                _ => {
                    news.recv()?;
                    items += 1;
                }
            }
        }
    }
    println!("{readings} readings, {items} items");
    Ok(())
}
