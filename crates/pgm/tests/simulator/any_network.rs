//! Networks that are bad in every way at once.

use crate::chance::Chance;
use crate::network::Faults;
use crate::publisher::{self, Work};
use crate::with_seeds;
use crate::world::World;
use pgm::{Sequence, SourceConfig};
use std::time::Duration;

/// Time in which everything is repaired or given up, also what the end of the data left missing: its loss is told by the
/// SPMs, which come at last every 30 seconds.
const REST: Duration = Duration::from_secs(240);

fn any_config(host: usize, chance: &mut Chance) -> SourceConfig {
    // Half of the sources come to the end of the numbers.
    let first = if chance.happens(500) { Sequence(0) } else { Sequence(0).minus(chance.of(1..=60)) };
    let max_tpdu = chance.of(80..=1_500) as usize;
    let rate = u64::from(chance.of(30_000..=2_000_000));
    SourceConfig { max_tpdu, rate, ..publisher::config(host, first) }
}

fn any_work(chance: &mut Chance) -> Work {
    let longest = if chance.happens(500) { 1_400 } else { 40 };
    let pace = [0, 2_000, 40_000][chance.of(0..=2) as usize];
    Work { messages: chance.of(1..=80), sizes: 4..=longest, pace: 0..=pace }
}

/// A world with so many subscribers, of which some are slow.
fn any_world(seed: u64, chance: &mut Chance, subscribers: u32, windows: u32) -> World {
    let mut world = World::new(Faults::any(chance), seed);
    world.kernel_full = chance.of(0..=50);
    for _ in 0..subscribers {
        join(&mut world, chance, windows);
    }
    world
}

fn join(world: &mut World, chance: &mut Chance, window: u32) {
    let subscriber = world.subscriber(window);
    world.subscribers[subscriber].application.pauses =
        if chance.happens(300) { chance.of(0..=100) } else { 0 };
}

/// Everybody knows what came of everything, and gives the number of messages that were lost.
fn check(world: &World) -> usize {
    let mut lost = 0;
    for (publisher, subscriber) in world.pairs() {
        let name = world.publishers[publisher].name();
        let stream = world.stream(subscriber, name).expect("a source that was heard");
        let sent = world.ledger.sent(name);
        // Who joined late may have heard nothing but an SPM.
        let next = stream.next.unwrap_or(sent);
        assert_eq!(next, sent, "subscriber {subscriber} waits for number {next} of {name:?}");
        lost += stream.lost;
    }
    lost
}

#[test]
fn everything_comes_where_the_window_is_long_enough() {
    with_seeds(40, |seed| {
        let chance = &mut Chance::new(seed);
        let subscribers = chance.of(1..=20);
        let mut world = any_world(seed, chance, subscribers, 1_000);
        for host in 1..=chance.of(1..=3) as usize {
            let config = any_config(host, chance);
            let publisher = world.publisher(SourceConfig { window: 1_000, ..config });
            world.works(publisher, any_work(chance));
        }
        world.run(chance.microseconds(0..=500_000));
        join(&mut world, chance, 1_000);
        world.run_until_sent();
        world.run(REST);
        assert_eq!(check(&world), 0, "lost although there was room");
        closes(&mut world);
    });
}

/// At the end nothing is left anywhere.
fn closes(world: &mut World) {
    (0..world.publishers.len()).for_each(|publisher| world.closes(publisher));
    world.run(Duration::from_secs(400));
    for subscriber in &world.subscribers {
        assert_eq!(subscriber.receiver.sources().count(), 0);
        assert_eq!(subscriber.receiver.next_timeout(), None);
        assert_eq!(subscriber.receiver.memory(), 0);
    }
    for publisher in &world.publishers {
        assert_eq!(publisher.source.next_timeout(), None);
    }
}

#[test]
fn short_windows_lose_some_and_tell_it() {
    let lost = std::cell::Cell::new(0);
    with_seeds(40, |seed| {
        let chance = &mut Chance::new(seed);
        let (subscribers, window) = (chance.of(1..=20), chance.of(1..=20));
        let mut world = any_world(seed, chance, subscribers, window);
        for host in 1..=chance.of(1..=2) as usize {
            let config = any_config(host, chance);
            let window = chance.of(1..=20);
            let publisher = world.publisher(SourceConfig { window, ..config });
            world.works(publisher, any_work(chance));
        }
        world.run_until_sent();
        world.run(REST);
        lost.set(lost.get() + check(&world));
        closes(&mut world);
    });
    assert!(lost.get() > 0, "the windows are not short enough");
}

#[test]
fn sources_die_and_others_begin() {
    with_seeds(40, |seed| {
        let chance = &mut Chance::new(seed);
        let subscribers = chance.of(1..=20);
        let mut world = any_world(seed, chance, subscribers, 1_000);
        let hosts = chance.of(1..=3) as usize;
        for host in 1..=hosts {
            let publisher = world.publisher(any_config(host, chance));
            world.works(publisher, any_work(chance));
        }
        for life in 2..=chance.of(2..=4) as u16 {
            world.run(chance.microseconds(0..=2_000_000));
            let publisher = chance.of(0..=hosts as u32 - 1) as usize;
            let host = publisher + 1;
            let tsi = publisher::tsi(host, life);
            world.restarts(publisher, SourceConfig { tsi, ..any_config(host, chance) });
            world.works(publisher, any_work(chance));
        }
        world.run_until_sent();
        world.run(REST);
        assert_eq!(check(&world), 0, "lost although there was room");
        closes(&mut world);
    });
}
