//! Monitors: the events of one socket, as messages of another (`zmq_socket_monitor`).

use crate::errno::Fault;
use crate::socket::{Socket, on};
use libc::{c_char, c_int, c_void};
use queue::TryLock;
use std::ffi::CStr;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use zincmq::monitor::{Event, EventKind, Events, Monitor};
use zincmq::{AnySocket, Frame, Message, SocketType, option};

/// What passes events on. It has no thread: whoever brings an event, or makes room, moves it on by a step that never
/// waits.
pub(crate) struct Outlet {
    pump: TryLock<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    stopped: AtomicBool,
    events: Events,
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
    fn start(monitor: Monitor, events: Events, socket: AnySocket, version: c_int) -> Arc<Self> {
        let pump = TryLock::new(Some(Box::pin(pump(monitor, socket, version)) as Pin<Box<_>>));
        let outlet = Arc::new(Self { pump, stopped: AtomicBool::new(false), events });
        outlet.step();
        outlet
    }

    /// What has not got out is lost.
    fn stop(self: &Arc<Self>) {
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

impl Socket {
    fn monitor(
        &mut self,
        address: Option<&str>,
        events: u64,
        version: c_int,
        socket_type: c_int,
    ) -> Result<c_int, Fault> {
        let invalid = Fault(libc::EINVAL);
        let Some(address) = address else {
            self.stop_monitor();
            return Ok(0);
        };
        let events = match version {
            1 => u16::try_from(events).map_err(|_| invalid)?.into(),
            2 => (events & u64::from(u32::MAX)) as u32,
            _ => return Err(invalid),
        };
        let (scheme, name) = address.split_once("://").ok_or(invalid)?;
        if name.is_empty() || scheme.is_empty() {
            return Err(invalid);
        }
        if scheme != "inproc" {
            return Err(Fault(libc::EPROTONOSUPPORT));
        }
        let kinds = [SocketType::Pair, SocketType::Pub, SocketType::Push];
        let kind = SocketType::from_number(socket_type).filter(|kind| kinds.contains(kind)).ok_or(invalid)?;
        if version == 1 && kind != SocketType::Pair {
            return Err(invalid);
        }
        self.stop_monitor();
        let mut outlet = AnySocket::with_type(&self.context.core, kind)?;
        outlet.set(option::LINGER, 0)?;
        outlet.bind(address)?;
        let events = Events::from_bits(events);
        self.outlet = Some(Outlet::start(self.core.monitor(events), events, outlet, version));
        Ok(0)
    }

    fn stop_monitor(&mut self) {
        if let Some(outlet) = self.outlet.take() {
            // A monitor that begins ends the one before, with its last event.
            drop(self.core.monitor(Events::NONE));
            outlet.stop();
        }
    }
}

/// # Safety
/// `address` is NULL or points to a C string.
unsafe fn text<'a>(address: *const c_char) -> Result<Option<&'a str>, Fault> {
    if address.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    unsafe { CStr::from_ptr(address) }.to_str().map(Some).map_err(|_| Fault(libc::EINVAL))
}

/// Sends the socket's events to a PAIR socket that connects to `address`; NULL: ends that.
///
/// # Safety
/// `address` is NULL or points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_socket_monitor(
    socket: *mut c_void,
    address: *const c_char,
    events: c_int,
) -> c_int {
    on(socket, |socket| {
        // SAFETY: the caller's word. Bits above those of the first form are refused.
        let address = unsafe { text(address) }?;
        socket.monitor(address, i64::from(events).cast_unsigned(), 1, SocketType::Pair.number())
    })
}

/// As `zmq_socket_monitor`, in one of two forms, over a PAIR, PUB or PUSH socket.
///
/// # Safety
/// `address` is NULL or points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_socket_monitor_versioned(
    socket: *mut c_void,
    address: *const c_char,
    events: u64,
    version: c_int,
    socket_type: c_int,
) -> c_int {
    // SAFETY: the caller's word.
    on(socket, |socket| socket.monitor(unsafe { text(address) }?, events, version, socket_type))
}

/// Has the monitor tell of every connection's queues.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_socket_monitor_pipes_stats(socket: *mut c_void) -> c_int {
    on(socket, |socket| {
        if !socket.outlet.as_ref().is_some_and(|outlet| outlet.events.contains(EventKind::PipesStats)) {
            return Err(Fault(libc::EINVAL));
        }
        socket.core.report_queues()?;
        Ok(0)
    })
}
