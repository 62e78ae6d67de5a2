//! The events of one socket, as messages of another.

use libc::c_int;
use queue::TryLock;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use zincmq::{AnySocket, Frame, Message};
use zincmq::{Event, EventKind, Events, Monitor};

/// The way of events from a socket to those who listen. It has no thread: a caller that brings an event, or makes room,
/// moves it on by a step that never waits.
pub(crate) struct Outlet {
    pump: TryLock<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    stopped: AtomicBool,
    pub(crate) events: Events,
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outlet")
    }
}

impl Wake for Outlet {
    fn wake(self: Arc<Self>) {
        self.step();
    }
}

impl Outlet {
    /// Begins with a socket that is bound.
    pub(crate) fn start(monitor: Monitor, events: Events, socket: AnySocket, version: c_int) -> Arc<Self> {
        let pump = TryLock::new(Some(Box::pin(pump(monitor, socket, version)) as Pin<Box<_>>));
        let outlet = Arc::new(Self { pump, stopped: AtomicBool::new(false), events });
        outlet.step();
        outlet
    }

    /// Ends; events that have not got out are lost.
    pub(crate) fn stop(self: &Arc<Self>) {
        self.stopped.store(true, Ordering::Release);
        self.step();
    }

    /// Goes on until it would have to wait. Where another thread is at it, that one goes on.
    fn step(self: &Arc<Self>) {
        let waker = Waker::from(self.clone());
        loop {
            let Some(mut held) = self.pump.try_lock() else { return };
            let ended = self.stopped.load(Ordering::Acquire)
                || held
                    .as_mut()
                    .is_none_or(|pump| pump.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
            let over = if ended { held.take() } else { None };
            let again = held.unlock();
            drop(over);
            if !again {
                return;
            }
        }
    }
}

/// Sends every event, the last one included.
async fn pump(mut monitor: Monitor, mut socket: AnySocket, version: c_int) {
    while let Ok(event) = monitor.recv_async().await {
        let message = if version == 1 { first_form(&event) } else { second_form(&event) };
        if socket.send_async(message).await.is_err() {
            return;
        }
    }
}

/// Number and value in one part, then the endpoint: where this side listens, or what it connects to.
fn first_form(event: &Event) -> Message {
    let mut number = [0; 6];
    number[..2].copy_from_slice(&(event.kind as u16).to_ne_bytes());
    number[2..].copy_from_slice(&(event.value as u32).to_ne_bytes());
    Message::from([Frame::from(&number), event.endpoint().into()])
}

/// Number, count of values, values, both endpoints, each in a part.
fn second_form(event: &Event) -> Message {
    let two = event.kind == EventKind::PipesStats;
    let numbers = [event.kind as u64, 1 + u64::from(two), event.value, event.inbound];
    let numbers = numbers.into_iter().take(3 + usize::from(two));
    let numbers = numbers.map(|number| Frame::from(&number.to_ne_bytes()));
    numbers.chain([event.local.as_str().into(), event.remote.as_str().into()]).collect()
}
