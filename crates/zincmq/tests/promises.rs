//! Promises that no other file tests: marks that change live, turns, connecting before binding.

mod common;

use bytes::Bytes;
use common::{PATIENCE, await_event, fill, pipeline, within};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use zincmq::{
    Context, Dealer, Error, EventKind, Events, Message, Pub, Pull, Push, Rep, Req, Router, Sub, option,
};

#[test]
fn marks_changed_live_add_up_over_inproc() {
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "inproc://marks", 1, 1);
    assert_eq!(fill(&mut push), 2);
    push.set(option::SNDHWM, 4).unwrap();
    assert_eq!(fill(&mut push), 3);
    pull.set(option::RCVHWM, 3).unwrap();
    assert_eq!(fill(&mut push), 2);
    // Below what is queued: nothing more is accepted before the queue is below the new mark.
    push.set(option::SNDHWM, 1).unwrap();
    assert_eq!(fill(&mut push), 0);
    for _ in 0..7 {
        pull.recv_timeout(PATIENCE).unwrap();
    }
    // Credit comes in steps of half the mark, 2 of 4: for six of the seven.
    assert_eq!(fill(&mut push), 3);
}

#[test]
fn a_mark_set_while_messages_flow_holds() {
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "inproc://limited", 0, 0);
    for _ in 0..10_000 {
        push.try_send("unlimited").unwrap();
    }
    push.set(option::SNDHWM, 5).unwrap();
    pull.set(option::RCVHWM, 5).unwrap();
    assert_eq!(fill(&mut push), 0);
    for _ in 0..10_000 {
        pull.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(fill(&mut push), 10);
}

#[test]
fn options_act_at_once_or_on_later_endpoints() {
    let context = Context::new();
    let mut router = Router::new(&context).unwrap();
    router.bind("inproc://routed").unwrap();
    router.send(["nobody", "dropped"]).unwrap();
    router.set(option::ROUTER_MANDATORY, true).unwrap();
    assert!(matches!(router.send(["nobody", "refused"]).map_err(Error::from), Err(Error::Unroutable)));

    let mut pull = Pull::new(&context).unwrap();
    let before = pull.bind("tcp://127.0.0.1:*").unwrap();
    pull.set(option::MAXMSGSIZE, 10).unwrap();
    let after = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut events = pull.monitor(Events::ALL);
    let mut push = Push::new(&context).unwrap();
    push.connect(&before).unwrap();
    push.send(&[0; 100]).unwrap();
    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), [0; 100]);
    let mut refused = Push::new(&context).unwrap();
    refused.connect(&after).unwrap();
    refused.send(&[0; 100]).unwrap();
    await_event(&mut events, EventKind::Disconnected);
}

#[test]
fn many_that_connect_first_are_served_by_whoever_binds() {
    let context = Context::new();
    let mut dealers: Vec<Dealer> = (0..20_u8)
        .map(|number| {
            let mut dealer = Dealer::new(&context).unwrap();
            dealer.set(option::ROUTING_ID, vec![b'd', number]).unwrap();
            dealer.connect("inproc://later").unwrap();
            dealer.send(&[number]).unwrap();
            dealer
        })
        .collect();
    let mut router = Router::new(&context).unwrap();
    router.bind("inproc://later").unwrap();
    for _ in 0..20 {
        let request = router.recv_timeout(PATIENCE).unwrap();
        assert_eq!(&request[0][..], [b'd', request[1][0]]);
        router.send(request).unwrap();
    }
    for (number, dealer) in dealers.iter_mut().enumerate() {
        assert_eq!(dealer.recv_timeout(PATIENCE).unwrap().bytes(), [number as u8]);
    }
}

#[test]
fn a_large_body_crosses_inproc_as_the_same_memory() {
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "inproc://large", 10, 10);
    let body = Bytes::from(vec![7; 1 << 20]);
    push.send(body.clone()).unwrap();
    let received = pull.recv_timeout(PATIENCE).unwrap();
    assert_eq!(received.bytes().as_ptr(), body.as_ptr());
}

#[test]
fn a_flood_on_one_connection_starves_no_other_of_the_same_thread() {
    within(PATIENCE * 2, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "tcp://127.0.0.1:*", 1000, 1000);
        let mut rep = Rep::new(&context).unwrap();
        let endpoint = rep.bind("tcp://127.0.0.1:*").unwrap();
        let mut req = Req::new(&context).unwrap();
        req.connect(&endpoint).unwrap();
        let over = Arc::new(AtomicBool::new(false));
        thread::scope(|scope| {
            let (sending, receiving) = (over.clone(), over.clone());
            scope.spawn(move || {
                let body = vec![1; 50_000];
                while !sending.load(Ordering::Relaxed) {
                    _ = push.send_timeout(&body, PATIENCE);
                }
            });
            scope.spawn(move || {
                while !receiving.load(Ordering::Relaxed) {
                    _ = pull.try_recv();
                }
            });
            scope.spawn(move || {
                while let Ok(request) = rep.recv() {
                    let last = request.is_empty() || request.bytes() == b"last";
                    rep.send(request).unwrap();
                    if last {
                        return;
                    }
                }
            });
            for number in 0..100_u32 {
                req.send(&number.to_be_bytes()).unwrap();
                assert_eq!(req.recv().unwrap().bytes(), number.to_be_bytes());
            }
            req.send("last").unwrap();
            req.recv().unwrap();
            over.store(true, Ordering::Relaxed);
        });
    });
}

#[test]
fn what_arrives_is_read_though_the_receiver_calls_no_more() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "tcp://127.0.0.1:*", 0, 0);
        // A wait at the descriptor, which the receiver has claimed: the claim lasts afterwards.
        let waiting = thread::spawn(move || (pull.recv().unwrap(), pull));
        push.send("first").unwrap();
        let (_, mut pull) = waiting.join().unwrap();
        // More than the kernel's buffers take. The end of the sender shows that all of it has left.
        let body = Bytes::from(vec![2; 1 << 20]);
        for _ in 0..64 {
            push.send(body.clone()).unwrap();
        }
        while push.stats().queued_out > 0 {
            thread::yield_now();
        }
        for _ in 0..64 {
            assert_eq!(pull.recv().unwrap().bytes().len(), 1 << 20);
        }
    });
}

#[test]
fn thousands_subscribe_and_each_gets_its_message() {
    const SUBSCRIBERS: usize = 10_000;
    let context = Context::builder().max_sockets(SUBSCRIBERS + 1).build();
    let mut publisher = Pub::new(&context).unwrap();
    publisher.bind("inproc://news").unwrap();
    let mut subscribers: Vec<Sub> = (0..SUBSCRIBERS)
        .map(|number| {
            let mut sub = Sub::new(&context).unwrap();
            sub.subscribe(if number % 2 == 0 { "" } else { "odd" }).unwrap();
            sub.connect("inproc://news").unwrap();
            sub
        })
        .collect();
    publisher.send("even news").unwrap();
    publisher.send("odd news").unwrap();
    for (number, sub) in subscribers.iter_mut().enumerate() {
        if number % 2 == 0 {
            assert_eq!(sub.recv_timeout(PATIENCE).unwrap(), Message::from("even news"));
        }
        assert_eq!(sub.recv_timeout(PATIENCE).unwrap(), Message::from("odd news"));
        assert!(matches!(sub.try_recv(), Err(Error::Again)));
    }
}
