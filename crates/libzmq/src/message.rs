//! The calls `zmq_msg_...`. One `zmq_msg_t` is one part of a message.

use crate::block::{Block, FreeFn};
use crate::border::{call, guarded};
use crate::errno::Errno;
use crate::msg::{INLINE, Msg, begin, bytes_at};
use libc::{c_char, c_int, c_void};
use std::ffi::CStr;
use std::ptr;

/// The longest name of a group, in bytes (zmq_msg_set_group(3)).
const LONGEST_GROUP: usize = 255;

/// Begins an empty message.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_init(message: *mut Msg) -> c_int {
    // SAFETY: the caller's word.
    call(|| unsafe { begin(message) }.map(|_| 0))
}

/// Begins a message of `size` bytes, not initialised.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_init_size(message: *mut Msg, size: usize) -> c_int {
    // SAFETY: the caller's word.
    match unsafe { begin(message) } {
        Ok(message) if size <= INLINE => message.set_short(size),
        Ok(message) => return make_block(message, size),
        Err(errno) => return errno.report(-1),
    }
    0
}

/// Apart, so that short messages do not pay for it.
#[inline(never)]
fn make_block(message: &mut Msg, size: usize) -> c_int {
    call(|| message.make_block(size).map(|()| 0))
}

/// Begins a message with a copy of `size` bytes.
///
/// # Safety
/// `message` points to a `zmq_msg_t`, `data` to so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_init_buffer(message: *mut Msg, data: *const c_void, size: usize) -> c_int {
    call(|| {
        // SAFETY: the caller's word.
        let (message, bytes) = unsafe { (begin(message)?, bytes_at(data, size)?) };
        message.make_room(size)?;
        message.overwrite(bytes);
        Ok(0)
    })
}

/// Begins a message around memory of the application; `free` is called once, by any thread, when it is not needed any
/// more. Without `free` the memory stays as it is for ever.
///
/// # Safety
/// `message` points to a `zmq_msg_t`, `data` to so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_init_data(
    message: *mut Msg,
    data: *mut c_void,
    size: usize,
    free: Option<FreeFn>,
    hint: *mut c_void,
) -> c_int {
    call(|| {
        if data.is_null() && size > 0 {
            return Err(Errno(libc::EFAULT));
        }
        // SAFETY: the caller's word.
        let message = unsafe { begin(message) }?;
        match free {
            None => *message = Msg::constant(data, size),
            Some(free) => message.put_block(Block::adopt(data.cast(), size, free, hint)),
        }
        Ok(0)
    })
}

/// Ends a message.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_close(message: *mut Msg) -> c_int {
    call(|| {
        // SAFETY: the caller's word.
        unsafe { Msg::at(message) }?.close();
        Ok(0)
    })
}

/// Moves a message; an empty one is left.
///
/// # Safety
/// Both point to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_move(to: *mut Msg, from: *mut Msg) -> c_int {
    call(|| {
        // SAFETY: the caller's word; the two are borrowed one after the other.
        unsafe {
            Msg::at(from)?;
            Msg::at(to)?;
            if to != from {
                let moved = Msg::at(from)?.take();
                Msg::at(to)?.close();
                to.write(moved);
            }
        }
        Ok(0)
    })
}

/// Makes a message share another's body.
///
/// # Safety
/// Both point to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_copy(to: *mut Msg, from: *mut Msg) -> c_int {
    call(|| {
        // SAFETY: the caller's word; the two are borrowed one after the other.
        unsafe {
            Msg::at(from)?;
            Msg::at(to)?;
            if to != from {
                let copy = Msg::at(from)?.share();
                Msg::at(to)?.close();
                to.write(copy);
            }
        }
        Ok(0)
    })
}

/// The address of the body.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_data(message: *mut Msg) -> *mut c_void {
    // SAFETY: the caller's word.
    match unsafe { Msg::at(message) } {
        Ok(message) => message.data().cast(),
        Err(errno) => errno.report(ptr::null_mut()),
    }
}

/// The length of the body.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_size(message: *const Msg) -> usize {
    // SAFETY: the caller's word.
    unsafe { Msg::at(message.cast_mut()) }.map_or(0, |message| message.bytes().len())
}

/// Whether more parts of the same message follow.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_more(message: *const Msg) -> c_int {
    // SAFETY: the caller's word.
    unsafe { Msg::at(message.cast_mut()) }.map_or(0, |message| message.more().into())
}

/// A property of a message: whether more follow, the descriptor it came by, whether it is shared.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_get(message: *const Msg, property: c_int) -> c_int {
    // SAFETY: the caller's word.
    call(|| unsafe { Msg::at(message.cast_mut()) }?.property(property))
}

/// No property of a message can be set.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_set(_message: *mut Msg, _property: c_int, _value: c_int) -> c_int {
    Errno(libc::EINVAL).report(-1)
}

/// A property of the connection that brought the message, as its peer told it; as long as the message lives.
///
/// # Safety
/// `message` points to a `zmq_msg_t`, `name` to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_gets(message: *const Msg, name: *const c_char) -> *const c_char {
    guarded(ptr::null(), || {
        // SAFETY: the caller's word.
        let value = unsafe { Msg::at(message.cast_mut()) }.and_then(|message| {
            if name.is_null() {
                return Err(Errno(libc::EINVAL));
            }
            // SAFETY: the caller's word.
            let name = unsafe { CStr::from_ptr(name) }.to_str().map_err(|_| Errno(libc::EINVAL))?;
            let peer = message.peer().ok_or(Errno(libc::EINVAL))?;
            // The text is the connection's, which the message keeps.
            peer.get_terminated(name).map(|text| text.as_ptr().cast()).ok_or(Errno(libc::EINVAL))
        });
        value.unwrap_or_else(|errno| errno.report(ptr::null()))
    })
}

/// Names the peer a message is for, on sockets that look at it.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_set_routing_id(message: *mut Msg, routing_id: u32) -> c_int {
    call(|| {
        if routing_id == 0 {
            return Err(Errno(libc::EINVAL));
        }
        // SAFETY: the caller's word.
        unsafe { Msg::at(message) }?.label().routing_id = routing_id;
        Ok(0)
    })
}

/// The peer that a message is for or from; 0: none.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_routing_id(message: *mut Msg) -> u32 {
    // SAFETY: the caller's word.
    let message = unsafe { Msg::at(message) };
    message.ok().and_then(|message| message.known_label()).map_or(0, |label| label.routing_id)
}

/// Names the group a message is for, on sockets that look at it.
///
/// # Safety
/// `message` points to a `zmq_msg_t`, `group` to a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_set_group(message: *mut Msg, group: *const c_char) -> c_int {
    call(|| {
        if group.is_null() {
            return Err(Errno(libc::EINVAL));
        }
        // SAFETY: the caller's word.
        let (message, group) = unsafe { (Msg::at(message)?, CStr::from_ptr(group)) };
        if group.count_bytes() > LONGEST_GROUP {
            return Err(Errno(libc::EINVAL));
        }
        message.label().group = group.to_owned();
        Ok(0)
    })
}

/// The group that a message is for or from; empty: none.
///
/// # Safety
/// `message` points to a `zmq_msg_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_msg_group(message: *mut Msg) -> *const c_char {
    // SAFETY: the caller's word.
    let message = unsafe { Msg::at(message) };
    message.ok().and_then(|message| message.known_label()).map_or(c"".as_ptr(), |label| label.group.as_ptr())
}
