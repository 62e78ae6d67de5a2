//! Datagrams are lost on the loopback interface, in this process, and repaired by libzmq, or for it.

use crate::driver::{Forgetful, Lossy};
use crate::talk::{Place, Says, Talk, all_sizes, available, socket};
use interop::multicast::{Library, Messages};

fn publisher_loses(subscriber: Library) {
    if !available(&[subscriber]) {
        return;
    }
    let place = Place::new();
    let mut subscriber = socket(subscriber, "sub", &place.loopback(), &[]);
    let mut talk = Talk::new(Lossy::new(&place, 10_000), 'h');
    talk.reach(&mut subscriber);
    talk.publisher.lose();
    talk.tell(&mut subscriber, &all_sizes());
    let (lost, repaired) = talk.publisher.losses();
    assert!(lost > 20 && repaired > 20, "{lost} lost, {repaired} repaired");
}

fn subscriber_loses(publisher: Library) {
    if !available(&[publisher]) {
        return;
    }
    let place = Place::new();
    let mut subscriber = Forgetful::new(&place);
    let mut talk = Talk::new(socket(publisher, "pub", &place.loopback(), &[]), 'h');
    talk.reach(&mut subscriber);
    subscriber.lose();
    talk.tell(&mut subscriber, &all_sizes());
    let (lost, repaired) = subscriber.losses();
    assert!(lost > 20 && repaired > 20, "{lost} lost, {repaired} repaired");
}

#[test]
fn genuine_asks_for_what_was_not_sent() {
    publisher_loses(Library::Genuine);
}

#[test]
fn native_asks_for_what_was_not_sent() {
    publisher_loses(Library::Native);
}

#[test]
fn genuine_repairs() {
    subscriber_loses(Library::Genuine);
}

#[test]
fn native_repairs() {
    subscriber_loses(Library::Native);
}

#[test]
fn c_repairs() {
    subscriber_loses(Library::C);
}

/// A window of one datagram repairs nothing. Each message takes two datagrams, to the byte: without the last one of a
/// message and the first one of the next, the rest looks like one message.
fn lost_for_good(subscriber: Library) {
    let place = Place::new();
    let mut subscriber = socket(subscriber, "sub", &place.loopback(), &[]);
    let mut talk = Talk::new(Lossy::new(&place, 1), 'h');
    talk.reach(&mut subscriber);
    talk.publisher.lose();
    let messages = Messages::new('a', 0, 400, &[2 * 1426 - 10]);
    talk.publisher.say(&messages);
    let heard = talk.reach(&mut subscriber);
    let mut sent = messages.lines();
    assert!(heard.iter().all(|line| sent.any(|sent| sent == *line)), "each is as it was sent, and in order");
    // Two datagrams of nine are of one message or of two; three or four others are whole.
    assert!((200..380).contains(&heard.len()), "{} of 400", heard.len());
}

#[test]
fn what_native_loses_for_good_spoils_nothing_else() {
    lost_for_good(Library::Native);
}

#[test]
fn what_c_loses_for_good_spoils_nothing_else() {
    lost_for_good(Library::C);
}
