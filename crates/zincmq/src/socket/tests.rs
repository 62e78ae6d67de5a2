//! The I/O threads that serve a socket's endpoints.

use crate::{Context, Pull, Push, option};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// What each I/O thread has.
fn loads(context: &Context) -> Vec<usize> {
    context.0.io_threads(0).iter().map(|io| io.load.weight()).collect()
}

fn until(context: &Context, is_so: impl Fn(&[usize]) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so(&loads(context)) {
        assert!(Instant::now() < end, "{:?}", loads(context));
        thread::yield_now();
    }
}

/// A context with four I/O threads, and a socket that is bound, on the threads of `affinity`.
fn bound(affinity: u64) -> (Context, Pull, String) {
    let context = Context::builder().io_threads(4).build();
    let mut pull = Pull::new(&context).unwrap();
    pull.set(option::AFFINITY, affinity).unwrap();
    let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
    (context, pull, endpoint)
}

/// A socket with so many connections to an endpoint, each of which has brought a message.
fn connected(elsewhere: &Context, pull: &mut Pull, endpoint: &str, count: usize) -> Push {
    let mut push = Push::new(elsewhere).unwrap();
    for _ in 0..count {
        push.connect(endpoint).unwrap();
        push.send("").unwrap();
    }
    for _ in 0..count {
        pull.recv_timeout(PATIENCE).unwrap();
    }
    push
}

#[test]
fn the_connections_of_one_endpoint_are_spread_over_all_io_threads() {
    let (context, mut pull, endpoint) = bound(0);
    let elsewhere = Context::new();
    let push = connected(&elsewhere, &mut pull, &endpoint, 99);
    assert_eq!(loads(&context), [25; 4], "99 connections and a listener");
    pull.unbind(&endpoint).unwrap();
    // A connection that the socket had not taken in then ends when it looks.
    until(&context, |loads| !pull.can_recv() && loads == [0; 4]);
    drop(push);

    let endpoint = pull.bind(&endpoint).unwrap();
    let push = connected(&elsewhere, &mut pull, &endpoint, 3);
    drop(pull);
    until(&context, |loads| loads == [0; 4]);
    drop(push);
    context.term();
}

#[test]
fn affinity_names_the_io_threads_of_an_endpoint_and_its_connections() {
    let (context, mut pull, endpoint) = bound(0b1010);
    let elsewhere = Context::builder().io_threads(2).build();
    let push = connected(&elsewhere, &mut pull, &endpoint, 49);
    assert_eq!(loads(&context), [0, 25, 0, 25]);
    assert_eq!(loads(&elsewhere).iter().sum::<usize>(), 49);
    assert!(loads(&elsewhere).iter().all(|&load| load >= 24), "those that connect are spread, too");
    drop(push);
    until(&context, |loads| loads.iter().sum::<usize>() == 1);
}
