//! `hwserver` in tokio: one task waits for requests, for questions from the rest of the program, and for Ctrl-C.
//!
//! `hwserver_tokio [ENDPOINT]`: tells every ten seconds how many it has served; runs until Ctrl-C.

use examples::{Result, text};
use std::time::Duration;
use tokio::signal;
use tokio::sync::{mpsc, oneshot};
use zincmq::{Context, Rep};

#[tokio::main]
async fn main() -> Result {
    let context = Context::new();
    let endpoint = text(1, "tcp://127.0.0.1:5555");
    let server = Rep::builder(&context).linger(Duration::from_secs(1)).bind(endpoint)?;
    let (ask, questions) = mpsc::channel(1);
    tokio::spawn(report(ask));
    // A socket moves into the task that uses it.
    let served = tokio::spawn(serve(server, questions)).await??;
    println!("{served} requests served; closing");
    // This waits for replies that are on their way, as dropping the context would: not in a thread that runs tasks.
    tokio::task::spawn_blocking(move || context.term()).await?;
    Ok(())
}

async fn serve(mut server: Rep, mut questions: mpsc::Receiver<oneshot::Sender<u32>>) -> Result<u32> {
    let mut served = 0;
    loop {
        tokio::select! {
            // Where another branch wins, this future is dropped, and has taken no message.
            request = server.recv_async() => {
                let request = request?;
                server.send_async(format!("Hello, {}!", request.as_str()?)).await?;
                served += 1;
            }
            Some(question) = questions.recv() => {
                // An error: the answer is not wanted any more.
                _ = question.send(served);
            }
            stop = signal::ctrl_c() => {
                stop?;
                return Ok(served);
            }
        }
    }
}

/// Another part of the program, which has no socket.
async fn report(server: mpsc::Sender<oneshot::Sender<u32>>) {
    loop {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (question, answer) = oneshot::channel();
        // Errors: the server has ended.
        let Ok(()) = server.send(question).await else { return };
        let Ok(served) = answer.await else { return };
        eprintln!("{served} requests so far");
    }
}
