//! Sockets and threads: a socket may change its thread at any time, a context serves many at once.

mod common;

use common::{ENDPOINTS, PATIENCE, within};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use zincmq::{Context, Dealer, Error, Message, Pair, Pull, Push, Rep, Req, Router, option};

const THREADS: usize = 16;

/// Each message is sent by another thread than the one before, and read by another.
#[test]
fn sockets_change_threads_between_messages() {
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = common::pipeline(&context, endpoint, 100, 100);
            for number in 0..200_u32 {
                push = thread::spawn(move || {
                    push.send_timeout(&number.to_be_bytes(), PATIENCE).unwrap();
                    push
                })
                .join()
                .unwrap();
                pull = thread::spawn(move || {
                    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), number.to_be_bytes());
                    pull
                })
                .join()
                .unwrap();
            }
        }
    });
}

/// The socket is handed on in the middle of a stream and of a conversation, while its peer goes on.
#[test]
fn sockets_change_threads_while_messages_stream() {
    const EACH: u32 = 500;
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = common::pipeline(&context, endpoint, 20, 20);
            let sender = thread::spawn(move || {
                for number in 0..8 * EACH {
                    push.send_timeout(&number.to_be_bytes(), PATIENCE).unwrap();
                }
                push
            });
            for turn in 0..8 {
                let (over, back) = channel();
                let reader = thread::spawn(move || {
                    for number in turn * EACH..(turn + 1) * EACH {
                        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), number.to_be_bytes());
                    }
                    over.send(pull).unwrap();
                });
                // Handed on while the first thread may still be alive.
                pull = back.recv().unwrap();
                reader.join().unwrap();
            }
            drop(sender.join().unwrap());
        }
    });
}

/// A conversation has its caller move the bytes: what it holds for that must move with the socket.
#[test]
fn both_ends_of_a_conversation_change_threads() {
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let mut one = Pair::new(&context).unwrap();
            let bound = one.bind(endpoint).unwrap();
            let mut other = Pair::new(&context).unwrap();
            other.connect(&bound).unwrap();
            for round in 0..50_u32 {
                let answerer = thread::spawn(move || {
                    for _ in 0..10 {
                        let question = other.recv_timeout(PATIENCE).unwrap();
                        other.send_timeout(question, PATIENCE).unwrap();
                    }
                    other
                });
                for number in 0..10 {
                    let question = (round * 10 + number).to_be_bytes();
                    one.send_timeout(&question, PATIENCE).unwrap();
                    assert_eq!(one.recv_timeout(PATIENCE).unwrap().bytes(), question, "{endpoint}");
                }
                other = answerer.join().unwrap();
                std::mem::swap(&mut one, &mut other);
            }
        }
    });
}

#[test]
fn sixteen_threads_share_a_context() {
    const REQUESTS: u32 = 100;
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::builder().io_threads(2).build();
            let mut router = Router::new(&context).unwrap();
            let bound = router.bind(endpoint).unwrap();
            let ask = |name: usize| {
                let (context, bound) = (context.clone(), bound.clone());
                thread::spawn(move || {
                    let mut req = Req::new(&context).unwrap();
                    req.connect(&bound).unwrap();
                    for number in 0..REQUESTS {
                        let question = Message::from([format!("{name}"), format!("{number}")]);
                        req.send_timeout(question.clone(), PATIENCE).unwrap();
                        assert_eq!(req.recv_timeout(PATIENCE).unwrap(), question);
                    }
                })
            };
            let askers: Vec<_> = (0..THREADS).map(ask).collect();
            for _ in 0..THREADS as u32 * REQUESTS {
                let request = router.recv_timeout(PATIENCE).unwrap();
                router.send(request).unwrap();
            }
            askers.into_iter().for_each(|asker| asker.join().unwrap());
        }
    });
}

/// A socket a thread, all made, used and dropped at the same time, each with its own peer.
#[test]
fn sixteen_threads_make_and_drop_sockets() {
    within(2 * PATIENCE, || {
        let context = Context::new();
        let life = |endpoint: String| {
            let context = context.clone();
            thread::spawn(move || {
                for round in 0..10_u8 {
                    let mut pull = Pull::new(&context).unwrap();
                    let bound = pull.bind(&endpoint).unwrap();
                    let mut push = Push::new(&context).unwrap();
                    push.connect(&bound).unwrap();
                    push.send(&[round]).unwrap();
                    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), [round]);
                }
            })
        };
        let endpoint = |number: usize| match number % 3 {
            0 => format!("inproc://{number}"),
            1 => "ipc://*".to_owned(),
            _ => "tcp://127.0.0.1:*".to_owned(),
        };
        let lives: Vec<_> = (0..THREADS).map(|number| life(endpoint(number))).collect();
        lives.into_iter().for_each(|life| life.join().unwrap());
        context.term();
    });
}

/// Answers find back though the workers' sockets were made by one thread and used by others.
#[test]
fn sockets_made_here_work_there() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut dealer = Dealer::new(&context).unwrap();
        let bound = dealer.bind("tcp://127.0.0.1:*").unwrap();
        let worker = |_| {
            let mut rep = Rep::new(&context).unwrap();
            rep.connect(&bound).unwrap();
            thread::spawn(move || {
                for _ in 0..20 {
                    let request = rep.recv_timeout(PATIENCE).unwrap();
                    rep.send(request).unwrap();
                }
                // Who left before the last round is over would change the turns of the others.
                rep
            })
        };
        let workers: Vec<_> = (0..THREADS).map(worker).collect();
        common::until("all workers are there", || dealer.can_send() && dealer.stats().peers.len() == THREADS);
        for _ in 0..20 * THREADS {
            dealer.send_timeout(["", "task"], PATIENCE).unwrap();
        }
        for _ in 0..20 * THREADS {
            assert_eq!(dealer.recv_timeout(PATIENCE).unwrap(), Message::from(["", "task"]));
        }
        workers.into_iter().for_each(|worker| drop(worker.join().unwrap()));
    });
}

/// A thread that waits for the reply with timeouts, while the request has not gone out yet, must not keep the
/// descriptor from the I/O thread.
#[test]
fn a_large_request_goes_out_while_its_sender_waits_for_the_reply() {
    within(PATIENCE * 3, || {
        let context = Context::new();
        let mut rep = Rep::new(&context).unwrap();
        let endpoint = rep.bind("tcp://127.0.0.1:*").unwrap();
        let mut req = Req::new(&context).unwrap();
        req.connect(&endpoint).unwrap();
        for round in 0..3 {
            req.send("first").unwrap();
            rep.recv().unwrap();
            rep.send("answer").unwrap();
            req.recv().unwrap();
            req.send(vec![round; 50 << 20]).unwrap();
            // The other end does not read yet: the kernel's buffers are full now.
            for _ in 0..30 {
                let early = req.recv_timeout(Duration::from_millis(1));
                assert!(matches!(early, Err(Error::Timeout)));
            }
            let answering = thread::spawn(move || {
                let request = rep.recv().unwrap();
                assert!(
                    request.bytes().len() == 50 << 20 && request.bytes().iter().all(|byte| *byte == round)
                );
                rep.send("done").unwrap();
                rep
            });
            while req.recv_timeout(Duration::from_millis(5)).is_err() {}
            rep = answering.join().unwrap();
        }
    });
}

/// Questions need no `&mut`, so other threads may ask them, and a task may hold a reference while it waits.
#[test]
fn questions_are_asked_through_shared_references() {
    struct Service {
        socket: Pull,
    }
    impl Service {
        async fn is_ready(&self) -> bool {
            std::future::ready(()).await;
            self.socket.can_recv()
        }
    }
    fn spawned<T: Send + 'static>(value: T) -> T {
        value
    }
    let context = Context::new();
    let (mut push, pull) = common::pipeline(&context, "inproc://questions", 10, 10);
    let service = Service { socket: pull };
    push.send("one").unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert!(service.socket.can_recv());
                assert!(!service.socket.can_send());
                assert_eq!(service.socket.get(option::RCVHWM).unwrap(), 10);
                assert_eq!(service.socket.stats().peers.len(), 1);
                assert_eq!(service.socket.last_endpoint(), "inproc://questions");
            });
        }
    });
    let asked = spawned(async move { (service.is_ready().await, service) });
    let (ready, mut service) = common::block_on(asked);
    assert!(ready);
    assert_eq!(service.socket.try_recv().unwrap(), "one");
}
