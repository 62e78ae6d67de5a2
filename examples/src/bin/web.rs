//! A web server in front of workers: one DEALER carries all requests, any number at a time, and the replies come back in
//! any order.
//!
//! `web [HTTP] [WORKERS]`: answers `GET /square/12` by asking one of the `rrworker`s that connect; runs until Ctrl-C.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use examples::{Result, text};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use zincmq::{Context, Dealer, Frame, Message, RecvHalf, SendHalf};

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result {
    let context = Context::new();
    let dealer = Dealer::builder(&context).linger(Duration::ZERO).bind(text(2, "tcp://127.0.0.1:5560"))?;
    let (give, jobs) = mpsc::channel(100);
    let workers = Arc::new(Workers { jobs: give, next: AtomicU64::new(0), waiting: Mutex::default() });
    let (requests, replies) = dealer.into_split();
    tokio::spawn(send(requests, jobs));
    tokio::spawn(receive(replies, workers.clone()));

    let service = Router::new().route("/square/{number}", get(square)).with_state(workers);
    let listener = tokio::net::TcpListener::bind(text(1, "127.0.0.1:8080")).await?;
    axum::serve(listener, service)
        .with_graceful_shutdown(async { _ = tokio::signal::ctrl_c().await })
        .await?;
    println!("closing");
    Ok(())
}

async fn square(
    State(workers): State<Arc<Workers>>,
    Path(number): Path<u32>,
) -> std::result::Result<String, StatusCode> {
    let reply = timeout(PATIENCE, workers.ask(number.to_string())).await;
    let reply = reply.map_err(|_| StatusCode::GATEWAY_TIMEOUT)?.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    reply.into_string().map_err(|_| StatusCode::BAD_GATEWAY)
}

/// The workers, as the handlers see them.
struct Workers {
    jobs: mpsc::Sender<Message>,
    next: AtomicU64,
    /// The requests under way, by number.
    waiting: Mutex<HashMap<u64, oneshot::Sender<Frame>>>,
}

impl Workers {
    /// Asks one of them. `None`: the socket's tasks have ended. The future may be dropped at any time.
    async fn ask(&self, request: String) -> Option<Frame> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (reply, replied) = oneshot::channel();
        self.with_waiting(|waiting| waiting.insert(number, reply));
        let _forget = Forget(self, number);
        // A REP socket returns the parts before the empty one, so the number comes back.
        self.jobs.send((number.to_be_bytes(), "", request).into()).await.ok()?;
        replied.await.ok()
    }

    /// Hands a reply to the handler that waits for it; none does if the time was over.
    fn answer(&self, reply: Message) {
        let Ok([number, _, body]) = <[Frame; 3]>::try_from(reply) else { return };
        let Ok(number) = number[..].try_into().map(u64::from_be_bytes) else { return };
        if let Some(waiting) = self.with_waiting(|waiting| waiting.remove(&number)) {
            _ = waiting.send(body);
        }
    }

    fn with_waiting<T>(&self, look: impl FnOnce(&mut HashMap<u64, oneshot::Sender<Frame>>) -> T) -> T {
        look(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Forgets a request when nobody waits for its reply any more.
struct Forget<'a>(&'a Workers, u64);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.with_waiting(|waiting| waiting.remove(&self.1));
    }
}

/// Sends the requests; while it waits for room, the other task receives.
async fn send(mut requests: SendHalf<Dealer>, mut jobs: mpsc::Receiver<Message>) -> zincmq::Result<()> {
    while let Some(job) = jobs.recv().await {
        requests.send_async(job).await?;
    }
    Ok(())
}

async fn receive(mut replies: RecvHalf<Dealer>, workers: Arc<Workers>) -> zincmq::Result<()> {
    loop {
        workers.answer(replies.recv_async().await?);
    }
}
