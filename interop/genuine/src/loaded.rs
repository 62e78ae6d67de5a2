//! Any library with libzmq's interface, found by its name or path when the program runs: the system's, or ours.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::slice;

use crate::error::c_string;
use crate::ffi::RawMsg;
use crate::{Error, Result, flag};

type Handle = *mut c_void;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> Handle;
    fn dlsym(library: Handle, name: *const c_char) -> Handle;
    fn dlerror() -> *const c_char;
}

/// `RTLD_NOW`, and by default `RTLD_LOCAL`: the library's names stay apart from those of the one that is linked.
const NOW: c_int = 2;

/// Declares the functions that are looked up, with their types as in `zmq.h`.
macro_rules! functions {
    ($($name:ident: $type:ty,)*) => {
        #[derive(Debug)]
        struct Functions {
            handle: Handle,
            $($name: $type,)*
        }

        impl Functions {
            fn of(library: Handle) -> std::result::Result<Self, String> {
                Ok(Self {
                    handle: library,
                    $($name: {
                        let address = find(library, stringify!($name));
                        let address = address.ok_or(concat!("no function ", stringify!($name)))?;
                        // SAFETY: the library has libzmq's interface, in which the function has this type.
                        unsafe { std::mem::transmute::<Handle, $type>(address.as_ptr()) }
                    },)*
                })
            }
        }
    };
}

functions! {
    zmq_errno: unsafe extern "C" fn() -> c_int,
    zmq_has: unsafe extern "C" fn(*const c_char) -> c_int,
    zmq_ctx_new: unsafe extern "C" fn() -> Handle,
    zmq_ctx_term: unsafe extern "C" fn(Handle) -> c_int,
    zmq_socket: unsafe extern "C" fn(Handle, c_int) -> Handle,
    zmq_close: unsafe extern "C" fn(Handle) -> c_int,
    zmq_bind: unsafe extern "C" fn(Handle, *const c_char) -> c_int,
    zmq_connect: unsafe extern "C" fn(Handle, *const c_char) -> c_int,
    zmq_setsockopt: unsafe extern "C" fn(Handle, c_int, *const c_void, usize) -> c_int,
    zmq_send: unsafe extern "C" fn(Handle, *const c_void, usize, c_int) -> c_int,
    zmq_msg_init: unsafe extern "C" fn(*mut RawMsg) -> c_int,
    zmq_msg_recv: unsafe extern "C" fn(*mut RawMsg, Handle, c_int) -> c_int,
    zmq_msg_data: unsafe extern "C" fn(*mut RawMsg) -> Handle,
    zmq_msg_size: unsafe extern "C" fn(*const RawMsg) -> usize,
    zmq_msg_more: unsafe extern "C" fn(*const RawMsg) -> c_int,
    zmq_msg_close: unsafe extern "C" fn(*mut RawMsg) -> c_int,
}

/// A library that was loaded. It stays until the process ends.
#[derive(Clone, Copy, Debug)]
pub struct Loaded(&'static Functions);

/// A socket of a loaded library, with a context of its own. Dropping it ends both, which waits for what lingers.
#[derive(Debug)]
pub struct LoadedSocket {
    functions: &'static Functions,
    context: Handle,
    socket: Handle,
}

impl Loaded {
    /// Loads a library, by its path, or by its name where the system finds it.
    ///
    /// # Errors
    /// It is not there, cannot be loaded, or lacks a function.
    pub fn open(name: &str) -> std::result::Result<Self, String> {
        let text = CString::new(name).map_err(|_| format!("{name:?} is no name"))?;
        // SAFETY: the string is terminated; libraries of this kind do nothing remarkable when they are loaded.
        let library = unsafe { dlopen(text.as_ptr(), NOW) };
        if library.is_null() {
            // SAFETY: after a failure it is a terminated string, which is copied before the next call.
            return Err(unsafe { CStr::from_ptr(dlerror()) }.to_string_lossy().into_owned());
        }
        Ok(Self(Box::leak(Box::new(Functions::of(library)?))))
    }

    /// Whether the library, or one that it needs, has a function of this name.
    #[must_use]
    pub fn finds(self, function: &str) -> bool {
        find(self.0.handle, function).is_some()
    }

    /// Whether the library says that it was built with a capability such as `"pgm"` (`zmq_has`).
    #[must_use]
    pub fn has(self, capability: &str) -> bool {
        let Ok(capability) = CString::new(capability) else { return false };
        // SAFETY: the string is terminated and lives through the call.
        unsafe { (self.0.zmq_has)(capability.as_ptr()) == 1 }
    }

    /// Opens a socket of a type from [`crate::kind`].
    ///
    /// # Errors
    /// What the library says.
    pub fn socket(self, kind: i32) -> Result<LoadedSocket> {
        let functions = self.0;
        // SAFETY: takes nothing.
        let context = unsafe { (functions.zmq_ctx_new)() };
        // SAFETY: a context that could not be made is refused by the call, as the manual says.
        let socket = unsafe { (functions.zmq_socket)(context, kind) };
        let made = LoadedSocket { functions, context, socket };
        if socket.is_null() { Err(made.last()) } else { Ok(made) }
    }
}

impl LoadedSocket {
    /// Sets an option of any type from its bytes.
    ///
    /// # Errors
    /// What the library says.
    pub fn set(&self, option: i32, value: &[u8]) -> Result<()> {
        // SAFETY: pointer and length are those of a live slice; the socket is open.
        self.check(unsafe {
            (self.functions.zmq_setsockopt)(self.socket, option, value.as_ptr().cast(), value.len())
        })
    }

    /// Binds it.
    ///
    /// # Errors
    /// What the library says.
    pub fn bind(&self, endpoint: &str) -> Result<()> {
        let endpoint = c_string(endpoint)?;
        // SAFETY: the string is terminated and lives through the call; the socket is open.
        self.check(unsafe { (self.functions.zmq_bind)(self.socket, endpoint.as_ptr()) })
    }

    /// Connects it.
    ///
    /// # Errors
    /// What the library says.
    pub fn connect(&self, endpoint: &str) -> Result<()> {
        let endpoint = c_string(endpoint)?;
        // SAFETY: as in `bind`.
        self.check(unsafe { (self.functions.zmq_connect)(self.socket, endpoint.as_ptr()) })
    }

    /// Sends the parts of one message, waiting for room where the type waits.
    ///
    /// # Errors
    /// What the library says.
    pub fn send(&self, parts: &[impl AsRef<[u8]>]) -> Result<()> {
        for (index, part) in parts.iter().map(AsRef::as_ref).enumerate() {
            let flags = if index + 1 < parts.len() { flag::SNDMORE } else { 0 };
            // SAFETY: pointer and length are those of a live slice; the socket is open.
            let code =
                unsafe { (self.functions.zmq_send)(self.socket, part.as_ptr().cast(), part.len(), flags) };
            self.check(code)?;
        }
        Ok(())
    }

    /// Receives a whole message and hands over each part of it, without a copy.
    ///
    /// # Errors
    /// What the library says.
    pub fn recv(&self, mut each: impl FnMut(&[u8])) -> Result<()> {
        let functions = self.functions;
        let mut raw = MaybeUninit::uninit();
        let raw = raw.as_mut_ptr();
        // SAFETY: it writes the whole structure and cannot fail.
        unsafe { (functions.zmq_msg_init)(raw) };
        let received = loop {
            // SAFETY: the structure is initialised and the socket is open.
            if let Err(error) = self.check(unsafe { (functions.zmq_msg_recv)(raw, self.socket, 0) }) {
                break Err(error);
            }
            // SAFETY: the structure is initialised, and its bytes stay as they are until the next call.
            let part = unsafe {
                slice::from_raw_parts(
                    (functions.zmq_msg_data)(raw).cast_const().cast(),
                    (functions.zmq_msg_size)(raw),
                )
            };
            each(part);
            // SAFETY: the structure is initialised.
            if unsafe { (functions.zmq_msg_more)(raw) } == 0 {
                break Ok(());
            }
        };
        // SAFETY: the structure is initialised and not used again.
        unsafe { (functions.zmq_msg_close)(raw) };
        received
    }

    /// -1 becomes the error behind it.
    fn check(&self, code: c_int) -> Result<()> {
        if code == -1 { Err(self.last()) } else { Ok(()) }
    }

    fn last(&self) -> Error {
        // SAFETY: reads errno of this thread.
        Error::of(unsafe { (self.functions.zmq_errno)() })
    }
}

impl Drop for LoadedSocket {
    fn drop(&mut self) {
        // SAFETY: neither is used again. The library refuses what was never made.
        unsafe {
            (self.functions.zmq_close)(self.socket);
            while (self.functions.zmq_ctx_term)(self.context) == -1 && self.last() == Error::INTERRUPTED {}
        }
    }
}

fn find(library: Handle, name: &str) -> Option<NonNull<c_void>> {
    let name = CString::new(name).ok()?;
    // SAFETY: the library is loaded, and the string is terminated.
    NonNull::new(unsafe { dlsym(library, name.as_ptr()) })
}
