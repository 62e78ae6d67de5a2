//! Proxies: `zmq_proxy`, `zmq_proxy_steerable`, `zmq_device`.

use crate::border::call;
use crate::errno::Errno;
use crate::socket::{self, Borrowed};
use libc::{c_int, c_void};
use zincmq::c::reflecting;
use zincmq::{AnySocket, Proxy};

/// A socket that may be missing.
struct Place(Option<Borrowed>);

impl Place {
    fn of(handle: *mut c_void) -> Result<Self, Errno> {
        if handle.is_null() { Ok(Self(None)) } else { Ok(Self(Some(socket::borrow(handle)?))) }
    }

    fn core(&mut self) -> Option<&mut AnySocket> {
        self.0.as_mut().map(|socket| &mut socket.core)
    }
}

fn run(
    frontend: *mut c_void,
    backend: *mut c_void,
    capture: *mut c_void,
    control: *mut c_void,
) -> Result<c_int, Errno> {
    let errno = Errno(libc::EFAULT);
    if frontend.is_null() || backend.is_null() {
        return Err(errno);
    }
    let (mut capture, mut control) = (Place::of(capture)?, Place::of(control)?);
    let mut front = Place::of(frontend)?;
    let front = front.core().ok_or(errno)?;
    let mut back = if frontend == backend { Place(None) } else { Place::of(backend)? };
    let mut proxy = match back.core() {
        Some(back) => Proxy::new(front, back),
        None if frontend == backend => reflecting(front),
        None => return Err(errno),
    };
    if let Some(capture) = capture.core() {
        proxy = proxy.capture(capture);
    }
    if let Some(control) = control.core() {
        proxy = proxy.control(control);
    }
    proxy.run()?;
    Ok(0)
}

/// Passes messages between two sockets until the context ends; `capture`, if any, gets a copy of each.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_proxy(frontend: *mut c_void, backend: *mut c_void, capture: *mut c_void) -> c_int {
    call(|| run(frontend, backend, capture, std::ptr::null_mut()))
}

/// As `zmq_proxy`, and does what messages to `control` say: PAUSE, RESUME, TERMINATE, STATISTICS.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_proxy_steerable(
    frontend: *mut c_void,
    backend: *mut c_void,
    capture: *mut c_void,
    control: *mut c_void,
) -> c_int {
    call(|| run(frontend, backend, capture, control))
}

/// As `zmq_proxy`, whatever the type says. Deprecated.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_device(_type: c_int, frontend: *mut c_void, backend: *mut c_void) -> c_int {
    zmq_proxy(frontend, backend, std::ptr::null_mut())
}
