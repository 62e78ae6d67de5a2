//! Monitors: `zmq_socket_monitor` and its kin.

use crate::errno::Errno;
use crate::outlet::Outlet;
use crate::socket::{Socket, on};
use libc::{c_char, c_int, c_void};
use std::ffi::CStr;
use std::time::Duration;
use zincmq::c::LikeLibzmq;
use zincmq::{AnySocket, SocketType, option};
use zincmq::{EventKind, Events};

impl Socket {
    fn monitor(
        &mut self,
        address: Option<&str>,
        events: u64,
        version: c_int,
        socket_type: c_int,
    ) -> Result<c_int, Errno> {
        let invalid = Errno(libc::EINVAL);
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
            return Err(Errno(libc::EPROTONOSUPPORT));
        }
        let kinds = [SocketType::Pair, SocketType::Pub, SocketType::Push];
        let kind = SocketType::from_number(socket_type).filter(|kind| kinds.contains(kind)).ok_or(invalid)?;
        if version == 1 && kind != SocketType::Pair {
            return Err(invalid);
        }
        self.stop_monitor();
        let mut outlet = AnySocket::with_type(&self.context.core, kind)?;
        outlet.set(option::LINGER, Duration::ZERO)?;
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
unsafe fn text<'a>(address: *const c_char) -> Result<Option<&'a str>, Errno> {
    if address.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    unsafe { CStr::from_ptr(address) }.to_str().map(Some).map_err(|_| Errno(libc::EINVAL))
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
            return Err(Errno(libc::EINVAL));
        }
        socket.core.report_queues()?;
        Ok(0)
    })
}
