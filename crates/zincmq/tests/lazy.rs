//! Sockets that notice new room lazily, as libzmq's do.

mod common;

use common::{PATIENCE, pipeline};
use zincmq::c::LikeLibzmq;
use zincmq::{Context, Error, Sub, XPub, option};

/// Sends many more messages than the queues hold, to a receiver that takes each at once; how often that was refused.
fn refusals(lazy: bool) -> usize {
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "inproc://fast", 2, 2);
    push.set_lazy(lazy);
    push.send("first").unwrap();
    pull.recv_timeout(PATIENCE).unwrap();
    let mut refused = 0;
    for number in 0..500_u32 {
        while let Err(failed) = push.try_send(&number.to_be_bytes()) {
            assert_eq!(failed.error, Error::Again);
            refused += 1;
        }
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), number.to_be_bytes());
    }
    refused
}

#[test]
fn a_fast_sender_is_refused_though_its_peer_keeps_up() {
    assert!(refusals(true) > 0);
    // Credit comes with the taking, so that here nobody is ever refused.
    assert_eq!(refusals(false), 0);
}

#[test]
fn a_refusal_is_not_repeated_while_there_is_room() {
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "inproc://once", 1, 1);
    push.set_lazy(true);
    for _ in 0..1000 {
        if push.try_send("message").is_err() {
            push.try_send("message").unwrap();
        }
        pull.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn nobody_loses_a_message_by_laziness() {
    let context = Context::new();
    let mut publisher = XPub::new(&context).unwrap();
    publisher.set(option::SNDHWM, 1).unwrap();
    publisher.set_lazy(true);
    publisher.bind("inproc://news").unwrap();
    let mut sub = Sub::new(&context).unwrap();
    sub.set(option::RCVHWM, 1).unwrap();
    sub.subscribe("").unwrap();
    sub.connect("inproc://news").unwrap();
    publisher.recv_timeout(PATIENCE).unwrap();
    for number in 0..1000_u32 {
        publisher.try_send(&number.to_be_bytes()).unwrap();
        assert_eq!(sub.recv_timeout(PATIENCE).unwrap().bytes(), number.to_be_bytes());
    }
}
