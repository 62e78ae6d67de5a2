//! Order, completeness and limits: what each pattern promises.

mod common;

use common::{NETWORK, PATIENCE, pipeline, within};
use std::time::{Duration, Instant};
use zincmq::{Context, Error, Pull};

/// A wait that the caller's thread drives itself ends in time like any other.
#[test]
fn a_wait_on_the_only_connection_ends_in_time() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let (mut push, mut pull): (_, Pull) = pipeline(&context, endpoint, 10, 10);
            push.send("first").unwrap();
            pull.recv_timeout(PATIENCE).unwrap();
            for milliseconds in [0, 1, 20] {
                let limit = Duration::from_millis(milliseconds);
                let begin = Instant::now();
                assert!(matches!(pull.recv_timeout(limit), Err(Error::Again)), "{endpoint}");
                assert!(begin.elapsed() >= limit, "{endpoint}");
                assert!(begin.elapsed() < PATIENCE / 4, "{endpoint}: {:?}", begin.elapsed());
            }
        }
    });
}
