//! Calls that wait end with EINTR when a signal handler has run.

use super::*;
use crate::errno::ETERM;
use crate::poll::{zmq_poll, zmq_ppoll};
use crate::poll_item::PollItem;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

extern "C" fn nothing(_signal: c_int) {}

/// Sends this thread signals until `call` has returned.
fn disturbed(call: impl FnOnce() -> c_int) -> c_int {
    let over = AtomicBool::new(false);
    // SAFETY: this thread lives as long as the scope, and the handler does nothing.
    let this = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut());
        libc::pthread_self()
    };
    let (returned, left) = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                // SAFETY: as above.
                unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
                thread::yield_now();
            }
        });
        let outcome = (call(), errno());
        over.store(true, Ordering::Release);
        outcome
    });
    // The end of the scope has waited, which has its own errors.
    crate::errno::set(left);
    returned
}

#[test]
fn whatever_waits_is_interrupted() {
    for endpoint in ["inproc://disturbed", TCP] {
        let link = Link::new(PULL, PUSH, endpoint);
        // Over tcp the thread then waits on the connection itself.
        done(send(link.other, b"first", 0));
        assert_eq!(receive(link.bound, 0).1, b"first");
        fails(disturbed(|| receive(link.bound, 0).0), libc::EINTR);
        let mut item = PollItem { socket: link.bound, fd: 0, events: 1, revents: 0 };
        // SAFETY: one item.
        fails(disturbed(|| unsafe { zmq_poll(&raw mut item, 1, -1) }), libc::EINTR);
        fails(disturbed(|| zmq_ctx_term(link.context)), libc::EINTR);
        fails(receive(link.bound, 0).0, ETERM);
    }
}

#[test]
fn a_blocked_signal_comes_in_while_it_is_waited_for() {
    let link = Link::new(PULL, PUSH, "inproc://masked");
    let mut item = PollItem { socket: link.bound, fd: 0, events: 1, revents: 0 };
    // SAFETY: sets and an action that are initialised; the handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(c_int) as usize;
        libc::sigaction(libc::SIGUSR2, &raw const action, ptr::null_mut());
        let (mut blocked, mut none): (libc::sigset_t, libc::sigset_t) =
            (std::mem::zeroed(), std::mem::zeroed());
        libc::sigemptyset(&raw mut none);
        libc::sigemptyset(&raw mut blocked);
        libc::sigaddset(&raw mut blocked, libc::SIGUSR2);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const blocked, ptr::null_mut());
        for timeout in [0, -1] {
            libc::pthread_kill(libc::pthread_self(), libc::SIGUSR2);
            assert_eq!(zmq_ppoll(&raw mut item, 1, 0, ptr::null()), 0, "not without a mask");
            fails(zmq_ppoll(&raw mut item, 1, timeout, &raw const none), libc::EINTR);
        }
        done(send(link.other, b"in", 0));
        assert_eq!(zmq_ppoll(&raw mut item, 1, -1, &raw const none), 1);
    }
}
