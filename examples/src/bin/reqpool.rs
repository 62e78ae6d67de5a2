//! A pool of REQ sockets: several requests are under way at once, and each may be given up.
//!
//! `reqpool [SERVER] [REQUESTS] [SOCKETS]`: so many requests at once, of which every other one is given up.

use examples::{Result, number, text};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;
use zincmq::{Context, Message, Req};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let context = Context::new();
    let pool = Pool::connect(&context, &text(1, "tcp://127.0.0.1:5555"), number(3, 2))?;
    let requests: Vec<_> = (1..=number(2, 10)).map(|guest| tokio::spawn(ask(pool.clone(), guest))).collect();
    let (mut answered, mut given_up) = (0, 0);
    for request in requests {
        match request.await?? {
            Some(reply) => {
                println!("{}", reply.as_str()?);
                answered += 1;
            }
            None => given_up += 1,
        }
    }
    println!("{answered} answered, {given_up} given up");
    Ok(())
}

async fn ask(pool: Pool, guest: u32) -> Result<Option<Message>> {
    let patience = if guest.is_multiple_of(2) { Duration::ZERO } else { Duration::from_secs(60) };
    // When the time is over the future is dropped, and the pool knows by that.
    Ok(timeout(patience, pool.ask(format!("guest {guest}"))).await.ok().transpose()?)
}

/// A request, and the place where its reply is waited for.
type Job = (String, oneshot::Sender<zincmq::Result<Message>>);

#[derive(Clone)]
struct Pool(mpsc::Sender<Job>);

impl Pool {
    fn connect(context: &Context, server: &str, sockets: u32) -> zincmq::Result<Self> {
        let (give, jobs) = mpsc::channel(100);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..sockets {
            let socket = Req::builder(context)
                .req_relaxed(true) // after a request that was given up, the next one
                .req_correlate(true) // and the late reply is dropped
                .linger(Duration::ZERO)
                .connect(server)?;
            tokio::spawn(converse(socket, jobs.clone()));
        }
        Ok(Self(give))
    }

    async fn ask(&self, request: String) -> zincmq::Result<Message> {
        let (reply, replied) = oneshot::channel();
        // The tasks of the sockets live as long as the pool: so there is somebody to take the job, and to do it.
        _ = self.0.send((request, reply)).await;
        replied.await.unwrap_or(Err(zincmq::Error::Terminated))
    }
}

/// Does one job after the other with one socket, until the pool has gone.
async fn converse(mut socket: Req, jobs: Arc<Mutex<mpsc::Receiver<Job>>>) {
    while let Some((request, mut reply)) = next(&jobs).await {
        let exchange = async {
            socket.send_async(request).await?;
            socket.recv_async().await
        };
        tokio::select! {
            received = exchange => {
                // An error: the request is given up at this moment.
                _ = reply.send(received);
            }
            () = reply.closed() => {}
        }
    }
}

async fn next(jobs: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    jobs.lock().await.recv().await
}
