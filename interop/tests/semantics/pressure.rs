//! High-water marks: who does not read holds up who sends, in bounded memory, and nothing is lost.

use crate::subjects;
use interop::{GLANCE, Library, Peer};
use zincmq::SocketType::{self, Dealer, Pub, Pull, Push, Sub};
use zincmq::option;

/// `EAGAIN`.
const AGAIN: i32 = 11;
/// The default of `SNDHWM` and of `RCVHWM`.
const MARK: u32 = 1000;
/// The kernel's buffers are set to this, so that they hold a few messages only.
const KERNEL: usize = 64 << 10;
const BODY: [u8; 10_000] = [7; 10_000];
/// More than fits the kernel's four buffers (which it doubles) and one read.
const SLACK: u32 = 200;

fn pair(sender: Library, types: [SocketType; 2], endpoint: &str, sender_binds: bool) -> [Peer; 2] {
    let mut from = Peer::new(sender, types[0]);
    let mut to = Peer::new(sender.other(), types[1]);
    for peer in [&mut from, &mut to] {
        peer.set(option::SNDBUF, KERNEL).set(option::RCVBUF, KERNEL);
    }
    let (binder, connecter) = if sender_binds { (&mut from, &mut to) } else { (&mut to, &mut from) };
    connecter.connect(&binder.bind(endpoint));
    [from, to]
}

/// Sends until it would have to wait; returns how many messages were taken.
fn fill(from: &mut Peer) -> u32 {
    let mut sent = 0_u32;
    loop {
        match from.send(&[&sent.to_be_bytes()[..], &BODY]) {
            Ok(()) => sent += 1,
            Err(error) => {
                assert_eq!(error, AGAIN);
                return sent;
            }
        }
        // From the first one on, no more patience than for a full pipe. Only time can show that it is full.
        from.set(option::SNDTIMEO, GLANCE);
        assert!(sent < 20 * MARK + SLACK, "nothing holds it up");
    }
}

#[test]
fn a_reader_that_does_not_read_holds_its_writer_up() {
    for types in [[Push, Pull], [Dealer, Dealer]] {
        for sender in subjects() {
            for (endpoint, sender_binds) in
                [("tcp://127.0.0.1:*", true), ("tcp://127.0.0.1:*", false), ("ipc://*", false)]
            {
                println!("{types:?}: {sender:?} sends, binds {sender_binds}, {endpoint}");
                let [mut from, mut to] = pair(sender, types, endpoint, sender_binds);
                let sent = fill(&mut from);
                println!("held up after {sent}");
                assert!(sent >= MARK);
                for number in 0..sent {
                    let message = to.recv().unwrap();
                    assert!(message == [&number.to_be_bytes()[..], &BODY], "message {number}");
                }
                // There is room again.
                from.send(&["after"]).unwrap();
                assert_eq!(to.recv().unwrap(), [b"after"]);
            }
        }
    }
}

#[test]
fn a_publisher_drops_what_a_slow_subscriber_has_no_room_for() {
    for publisher in subjects() {
        let [mut from, mut to] = pair(publisher, [Pub, Sub], "tcp://127.0.0.1:*", true);
        to.subscribe("");
        while to.recv_within(std::time::Duration::from_millis(1)).is_none() {
            from.send(&["probe"]).unwrap();
        }
        for number in 0..4 * MARK {
            from.send(&[&number.to_be_bytes()[..], &BODY]).unwrap();
        }
        let (mut expected, mut count) = (0, 0);
        loop {
            // It has room again once all has been received; what is published then comes behind all of that.
            let Some(message) = to.recv_within(std::time::Duration::from_millis(1)) else {
                from.send(&["after"]).unwrap();
                continue;
            };
            match &message[0][..] {
                b"probe" => continue,
                b"after" => break,
                _ => {}
            }
            let number = u32::from_be_bytes(message[0][..].try_into().unwrap());
            assert!(number >= expected && message[1] == BODY, "{number} instead of {expected}");
            expected = number + 1;
            count += 1;
        }
        assert!((MARK / 2..2 * MARK + SLACK).contains(&count), "{publisher:?}: {count}");
    }
}
