//! Waiting at a connection's descriptor: the state that a socket keeps for it from one wait to the next.

use crate::bell::Bell;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After messages have streamed in, the I/O thread keeps the connection for so long.
const PAUSE: Duration = Duration::from_millis(10);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    bell: Option<Arc<Bell>>,
    paused_until: Option<Instant>,
}

impl Listener {
    /// Leaves the connection to the I/O thread for a while.
    pub(super) fn pause(&mut self) {
        self.paused_until = Some(Instant::now() + PAUSE);
    }

    /// Whether the I/O thread is to have the connection still.
    pub(super) fn is_paused(&mut self) -> bool {
        self.paused_until = self.paused_until.filter(|until| Instant::now() < *until);
        self.paused_until.is_some()
    }

    /// The bell that wakes a thread which waits for a descriptor.
    pub(super) fn bell(&mut self) -> io::Result<&Arc<Bell>> {
        match &mut self.bell {
            Some(bell) => Ok(bell),
            bell => Ok(bell.insert(Arc::new(Bell::new()?))),
        }
    }
}
