//! Messages of several parts: one message, with borders inside.

use examples::Result;
use zincmq::{Context, Dealer, Frame, Message, Router};

fn main() -> Result {
    let context = Context::new();
    let mut router = Router::new(&context)?;
    router.bind("inproc://orders")?;
    let mut dealer = Dealer::new(&context)?;
    dealer.connect("inproc://orders")?;

    // All parts are sent by one call and arrive together: a message comes whole or not at all.
    dealer.send(["order", "12 apples", ""])?;

    // A ROUTER puts the sender's routing id in front; the parts behind it are the message as it was sent.
    let mut order = router.recv()?;
    let sender = order.pop_front().ok_or("a message without envelope")?;
    println!("{} parts:", order.len());
    for part in &order {
        println!("  {} bytes {part:?}", part.len());
    }

    // A tuple has parts of different kinds. The routing id leads the reply to the right peer, and is taken off on the way.
    router.send((sender, "receipt", &order[1]))?;
    // What a peer sends may have any number of parts: taken apart like this, another number is an error.
    let [what, of]: [Frame; 2] = dealer.recv()?.try_into()?;
    println!("{what:?}: {of:?}");

    // Parts may be many; a message without any is none.
    dealer.send((0..1000_u32).map(|part| part.to_string()).collect::<Message>())?;
    println!("{} parts, the routing id included", router.recv()?.len());
    if let Err(failed) = dealer.send(Message::new()) {
        println!("{failed}");
    }
    Ok(())
}
