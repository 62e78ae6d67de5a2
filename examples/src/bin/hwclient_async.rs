//! `hwclient` as tasks: several clients share one thread.
//!
//! `hwclient_async [ENDPOINT] [COUNT] [CLIENTS]`: so many requests by each of so many clients.

use examples::{Result, number, text};
use zincmq::{Context, Req};

fn main() -> Result {
    let (endpoint, count, clients) = (text(1, "tcp://127.0.0.1:5555"), number(2, 10), number(3, 1));
    let context = Context::new();
    let executor = smol::LocalExecutor::new();
    let tasks = (0..clients).map(|_| executor.spawn(ask(&context, &endpoint, count)));
    let tasks: Vec<_> = tasks.collect();
    smol::block_on(executor.run(async {
        for task in tasks {
            task.await?;
        }
        Ok(())
    }))
}

async fn ask(context: &Context, endpoint: &str, count: u32) -> Result {
    let mut client = Req::new(context)?;
    client.connect(endpoint)?;
    for guest in 1..=count {
        client.send_async(format!("guest {guest}")).await?;
        println!("{}", client.recv_async().await?.as_str()?);
    }
    Ok(())
}
