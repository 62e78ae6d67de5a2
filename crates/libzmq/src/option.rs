//! Socket options: `zmq_setsockopt`, `zmq_getsockopt`.

use crate::errno::Errno;
use crate::msg::bytes_at;
use crate::socket::{Socket, on};
use libc::{c_int, c_void};
use std::ptr;
use zeroize::Zeroizing;
use zincmq::c::ByNumber;
use zincmq::option::Value;

const RCVMORE: c_int = 13;
const FD: c_int = 14;
const EVENTS: c_int = 15;
const THREAD_SAFE: c_int = 81;
const TOPICS_COUNT: c_int = 116;

/// Options that are read into any room that is large enough; all other numbers into exactly their own.
const ROOMY: [c_int; 5] = [RCVMORE, FD, EVENTS, THREAD_SAFE, TOPICS_COUNT];

impl Socket {
    fn option(&mut self, option: c_int) -> Result<Value, Errno> {
        Ok(match option {
            RCVMORE => Value::Flag(self.has_rest()),
            EVENTS => {
                let ready = self.core.events()?;
                Value::Int(crate::poll_item::events(self.with_parts(ready)).into())
            }
            _ => self.core.get_raw(option)?,
        })
    }
}

/// Keys are read as bytes into room for 32, as text into room for 41.
fn as_text(value: Value, length: usize) -> Value {
    const TEXT: usize = 41;
    let bytes = match &value {
        Value::PublicKey(_) | Value::SecretKey(_) if length == TEXT => Zeroizing::new(value.encode()),
        _ => return value,
    };
    Value::Secret(zmtp::z85::encode(&bytes).unwrap_or_default().into())
}

/// Sets an option of a socket.
///
/// # Safety
/// `value` is NULL or points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_setsockopt(
    socket: *mut c_void,
    option: c_int,
    value: *const c_void,
    length: usize,
) -> c_int {
    on(socket, |socket| {
        let invalid = |_| Errno(libc::EINVAL);
        let bytes = match (value.is_null(), length) {
            (true, 0) => None,
            // SAFETY: the caller's word.
            _ => Some(unsafe { bytes_at(value, length) }.map_err(invalid)?),
        };
        socket.core.set_raw(option, bytes)?;
        Ok(0)
    })
}

/// The value of an option; `length` is the room there is, and then the length of the value.
///
/// # Safety
/// `length` points to a length, and `value` to so much room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_getsockopt(
    socket: *mut c_void,
    option: c_int,
    value: *mut c_void,
    length: *mut usize,
) -> c_int {
    on(socket, |socket| {
        // SAFETY: the caller's word.
        let length = unsafe { length.as_mut() }.filter(|_| !value.is_null()).ok_or(Errno(libc::EFAULT))?;
        let found = socket.option(option)?;
        let found = as_text(found, *length);
        let roomy =
            ROOMY.contains(&option) || matches!(found, Value::Text(_) | Value::Secret(_) | Value::Bytes(_));
        let bytes = Zeroizing::new(found.encode());
        if *length < bytes.len() || (!roomy && *length != bytes.len()) {
            return Err(Errno(libc::EINVAL));
        }
        // SAFETY: the caller's word: there is so much room.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), value.cast::<u8>(), bytes.len());
            value.cast::<u8>().add(bytes.len()).write_bytes(0, *length - bytes.len());
        }
        *length = bytes.len();
        Ok(0)
    })
}
