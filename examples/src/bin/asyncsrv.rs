//! An asynchronous server: each request is a task of its own, and is answered when the task is done. Slow requests hold
//! up nobody.
//!
//! `asyncsrv [ENDPOINT]`: answers each request, which is a number of milliseconds, after so many; runs until Ctrl-C.

use examples::{Result, text};
use std::time::Duration;
use tokio::sync::mpsc::{self, Sender};
use zincmq::{Context, Message, Router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let context = Context::new();
    let mut clients = Router::builder(&context).bind(text(1, "tcp://127.0.0.1:5570"))?;
    // Tasks do not share the socket: one task owns it, and the others hand it their replies.
    let (done, mut replies) = mpsc::channel(100);
    loop {
        // Neither branch loses a message when the other one wins.
        tokio::select! {
            request = clients.recv_async() => {
                tokio::spawn(answer(request?, done.clone()));
            }
            Some(reply) = replies.recv() => clients.send_async(reply).await?,
        }
    }
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
