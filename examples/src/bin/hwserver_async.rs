//! `hwserver` as a task. Any executor will do; this one is smol's.
//!
//! `hwserver_async [ENDPOINT] [COUNT]`

use examples::{Result, number, text};
use zincmq::{Context, Rep};

fn main() -> Result {
    smol::block_on(serve(&text(1, "tcp://127.0.0.1:5555"), number(2, 10)))
}

async fn serve(endpoint: &str, count: u32) -> Result {
    let context = Context::new();
    let mut server = Rep::new(&context)?;
    // Neither bind nor connect waits, so neither has an async form.
    server.bind(endpoint)?;
    for _ in 0..count {
        let name = server.recv_async().await?;
        server.send_async(format!("Hello, {}!", name.as_str()?)).await?;
    }
    Ok(())
}
