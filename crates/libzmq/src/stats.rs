//! Numbers of a socket, which libzmq has not.

use crate::errno::Errno;
use crate::socket::on;
use libc::{c_int, c_void};
use std::ptr;

/// `struct zincmq_stats`: the numbers of a socket since it was made. New ones are added at the end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Messages sent: accepted for a peer, once for each.
    sent: u64,
    /// Messages received.
    received: u64,
    /// Bytes of frames sent.
    sent_bytes: u64,
    /// Bytes of frames received.
    received_bytes: u64,
    /// Messages dropped because a peer's queue was full.
    dropped_full: u64,
    /// Connections that were made again after a loss.
    reconnects: u64,
    /// Connections that ended before the handshake was done.
    handshake_failures: u64,
    /// Messages queued outbound now, for all peers.
    queued_out: u64,
    /// Peers now.
    peers: u64,
    /// Messages dropped because one connection after the other ended within them.
    dropped_refused: u64,
    /// Messages received and thrown away.
    discarded: u64,
    /// Messages that a newer one took the place of.
    conflated: u64,
    /// Messages that wait to be received now.
    queued_in: u64,
    /// Messages dropped because the peer that they were for is not there.
    dropped_unroutable: u64,
}

/// Fills in as many of a socket's numbers as fit `size` bytes. Returns the size of all.
///
/// # Safety
/// `out` points to so much room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zincmq_stats(socket: *mut c_void, out: *mut Stats, size: usize) -> c_int {
    on(socket, |socket| {
        if out.is_null() {
            return Err(Errno(libc::EFAULT));
        }
        let numbers = socket.core.stats();
        let stats = Stats {
            sent: numbers.sent,
            received: numbers.received,
            sent_bytes: numbers.sent_bytes,
            received_bytes: numbers.received_bytes,
            dropped_full: numbers.dropped_full,
            reconnects: numbers.reconnects,
            handshake_failures: numbers.handshake_failures,
            queued_out: numbers.queued_out,
            peers: numbers.peers.len() as u64,
            dropped_refused: numbers.dropped_refused,
            discarded: numbers.discarded,
            conflated: numbers.conflated,
            queued_in: numbers.queued_in,
            dropped_unroutable: numbers.dropped_unroutable,
        };
        // SAFETY: the caller's word.
        unsafe {
            ptr::copy_nonoverlapping(
                (&raw const stats).cast::<u8>(),
                out.cast(),
                size.min(size_of::<Stats>()),
            )
        };
        Ok(size_of::<Stats>() as c_int)
    })
}
