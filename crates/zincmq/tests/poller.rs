//! Waiting for several sockets and descriptors.

mod common;

use common::{ENDPOINTS, PATIENCE, fill, pipeline, until, within};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::spawn;
use std::time::{Duration, Instant};
use zincmq::poller::{Interest, Item, Poller};
use zincmq::{Context, Error, Pull, Push, Sub, XPub, option};

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

#[test]
fn it_tells_which_sockets_have_something() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut ends: Vec<_> =
            ENDPOINTS.iter().map(|endpoint| pipeline(&context, endpoint, 10, 10)).collect();
        let mut poller = Poller::new();
        for chosen in [0, 1, 2, 1, 0] {
            ends[chosen].0.send_timeout("here", PATIENCE).unwrap();
            let mut items: Vec<_> = ends.iter_mut().map(|(_, pull)| Item::Socket(pull, READ)).collect();
            assert_eq!(poller.wait(&mut items, Some(PATIENCE)).unwrap(), 1);
            // It tells again until the message is taken.
            assert_eq!(poller.wait(&mut items, None).unwrap(), 1);
            drop(items);
            for (at, (_, pull)) in ends.iter_mut().enumerate() {
                assert_eq!(poller.found(at).readable, at == chosen);
                assert_eq!(pull.try_recv().is_ok(), at == chosen);
            }
        }
        assert_eq!(poller.found(99), Interest::default());
    });
}

#[test]
fn nothing_ready_means_waiting_for_the_timeout() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        pull.bind("inproc://test").unwrap();
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut poller = Poller::new();
        for timeout in [Duration::ZERO, Duration::from_millis(30)] {
            let begin = Instant::now();
            assert_eq!(poller.wait(&mut [], Some(timeout)).unwrap(), 0);
            assert_eq!(poller.wait(&mut [Item::Socket(&mut pull, READ)], Some(timeout)).unwrap(), 0);
            let mut items = [Item::Socket(&mut pull, READ), Item::Descriptor(ours.as_fd(), READ)];
            assert_eq!(poller.wait(&mut items, Some(timeout)).unwrap(), 0);
            assert!(begin.elapsed() >= 3 * timeout);
        }
    });
}

#[test]
fn descriptors_and_sockets_wake_it_alike() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 10, 10);
            let (mut ours, mut theirs) = UnixStream::pair().unwrap();
            let far_side = spawn(move || {
                for _ in 0..200 {
                    push.send("by socket").unwrap();
                    theirs.read_exact(&mut [0]).unwrap();
                    theirs.write_all(b"d").unwrap();
                    theirs.read_exact(&mut [0]).unwrap();
                }
                (push, theirs)
            });
            let mut poller = Poller::new();
            for _ in 0..200 {
                let mut items = [Item::Socket(&mut pull, READ), Item::Descriptor(ours.as_fd(), READ)];
                assert_eq!(poller.wait(&mut items, Some(PATIENCE)).unwrap(), 1, "{endpoint}");
                assert_eq!((poller.found(0), poller.found(1)), (READ, Interest::default()));
                pull.try_recv().unwrap();
                ours.write_all(b"s").unwrap();
                let mut items = [Item::Socket(&mut pull, READ), Item::Descriptor(ours.as_fd(), READ)];
                assert_eq!(poller.wait(&mut items, Some(PATIENCE)).unwrap(), 1, "{endpoint}");
                assert_eq!((poller.found(0), poller.found(1)), (Interest::default(), READ));
                ours.read_exact(&mut [0]).unwrap();
                ours.write_all(b"s").unwrap();
            }
            drop(far_side.join().unwrap());
        }
    });
}

#[test]
fn a_closed_descriptor_can_be_read() {
    within(PATIENCE, || {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut poller = Poller::new();
        let mut items = [Item::Descriptor(ours.as_fd(), Interest::BOTH)];
        assert_eq!(poller.wait(&mut items, None).unwrap(), 1);
        assert_eq!(poller.found(0), WRITE);
        drop(theirs);
        let mut items = [Item::Descriptor(ours.as_fd(), READ)];
        assert_eq!(poller.wait(&mut items, None).unwrap(), 1);
        assert_eq!(poller.found(0), Interest { failed: true, ..READ });
    });
}

/// As in zmq_poll(3): what has failed can be read only if poll(2) says so.
#[test]
fn a_failure_is_nothing_to_read_or_write() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let failed = Interest { failed: true, ..Interest::default() };
        let mut poller = Poller::new();
        let (empty, full) = std::io::pipe().unwrap();
        drop(full);
        let mut items = [Item::Descriptor(empty.as_fd(), Interest::BOTH)];
        assert_eq!(poller.wait(&mut items, None).unwrap(), 1);
        assert_eq!(poller.found(0), failed);
        // With something left to read, both; and in the company of sockets no otherwise.
        let (left, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        drop(writer);
        let mut items = [
            Item::Socket(&mut pull, READ),
            Item::Descriptor(empty.as_fd(), READ),
            Item::Descriptor(left.as_fd(), READ),
        ];
        assert_eq!(poller.wait(&mut items, None).unwrap(), 2);
        assert_eq!(
            [0, 1, 2].map(|at| poller.found(at)),
            [Interest::default(), failed, Interest { failed: true, ..READ }]
        );
    });
}

#[test]
fn it_waits_until_there_is_room() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 1, 1);
            let body = vec![0; 1 << 20];
            let mut poller = Poller::new();
            poller.wait(&mut [Item::Socket(&mut push, WRITE)], Some(PATIENCE)).unwrap();
            assert_eq!(poller.found(0), WRITE);
            let receives = spawn(move || {
                for _ in 0..100 {
                    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes().len(), 1 << 20);
                }
                pull
            });
            for _ in 0..100 {
                let mut items = [Item::Socket(&mut push, WRITE)];
                assert_eq!(poller.wait(&mut items, Some(PATIENCE)).unwrap(), 1, "{endpoint}");
                push.try_send(&body).unwrap();
            }
            drop(receives.join().unwrap());
        }
    });
}

#[test]
fn a_publisher_that_loses_nothing_is_writable_while_all_subscribers_have_room() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let mut publisher = XPub::new(&context).unwrap();
            publisher.set(option::XPUB_NODROP, true).unwrap();
            publisher.set(option::SNDHWM, 1).unwrap();
            let bound = publisher.bind(endpoint).unwrap();
            let mut slow = Sub::new(&context).unwrap();
            slow.set(option::RCVHWM, 1).unwrap();
            slow.subscribe("").unwrap();
            slow.connect(&bound).unwrap();
            assert_eq!(publisher.recv().unwrap().bytes(), [1]);
            let body = vec![0; 1 << 20];
            let mut poller = Poller::new();
            let mut sent = 0;
            // Whatever the kernel still takes meanwhile: what is said to be accepted is.
            until("full", || {
                let accepts = publisher.can_send();
                if accepts {
                    publisher.try_send(&body).unwrap();
                    sent += 1;
                }
                !accepts
            });
            let receives = spawn(move || {
                for _ in 0..sent + 50 {
                    assert_eq!(slow.recv_timeout(PATIENCE).unwrap().bytes().len(), 1 << 20);
                }
                slow
            });
            for _ in 0..50 {
                let mut items = [Item::Socket(&mut publisher, WRITE)];
                assert_eq!(poller.wait(&mut items, Some(PATIENCE)).unwrap(), 1, "{endpoint}");
                publisher.try_send(&body).unwrap();
            }
            drop(receives.join().unwrap());
        }
    });
}

#[test]
fn a_full_queue_is_not_writable() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "inproc://test", 1, 1);
        assert_eq!(fill(&mut push), 2);
        let mut poller = Poller::new();
        let mut items = [Item::Socket(&mut push, Interest::BOTH)];
        assert_eq!(poller.wait(&mut items, Some(Duration::ZERO)).unwrap(), 0);
        pull.try_recv().unwrap();
        assert_eq!(poller.wait(&mut items, Some(PATIENCE)).unwrap(), 1);
        assert_eq!(poller.found(0), WRITE);
    });
}

/// Two threads that hand a message to and fro, each asleep in a poller most of the time.
#[test]
fn no_wake_up_is_lost() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut there, mut far) = pipeline(&context, endpoint, 0, 0);
            let (mut back, mut near) = pipeline(&context, &endpoint.replace("test", "back"), 0, 0);
            let mut idle = Sub::new(&context).unwrap();
            let echoes = spawn(move || {
                let mut poller = Poller::new();
                for _ in 0..2000 {
                    poller.wait(&mut [Item::Socket(&mut far, READ)], Some(PATIENCE)).unwrap();
                    back.send(far.try_recv().unwrap()).unwrap();
                }
                (far, back)
            });
            let mut poller = Poller::new();
            for number in 0..2000_u32 {
                there.send(&number.to_be_bytes()).unwrap();
                let mut items = [Item::Socket(&mut idle, READ), Item::Socket(&mut near, READ)];
                assert_eq!(poller.wait(&mut items, Some(PATIENCE)).unwrap(), 1, "{endpoint} {number}");
                assert_eq!(near.try_recv().unwrap().bytes(), number.to_be_bytes());
            }
            drop(echoes.join().unwrap());
        }
    });
}

#[test]
fn the_end_of_one_context_is_told() {
    within(PATIENCE, || {
        let (lasting, ending) = (Context::new(), Context::new());
        let (mut one, mut other) = (Pull::new(&lasting).unwrap(), Push::new(&ending).unwrap());
        let shuts_down = spawn(move || ending.shutdown());
        let mut items = [Item::Socket(&mut one, READ), Item::Socket(&mut other, WRITE)];
        let result = Poller::new().wait(&mut items, None);
        assert!(matches!(result, Err(Error::Terminated)), "{result:?}");
        // The other context ends with its last socket.
        drop(other);
        shuts_down.join().unwrap();
        assert!(matches!(one.try_recv(), Err(Error::Again)));
    });
}
