//! What waits costs nothing. The only test of its process, whose processor time it measures.

mod common;

use common::pipeline;
use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};
use zincmq::{Context, Pull, option};

#[test]
fn sockets_that_nobody_reads_take_no_processor() {
    let context = Context::new();
    let (mut push, pull) = pipeline(&context, "tcp://127.0.0.1:*", 10, 10);
    let body = vec![1; 100_000];
    // Until the queues at both ends and the kernel's buffers are full.
    while push.send_timeout(&body, Duration::from_millis(200)).is_ok() {}
    let mut silent = Pull::new(&context).unwrap();
    silent.set(option::SPIN, Duration::from_millis(1)).unwrap();
    silent.bind("tcp://127.0.0.1:*").unwrap();
    let (begin, before) = (Instant::now(), processor_time());
    assert!(silent.recv_timeout(Duration::from_millis(500)).is_err());
    let (time, used) = (begin.elapsed(), processor_time() - before);
    assert!(used < time / 20, "{used:?} of {time:?}");
    drop((push, pull));
}

/// What all threads of this process have used.
#[expect(clippy::disallowed_methods, reason = "not under valgrind")]
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}
