//! Waiting as a task, polled by hand; futures that are dropped halfway.

mod common;

use common::{ENDPOINTS, PATIENCE, Random, block_on, block_on_for, fill, pipeline, within};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::thread::{scope, spawn};
use std::time::Duration;
use zincmq::poller::Interest;
use zincmq::{Context, Dealer, Error, Message, Pull, Push, Router, option};

const STREAM: u32 = 50_000;

fn number(message: &Message) -> u32 {
    u32::from_be_bytes(message.bytes().try_into().unwrap())
}

#[test]
fn receives_dropped_halfway_lose_nothing() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 100, 100);
            scope(|scope| {
                scope.spawn(move || (0..STREAM).for_each(|n| push.send(&n.to_be_bytes()).unwrap()));
                let (mut random, mut expected) = (Random(7), 0);
                while expected < STREAM {
                    let polls = random.below(4);
                    let mut task = Task::from_waker(Waker::noop());
                    let message = {
                        let mut future = pin!(pull.recv_async());
                        (0..polls).find_map(|_| match future.as_mut().poll(&mut task) {
                            Poll::Ready(message) => Some(message.unwrap()),
                            Poll::Pending => None,
                        })
                    };
                    // Now and then the thread waits, as a thread or as a task.
                    let message = message.or_else(|| match random.below(4) {
                        0 => Some(pull.recv().unwrap()),
                        1 => Some(block_on(pull.recv_async()).unwrap()),
                        2 => block_on_for(Duration::from_micros(50), pull.recv_async()).map(Result::unwrap),
                        _ => None,
                    });
                    if let Some(message) = message {
                        assert_eq!(number(&message), expected, "{endpoint}");
                        expected += 1;
                    }
                }
            });
            assert!(matches!(pull.try_recv(), Err(Error::Again)));
        }
    });
}

#[test]
fn sends_dropped_while_the_queue_is_full_send_nothing() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "inproc://full", 2, 2);
        let accepted = fill(&mut push);
        for polls in [0, 1, 2, 3] {
            let mut future = pin!(push.send_async("dropped"));
            let mut task = Task::from_waker(Waker::noop());
            (0..polls).for_each(|_| assert!(future.as_mut().poll(&mut task).is_pending()));
        }
        for _ in 0..accepted {
            assert_eq!(pull.try_recv().unwrap().bytes(), b"fill");
        }
        assert!(matches!(pull.try_recv(), Err(Error::Again)));
        block_on(push.send_async("sent")).unwrap();
        assert_eq!(block_on(pull.recv_async()).unwrap().bytes(), b"sent");
    });
}

#[test]
fn shutdown_ends_a_waiting_task() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut push = Push::new(&context).unwrap();
        let threads = [
            spawn(move || matches!(block_on(pull.recv_async()), Err(Error::Terminated))),
            spawn(move || {
                matches!(block_on(push.send_async("nobody")).map_err(Error::from), Err(Error::Terminated))
            }),
        ];
        context.shutdown();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
}

/// Whether a task that gave way wants to go on.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls once: the task must give way although it could go on, and say that it wants to.
fn gives_way(task: impl Future<Output = ()>) {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    assert!(pin!(task).poll(&mut Task::from_waker(&waker)).is_pending());
    assert!(woken.0.load(Ordering::Relaxed), "the task waits for what is there already");
}

/// An executor gets its turn, for timers and other tasks, however much there is to do.
#[test]
fn a_busy_socket_gives_way() {
    const MANY: usize = 10_000;
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "inproc://busy", 0, 0);
        for _ in 0..3 {
            let mut sent = 0;
            gives_way(async {
                while sent < MANY {
                    push.send_async("busy").await.unwrap();
                    sent += 1;
                }
            });
            assert!((1..1000).contains(&sent), "{sent}");
        }
        (0..MANY).for_each(|_| push.send("busy").unwrap());
        for _ in 0..3 {
            let mut received = 0;
            gives_way(async {
                while received < MANY {
                    pull.recv_async().await.unwrap();
                    received += 1;
                }
            });
            assert!((1..1000).contains(&received), "{received}");
        }
        gives_way(async {
            for _ in 0..MANY {
                assert!(pull.ready(Interest::READABLE).await.unwrap().readable);
            }
        });
        // An error is no reason to wait, either.
        let mut router = Router::new(&context).unwrap();
        router.set(option::ROUTER_MANDATORY, true).unwrap();
        gives_way(async {
            for _ in 0..MANY {
                assert!(router.send_async(["nobody", "body"]).await.is_err());
            }
        });
    });
}

/// A dropped wait for readiness leaves nothing behind, and one that ends says what is so.
#[test]
fn readiness_can_be_waited_for() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 2, 2);
            assert_eq!(block_on_for(Duration::ZERO, pull.ready(Interest::BOTH)).map(Result::ok), None);
            // It may take the peer that long to come.
            block_on(push.ready(Interest::WRITABLE)).unwrap();
            let accepted = fill(&mut push);
            let found = block_on(pull.ready(Interest::BOTH)).unwrap();
            assert_eq!(found, Interest::READABLE, "{endpoint}");
            if endpoint.starts_with("inproc") {
                assert!(block_on_for(Duration::ZERO, push.ready(Interest::WRITABLE)).is_none());
            }
            let reader = spawn(move || {
                (0..accepted).for_each(|_| drop(pull.recv_timeout(PATIENCE).unwrap()));
                pull
            });
            let found = block_on(push.ready(Interest::BOTH)).unwrap();
            assert_eq!(found, Interest::WRITABLE, "{endpoint}");
            push.try_send("there is room").unwrap();
            let mut pull = reader.join().unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"there is room");
            context.shutdown();
            assert!(matches!(block_on(pull.ready(Interest::READABLE)), Err(Error::Terminated)));
        }
    });
}

/// One task that sends and receives with the same socket, both against full queues, and a peer that reads only when it
/// can answer.
#[test]
fn one_task_sends_and_receives() {
    const MANY: usize = 5000;
    async fn converse(mut dealer: Dealer) -> zincmq::Result<()> {
        let (mut asked, mut answered) = (0, 0);
        while answered < MANY {
            let wanted = if asked < MANY { Interest::BOTH } else { Interest::READABLE };
            let found = dealer.ready(wanted).await?;
            if found.writable {
                dealer.try_send(&asked.to_be_bytes())?;
                asked += 1;
            }
            if found.readable {
                assert_eq!(dealer.try_recv()?.bytes(), answered.to_be_bytes());
                answered += 1;
            }
        }
        Ok(())
    }
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let [mut server, mut client] = [(); 2].map(|()| {
                let mut dealer = Dealer::new(&context).unwrap();
                dealer.set(option::SNDHWM, 2).unwrap();
                dealer.set(option::RCVHWM, 2).unwrap();
                dealer
            });
            client.connect(server.bind(endpoint).unwrap()).unwrap();
            let echo = spawn(move || {
                for _ in 0..MANY {
                    let message: Message = server.recv_timeout(PATIENCE).unwrap();
                    server.send_timeout(message, PATIENCE).unwrap();
                }
            });
            block_on(converse(client)).unwrap();
            echo.join().unwrap();
        }
    });
}
