//! A poller that is used again takes no memory.

mod common;

use common::pipeline;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Events};

thread_local! {
    /// How often this thread took memory.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) };
    }
}

#[test]
fn a_wait_takes_no_memory_but_the_first() {
    const EACH: usize = 20;
    let context = Context::new();
    let mut ends: Vec<_> =
        (0..EACH).map(|at| pipeline(&context, &format!("inproc://{at}"), 10, 10)).collect();
    let mut monitors: Vec<_> = ends.iter_mut().map(|(push, _)| push.monitor(Events::ALL)).collect();
    let pairs: Vec<_> = (0..EACH).map(|_| UnixStream::pair().unwrap()).collect();
    let mut poller = Poller::new();
    for (round, descriptors) in [0, EACH].into_iter().enumerate() {
        for ready in [false, true] {
            if ready {
                ends.iter_mut().for_each(|(push, _)| push.send("here").unwrap());
            }
            for wait in 0..20 {
                let before = TAKEN.get();
                let sockets = ends.iter_mut().zip(0..);
                let sockets =
                    sockets.map(|((_, pull), at)| Item::socket(Token(at), pull, Interest::READABLE));
                let monitors = monitors.iter_mut().map(|monitor| Item::monitor(Token(EACH), monitor));
                let descriptors = pairs
                    .iter()
                    .take(descriptors)
                    .map(|(ours, _)| Item::descriptor(Token(EACH), ours.as_fd(), Interest::READABLE));
                let items = sockets.chain(monitors).chain(descriptors);
                let found = poller.wait(items, Some(Duration::from_micros(100))).unwrap();
                assert_eq!(found.len(), if ready { EACH } else { 0 });
                let taken = TAKEN.get() - before;
                assert!(wait == 0 || taken == 0, "{taken} times, in wait {wait} of round {round}");
            }
        }
        ends.iter_mut().for_each(|(_, pull)| drop(pull.try_recv().unwrap()));
    }
}
