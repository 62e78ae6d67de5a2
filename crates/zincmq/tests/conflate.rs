//! CONFLATE: only the last message of each queue is kept.

mod common;

use common::{ENDPOINTS, PATIENCE, fresh_ipc, fresh_tcp, until};
use zincmq::{Context, Dealer, Error, Pair, Pub, Pull, Push, Socket, Sub, option};

fn socket<K: zincmq::ability::Typed>(context: &Context, conflate: bool) -> Socket<K> {
    let mut socket = Socket::new(context).unwrap();
    socket.set(option::CONFLATE, conflate).unwrap();
    socket
}

/// Endpoints that nobody is bound to.
fn fresh() -> [String; 3] {
    ["inproc://fresh".to_owned(), fresh_tcp(), fresh_ipc()]
}

#[test]
fn a_receiver_keeps_up_with_any_sender() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut pull: Pull = socket(&context, true);
        pull.set(option::RCVHWM, 1).unwrap();
        let bound = pull.bind(endpoint).unwrap();
        let mut push: Push = socket(&context, false);
        push.set(option::SNDHWM, 1).unwrap();
        push.connect(&bound).unwrap();
        // More than any buffer on the way holds, and nobody reads meanwhile.
        let mut body = vec![0; 100_000];
        for number in 0..1000_u32 {
            body[..4].copy_from_slice(&number.to_be_bytes());
            push.send_timeout(&body, PATIENCE).unwrap();
        }
        let mut received = Vec::new();
        while received.last() != Some(&999) {
            let message = pull.recv_timeout(PATIENCE).unwrap();
            received.push(u32::from_be_bytes(message.bytes()[..4].try_into().unwrap()));
        }
        assert!(received.is_sorted() && received.len() < 900, "{endpoint}: {}", received.len());
        assert!(matches!(pull.try_recv(), Err(Error::Again)));
    }
}

#[test]
fn a_sender_offers_its_last_message_only() {
    for endpoint in fresh() {
        let context = Context::new();
        let mut push: Push = socket(&context, true);
        push.set(option::SNDHWM, 1).unwrap();
        push.connect(&endpoint).unwrap();
        for number in 0..20_u8 {
            push.try_send([&[number][..], &[7]]).unwrap();
        }
        let mut pull: Pull = socket(&context, false);
        pull.bind(&endpoint).unwrap();
        let message = pull.recv_timeout(PATIENCE).unwrap();
        assert_eq!(message.iter().map(|part| part[0]).collect::<Vec<_>>(), [19, 7], "{endpoint}");
        push.try_send("next").unwrap();
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"next", "{endpoint}");
    }
}

#[test]
fn the_last_message_lingers() {
    for endpoint in fresh() {
        let context = Context::new();
        let mut push: Push = socket(&context, true);
        push.connect(&endpoint).unwrap();
        push.try_send("first").unwrap();
        push.try_send("last").unwrap();
        drop(push);
        let mut pull: Pull = socket(&context, false);
        pull.bind(&endpoint).unwrap();
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"last", "{endpoint}");
    }
}

#[test]
fn a_look_does_not_make_a_message_the_last() {
    let context = Context::new();
    let mut pull: Pull = socket(&context, true);
    pull.bind("inproc://look").unwrap();
    let mut push: Push = socket(&context, false);
    push.connect("inproc://look").unwrap();
    push.try_send("old").unwrap();
    assert!(pull.can_recv());
    push.try_send("new").unwrap();
    assert!(pull.can_recv());
    assert_eq!(pull.try_recv().unwrap().bytes(), b"new");
    assert!(!pull.can_recv());
}

#[test]
fn subscriptions_are_all_kept() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut publisher: Pub = socket(&context, true);
        let bound = publisher.bind(endpoint).unwrap();
        let mut sub: Sub = socket(&context, true);
        for topic in ["a", "b", "c"] {
            sub.subscribe(topic).unwrap();
        }
        sub.connect(&bound).unwrap();
        until("three topics", || publisher.topics().unwrap() == 3);
        for topic in ["c", "d", "a", "b", "d"] {
            publisher.send(topic).unwrap();
        }
        let mut last = String::new();
        while last != "b" {
            last = sub.recv_timeout(PATIENCE).unwrap().as_str().unwrap().to_owned();
        }
        assert!(matches!(sub.try_recv(), Err(Error::Again)), "{endpoint}");
    }
}

#[test]
fn dealers_conflate_both_ways_and_others_not_at_all() {
    let context = Context::new();
    let mut one: Dealer = socket(&context, true);
    one.bind("inproc://dealer").unwrap();
    let mut other: Dealer = socket(&context, false);
    other.connect("inproc://dealer").unwrap();
    for number in 0..20_u8 {
        one.try_send(&[number]).unwrap();
        other.try_send(&[number]).unwrap();
    }
    for dealer in [&mut one, &mut other] {
        assert_eq!(dealer.try_recv().unwrap().bytes(), [19]);
        assert!(matches!(dealer.try_recv(), Err(Error::Again)));
    }
    let mut one: Pair = socket(&context, true);
    one.bind("inproc://pair").unwrap();
    let mut other: Pair = socket(&context, true);
    other.connect("inproc://pair").unwrap();
    (0..20_u8).for_each(|number| other.try_send(&[number]).unwrap());
    (0..20_u8).for_each(|number| assert_eq!(one.try_recv().unwrap().bytes(), [number]));
}
