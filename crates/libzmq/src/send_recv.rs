//! Sending and receiving, part by part.

use crate::border::{call, clamped};
use crate::errno::Errno;
use crate::msg::receive::LENT;
use crate::msg::{Body, Msg, bytes_at};
use crate::socket::{self, Borrowed, Received, SOCKETS, on};
use libc::{c_int, c_void, iovec};
use std::{ptr, slice};
use zincmq::c::Memory;

const DONTWAIT: c_int = 1;
const SNDMORE: c_int = 2;

/// Sends a message, which is empty afterwards; on failure it stays as it is.
#[inline(always)]
unsafe fn send_message(socket: *mut c_void, message: *mut Msg, flags: c_int) -> Result<c_int, Errno> {
    let mut lent = SOCKETS.borrow(socket)?;
    // SAFETY: the caller's word.
    let message = unsafe { Msg::at(message) }?;
    let size = match message.plain() {
        Some(bytes) if flags & (SNDMORE | DONTWAIT) == 0 && !lent.is_gathering() => {
            lent.send_alone(bytes)?;
            bytes.len()
        }
        _ => return send_body(lent.into(), message, flags),
    };
    drop(lent);
    message.clear();
    Ok(size as c_int)
}

/// Sends a message whose body is not just copied.
#[inline(never)]
fn send_body(mut socket: Borrowed, message: &mut Msg, flags: c_int) -> Result<c_int, Errno> {
    let more = flags & SNDMORE != 0;
    let gathered = more || socket.is_gathering();
    message.with_body(gathered, |body| socket.send(body, flags & DONTWAIT == 0, more))?;
    let size = message.bytes().len();
    // The application may be called back, and use the socket.
    drop(socket);
    message.clear();
    Ok(clamped(size))
}

#[inline(always)]
unsafe fn receive_message(socket: *mut c_void, message: *mut Msg, flags: c_int) -> Result<c_int, Errno> {
    let mut borrowed = SOCKETS.borrow(socket)?;
    // SAFETY: the caller's word.
    let message = unsafe { Msg::at(message) }?;
    if message.is_foreign() {
        return receive_anew(borrowed.into(), socket, message, flags);
    }
    match borrowed.receive(flags & DONTWAIT == 0, LENT, |part| message.receive_lent(part))? {
        Received::Lent(size) => size.map(|size| size as c_int),
        Received::Part(at) => message.receive(&mut borrowed.incoming, at).map(clamped),
    }
}

/// Receives into a message whose memory is not its own: the application may be called back for it, and use the socket.
/// A receive that waits lets go of it before: the sender that is waited for may need the memory.
#[inline(never)]
fn receive_anew(
    mut borrowed: Borrowed,
    socket: *mut c_void,
    message: &mut Msg,
    flags: c_int,
) -> Result<c_int, Errno> {
    let (wait, mut old) = (flags & DONTWAIT == 0, message.take());
    if wait {
        drop(borrowed);
        old.clear();
        borrowed = socket::borrow(socket)?;
    }
    let received = match borrowed.receive(wait, LENT, |part| message.receive_lent(part)) {
        Ok(Received::Lent(size)) => size,
        Ok(Received::Part(at)) => message.receive(&mut borrowed.incoming, at),
        Err(errno) => Err(errno),
    };
    drop(borrowed);
    match received {
        Ok(_) => old.clear(),
        Err(_) => *message = old,
    }
    received.map(clamped)
}

/// Copies as much of a part as there is room for. Returns its whole length.
#[inline(always)]
unsafe fn copy_out(part: &[u8], to: *mut c_void, room: usize) -> Result<usize, Errno> {
    if part.len() > if to.is_null() { 0 } else { room } {
        // SAFETY: the caller's word.
        return unsafe { cut_out(part, to, room) };
    }
    // SAFETY: the caller's word; the part is no longer than that.
    unsafe { sys::copy(part, to.cast()) };
    Ok(part.len())
}

/// As [`copy_out`], where there is not room for all.
#[cold]
unsafe fn cut_out(part: &[u8], to: *mut c_void, room: usize) -> Result<usize, Errno> {
    if to.is_null() && room > 0 {
        return Err(Errno(libc::EFAULT));
    }
    if room > 0 {
        // SAFETY: the caller's word; the part is longer than this.
        unsafe { ptr::copy_nonoverlapping(part.as_ptr(), to.cast::<u8>(), room) };
    }
    Ok(part.len())
}

/// As [`copy_out`], of the part `at`, whose memory is not the message's own, and is let go of.
#[inline(never)]
unsafe fn give_out(mut socket: Borrowed, at: usize, to: *mut c_void, room: usize) -> Result<usize, Errno> {
    // SAFETY: the caller's word.
    let size = unsafe { copy_out(&socket.incoming[at], to, room) };
    socket.let_go(at);
    size
}

/// Sends a part: a copy of `size` bytes.
///
/// # Safety
/// `data` points to so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_send(
    socket: *mut c_void,
    data: *const c_void,
    size: usize,
    flags: c_int,
) -> c_int {
    call(|| {
        let mut socket = SOCKETS.borrow(socket)?;
        // One comparison for two: an empty body is as far from the others as one that is too large for a number of C.
        let ordinary = size.wrapping_sub(1) < c_int::MAX as usize && !data.is_null();
        if flags & (DONTWAIT | SNDMORE) != 0 || !ordinary || socket.is_gathering() {
            // SAFETY: the caller's word.
            return unsafe { send_part(socket.into(), data, size, flags) };
        }
        // SAFETY: the caller's word; the memory is somewhere, and there is less of it than addresses can tell.
        socket.send_alone(unsafe { slice::from_raw_parts(data.cast(), size) })?;
        Ok(size as c_int)
    })
}

/// As [`zmq_send`], whatever the arguments are.
#[inline(never)]
unsafe fn send_part(
    mut socket: Borrowed,
    data: *const c_void,
    size: usize,
    flags: c_int,
) -> Result<c_int, Errno> {
    // SAFETY: the caller's word.
    let bytes = unsafe { bytes_at(data, size) }?;
    socket.send(Body::Slice(bytes), flags & DONTWAIT == 0, flags & SNDMORE != 0)?;
    Ok(clamped(size))
}

/// Sends a part that stays where it is, as it is, for ever.
///
/// # Safety
/// `data` points to so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_send_const(
    socket: *mut c_void,
    data: *const c_void,
    size: usize,
    flags: c_int,
) -> c_int {
    if data.is_null() && size > 0 {
        return Errno(libc::EFAULT).report(-1);
    }
    let mut message = Msg::constant(data.cast_mut(), size);
    // SAFETY: the message is this call's.
    unsafe { zmq_msg_send(&raw mut message, socket, flags) }
}

/// Receives a part into `room` bytes; bytes that do not fit are lost. Returns the whole length.
///
/// # Safety
/// `data` points to so much room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_recv(
    socket: *mut c_void,
    data: *mut c_void,
    room: usize,
    flags: c_int,
) -> c_int {
    call(|| {
        let mut socket = SOCKETS.borrow(socket)?;
        // SAFETY: the caller's word.
        let copy = |part: &[u8]| unsafe { copy_out(part, data, room) };
        match socket.receive(flags & DONTWAIT == 0, usize::MAX, |part| copy(part.bytes))? {
            Received::Lent(size) => size.map(|size| size as c_int),
            Received::Part(at) => match socket.incoming.own(at) {
                Some(bytes) => copy(bytes),
                // SAFETY: the caller's word.
                None => unsafe { give_out(socket.into(), at, data, room) },
            }
            .map(clamped),
        }
    })
}

/// Sends a message as one part; it is empty afterwards.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_send(message: *mut Msg, socket: *mut c_void, flags: c_int) -> c_int {
    // SAFETY: the caller's word.
    call(|| unsafe { send_message(socket, message, flags) })
}

/// Receives a part into a message, whose content goes.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_recv(message: *mut Msg, socket: *mut c_void, flags: c_int) -> c_int {
    // SAFETY: the caller's word.
    call(|| unsafe { receive_message(socket, message, flags) })
}

/// As `zmq_msg_send`. Deprecated.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_sendmsg(socket: *mut c_void, message: *mut Msg, flags: c_int) -> c_int {
    // SAFETY: the caller's word.
    unsafe { zmq_msg_send(message, socket, flags) }
}

/// As `zmq_msg_recv`. Deprecated.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_recvmsg(socket: *mut c_void, message: *mut Msg, flags: c_int) -> c_int {
    // SAFETY: the caller's word.
    unsafe { zmq_msg_recv(message, socket, flags) }
}

/// Sends a part for each of `count` pieces of memory. Returns the length of the last.
///
/// # Safety
/// `pieces` points to so many pieces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_sendiov(
    socket: *mut c_void,
    pieces: *mut iovec,
    count: usize,
    flags: c_int,
) -> c_int {
    on(socket, |socket| {
        if count == 0 || pieces.is_null() {
            return Err(Errno(libc::EINVAL));
        }
        let mut size = 0;
        for at in 0..count {
            // SAFETY: the caller's word.
            let bytes = unsafe {
                let piece = &*pieces.add(at);
                bytes_at(piece.iov_base, piece.iov_len)?
            };
            size = bytes.len();
            // The message ends with the last piece, even with the flag SNDMORE.
            let more = flags & SNDMORE != 0 && at + 1 < count;
            socket.send(Body::Slice(bytes), flags & DONTWAIT == 0, more)?;
        }
        Ok(clamped(size))
    })
}

/// Receives the parts of a message, each into memory that the caller frees. `count` is how many at most, and then how
/// many there were; so many are returned.
///
/// # Safety
/// `count` points to a number, `pieces` to so many pieces.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_recviov(
    socket: *mut c_void,
    pieces: *mut iovec,
    count: *mut usize,
    flags: c_int,
) -> c_int {
    on(socket, |socket| {
        // SAFETY: the caller's word.
        let most = unsafe { count.as_mut() }.filter(|most| **most > 0 && !pieces.is_null());
        let count = most.ok_or(Errno(libc::EINVAL))?;
        let most = std::mem::take(count);
        while *count < most {
            // SAFETY: the caller's word.
            let piece = unsafe { &mut *pieces.add(*count) };
            let last =
                match socket.receive(flags & DONTWAIT == 0, usize::MAX, |part| duplicate(part.bytes))? {
                    Received::Lent(copy) => {
                        *piece = copy?;
                        true
                    }
                    Received::Part(at) => {
                        let copy = duplicate(&socket.incoming[at]);
                        socket.let_go(at);
                        *piece = copy?;
                        at + 1 == socket.incoming.len()
                    }
                };
            *count += 1;
            if last {
                break;
            }
        }
        Ok(clamped(*count))
    })
}

/// A copy in memory that the caller frees.
fn duplicate(bytes: &[u8]) -> Result<iovec, Errno> {
    // SAFETY: malloc takes any size.
    let memory = unsafe { libc::malloc(bytes.len().max(1)) };
    if memory.is_null() {
        return Err(Errno(libc::ENOMEM));
    }
    // SAFETY: the memory has so many bytes, and is nobody else's.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), memory.cast::<u8>(), bytes.len()) };
    Ok(iovec { iov_base: memory, iov_len: bytes.len() })
}
