//! The last value cache: a forwarder that tells each new subscriber at once what was published last on its topic.
//!
//! `lvcache [FRONT] [BACK]`: connects to a publisher in front, binds for subscribers behind; runs until Ctrl-C.

use examples::{Result, text};
use std::collections::HashMap;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Sub, XPub};

const FRONT: Token = Token(0);
const BACK: Token = Token(1);

fn main() -> Result {
    let context = Context::new();
    let mut front = Sub::builder(&context).connect(text(1, "tcp://127.0.0.1:5563"))?;
    // The cache wants everything, whether somebody asks for it today or not.
    front.subscribe("")?;
    // Subscriptions come one by one, take effect when they are confirmed, and what is sent next is for that subscriber
    // alone.
    let mut back =
        XPub::builder(&context).xpub_manual_last_value(true).bind(text(2, "tcp://127.0.0.1:8100"))?;

    let mut last = HashMap::new();
    let mut poller = Poller::new();
    loop {
        let items = [
            Item::socket(FRONT, &mut front, Interest::READABLE),
            Item::socket(BACK, &mut back, Interest::READABLE),
        ];
        for event in poller.wait(items, None)? {
            if event.token == FRONT {
                let message = front.recv()?;
                println!("published: {message:?}");
                back.send(&message)?;
                if let [topic, _, ..] = message.as_slice() {
                    last.insert(topic.clone(), message);
                }
                continue;
            }
            match back.recv()?.bytes() {
                [1, topic @ ..] => {
                    println!("subscribed: {}", topic.escape_ascii());
                    back.subscribe(topic)?;
                    if let Some(message) = last.get(topic) {
                        back.send(message)?;
                    }
                }
                [0, topic @ ..] => back.unsubscribe(topic)?,
                _ => {}
            }
        }
    }
}
