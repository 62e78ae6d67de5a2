//! An asynchronous server: each request is a task of its own, and is answered when the task is done. Slow requests hold
//! up nobody.
//!
//! `asyncsrv [ENDPOINT]`: answers each request, which is a number of milliseconds, after so many; runs until Ctrl-C.

use examples::{Result, text};
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver, Sender};
use zincmq::{Context, Message, Router, SendHalf};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let context = Context::new();
    let clients = Router::builder(&context).bind(text(1, "tcp://127.0.0.1:5570"))?;
    // One task receives, another one sends, and each request has one between them.
    let (send, mut recv) = clients.into_split();
    let (done, replies) = mpsc::channel(100);
    tokio::spawn(pass_on(replies, send));
    loop {
        tokio::spawn(answer(recv.recv_async().await?, done.clone()));
    }
}

/// Sends the replies, in the order in which they are ready.
async fn pass_on(mut replies: Receiver<Message>, mut clients: SendHalf<Router>) -> zincmq::Result<()> {
    while let Some(reply) = replies.recv().await {
        clients.send_async(reply).await?;
    }
    Ok(())
}

/// Answers one request. Its envelope, the client's routing id, goes with it from here to there.
async fn answer(mut message: Message, done: Sender<Message>) {
    let request = message.pop().unwrap_or_default();
    let delay = request.as_str().ok().and_then(|text| text.parse().ok());
    message.push(match delay {
        Some(delay) => {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            format!("after {delay} ms")
        }
        None => "not a number of milliseconds".to_owned(),
    });
    // The server has ended if nobody takes the reply.
    _ = done.send(message).await;
}
