//! Contexts: their limits, what sockets inherit, and their end while calls block.

mod common;

use common::{ENDPOINTS, PATIENCE, within};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::thread::spawn;
use std::time::Duration;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::{Context, Error, Pull, Push, Req, SchedPolicy, Sub, option};

fn terminated<T>(result: Result<T, impl Into<Error>>) {
    assert_eq!(result.map_err(Into::into).err(), Some(Error::Terminated));
}

#[test]
fn shutdown_wakes_whoever_waits() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut pull, mut push) = (Pull::new(&context).unwrap(), Push::new(&context).unwrap());
            let (mut first, mut second) = (Pull::new(&context).unwrap(), Sub::new(&context).unwrap());
            pull.bind(endpoint).unwrap();
            let start = Arc::new(Barrier::new(5));
            let gate = start.clone();
            let receives = spawn(move || {
                gate.wait();
                terminated(pull.recv());
            });
            let gate = start.clone();
            let sends = spawn(move || {
                gate.wait();
                terminated(push.send("to nobody"));
            });
            let gate = start.clone();
            let polls = spawn(move || {
                gate.wait();
                let item = Item::socket(Token(0), &mut first, Interest::READABLE);
                terminated(Poller::new().wait([item], None));
            });
            let gate = start.clone();
            let polls_descriptors = spawn(move || {
                let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
                gate.wait();
                let descriptor = std::os::fd::AsFd::as_fd(&ours);
                let items = [
                    Item::socket(Token(0), &mut second, Interest::READABLE),
                    Item::descriptor(Token(1), descriptor, Interest::READABLE),
                ];
                terminated(Poller::new().wait(items, None));
            });
            start.wait();
            context.shutdown();
            for thread in [receives, sends, polls, polls_descriptors] {
                thread.join().unwrap();
            }
            context.term();
        }
    });
}

/// A call that comes to block again and again.
#[test]
fn shutdown_ends_a_stream() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::builder().blocky(false).build();
            let mut pull = Pull::new(&context).unwrap();
            let bound = pull.bind(endpoint).unwrap();
            let mut push = Push::new(&context).unwrap();
            push.connect(&bound).unwrap();
            let waits = spawn(move || {
                while let Ok(message) = pull.recv() {
                    assert_eq!(message.bytes(), b"on");
                }
                terminated(pull.recv());
            });
            for _ in 0..100 {
                push.send("on").unwrap();
            }
            context.shutdown();
            waits.join().unwrap();
        }
    });
}

#[test]
fn after_shutdown_every_call_fails() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut pull, mut push) = (Pull::new(&context).unwrap(), Push::new(&context).unwrap());
            let bound = pull.bind(endpoint).unwrap();
            push.connect(&bound).unwrap();
            push.send("kept").unwrap();
            assert!(pull.recv_timeout(PATIENCE).is_ok());
            context.shutdown();
            terminated(push.send("more"));
            terminated(push.send_timeout("more", Duration::ZERO));
            terminated(push.send_batch(["more"]));
            terminated(pull.recv());
            terminated(pull.recv_timeout(Duration::ZERO));
            terminated(pull.recv_batch(&mut Vec::new(), 1));
            terminated(pull.try_recv());
            terminated(pull.bind(endpoint));
            terminated(push.connect(&bound));
            terminated(push.disconnect(&bound));
            terminated(push.set(option::SNDHWM, 1));
            terminated(push.get(option::SNDHWM));
            terminated(Push::new(&context));
            drop((pull, push));
            context.term();
        }
    });
}

/// What is queued is not handed out, nor anything taken, once the context has ended.
#[test]
fn after_shutdown_nothing_moves() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = common::pipeline(&context, "inproc://test", 10, 10);
        push.send("queued").unwrap();
        context.shutdown();
        terminated(pull.try_recv());
        terminated(pull.recv());
        terminated(push.try_send("more"));
        terminated(push.send("more"));
    });
}

#[test]
fn a_context_without_sockets_can_be_shut_down() {
    let context = Context::new();
    context.shutdown();
    terminated(Pull::new(&context));
    context.term();
    context.term();
}

#[test]
fn there_are_only_so_many_sockets() {
    let context = Context::builder().max_sockets(3).build();
    let mut sockets: Vec<_> = (0..3).map(|_| Pull::new(&context).unwrap()).collect();
    assert!(matches!(Pull::new(&context), Err(Error::TooManySockets(3))));
    sockets.pop();
    sockets.push(Pull::new(&context).unwrap());
    assert!(matches!(Pull::new(&context), Err(Error::TooManySockets(3))));
}

#[test]
fn the_default_allows_1023_sockets() {
    let context = Context::new();
    let sockets: Vec<_> = (0..1023).map(|_| Pull::new(&context).unwrap()).collect();
    assert!(matches!(Pull::new(&context), Err(Error::TooManySockets(1023))));
    drop(sockets);
}

#[test]
fn sockets_inherit_from_their_context() {
    let context = Context::builder().blocky(false).ipv6(true).build();
    let push = Push::new(&context).unwrap();
    assert_eq!(push.get(option::LINGER).unwrap(), Some(Duration::ZERO));
    assert!(push.get(option::IPV6).unwrap());
    let push = Push::new(&Context::new()).unwrap();
    assert_eq!(push.get(option::LINGER).unwrap(), None);
    assert!(!push.get(option::IPV6).unwrap());
}

#[test]
fn a_context_that_is_not_blocky_ends_though_messages_are_unsent() {
    within(PATIENCE, || {
        let context = Context::builder().blocky(false).build();
        let mut push = Push::new(&context).unwrap();
        push.connect(common::fresh_ipc()).unwrap();
        push.send("for nobody").unwrap();
        drop(push);
        context.term();
    });
}

#[test]
fn without_io_threads_there_is_inproc() {
    within(PATIENCE, || {
        let context = Context::builder().io_threads(0).build();
        let (mut push, mut pull) = common::pipeline(&context, "inproc://test", 10, 10);
        push.send("hello").unwrap();
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"hello");
        assert!(matches!(push.bind("tcp://127.0.0.1:*"), Err(Error::NoIoThread { .. })));
        assert!(matches!(pull.connect("tcp://127.0.0.1:1"), Err(Error::NoIoThread { .. })));
    });
}

#[test]
fn affinity_names_io_threads_that_exist() {
    within(PATIENCE, || {
        let context = Context::builder().io_threads(2).build();
        let mut push = Push::new(&context).unwrap();
        for (affinity, exists) in [(1_u64, true), (2, true), (3, true), (4, false), (0, true)] {
            push.set(option::AFFINITY, affinity).unwrap();
            let bound = push.bind("tcp://127.0.0.1:*");
            assert_eq!(bound.is_ok(), exists, "{affinity}: {bound:?}");
        }
    });
}

#[test]
fn inproc_names_belong_to_one_context() {
    within(PATIENCE, || {
        let (one, other) = (Context::new(), Context::new());
        let (mut push, mut pull) = common::pipeline(&one, "inproc://name", 10, 10);
        let (mut other_push, mut other_pull) = common::pipeline(&other, "inproc://name", 10, 10);
        push.send("one").unwrap();
        other_push.send("other").unwrap();
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"one");
        assert_eq!(other_pull.recv_timeout(PATIENCE).unwrap().bytes(), b"other");
    });
}

#[test]
fn sockets_keep_their_context() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = common::pipeline(&context, endpoint, 10, 10);
            drop(context);
            push.send_timeout("hello", PATIENCE).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"hello", "{endpoint}");
            drop(push);
            assert!(matches!(pull.try_recv(), Err(Error::Again)));
        }
    });
}

#[test]
fn term_waits_for_the_sockets() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            pull.bind(endpoint).unwrap();
            let (tell, told) = channel();
            let terms = spawn(move || {
                context.term();
                tell.send("over").unwrap();
            });
            terminated(pull.recv());
            assert!(told.try_recv().is_err(), "{endpoint}: term returned while a socket was open");
            drop(pull);
            terms.join().unwrap();
            assert_eq!(told.recv(), Ok("over"));
        }
    });
}

#[test]
fn several_threads_can_term_at_once() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let terms: Vec<_> = (0..4)
            .map(|_| {
                let context = context.clone();
                spawn(move || context.term())
            })
            .collect();
        terminated(pull.recv());
        drop(pull);
        terms.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_storm_of_sockets_survives_the_end() {
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let mut hub = Pull::new(&context).unwrap();
            let bound = hub.bind(endpoint).unwrap();
            let under_way = Arc::new(Barrier::new(101));
            let threads: Vec<_> = (0..100)
                .map(|number| {
                    let (context, bound, under_way) = (context.clone(), bound.clone(), under_way.clone());
                    spawn(move || open_and_close(&context, &bound, number, &under_way))
                })
                .collect();
            under_way.wait();
            context.shutdown();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            drop(hub);
            context.term();
        }
    });
}

/// Opens and closes sockets of several kinds until the context has ended.
fn open_and_close(context: &Context, bound: &str, number: usize, under_way: &Barrier) {
    for round in 0.. {
        let done = match (number + round) % 3 {
            0 => Push::new(context).and_then(|mut push| {
                push.set(option::LINGER, Duration::ZERO)?;
                push.connect(bound)?;
                Ok(push.send("hello")?)
            }),
            1 => Req::new(context).and_then(|mut req| {
                req.set(option::LINGER, Duration::ZERO)?;
                req.bind("tcp://127.0.0.1:*").map(drop)
            }),
            _ => Pull::new(context).and_then(|mut pull| match pull.recv_timeout(Duration::from_millis(1)) {
                Err(Error::Timeout) => Ok(()),
                result => result.map(drop),
            }),
        };
        if round == 0 {
            under_way.wait();
        }
        match done {
            Ok(()) => {}
            Err(error) => return assert!(matches!(error, Error::Terminated), "{error}"),
        }
    }
}

/// The names and CPUs of this process's threads whose name begins so.
fn threads(prefix: &str) -> Vec<(String, String)> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = |status: String| {
        let line = status.lines().find(|line| line.starts_with("Cpus_allowed_list:")).unwrap_or_default();
        line.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    tasks
        .map(|task| (read(task.join("comm")).trim().to_owned(), cpus(read(task.join("status")))))
        .filter(|(name, _)| name.starts_with(prefix))
        .collect()
}

#[test]
fn io_threads_are_named_and_placed() {
    let context = Context::builder().io_threads(2).thread_name_prefix("rank\0x").thread_affinity([0]).build();
    assert_eq!((context.io_threads(), context.max_sockets()), (2, 1023));
    let _pull = Pull::new(&context).unwrap();
    let mut found = threads("rank/");
    found.sort();
    let expected = ["rank/ZMQbg/IO/0", "rank/ZMQbg/IO/1"].map(|name| (name.to_owned(), "0".to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn what_the_system_refuses_is_reported() {
    for cpu in [1000, 1 << 20] {
        let context = Context::builder().thread_affinity([cpu]).build();
        for _ in 0..2 {
            let error = Pull::new(&context).unwrap_err();
            assert_eq!(error.errno(), rustix::io::Errno::INVAL.raw_os_error(), "{error}");
        }
    }
    let builder = Context::builder().thread_sched_policy(SchedPolicy::Fifo).thread_priority(1000);
    let refused = Pull::new(&builder.build()).unwrap_err().errno();
    assert_eq!(refused, rustix::io::Errno::INVAL.raw_os_error());
    for policy in [SchedPolicy::Other, SchedPolicy::Batch, SchedPolicy::Idle] {
        Pull::new(&Context::builder().thread_sched_policy(policy).build()).unwrap();
    }
}
