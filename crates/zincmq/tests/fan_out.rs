//! One message for many subscribers, over all transports at once.

mod common;

use bytes::Bytes;
use common::{ENDPOINTS, PATIENCE, until, within};
use std::time::Duration;
use zincmq::{Context, Error, Frame, Message, Sub, XPub, option};

/// Around the bounds of what is copied, what is common, and what goes by reference as it is.
const SIZES: [usize; 16] =
    [0, 1, 64, 65, 127, 128, 129, 255, 256, 1023, 1024, 1025, 8192, 8193, 65_000, 100_000];

fn body(size: usize, seed: u8) -> Vec<u8> {
    (0..size).map(|n| (n as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}

/// A publisher, and so many subscribers over each of these transports, all of whom it knows.
fn publisher(context: &Context, endpoints: &[&str], each: usize, mark: usize) -> (XPub, Vec<Sub>) {
    let mut publisher = XPub::new(context).unwrap();
    publisher.set(option::XPUB_VERBOSE, true).unwrap();
    publisher.set(option::SNDHWM, mark).unwrap();
    let mut subscribers = Vec::new();
    for endpoint in endpoints {
        let bound = publisher.bind(endpoint).unwrap();
        for _ in 0..each {
            let mut subscriber = Sub::new(context).unwrap();
            subscriber.set(option::RCVHWM, mark).unwrap();
            subscriber.subscribe("").unwrap();
            subscriber.connect(&bound).unwrap();
            subscribers.push(subscriber);
        }
    }
    for _ in &subscribers {
        assert_eq!(publisher.recv_timeout(PATIENCE).unwrap(), [1]);
    }
    (publisher, subscribers)
}

#[test]
fn every_subscriber_gets_every_byte() {
    within(PATIENCE * 3, || {
        for each in [1, 2, 21] {
            let context = Context::new();
            let (mut publisher, mut subscribers) = publisher(&context, &ENDPOINTS, each, 1000);
            for size in SIZES {
                let (one, other) = (body(size, 1), body(size, 2));
                publisher.send(&one[..]).unwrap();
                publisher.send(Bytes::from(other.clone())).unwrap();
                publisher.send([&one[..], b"between", &other[..]]).unwrap();
                publisher.send(other.clone()).unwrap();
                let expected = [&[&one[..]][..], &[&other], &[&one, b"between", &other], &[&other]];
                for subscriber in &mut subscribers {
                    for parts in expected {
                        let found = subscriber.recv_timeout(PATIENCE).unwrap();
                        assert!(found.iter().eq(parts), "{size} bytes, {each} subscribers each");
                    }
                }
            }
            // An I/O thread counts a message when it comes back from the kernel, which the subscriber may be ahead of.
            until("nothing is queued", || publisher.stats().queued_out == 0);
            let stats = publisher.stats();
            assert_eq!(stats.peers.len(), 3 * each);
            let sent = stats.peers[0].sent_bytes;
            assert!(stats.peers.iter().all(|peer| peer.sent_bytes == sent));
            assert_eq!((stats.sent, stats.dropped_full), ((3 * each * 4 * SIZES.len()) as u64, 0));
        }
    });
}

#[test]
fn what_many_have_is_shared_until_one_is_left() {
    let context = Context::new();
    let (mut publisher, mut subscribers) = publisher(&context, &["inproc://shared"], 40, 1000);
    publisher.send(&body(500, 1)[..]).unwrap();
    let mut received: Vec<Frame> =
        subscribers.iter_mut().map(|subscriber| subscriber.recv().unwrap().into_frame()).collect();
    assert!(received.iter().all(Frame::is_shared));
    let place = received[0].as_ptr();
    assert!(received.iter().all(|frame| frame.as_ptr() == place));
    // What one makes of it is its own.
    let mut changed = received.pop().unwrap().into_vec();
    changed.fill(0);
    let bytes = received.pop().unwrap().into_bytes();
    assert_eq!((bytes.as_ptr(), &bytes[..]), (place, &body(500, 1)[..]));
    assert!(received.iter().all(|frame| *frame == body(500, 1)));
    drop(bytes);
    received.truncate(1);
    assert!(!received[0].is_shared());
    let copy = received[0].clone();
    assert!(copy.is_shared() && received[0].is_shared());
}

#[test]
fn what_is_kept_stays_while_the_publisher_goes_on() {
    let context = Context::new();
    let (mut publisher, mut subscribers) = publisher(&context, &["inproc://kept"], 40, 0);
    let mut kept = Vec::new();
    let mut message = Message::new();
    for n in 0..5000_u32 {
        // The sizes change, so that the memory of one message does not always suit the next.
        let size = 200 + (n as usize * 37) % 700;
        publisher.send(&body(size, n as u8)[..]).unwrap();
        for (at, subscriber) in subscribers.iter_mut().enumerate() {
            if n % 10 == 0 && at == n as usize % 40 {
                kept.push((subscriber.recv().unwrap(), size, n as u8));
            } else {
                subscriber.recv_into(&mut message).unwrap();
                assert_eq!(message, body(size, n as u8));
            }
        }
    }
    assert_eq!(kept.len(), 500);
    drop((publisher, subscribers));
    assert!(kept.iter().all(|(message, size, seed)| *message == body(*size, *seed)));
}

#[test]
fn a_slow_subscriber_loses_what_is_beyond_its_mark_and_nobody_else_does() {
    for parts in [1, 3] {
        let context = Context::new();
        let (mut publisher, mut subscribers) = publisher(&context, &["inproc://slow"], 64, 10);
        let mut slow = subscribers.pop().unwrap();
        for n in 0..100 {
            publisher.send(vec![body(1024, n); parts]).unwrap();
            for subscriber in &mut subscribers {
                let received = subscriber.recv().unwrap();
                assert_eq!(received.len(), parts);
                assert!(received.iter().all(|part| *part == body(1024, n)));
            }
        }
        let stats = publisher.stats();
        assert_eq!((stats.dropped_full, stats.queued_out), (80, 20));
        assert_eq!(slow.stats().queued_in, 20);
        for n in 0..20 {
            assert!(slow.recv().unwrap().iter().all(|part| *part == body(1024, n)));
        }
        assert_eq!(slow.recv_timeout(Duration::ZERO).unwrap_err(), Error::Timeout);
    }
}

/// The connection is closed with messages on their way, of which the peer gets all.
#[test]
fn what_waits_for_a_network_lingers() {
    within(PATIENCE, || {
        for endpoint in &ENDPOINTS[1..] {
            let context = Context::new();
            let (mut publisher, mut subscribers) = publisher(&context, &[endpoint], 8, 0);
            for n in 0..2000_u32 {
                publisher.send(&body(1000, n as u8)[..]).unwrap();
            }
            drop(publisher);
            for subscriber in &mut subscribers {
                for n in 0..2000_u32 {
                    assert_eq!(subscriber.recv_timeout(PATIENCE).unwrap(), body(1000, n as u8));
                }
            }
        }
    });
}
