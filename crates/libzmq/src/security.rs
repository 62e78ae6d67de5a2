//! Z85 and the keys of CURVE.

use crate::border::guarded;
use crate::errno;
use libc::{c_char, c_int};
use std::ffi::CStr;
use std::ptr;
use zeroize::Zeroizing;
use zmtp::{Keypair, SecretKey, z85};

/// Writes the Z85 of `size` bytes and a NUL to `text`, which is returned. NULL with EINVAL if the size is no
/// multiple of 4.
///
/// # Safety
/// `bytes` are `size` bytes, and `text` has room for five for each four of them and one more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_z85_encode(text: *mut c_char, bytes: *const u8, size: usize) -> *mut c_char {
    guarded(ptr::null_mut(), || {
        // SAFETY: passed on.
        let encoded = unsafe { bytes_at(bytes, size) }.and_then(z85::encode).filter(|_| !text.is_null());
        let Some(encoded) = encoded else { return refuse(ptr::null_mut()) };
        // SAFETY: there is room, as promised.
        unsafe { write_text(text, &encoded) };
        text
    })
}

/// Writes the bytes that `text` is the Z85 of to `bytes`, which is returned. NULL with EINVAL for text that is no
/// Z85 or empty; then nothing is written.
///
/// # Safety
/// `text` is a string, and `bytes` has room for four for each five of its signs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_z85_decode(bytes: *mut u8, text: *const c_char) -> *mut u8 {
    guarded(ptr::null_mut(), || {
        // SAFETY: passed on.
        let decoded = unsafe { text_at(text) }.and_then(z85::decode);
        match decoded {
            Some(decoded) if !decoded.is_empty() && !bytes.is_null() => {
                // SAFETY: there is room, as promised; the decoded bytes are ours, so nothing overlaps.
                unsafe { ptr::copy_nonoverlapping(decoded.as_ptr(), bytes, decoded.len()) };
                bytes
            }
            _ => refuse(ptr::null_mut()),
        }
    })
}

/// Writes a new pair of keys, as Z85 with a NUL each.
///
/// # Safety
/// Each is NULL or has room for 41 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_curve_keypair(public_key: *mut c_char, secret_key: *mut c_char) -> c_int {
    guarded(-1, || {
        if public_key.is_null() || secret_key.is_null() {
            return refuse(-1);
        }
        let Ok(Keypair { public, secret }) = Keypair::generate() else {
            errno::set(libc::EIO);
            return -1;
        };
        // SAFETY: there is room, as promised.
        unsafe {
            write_key(public_key, public.as_bytes());
            write_key(secret_key, secret.as_bytes());
        }
        0
    })
}

/// Writes the public key that belongs to a secret one, both as Z85. EINVAL if the secret is no Z85 of 40 signs.
///
/// # Safety
/// `secret_key` is NULL or a string, `public_key` is NULL or has room for 41 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zmq_curve_public(public_key: *mut c_char, secret_key: *const c_char) -> c_int {
    guarded(-1, || {
        // SAFETY: passed on.
        let secret = unsafe { text_at(secret_key) }.and_then(|text| str::from_utf8(text).ok()?.parse().ok());
        let Some(secret) = secret.filter(|_: &SecretKey| !public_key.is_null()) else { return refuse(-1) };
        // SAFETY: there is room, as promised.
        unsafe { write_key(public_key, secret.public().as_bytes()) };
        0
    })
}

fn refuse<R>(result: R) -> R {
    errno::set(libc::EINVAL);
    result
}

/// `size` bytes of the caller's; `None` for NULL, unless no bytes are wanted.
///
/// # Safety
/// `bytes` is NULL or `size` bytes that nobody changes while the result is used.
unsafe fn bytes_at<'a>(bytes: *const u8, size: usize) -> Option<&'a [u8]> {
    match size {
        0 => Some(&[]),
        _ if bytes.is_null() || isize::try_from(size).is_err() => None,
        // SAFETY: not NULL, hence bytes of this number, which an object can have.
        _ => Some(unsafe { std::slice::from_raw_parts(bytes, size) }),
    }
}

/// A string of the caller's without its NUL; `None` for NULL.
///
/// # Safety
/// `text` is NULL or a string that nobody changes while the result is used.
unsafe fn text_at<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: not NULL, hence a string.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// Writes a key as Z85.
///
/// # Safety
/// `text` has room for 41 bytes.
unsafe fn write_key(text: *mut c_char, key: &[u8; 32]) {
    // SAFETY: 32 bytes are 40 signs and a NUL.
    unsafe { write_text(text, &Zeroizing::new(z85::encode(key).unwrap_or_default())) };
}

/// Writes a string and a NUL.
///
/// # Safety
/// `to` has room for both.
unsafe fn write_text(to: *mut c_char, text: &str) {
    // SAFETY: there is room, as promised; `text` is ours, so nothing overlaps.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), to, text.len());
        *to.add(text.len()) = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7748, 6.1: Alice's keys.
    const SECRET: [u8; 32] = hex(b"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const PUBLIC: [u8; 32] = hex(b"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");

    const fn hex(text: &[u8; 64]) -> [u8; 32] {
        const fn digit(sign: u8) -> u8 {
            if sign < b'a' { sign - b'0' } else { sign - b'a' + 10 }
        }
        let mut bytes = [0; 32];
        let mut place = 0;
        while place < 32 {
            bytes[place] = digit(text[2 * place]) << 4 | digit(text[2 * place + 1]);
            place += 1;
        }
        bytes
    }

    fn text(buffer: &[c_char]) -> String {
        // SAFETY: the buffers of these tests begin as NULs, and their last is never written to.
        unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_str().unwrap().to_owned()
    }

    fn public_of_text(secret: &CStr) -> Result<String, i32> {
        let mut public = [0; 42];
        errno::set(0);
        // SAFETY: a string, and room for 41 bytes and one more.
        match unsafe { zmq_curve_public(public.as_mut_ptr(), secret.as_ptr()) } {
            0 => Ok(text(&public)),
            _ => Err(errno::get()),
        }
    }

    #[test]
    fn the_example_of_the_rfc_both_ways() {
        let bytes = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B];
        let (mut signs, mut back) = ([0; 12], [0; 8]);
        // SAFETY: as much room as is needed.
        unsafe {
            assert_eq!(zmq_z85_encode(signs.as_mut_ptr(), bytes.as_ptr(), 8), signs.as_mut_ptr());
            assert_eq!(zmq_z85_decode(back.as_mut_ptr(), signs.as_ptr()), back.as_mut_ptr());
        }
        assert_eq!(text(&signs), "HelloWorld");
        assert_eq!(back, bytes);
    }

    #[test]
    fn no_bytes_are_an_empty_text() {
        let mut signs = [1; 2];
        // SAFETY: no bytes, and room for a NUL.
        assert!(!unsafe { zmq_z85_encode(signs.as_mut_ptr(), ptr::null(), 0) }.is_null());
        assert_eq!(signs, [0, 1]);
    }

    #[test]
    fn what_cannot_be_coded_is_einval() {
        let mut signs = [0; 64];
        let mut bytes = [7; 8];
        let mut refused = |call: &mut dyn FnMut(&mut [c_char; 64], &mut [u8; 8]) -> bool| {
            errno::set(0);
            assert!(call(&mut signs, &mut bytes));
            assert_eq!(errno::get(), libc::EINVAL);
        };
        // SAFETY: as much room as is needed, or NULL.
        unsafe {
            for size in [1, 2, 3, 5, 7] {
                refused(&mut |signs, bytes| {
                    zmq_z85_encode(signs.as_mut_ptr(), bytes.as_ptr(), size).is_null()
                });
            }
            refused(&mut |signs, _| zmq_z85_encode(signs.as_mut_ptr(), ptr::null(), 4).is_null());
            refused(&mut |_, bytes| zmq_z85_encode(ptr::null_mut(), bytes.as_ptr(), 4).is_null());
            for text in [c"", c"0", c"0123", c"012345", c"#####", c"%nSc1", c"0 000", c"\xFF0000"] {
                refused(&mut |_, bytes| zmq_z85_decode(bytes.as_mut_ptr(), text.as_ptr()).is_null());
            }
            refused(&mut |_, bytes| zmq_z85_decode(bytes.as_mut_ptr(), ptr::null()).is_null());
            refused(&mut |_, _| zmq_z85_decode(ptr::null_mut(), c"00000".as_ptr()).is_null());
            refused(&mut |signs, _| zmq_curve_keypair(signs.as_mut_ptr(), ptr::null_mut()) == -1);
            refused(&mut |signs, _| zmq_curve_keypair(ptr::null_mut(), signs.as_mut_ptr()) == -1);
            refused(&mut |signs, _| zmq_curve_public(signs.as_mut_ptr(), ptr::null()) == -1);
        }
        assert_eq!(bytes, [7; 8], "nothing is written");
    }

    #[test]
    fn the_public_key_of_a_secret_one() {
        let secret = std::ffi::CString::new(z85::encode(&SECRET).unwrap()).unwrap();
        assert_eq!(public_of_text(&secret), Ok(z85::encode(&PUBLIC).unwrap()));
    }

    #[test]
    fn secrets_have_forty_signs() {
        for bad in [c"", c"00000", c"0123456789012345678901234567890123456789012345678901234567890123456789"]
        {
            assert_eq!(public_of_text(bad), Err(libc::EINVAL), "{bad:?}");
        }
        assert_eq!(public_of_text(c"################################OOOOOOOO"), Err(libc::EINVAL));
    }

    #[test]
    fn pairs_belong_together_and_are_new_each_time() {
        let pair = || {
            let (mut public, mut secret) = ([0; 42], [0; 42]);
            // SAFETY: room for 41 bytes and one more.
            assert_eq!(unsafe { zmq_curve_keypair(public.as_mut_ptr(), secret.as_mut_ptr()) }, 0);
            (text(&public), text(&secret))
        };
        let (public, secret) = pair();
        assert_eq!([public.len(), secret.len()], [40, 40]);
        assert_eq!(public_of_text(&std::ffi::CString::new(secret.clone()).unwrap()).as_ref(), Ok(&public));
        let (other_public, other_secret) = pair();
        assert!(public != other_public && secret != other_secret);
    }
}
