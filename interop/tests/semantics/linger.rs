//! The end of sockets and contexts: what was accepted still goes out.

use crate::subjects;
use interop::{GLANCE, Library, PATIENCE, Peer, Wire};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use zincmq::SocketType::{Pull, Push};
use zincmq::{Context, EventKind, option};

const COUNT: u32 = 1000;
const BODY: [u8; 5000] = [9; 5000];

/// Runs `act` elsewhere and waits for its end.
fn ends(act: impl FnOnce() + Send + 'static) {
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || {
        act();
        _ = sender.send(());
    });
    ended.recv_timeout(PATIENCE).expect("it to end");
}

fn expect_all(pull: &mut Peer) {
    for number in 0..COUNT {
        assert!(pull.recv().unwrap() == [&number.to_be_bytes()[..], &BODY], "{number}");
    }
}

#[test]
fn a_dropped_socket_delivers_what_it_took() {
    for subject in subjects() {
        for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
            for push_binds in [true, false] {
                let (mut push, mut pull) = (Peer::new(subject, Push), Peer::new(subject.other(), Pull));
                push.set(option::LINGER, None);
                if push_binds {
                    pull.connect(&push.bind(endpoint));
                } else {
                    push.connect(&pull.bind(endpoint));
                }
                for number in 0..COUNT {
                    push.send(&[&number.to_be_bytes()[..], &BODY]).unwrap();
                }
                let ending = thread::spawn(|| drop(push));
                expect_all(&mut pull);
                ending.join().unwrap();
            }
        }
    }
}

/// libzmq drops what it has not read if it is told of a hang-up while it stands at its mark.
#[test]
fn a_slow_reader_that_stands_at_its_mark_gets_all() {
    const FEW: u32 = 30;
    for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
        let (mut push, mut pull) = (Peer::ours(Push), Peer::genuine(Pull));
        push.set(option::LINGER, None);
        pull.set(option::RCVHWM, 2);
        let mut events = pull.monitor();
        push.connect(&pull.bind(endpoint));
        // The kernel takes them all: nothing keeps the sender, but it knows that they have not been read.
        for number in 0..FEW {
            push.send(&[&number.to_be_bytes()[..], &BODY]).unwrap();
        }
        let ending = thread::spawn(|| drop(push));
        // Only time can show that it does not hang up; a sender that does has had its chance then.
        assert_eq!(events.find(EventKind::Disconnected, GLANCE), None, "{endpoint}");
        for number in 0..FEW {
            assert!(pull.recv().unwrap() == [&number.to_be_bytes()[..], &BODY], "{endpoint} {number}");
        }
        ending.join().unwrap();
    }
}

#[test]
fn a_dropped_socket_waits_for_a_peer_that_is_not_there_yet() {
    for subject in subjects() {
        // A port that was free a moment ago.
        let endpoint = Wire::listen().1;
        let mut push = Peer::new(subject, Push);
        push.set(option::LINGER, None).set(option::RECONNECT_IVL, Duration::from_millis(10));
        push.connect(&endpoint);
        for number in 0..COUNT {
            push.send(&[&number.to_be_bytes()[..], &BODY]).unwrap();
        }
        let ending = thread::spawn(|| drop(push));
        let mut pull = Peer::new(subject.other(), Pull);
        pull.bind(&endpoint);
        expect_all(&mut pull);
        ending.join().unwrap();
    }
}

#[test]
fn lingering_ends_in_time() {
    for subject in subjects() {
        // Nobody else may bind this port meanwhile.
        let (_silent, endpoint) = Wire::listen();
        let mut push = Peer::new(subject, Push);
        push.set(option::LINGER, Duration::from_millis(100));
        push.connect(&endpoint);
        push.send(&["to nobody"]).unwrap();
        let begin = Instant::now();
        ends(|| drop(push));
        // Genuine's clock knows whole milliseconds, and may be one behind at the beginning.
        let least = Duration::from_millis(if subject == Library::Genuine { 98 } else { 100 });
        let elapsed = begin.elapsed();
        assert!(elapsed >= least, "{subject:?}: {elapsed:?}");
    }
}

#[test]
fn a_peer_that_does_not_read_does_not_hold_up_an_end_without_lingering() {
    for subject in subjects() {
        let (mut push, mut pull) = (Peer::new(subject, Push), Peer::new(subject.other(), Pull));
        push.connect(&pull.bind_tcp());
        for number in 0..COUNT {
            push.send(&[&number.to_be_bytes()[..], &BODY]).unwrap();
        }
        ends(|| drop(push));
    }
}

#[test]
fn a_socket_may_outlive_the_handles_of_its_context() {
    ends(|| {
        let context = Context::new();
        let mut pull = zincmq::Pull::new(&context).unwrap();
        drop(context);
        let mut push = Peer::genuine(Push);
        push.connect(&pull.bind("tcp://127.0.0.1:*").unwrap());
        push.send(&["hello"]).unwrap();
        assert_eq!(pull.recv().unwrap().bytes(), b"hello");
    });
}
