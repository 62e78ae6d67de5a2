//! Wakers of a signal: their end, too, may make use of it.

use queue::{Signal, Wake};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Notifies the signal that it belongs to when nobody has it any more, as the task does that owns the other end of a
/// pipe.
struct LastWord(Arc<Signal>);

impl Wake for LastWord {
    fn wake(&self) {}
}

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.notify();
    }
}

#[test]
fn a_waker_may_notify_when_it_is_dropped() {
    let (done, result) = channel();
    std::thread::spawn(move || {
        let signal = Arc::new(Signal::default());
        signal.arm(Arc::new(LastWord(signal.clone())));
        signal.arm(Arc::new(LastWord(signal.clone())));
        signal.forget();
        done.send(()).unwrap();
    });
    result.recv_timeout(Duration::from_secs(20)).expect("the signal waits for itself");
}
