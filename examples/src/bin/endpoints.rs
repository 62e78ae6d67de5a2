//! Plugging sockets together: in any order, at several endpoints, over several transports at once.

use examples::Result;
use zincmq::{Context, Pull, Push};

fn main() -> Result {
    let context = Context::new();

    // Connect first, bind later: the message waits in the queue of the connecting side.
    let mut early = Push::new(&context)?;
    early.connect("inproc://counter")?;
    early.send("connected before the bind")?;

    // One socket listens at three endpoints, each of another transport. `*` has the system choose.
    let mut counter = Pull::new(&context)?;
    counter.bind("inproc://counter")?;
    let over_ipc = counter.bind("ipc://*")?;
    let over_tcp = counter.bind("tcp://127.0.0.1:*")?;
    println!("{}", counter.recv_string()?);

    // One socket connects to all three, and deals its messages to the connections in turn.
    let mut dealer = Push::new(&context)?;
    for endpoint in ["inproc://counter", &over_ipc, &over_tcp] {
        dealer.connect(endpoint)?;
    }
    for number in 1..=6 {
        dealer.send(format!("message {number}"))?;
    }
    // They arrive all, but over three ways: in order only for each of them.
    let mut received = (0..6).map(|_| counter.recv()).collect::<zincmq::Result<Vec<_>>>()?;
    received.sort_by(|a, b| a.bytes().cmp(b.bytes()));
    for message in &received {
        println!("{}", message.as_str()?);
    }

    // Which side binds is a matter of who stays: here the senders' side binds, and receivers come.
    let mut source = Push::new(&context)?;
    let endpoint = source.bind("tcp://127.0.0.1:*")?;
    let mut guest = Pull::new(&context)?;
    guest.connect(&endpoint)?;
    source.send("from the binding side")?;
    println!("{}", guest.recv_string()?);

    // What was bound can be unbound; the other endpoints go on.
    counter.unbind(&over_tcp)?;
    let mut late = Push::new(&context)?;
    late.connect(&over_ipc)?;
    late.send("ipc goes on")?;
    println!("{}", counter.recv_string()?);
    Ok(())
}
