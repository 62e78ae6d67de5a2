//! What a source sends in a long time is what its rate says.

use crate::network::Faults;
use crate::publisher::{self, Work};
use crate::with_seeds;
use crate::world::World;
use pgm::{Sequence, SourceConfig};
use std::time::{Duration, Instant};

/// The bytes that were sent after each moment of `wire`, for `time`.
fn stretches(wire: &[(Instant, usize)], time: Duration) -> Vec<usize> {
    let (mut end, mut bytes) = (0, 0);
    let mut found = Vec::new();
    for (start, size) in wire {
        while let Some((at, more)) = wire.get(end)
            && *at < *start + time
        {
            bytes += more;
            end += 1;
        }
        if end == wire.len() {
            break;
        }
        found.push(bytes);
        bytes -= size;
    }
    found
}

#[test]
fn a_busy_source_keeps_its_rate() {
    with_seeds(3, |seed| {
        for (rate, sizes, messages) in [
            (12_500, 1_428..=1_428, 900),
            (12_500, 4..=1_428, 900),
            (125_000, 100..=1_428, 3_000),
            (12_500_000, 4..=1_428, 3_000),
        ] {
            let mut world = World::new(Faults::NONE, seed);
            let publisher = world.publisher(SourceConfig { rate, ..publisher::config(1, Sequence(0)) });
            world.works(publisher, Work { messages, sizes, pace: 0..=0 });
            world.run_until_sent();
            let wire = &world.publishers[publisher].wire;
            // At first a bucket is full: what it holds comes on top.
            let start = wire[0].0;
            let burst = wire.iter().take_while(|(at, _)| *at == start).count();
            // A time in which many datagrams are sent.
            let time = Duration::from_secs_f64(300_000.0 / rate as f64);
            let found = stretches(&wire[burst..], time);
            let expected = rate as f64 * time.as_secs_f64();
            assert!(found.len() > 100);
            for bytes in found {
                let ratio = bytes as f64 / expected;
                assert!((0.98..1.02).contains(&ratio), "{ratio} of {rate} bytes a second");
            }
        }
    });
}

#[test]
fn a_source_that_paused_sends_no_more_than_a_bucket_at_once() {
    let mut world = World::new(Faults::NONE, 1);
    let publisher = world.publisher(SourceConfig { rate: 12_500, ..publisher::config(1, Sequence(0)) });
    for _ in 0..3 {
        world.run(Duration::from_secs(100));
        world.works(publisher, Work { messages: 50, sizes: 1_428..=1_428, pace: 0..=0 });
        world.run(Duration::from_secs(10));
        let wire = &mut world.publishers[publisher].wire;
        let start = wire[0].0;
        let burst = wire.iter().take_while(|(at, _)| *at == start).count();
        assert_eq!(burst, 8, "a second's worth");
        wire.clear();
    }
}
