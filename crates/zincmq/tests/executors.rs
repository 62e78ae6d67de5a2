//! The same tasks under several executors: tokio with several threads and with one, smol, and one future that is blocked on.

mod common;

use common::{ENDPOINTS, PATIENCE, Random, pipeline, within};
use smol::future::{or, yield_now, zip};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use zincmq::poller::Interest;
use zincmq::{Context, Error, Message, Pull, Push, Rep, Req, Result};

type Task = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A way to run tasks side by side to their ends, and its timer.
struct Executor {
    name: &'static str,
    run: fn(Vec<Task>) -> Result<()>,
    sleep: fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

const EXECUTORS: [Executor; 4] = [
    Executor {
        name: "tokio, two threads",
        run: |tasks| in_tokio(tokio::runtime::Builder::new_multi_thread().worker_threads(2), tasks),
        sleep: |time| Box::pin(tokio::time::sleep(time)),
    },
    Executor {
        name: "tokio, one thread",
        run: |tasks| in_tokio(&mut tokio::runtime::Builder::new_current_thread(), tasks),
        sleep: |time| Box::pin(tokio::time::sleep(time)),
    },
    Executor { name: "smol", run: in_smol, sleep: smol_sleep },
    Executor { name: "block_on", run: in_one_future, sleep: smol_sleep },
];

fn in_tokio(builder: &mut tokio::runtime::Builder, tasks: Vec<Task>) -> Result<()> {
    builder.enable_time().build().unwrap().block_on(async {
        let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
        for task in tasks {
            task.await.unwrap()?;
        }
        Ok(())
    })
}

fn in_smol(tasks: Vec<Task>) -> Result<()> {
    let executor = smol::Executor::new();
    let tasks: Vec<_> = tasks.into_iter().map(|task| executor.spawn(task)).collect();
    smol::block_on(executor.run(async {
        for task in tasks {
            task.await?;
        }
        Ok(())
    }))
}

/// Whatever wakes one of the tasks has all of them polled.
fn in_one_future(tasks: Vec<Task>) -> Result<()> {
    let both = |one: Task, other: Task| -> Task {
        Box::pin(async {
            let (one, other) = zip(one, other).await;
            one.and(other)
        })
    };
    smol::future::block_on(tasks.into_iter().reduce(both).unwrap())
}

fn smol_sleep(time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move { _ = smol::Timer::after(time).await })
}

fn task(task: impl Future<Output = Result<()>> + Send + 'static) -> Task {
    Box::pin(task)
}

/// Runs `tasks` under every executor, over every transport; each time with a context and an endpoint of its own.
fn everywhere(tasks: impl Fn(&Context, &str, &Executor) -> Vec<Task> + Send + 'static) {
    within(PATIENCE, move || {
        for (executor, endpoint) in
            EXECUTORS.iter().flat_map(|executor| ENDPOINTS.map(|endpoint| (executor, endpoint)))
        {
            let context = Context::new();
            let result = (executor.run)(tasks(&context, endpoint, executor));
            assert_eq!(result, Ok(()), "{}, {endpoint}", executor.name);
        }
    });
}

fn number(message: &Message) -> u32 {
    u32::from_be_bytes(message.bytes().try_into().unwrap())
}

#[test]
fn requests_are_answered() {
    const CLIENTS: u32 = 3;
    const REQUESTS: u32 = 50;
    everywhere(|context, endpoint, _| {
        let mut server = Rep::new(context).unwrap();
        let endpoint = server.bind(endpoint).unwrap();
        let clients = (0..CLIENTS).map(|client| {
            let mut socket = Req::new(context).unwrap();
            socket.connect(&endpoint).unwrap();
            task(async move {
                for request in 0..REQUESTS {
                    socket.send_async((client.to_be_bytes(), request.to_be_bytes())).await?;
                    let reply = socket.recv_async().await?;
                    assert_eq!(reply.as_slice(), [client.to_be_bytes(), request.to_be_bytes()]);
                }
                Ok(())
            })
        });
        let mut tasks: Vec<_> = clients.collect();
        tasks.push(task(async move {
            for _ in 0..CLIENTS * REQUESTS {
                let request = server.recv_async().await?;
                server.send_async(request).await?;
            }
            Ok(())
        }));
        tasks
    });
}

#[test]
fn a_full_queue_holds_its_sender_up() {
    const MARK: usize = 5;
    const COUNT: u32 = 1000;
    everywhere(|context, endpoint, _| {
        let (mut push, mut pull) = pipeline(context, endpoint, MARK, MARK);
        let bounded = endpoint.starts_with("inproc");
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let sender = task(async move {
            for n in 0..COUNT {
                push.send_async(&n.to_be_bytes()).await?;
                counted.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let receiver = task(async move {
            for n in 0..COUNT {
                // Over a network the kernel holds any number.
                let ahead = sent.load(Ordering::Relaxed).saturating_sub(n as usize);
                assert!(!bounded || ahead <= 2 * MARK, "{ahead} messages at {n}");
                assert_eq!(number(&pull.recv_async().await?), n);
            }
            Ok(())
        });
        vec![receiver, sender]
    });
}

/// What the future brings, or nothing and the future dropped, after it was polled some times.
async fn briefly<T>(random: &mut Random, future: impl Future<Output = T>) -> Option<T> {
    let turns = random.below(4);
    let impatient = async {
        for _ in 0..turns {
            yield_now().await;
        }
        None
    };
    or(async { Some(future.await) }, impatient).await
}

#[test]
fn dropped_futures_lose_and_double_nothing() {
    const COUNT: u32 = 500;
    everywhere(|context, endpoint, _| {
        let (mut push, mut pull) = pipeline(context, endpoint, 2, 2);
        let sender = task(async move {
            let mut random = Random(1);
            for n in 0..COUNT {
                while briefly(&mut random, push.send_async(&n.to_be_bytes())).await.transpose()?.is_none() {}
            }
            Ok(())
        });
        let receiver = task(async move {
            let (mut random, mut expected) = (Random(2), 0);
            while expected < COUNT {
                if let Some(message) = briefly(&mut random, pull.recv_async()).await.transpose()? {
                    assert_eq!(number(&message), expected);
                    expected += 1;
                }
            }
            Ok(())
        });
        vec![sender, receiver]
    });
}

/// The queue is full of messages that need no wait, and the timer has its turn all the same.
#[test]
fn a_timer_fires_beside_a_busy_socket() {
    const COUNT: usize = 500_000;
    within(PATIENCE, || {
        for executor in &EXECUTORS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, "inproc://busy", 0, 0);
            (0..COUNT).for_each(|_| push.send("busy").unwrap());
            let sleep = executor.sleep;
            let busy = task(async move {
                let mut received = 0;
                let mut timer = sleep(Duration::from_millis(1));
                while received < COUNT
                    && or(async { pull.recv_async().await.map(Some) }, async {
                        (&mut timer).await;
                        Ok(None)
                    })
                    .await?
                    .is_some()
                {
                    received += 1;
                }
                assert!(received < COUNT, "the timer had no turn in {COUNT} messages");
                Ok(())
            });
            assert_eq!((executor.run)(vec![busy]), Ok(()), "{}", executor.name);
        }
    });
}

/// Waits as the other tasks do, then ends the context; each of them hears of it, and the end comes.
#[test]
fn the_end_of_a_context_wakes_tasks() {
    within(PATIENCE, || {
        for executor in &EXECUTORS {
            let context = Context::new();
            let waiting = Arc::new(AtomicUsize::new(0));
            let mut pull = Pull::new(&context).unwrap();
            let mut push = Push::new(&context).unwrap();
            let mut ready = Pull::new(&context).unwrap();
            pull.bind("tcp://127.0.0.1:*").unwrap();
            let ended = |result: Result<()>| {
                assert_eq!(result, Err(Error::Terminated));
                Ok(())
            };
            let begin = || {
                let waiting = waiting.clone();
                move || _ = waiting.fetch_add(1, Ordering::Relaxed)
            };
            let begins = [begin(), begin(), begin()];
            let [one, two, three] = begins;
            let waiters = [
                task(async move {
                    one();
                    ended(pull.recv_async().await.map(drop))
                }),
                task(async move {
                    two();
                    ended(push.send_async("for nobody").await.map_err(Error::from))
                }),
                task(async move {
                    three();
                    ended(ready.ready(Interest::BOTH).await.map(drop))
                }),
            ];
            let end = context.clone();
            let count = waiters.len();
            let ender = task(async move {
                while waiting.load(Ordering::Relaxed) < count {
                    yield_now().await;
                }
                end.shutdown();
                Ok(())
            });
            assert_eq!(
                (executor.run)(waiters.into_iter().chain([ender]).collect()),
                Ok(()),
                "{}",
                executor.name
            );
            context.term();
        }
    });
}
