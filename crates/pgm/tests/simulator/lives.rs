//! How sources and receivers come and go, on a network without faults.

use crate::network::Faults;
use crate::publisher::{self, Work};
use crate::world::World;
use pgm::{Sequence, SourceConfig};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn work(messages: u32) -> Work {
    Work { messages, sizes: 10..=100, pace: 1_000..=1_000 }
}

/// A source with one receiver. Both have started.
fn pair() -> World {
    let mut world = World::new(Faults::NONE, 1);
    world.subscriber(100);
    world.publisher(publisher::config(1, Sequence(0)));
    world.run(SECOND);
    world
}

/// How many messages a subscriber got, how many it was told are lost, and whether the source has ended.
fn got(world: &World, subscriber: usize) -> (usize, usize, bool) {
    let stream = world.stream(subscriber, world.publishers[0].name()).expect("a source that was heard");
    (stream.delivered, stream.lost, stream.is_finished)
}

#[test]
fn who_joins_late_gets_what_is_sent_from_then_on() {
    let mut world = pair();
    world.works(0, work(50));
    world.run(SECOND);
    let late = world.subscriber(100);
    world.works(0, work(30));
    world.run(SECOND);
    assert_eq!(got(&world, 0), (80, 0, false));
    assert_eq!(got(&world, late), (30, 0, false));
}

#[test]
fn who_joins_a_silent_source_gets_everything_from_then_on() {
    let mut world = pair();
    world.works(0, work(50));
    world.run(SECOND);
    let late = world.subscriber(100);
    // It hears an SPM. The next data is lost, but it knows that there was some.
    world.run(60 * SECOND);
    world.network.faults.lost_for_all = 1_000;
    world.works(0, work(1));
    world.run(SECOND / 100);
    world.network.faults.lost_for_all = 0;
    world.run(SECOND);
    assert_eq!(got(&world, late), (1, 0, false));
}

#[test]
fn the_end_is_told_after_the_last_data() {
    let mut world = pair();
    world.works(0, work(50));
    world.run_until_sent();
    world.closes(0);
    world.run(SECOND);
    assert_eq!(got(&world, 0), (50, 0, true));
    let sent = world.subscribers[0].sent;
    world.run(1_000 * SECOND);
    assert_eq!(world.subscribers[0].sent, sent, "nothing is asked for after the end");
    assert_eq!(world.subscribers[0].receiver.sources().count(), 0);
}

#[test]
fn the_end_waits_for_repairs() {
    let mut world = pair();
    world.network.faults.lost_for_all = 1_000;
    world.works(0, work(5));
    world.run(SECOND / 100);
    world.network.faults.lost_for_all = 0;
    world.closes(0);
    world.run(SECOND / 1_000);
    assert_eq!(got(&world, 0), (0, 0, false), "the end is known, and 5 packets are missing");
    world.run(SECOND);
    assert_eq!(got(&world, 0), (5, 0, true));
}

#[test]
fn a_dead_source_is_given_up_and_a_new_one_heard() {
    let mut world = pair();
    world.works(0, work(5));
    world.run_until_sent();
    // Of the last messages only the very last arrives.
    world.network.faults.lost_for_all = 1_000;
    world.works(0, work(3));
    world.run_until_sent();
    world.network.faults.lost_for_all = 0;
    world.works(0, work(1));
    world.run(SECOND / 1_000);
    let old = world.publishers[0].name();
    let tsi = publisher::tsi(1, 2);
    world.restarts(0, SourceConfig { tsi, ..publisher::config(1, Sequence(0)) });
    world.works(0, work(10));
    world.run(SECOND);
    assert_eq!(got(&world, 0), (10, 0, false), "the new one does not wait for the old one");
    assert_eq!(world.stream(0, old).expect("the old source").lost, 0, "it may still come");
    world.run(20 * SECOND);
    let stream = world.stream(0, old).expect("the old source");
    assert_eq!((stream.delivered, stream.lost), (6, 3));
    world.run(300 * SECOND);
    assert!(world.stream(0, old).is_none(), "it is forgotten");
    assert!(world.stream(0, world.publishers[0].name()).is_some(), "this one sends SPMs");
}

#[test]
fn the_same_session_name_on_two_hosts_is_two_sources() {
    let mut world = pair();
    let config = publisher::config(2, Sequence(0));
    let other = world.publisher(SourceConfig { tsi: publisher::tsi(1, 1), ..config });
    world.works(0, work(50));
    world.works(other, work(60));
    world.run(SECOND);
    assert_eq!(got(&world, 0), (50, 0, false));
    let stream = world.stream(0, world.publishers[other].name()).expect("the other source");
    assert_eq!((stream.delivered, stream.lost), (60, 0));
}
