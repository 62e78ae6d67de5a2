//! Many receivers, which must not cost a source more than a few.

use crate::network::Faults;
use crate::publisher::{self, Work};
use crate::world::World;
use pgm::{Body, Sequence};
use std::time::Duration;

/// A source with so many receivers, after everything was sent and repaired.
fn crowd(faults: Faults, subscribers: usize, messages: u32) -> World {
    let mut world = World::new(faults, 1);
    (0..subscribers).for_each(|_| _ = world.subscriber(1_000));
    let publisher = world.publisher(publisher::config(1, Sequence(0)));
    world.works(publisher, Work { messages, sizes: 20..=60, pace: 0..=10_000 });
    world.run_until_sent();
    world.run(Duration::from_secs(60));
    for subscriber in 0..subscribers {
        let stream = world.stream(subscriber, world.publishers[0].name()).expect("a source that was heard");
        assert_eq!((stream.next, stream.lost), (Some(messages as usize), 0));
    }
    world
}

/// The packets that the source had to deal with, and those it sent.
fn work(world: &World) -> (usize, usize) {
    let publisher = &world.publishers[0];
    (publisher.handled, publisher.sent)
}

#[test]
fn a_thousand_receivers_are_as_much_work_as_one() {
    let one = work(&crowd(Faults::NONE, 1, 100));
    let thousand = work(&crowd(Faults::NONE, 1_000, 100));
    assert_eq!(one, thousand);
    assert_eq!(thousand.0, 0, "nothing was to be asked");
}

#[test]
fn the_same_loss_is_asked_for_by_few() {
    let faults = Faults { lost_for_all: 50, ..Faults::NONE };
    let (one_heard, one_sent) = work(&crowd(faults.clone(), 1, 200));
    let (heard, sent) = work(&crowd(faults, 500, 200));
    assert!(one_heard >= 5, "{one_heard}: nothing was lost");
    // In the time that a NAK and its NCF take, 0.2 ms of the 50 ms of the back-off, others may send theirs.
    assert!(heard <= 6 * one_heard, "{heard} packets came from 500 receivers, {one_heard} from one");
    // Each of them may get an NCF and an RDATA.
    assert!(sent <= one_sent + 2 * heard, "{sent} packets were sent to 500 receivers, {one_sent} to one");
}

#[test]
fn a_confirmation_keeps_others_from_asking() {
    let mut world = World::new(Faults::NONE, 1);
    (0..100).for_each(|_| _ = world.subscriber(100));
    let publisher = world.publisher(publisher::config(1, Sequence(0)));
    world.works(publisher, Work { messages: 9, sizes: 20..=60, pace: 10_000..=10_000 });
    // A message that is lost, and lost again whenever it is repaired.
    world.network.stops =
        |body| matches!(body, Body::Odata(data) | Body::Rdata(data) if data.sequence == Sequence(5));
    world.run(Duration::from_secs(5));
    let asked = world.publishers[publisher].handled;
    // Somebody asks each 200 to 250 ms, and few do at once.
    assert!((20..80).contains(&asked), "{asked} packets came from 100 receivers");
    world.network.stops = |_| false;
    world.run(Duration::from_secs(1));
    let name = world.publishers[publisher].name();
    assert!(
        (0..100).all(|subscriber| world.stream(subscriber, name).is_some_and(|stream| stream.delivered == 9))
    );
}

#[test]
fn what_each_loses_for_itself_is_sent_once_for_all() {
    let faults = Faults { lost: 20, ..Faults::NONE };
    let world = crowd(faults, 100, 100);
    let statistics = world.publishers[0].source.statistics();
    // Nearly every packet is lost by some receiver, most by two.
    assert!(statistics.repairs >= 50, "{statistics:?}");
    assert!(statistics.repairs <= 250, "{statistics:?}");
    assert!(statistics.naks <= 2 * statistics.repairs, "{statistics:?}");
}
