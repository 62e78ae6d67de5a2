//! Between hosts that lose one packet in twenty, each way: data, repairs, requests and confirmations.

use crate::talk::{Says, Talk, all_sizes, available, same, start};
use interop::multicast::Library::{self, C, Genuine, Native};
use interop::multicast::{Hosts, Messages, Over, Process};
use std::thread;

const PORT: u16 = 5555;

/// A socket at a host.
fn socket(hosts: &Hosts, number: u32, over: Over, library: Library, kind: &str) -> Process {
    let endpoint = Hosts::endpoint(over, number, PORT);
    let ipv6: &[&str] = if over == Over::Udp6 { &["ipv6=1"] } else { &[] };
    let mut start = start(library, kind, &endpoint, ipv6);
    let host = hosts.host(number);
    start.host = Some(&host);
    start.process()
}

/// All at the same time, since each waits for timers most of its own.
#[test]
fn everything_arrives_in_spite_of_losses() {
    let pairs = [
        (Over::Udp, Native, Genuine),
        (Over::Udp, Genuine, Native),
        (Over::Udp, C, Genuine),
        (Over::Udp, Genuine, C),
        (Over::Udp, Native, C),
        (Over::Udp6, Native, Genuine),
        (Over::Udp6, Genuine, Native),
        (Over::Raw, Native, Genuine),
        (Over::Raw, Genuine, Native),
    ];
    thread::scope(|scope| {
        for (over, publisher, subscriber) in pairs {
            let run = move || everything_arrives(over, publisher, subscriber);
            let name = format!("{over:?} {publisher} {subscriber}");
            thread::Builder::new().name(name).spawn_scoped(scope, run).unwrap();
        }
    });
}

fn everything_arrives(over: Over, publisher: Library, subscriber: Library) {
    if !available(&[publisher, subscriber]) {
        return;
    }
    let Some(hosts) = Hosts::new(2) else { return };
    let mut subscriber = socket(&hosts, 2, over, subscriber, "sub");
    let mut talk = Talk::new(socket(&hosts, 1, over, publisher, "pub"), 'h');
    talk.reach(&mut subscriber);
    hosts.wait_for_spm(over, 1, || talk.greet());
    talk.reach(&mut subscriber);
    hosts.lose(over);
    talk.tell(&mut subscriber, &all_sizes());
    let lost = hosts.lost();
    assert!(lost > 10, "{lost} packets are lost");
}

/// libzmq mixes the parts of messages of two publishers, so it gets such as have one.
#[test]
fn genuine_hears_two_publishers() {
    two_publishers(Genuine, &[2000]);
}

#[test]
fn native_hears_two_publishers() {
    two_publishers(Native, &[9, 2000]);
}

fn two_publishers(subscriber: Library, sizes: &[usize]) {
    if !available(&[Genuine]) {
        return;
    }
    let Some(hosts) = Hosts::new(3) else { return };
    let over = Over::Udp;
    let mut subscriber = socket(&hosts, 3, over, subscriber, "sub");
    let publishers = [(1, Native, 'h'), (2, Genuine, 'i')];
    let mut talks =
        publishers.map(|(host, library, hello)| Talk::new(socket(&hosts, host, over, library, "pub"), hello));
    for (talk, number) in talks.iter_mut().zip(1..) {
        talk.reach(&mut subscriber);
        hosts.wait_for_spm(over, number, || talk.greet());
    }
    hosts.lose(over);
    let messages = ['a', 'b'].map(|topic| (0..20).map(move |run| Messages::new(topic, 10 * run, 10, sizes)));
    let messages = messages.map(Iterator::collect::<Vec<_>>);
    // In turns, so that both are under way at the same time.
    for (a, b) in messages[0].iter().zip(&messages[1]) {
        talks[0].publisher.say(a);
        talks[1].publisher.say(b);
    }
    let heard: Vec<_> = talks.iter_mut().flat_map(|talk| talk.reach(&mut subscriber)).collect();
    for (topic, messages) in ['a', 'b'].iter().zip(&messages) {
        let lines: Vec<_> = heard.iter().filter(|line| line.starts_with(*topic)).cloned().collect();
        same(&lines, messages);
    }
    let lost = hosts.lost();
    assert!(lost > 10, "{lost} packets are lost");
}
