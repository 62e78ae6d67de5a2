//! `rrbroker` as a task: whichever side has something is served.
//!
//! `rrbroker_async [FRONT] [BACK] [REQUESTS]`: binds both, and ends after so many replies.

use examples::{Result, number, text};
use smol::future;
use zincmq::{Context, Dealer, Message, Router};

fn main() -> Result {
    smol::block_on(broker(&text(1, "tcp://127.0.0.1:5559"), &text(2, "tcp://127.0.0.1:5560"), number(3, 10)))
}

/// Which way a message goes.
enum Passing {
    Request(Message),
    Reply(Message),
}

async fn broker(front: &str, back: &str, requests: u32) -> Result {
    let context = Context::new();
    let (mut clients, mut workers) = (Router::new(&context)?, Dealer::new(&context)?);
    clients.bind(front)?;
    workers.bind(back)?;
    let mut replies = 0;
    while replies < requests {
        let request = async { clients.recv_async().await.map(Passing::Request) };
        let reply = async { workers.recv_async().await.map(Passing::Reply) };
        // `race` favours neither; the future that loses is dropped and has taken no message.
        match future::race(request, reply).await? {
            Passing::Request(message) => workers.send_async(message).await?,
            Passing::Reply(message) => {
                clients.send_async(message).await?;
                replies += 1;
            }
        }
    }
    println!("{replies} replies passed on");
    Ok(())
}
