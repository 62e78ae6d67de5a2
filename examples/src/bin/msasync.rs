//! Several sockets read by tasks: one for each socket, all in one thread.
//!
//! `msasync [WEATHER] [NEWS] [READINGS] [ITEMS]`: as `mspoller`.

use examples::{Result, number, text};
use smol::future;
use zincmq::{Context, Sub};

fn main() -> Result {
    let context = Context::new();
    let mut weather = Sub::new(&context)?;
    weather.connect(text(1, "tcp://127.0.0.1:5556"))?;
    weather.subscribe("Oslo ")?;
    let mut news = Sub::new(&context)?;
    news.connect(text(2, "tcp://127.0.0.1:5563"))?;
    news.subscribe("B")?;

    let both = future::try_zip(read(&mut weather, number(3, 100)), read(&mut news, number(4, 10)));
    let (readings, items) = smol::block_on(both)?;
    println!("{readings} readings, {items} items");
    Ok(())
}

async fn read(socket: &mut Sub, count: u32) -> zincmq::Result<u32> {
    for _ in 0..count {
        socket.recv_async().await?;
    }
    Ok(count)
}
