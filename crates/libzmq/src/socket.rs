//! Sockets: `zmq_socket`, and what it takes to bind, connect and close them.

use crate::border::{call, guarded};
use crate::context;
use crate::errno::{EFSM, Errno};
use crate::fork::{self, Inherited};
use crate::handle::{Guard, SlotError, Table};
use crate::msg::Body;
use crate::outlet::Outlet;
use crate::poll_item::POLLOUT;
use libc::{c_char, c_int, c_void};
use queue::Lent;
use std::ffi::CStr;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::slice;
use std::sync::Arc;
use std::time::Duration;
use zincmq::c::{Admits, Direct, Kept, LikeLibzmq, Memory};
use zincmq::poller::Interest;
use zincmq::{AnySocket, Error, Frame, Message, SendError, SocketType};

pub(crate) static SOCKETS: Table<Socket> = Table::new();
static INHERITED: &dyn Inherited = &SOCKETS;

/// A socket as C uses it: part by part.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) core: AnySocket,
    pub(crate) context: Arc<context::Context>,
    /// Parts that wait for the last one of their message.
    draft: Message,
    /// The message received last, and how many of its parts C has got.
    pub(crate) incoming: Message,
    given: usize,
    /// Frames to be dropped after the call: that may call the application back, which may use the socket.
    deferred_drops: Vec<Frame>,
    pub(crate) outlet: Option<Arc<Outlet>>,
}

impl From<SlotError> for Errno {
    fn from(error: SlotError) -> Self {
        Self(if error == SlotError::Busy { libc::EFAULT } else { libc::ENOTSOCK })
    }
}

/// The place of a part that was received.
pub(crate) enum Received<R> {
    /// It was copied from where it lay, with this result.
    Lent(R),
    /// It is at this place of [`Socket::incoming`].
    Part(usize),
}

/// A socket during a call. It is free again before what the call has spent is dropped.
pub(crate) struct Borrowed(ManuallyDrop<Guard<'static, Socket>>);

impl From<Guard<'static, Socket>> for Borrowed {
    #[inline]
    fn from(socket: Guard<'static, Socket>) -> Self {
        Self(ManuallyDrop::new(socket))
    }
}

impl Deref for Borrowed {
    type Target = Socket;

    #[inline]
    fn deref(&self) -> &Socket {
        &self.0
    }
}

impl DerefMut for Borrowed {
    #[inline]
    fn deref_mut(&mut self) -> &mut Socket {
        &mut self.0
    }
}

impl Drop for Borrowed {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: nobody uses it after this.
        let socket = unsafe { ManuallyDrop::take(&mut self.0) };
        if !socket.deferred_drops.is_empty() {
            give_back(socket);
        }
    }
}

#[cold]
fn give_back(mut socket: Guard<'static, Socket>) {
    let spent = std::mem::take(&mut socket.deferred_drops);
    drop(socket);
    drop(spent);
}

/// The socket of a handle, for the calling thread alone.
#[inline(always)]
pub(crate) fn borrow(handle: *mut c_void) -> Result<Borrowed, Errno> {
    Ok(SOCKETS.borrow(handle)?.into())
}

/// A call on a socket that returns -1 with `errno` set when it fails.
#[inline(always)]
pub(crate) fn on(handle: *mut c_void, body: impl FnOnce(&mut Socket) -> Result<c_int, Errno>) -> c_int {
    call(|| body(&mut *borrow(handle)?))
}

impl Socket {
    fn new(context: Arc<context::Context>, socket_type: SocketType) -> Result<Self, Errno> {
        let mut core = AnySocket::with_type(&context.core, socket_type)?;
        core.set_interruptible(true);
        core.set_lazy(true);
        let (draft, incoming) = (Message::new(), Message::new());
        Ok(Self { core, context, draft, incoming, given: 0, deferred_drops: Vec::new(), outlet: None })
    }

    /// Whether parts of the message received last are still to be received.
    pub(crate) fn has_rest(&self) -> bool {
        self.given < self.incoming.len()
    }

    /// REQ and REP may send only when the message before has been received whole.
    fn owes_reading(&self) -> bool {
        self.has_rest() && self.core.socket_type().takes_turns()
    }

    /// Half a request has no reply, and takes the place of the one before.
    fn owes_writing(&self) -> bool {
        self.is_gathering() && self.core.socket_type() == SocketType::Req
    }

    /// Sends bytes as a message of one part, waiting, where no parts are gathered: the short way of [`Socket::send`]. It
    /// leaves nothing to be dropped after the call.
    #[inline(always)]
    pub(crate) fn send_alone(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        if self.has_rest() {
            return self.send(Body::Slice(bytes), true, false);
        }
        self.core.send_or(bytes, unsent)
    }

    /// Sends one part, or keeps it until the last one comes. The first part of several asks whether the message
    /// would be accepted, and waits for that; the others neither wait nor fail.
    #[inline(never)]
    pub(crate) fn send(&mut self, part: Body<'_>, wait: bool, more: bool) -> Result<(), Errno> {
        if self.owes_reading() {
            return Err(Errno(EFSM));
        }
        if more || !self.draft.is_empty() {
            return self.gather(part, wait, more);
        }
        let result = match part {
            Body::Slice(bytes) if wait => self.core.send(bytes),
            Body::Slice(bytes) => self.core.try_send(bytes),
            Body::Kept(kept) if wait => self.core.send(Kept(kept)),
            Body::Kept(kept) => self.core.try_send(Kept(kept)),
        };
        result.or_else(|failed| unsent(failed.error))
    }

    /// Whether parts of a message have been sent, and not its last.
    pub(crate) fn is_gathering(&self) -> bool {
        !self.draft.is_empty()
    }

    #[cold]
    fn gather(&mut self, part: Body<'_>, wait: bool, more: bool) -> Result<(), Errno> {
        if self.draft.is_empty() {
            match wait {
                true => self.core.admit(part.bytes()),
                false => self.core.try_admit(part.bytes()),
            }?;
        }
        self.draft.push(part.into_frame());
        // Messages to plain TCP have two parts, even if more are announced.
        let last = !more || (self.core.is_raw() && self.draft.len() == 2);
        if !last {
            return Ok(());
        }
        let mut message = std::mem::take(&mut self.draft);
        let result = self.core.send_timeout(&message, Duration::ZERO);
        self.deferred_drops.extend((0..message.len()).filter_map(|at| message.take_foreign(at)));
        match result {
            // It had been accepted, but its peer has left since: nobody is there to get it.
            Err(SendError { error: Error::Timeout | Error::Unroutable, .. }) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Receives the next part. A message of one part, of `most` bytes at most, may be shown to `take` where it lies.
    #[inline(always)]
    pub(crate) fn receive<R>(
        &mut self,
        wait: bool,
        most: usize,
        take: impl FnOnce(Lent<'_>) -> R,
    ) -> Result<Received<R>, Errno> {
        if self.has_rest() {
            self.given += 1;
            return Ok(Received::Part(self.given - 1));
        }
        if self.is_gathering() && self.owes_writing() {
            return Err(Errno(EFSM));
        }
        let failed = |error| Err(Errno::from(error));
        match self.core.recv_or(&mut self.incoming, wait, most, take, failed)? {
            Some(taken) => Ok(Received::Lent(taken)),
            None => {
                self.given = 1;
                Ok(Received::Part(0))
            }
        }
    }

    /// Lets go of a part after the call, if its memory is not the message's own.
    pub(crate) fn let_go(&mut self, at: usize) {
        self.deferred_drops.extend(self.incoming.take_foreign(at));
    }

    /// The readiness, parts of messages half sent or half received included (`found` is what the core says).
    pub(crate) fn with_parts(&self, found: Interest) -> Interest {
        let writable = (found.writable || self.is_gathering()) && !self.owes_reading();
        let readable = (found.readable && !self.owes_writing()) || self.has_rest();
        Interest { readable, writable, ..found }
    }
}

/// The error that C gets for a message that was not sent. A routing id without a message is swallowed.
#[cold]
fn unsent(error: Error) -> Result<(), Errno> {
    if matches!(error, Error::InvalidMessage { .. }) { Ok(()) } else { Err(error.into()) }
}

/// The text that C points to.
///
/// # Safety
/// `text` is NULL or points to a C string.
unsafe fn endpoint<'a>(text: *const c_char) -> Result<&'a str, Errno> {
    if text.is_null() {
        return Err(Errno(libc::EINVAL));
    }
    // SAFETY: the caller's word.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| Errno(libc::EINVAL))
}

/// A new socket, or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_socket(context: *mut c_void, socket_type: c_int) -> *mut c_void {
    guarded(ptr::null_mut(), || {
        let make = || {
            let context = context::find(context)?;
            let socket_type = SocketType::from_number(socket_type).ok_or(Errno(libc::EINVAL))?;
            fork::watch(&INHERITED);
            SOCKETS.insert(Socket::new(context, socket_type)?).ok_or(Errno(libc::EMFILE))
        };
        make().unwrap_or_else(|errno: Errno| errno.report(ptr::null_mut()))
    })
}

/// Closes a socket; messages that it has sent go out as long as its linger time allows.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_close(socket: *mut c_void) -> c_int {
    call(|| match SOCKETS.remove(socket) {
        Ok(socket) => {
            drop(socket);
            Ok(0)
        }
        Err(SlotError::Inherited) => Ok(0),
        Err(error) => Err(error.into()),
    })
}

/// Listens at an endpoint.
///
/// # Safety
/// `address` points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_bind(socket: *mut c_void, address: *const c_char) -> c_int {
    on(socket, |socket| {
        // SAFETY: the caller's word.
        socket.core.bind(unsafe { endpoint(address) }?)?;
        Ok(0)
    })
}

/// Connects to an endpoint.
///
/// # Safety
/// `address` points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_connect(socket: *mut c_void, address: *const c_char) -> c_int {
    on(socket, |socket| {
        // SAFETY: the caller's word.
        socket.core.connect(unsafe { endpoint(address) }?)?;
        Ok(0)
    })
}

/// Stops listening at an endpoint.
///
/// # Safety
/// `address` points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_unbind(socket: *mut c_void, address: *const c_char) -> c_int {
    on(socket, |socket| {
        // SAFETY: the caller's word.
        socket.core.unbind(unsafe { endpoint(address) }?)?;
        Ok(0)
    })
}

/// Ends the connections to an endpoint.
///
/// # Safety
/// `address` points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_disconnect(socket: *mut c_void, address: *const c_char) -> c_int {
    on(socket, |socket| {
        // SAFETY: the caller's word.
        socket.core.disconnect(unsafe { endpoint(address) }?)?;
        Ok(0)
    })
}

/// Whether a ROUTER can send to a peer at once: `ZMQ_POLLOUT` or 0.
///
/// # Safety
/// `routing_id` points to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_socket_get_peer_state(
    socket: *mut c_void,
    routing_id: *const c_void,
    size: usize,
) -> c_int {
    on(socket, |socket| {
        if routing_id.is_null() {
            return Err(Errno(libc::EHOSTUNREACH));
        }
        // SAFETY: the caller's word.
        let routing_id = unsafe { slice::from_raw_parts(routing_id.cast(), size) };
        let writable = socket.core.can_send_to(routing_id)?;
        Ok(if writable { POLLOUT.into() } else { 0 })
    })
}

/// Refuses what only sockets of draft types do, which are not there.
fn unsupported(socket: *mut c_void) -> c_int {
    on(socket, |_| Err(Errno(libc::ENOTSUP)))
}

/// Connects a PEER socket and returns the peer's routing id; there are no such sockets.
///
/// # Safety
/// `address` points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_connect_peer(socket: *mut c_void, _address: *const c_char) -> u32 {
    unsupported(socket);
    0
}

/// Disconnects a peer of a SERVER or PEER socket; there are no such sockets.
#[unsafe(no_mangle)]
pub extern "C" fn zmq_disconnect_peer(socket: *mut c_void, _routing_id: u32) -> c_int {
    unsupported(socket)
}

/// Joins a group with a DISH socket; there are no such sockets.
///
/// # Safety
/// `group` points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_join(socket: *mut c_void, _group: *const c_char) -> c_int {
    unsupported(socket)
}

/// Leaves a group with a DISH socket; there are no such sockets.
///
/// # Safety
/// `group` points to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_leave(socket: *mut c_void, _group: *const c_char) -> c_int {
    unsupported(socket)
}
