//! Waiting for several sockets and descriptors.

mod common;

use common::{ENDPOINTS, PATIENCE, fill, pipeline, until, within};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::spawn;
use std::time::{Duration, Instant};
use zincmq::poller::{Event, Interest, Item, Poller, Token};
use zincmq::{Context, Error, EventKind, Pull, Push, Sub, XPub, option};

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

const A: Token = Token(7);
const B: Token = Token(1);
const C: Token = Token(3);

/// The keys, and what was found of each.
fn told(events: &[Event]) -> Vec<(Token, Interest)> {
    events.iter().map(|event| (event.token, Interest::from(*event))).collect()
}

#[test]
fn it_tells_which_sockets_have_something() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut ends: Vec<_> =
            ENDPOINTS.iter().map(|endpoint| pipeline(&context, endpoint, 10, 10)).collect();
        let mut poller = Poller::new();
        for chosen in [0, 1, 2, 1, 0] {
            ends[chosen].0.send_timeout("here", PATIENCE).unwrap();
            // It tells again until the message is taken.
            for _ in 0..2 {
                let sockets = ends.iter_mut().enumerate();
                let items = sockets.map(|(at, (_, pull))| Item::socket(Token(at), pull, READ));
                assert_eq!(told(poller.wait(items, Some(PATIENCE)).unwrap()), [(Token(chosen), READ)]);
            }
            for (at, (_, pull)) in ends.iter_mut().enumerate() {
                assert_eq!(pull.try_recv().is_ok(), at == chosen);
            }
        }
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
            assert_eq!(poller.wait([None], Some(timeout)).unwrap(), []);
            assert_eq!(poller.wait([Item::socket(A, &mut pull, READ)], Some(timeout)).unwrap(), []);
            let items = [Item::socket(A, &mut pull, READ), Item::descriptor(B, ours.as_fd(), READ)];
            assert_eq!(poller.wait(items, Some(timeout)).unwrap(), []);
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
                let items = [Item::socket(A, &mut pull, READ), Item::descriptor(B, ours.as_fd(), READ)];
                assert_eq!(told(poller.wait(items, Some(PATIENCE)).unwrap()), [(A, READ)], "{endpoint}");
                pull.try_recv().unwrap();
                ours.write_all(b"s").unwrap();
                let items = [Item::socket(A, &mut pull, READ), Item::descriptor(B, ours.as_fd(), READ)];
                assert_eq!(told(poller.wait(items, Some(PATIENCE)).unwrap()), [(B, READ)], "{endpoint}");
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
        let item = Item::descriptor(A, ours.as_fd(), Interest::BOTH);
        assert_eq!(told(poller.wait([item], None).unwrap()), [(A, WRITE)]);
        drop(theirs);
        let item = Item::descriptor(A, ours.as_fd(), READ);
        let failed = Interest { failed: true, ..READ };
        assert_eq!(told(poller.wait([item], None).unwrap()), [(A, failed)]);
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
        let item = Item::descriptor(A, empty.as_fd(), Interest::BOTH);
        assert_eq!(told(poller.wait([item], None).unwrap()), [(A, failed)]);
        // With something left to read, both; and in the company of sockets no otherwise.
        let (left, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        drop(writer);
        let items = [
            Item::socket(A, &mut pull, READ),
            Item::descriptor(B, empty.as_fd(), READ),
            Item::descriptor(C, left.as_fd(), READ),
        ];
        let found = told(poller.wait(items, None).unwrap());
        assert_eq!(found, [(B, failed), (C, Interest { failed: true, ..READ })]);
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
            let item = Item::socket(A, &mut push, Interest::BOTH);
            assert_eq!(told(poller.wait([item], Some(PATIENCE)).unwrap()), [(A, WRITE)]);
            let receives = spawn(move || {
                for _ in 0..100 {
                    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes().len(), 1 << 20);
                }
                pull
            });
            for _ in 0..100 {
                let item = Item::socket(A, &mut push, WRITE);
                assert_eq!(told(poller.wait([item], Some(PATIENCE)).unwrap()), [(A, WRITE)], "{endpoint}");
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
                let item = Item::socket(A, &mut publisher, WRITE);
                assert_eq!(told(poller.wait([item], Some(PATIENCE)).unwrap()), [(A, WRITE)], "{endpoint}");
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
        let item = Item::socket(A, &mut push, Interest::BOTH);
        assert_eq!(poller.wait([item], Some(Duration::ZERO)).unwrap(), []);
        pull.try_recv().unwrap();
        let item = Item::socket(A, &mut push, Interest::BOTH);
        assert_eq!(told(poller.wait([item], Some(PATIENCE)).unwrap()), [(A, WRITE)]);
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
                    poller.wait([Item::socket(A, &mut far, READ)], Some(PATIENCE)).unwrap();
                    back.send(far.try_recv().unwrap()).unwrap();
                }
                (far, back)
            });
            let mut poller = Poller::new();
            for number in 0..2000_u32 {
                there.send(&number.to_be_bytes()).unwrap();
                let items = [Item::socket(A, &mut idle, READ), Item::socket(B, &mut near, READ)];
                let found = told(poller.wait(items, Some(PATIENCE)).unwrap());
                assert_eq!(found, [(B, READ)], "{endpoint} {number}");
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
        let items = [Item::socket(A, &mut one, READ), Item::socket(B, &mut other, WRITE)];
        assert_eq!(Poller::new().wait(items, None), Err(Error::Terminated));
        // The other context ends with its last socket.
        drop(other);
        shuts_down.join().unwrap();
        assert!(matches!(one.try_recv(), Err(Error::Again)));
    });
}

/// A monitor beside a socket and a descriptor; each wakes the thread, and is told by its key.
#[test]
fn a_monitor_is_waited_for_along_with_others() {
    within(PATIENCE, || {
        for _ in 0..100 {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let mut monitor = pull.monitor(EventKind::Accepted | EventKind::MonitorStopped);
            let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
            let (ours, _theirs) = UnixStream::pair().unwrap();
            let mut poller = Poller::new();
            let connects = spawn(move || {
                let mut push = Push::new(&context).unwrap();
                push.connect(&bound).unwrap();
                push
            });
            for with_descriptor in [true, false] {
                let item = Item::descriptor(C, ours.as_fd(), READ);
                let items = [
                    Some(Item::socket(A, &mut pull, READ)),
                    Some(Item::monitor(B, &mut monitor)),
                    with_descriptor.then_some(item),
                ];
                assert_eq!(told(poller.wait(items, Some(PATIENCE)).unwrap()), [(B, READ)]);
            }
            assert_eq!(monitor.try_recv().unwrap().kind, EventKind::Accepted);
            assert_eq!(poller.wait([Item::monitor(B, &mut monitor)], Some(Duration::ZERO)).unwrap(), []);
            // Its end can be read as well.
            let closes = spawn(move || drop(pull));
            for end in [Ok(EventKind::MonitorStopped), Err(Error::Terminated)] {
                let found = poller.wait([Item::monitor(B, &mut monitor)], Some(PATIENCE)).unwrap();
                assert_eq!(told(found), [(B, READ)]);
                assert_eq!(monitor.try_recv().map(|event| event.kind), end);
            }
            closes.join().unwrap();
            drop(connects.join().unwrap());
        }
    });
}
