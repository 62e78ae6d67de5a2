//! High-water marks: where a full queue makes the sender wait, and where it drops; shown by `stats`.

use examples::Result;
use zincmq::{Context, Dealer, Error, Pub, Pull, Push, Router, Sub, option};

fn main() -> Result {
    let context = Context::new();
    push_waits(&context)?;
    pub_drops(&context)?;
    router_drops_or_refuses(&context)
}

/// PUSH waits, as do DEALER, REQ and PAIR: nothing is lost, and the sender feels that the receiver is slow.
fn push_waits(context: &Context) -> Result {
    let mut pull = Pull::new(context)?;
    pull.set(option::RCVHWM, 4)?;
    pull.bind("inproc://waits")?;
    let mut push = Push::new(context)?;
    push.set(option::SNDHWM, 6)?;
    push.connect("inproc://waits")?;
    // Over inproc there is one queue, and both marks add up. Over tcp and ipc there are two, and the kernel's
    // buffers between them.
    let accepted = (0..100).take_while(|_| push.try_send("work").is_ok()).count();
    let stats = push.stats();
    println!("PUSH: {accepted} of 100 accepted, {} queued, {} dropped", stats.queued_out, stats.dropped_full);
    let refused = push.try_send("work").is_err_and(|failed| failed.error == Error::Again);
    println!("PUSH: another would wait: {refused}");
    // The reader tells of its progress in steps of half the mark, so room comes in steps.
    (0..accepted).try_for_each(|_| pull.recv().map(drop))?;
    println!("PUSH: when all has been read: {}", if push.try_send("work").is_ok() { "room" } else { "full" });
    Ok(())
}

/// PUB drops, for the subscriber that is full and for no other: one that is slow holds nobody up.
fn pub_drops(context: &Context) -> Result {
    let mut publisher = Pub::new(context)?;
    publisher.set(option::SNDHWM, 6)?;
    publisher.bind("inproc://drops")?;
    let mut subscriber = Sub::new(context)?;
    subscriber.set(option::RCVHWM, 4)?;
    subscriber.connect("inproc://drops")?;
    subscriber.subscribe("")?;
    (0..100).try_for_each(|_| publisher.send("news"))?;
    let stats = publisher.stats();
    println!("PUB: {} of 100 queued, {} dropped", stats.sent, stats.dropped_full);
    Ok(())
}

/// ROUTER drops in silence, unless told to refuse.
fn router_drops_or_refuses(context: &Context) -> Result {
    let mut router = Router::new(context)?;
    router.set(option::SNDHWM, 6)?;
    router.bind("inproc://routes")?;
    let mut peer = Dealer::new(context)?;
    peer.set(option::ROUTING_ID, b"slow")?;
    peer.set(option::RCVHWM, 4)?;
    peer.connect("inproc://routes")?;
    (0..100).try_for_each(|_| router.send(["slow", "letter"]))?;
    println!("ROUTER: {} of 100 queued, {} dropped", router.stats().sent, router.stats().dropped_full);
    router.set(option::ROUTER_MANDATORY, true)?;
    let refused = router.try_send(["slow", "letter"]).is_err_and(|failed| failed.error == Error::Again);
    println!("ROUTER: another would wait: {refused}");
    Ok(())
}
