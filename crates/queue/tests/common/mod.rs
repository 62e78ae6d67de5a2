//! What the tests share: bodies that can be checked, and a reader's or writer's bell.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use queue::{Broadcast, Notify, Reader};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The largest body that [`body`] gives.
pub const LARGEST: usize = 300_000;

/// A body of `size` bytes; different seeds give different bytes.
pub fn body(seed: u8, size: usize) -> &'static [u8] {
    static PATTERN: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut state = 1u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..LARGEST + 256).map(next).collect()
    });
    &PATTERN[usize::from(seed)..][..size]
}

/// Rings for one end each; a rung bell stays rung until it is asked.
#[derive(Debug, Default)]
pub struct Bell {
    readable: AtomicBool,
    writable: AtomicBool,
}

impl Notify for Bell {
    fn readable(&self, key: u64) {
        assert_eq!(key, 1);
        self.readable.store(true, Ordering::SeqCst);
    }

    fn writable(&self, key: u64) {
        assert_eq!(key, 2);
        self.writable.store(true, Ordering::SeqCst);
    }
}

impl Bell {
    pub fn has_rung_for_reader(&self) -> bool {
        self.readable.swap(false, Ordering::SeqCst)
    }

    pub fn has_rung_for_writer(&self) -> bool {
        self.writable.swap(false, Ordering::SeqCst)
    }
}

/// What pipes share of a message of so many parts that goes to so many readers.
pub fn broadcast(parts: usize, readers: usize) -> Broadcast {
    let mut broadcast = Broadcast::default();
    broadcast.begin(parts, readers);
    broadcast
}

/// Takes one whole message of data; `None` if there is none.
pub fn take_message(reader: &mut Reader) -> Option<Vec<Vec<u8>>> {
    // All ways find the same.
    let lent = match reader.read() % 4 {
        0 => reader.take_short().map(<[u8]>::to_vec),
        1 => reader.lend(usize::MAX).map(|lent| lent.bytes.to_vec()),
        2 => reader.lend(300).map(|lent| lent.bytes.to_vec()),
        _ => None,
    };
    if let Some(body) = lent {
        return Some(vec![body]);
    }
    let mut parts = Vec::new();
    loop {
        let Some(frame) = reader.take() else {
            assert!(parts.is_empty(), "a message lacks its end");
            return None;
        };
        parts.push(frame.body.as_ref().to_vec());
        if !frame.more {
            return Some(parts);
        }
    }
}
