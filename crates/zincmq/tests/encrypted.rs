//! Traffic that CURVE encrypts: messages of all sizes and types, limits and marks, cuts.

mod common;

use common::*;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use zincmq::security::Keypair;
use zincmq::{Context, Dealer, EventKind, Events, Message, Pull, Push, Rep, Req, Router, Sub, XPub, option};

#[test]
fn curve_carries_messages_of_all_sizes_both_ways() {
    for endpoint in NETWORK {
        let context = Context::new();
        let (server, client) = (Keypair::generate().unwrap(), Keypair::generate().unwrap());
        let mut router = Router::new(&context).unwrap();
        router.curve_server(&server).unwrap();
        let bound = router.bind(endpoint).unwrap();
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.curve_client(&client, server.public).unwrap();
        dealer.connect(&bound).unwrap();
        for size in
            [0, 1, 32, 200, 222, 223, 255, 256, 1000, 8000, 65_000, 65_500, 65_536, 70_000, 1 << 20, 5 << 20]
        {
            let part = |at: usize| vec![(size + at) as u8; size];
            dealer.send(Message::from([part(1), part(2), part(3)])).unwrap();
            let mut received = router.recv_timeout(PATIENCE).unwrap();
            let id = received.pop_front().unwrap();
            assert_eq!(received, Message::from([part(1), part(2), part(3)]), "{endpoint} {size}");
            router.send(Message::from([id.to_vec(), part(4), part(5)])).unwrap();
            assert_eq!(
                dealer.recv_timeout(PATIENCE).unwrap(),
                Message::from([part(4), part(5)]),
                "{endpoint} {size}"
            );
        }
    }
}

#[test]
fn many_messages_keep_their_order() {
    for endpoint in NETWORK {
        let context = Context::new();
        let (server, client) = (Keypair::generate().unwrap(), Keypair::generate().unwrap());
        let mut pull = Pull::new(&context).unwrap();
        pull.curve_server(&server).unwrap();
        let bound = pull.bind(endpoint).unwrap();
        let mut push = Push::new(&context).unwrap();
        push.curve_client(&client, server.public).unwrap();
        push.connect(&bound).unwrap();
        let mut random = 1_u64;
        let sizes: Vec<usize> = std::iter::repeat_with(|| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            match random >> 60 {
                0 => (random >> 40) as usize % 80_000,
                1..4 => (random >> 40) as usize % 2_000,
                _ => (random >> 40) as usize % 100,
            }
        })
        .take(20_000)
        .collect();
        let sent = sizes.clone();
        let sender = std::thread::spawn(move || {
            for (at, size) in sent.into_iter().enumerate() {
                push.send(vec![at as u8; size]).unwrap();
            }
            push
        });
        for (at, size) in sizes.into_iter().enumerate() {
            let message = pull.recv_timeout(PATIENCE).unwrap();
            assert_eq!(message.bytes().len(), size, "message {at} over {endpoint}");
            assert!(message.bytes().iter().all(|byte| *byte == at as u8), "message {at} over {endpoint}");
        }
        sender.join().unwrap();
    }
}

#[test]
fn subscriptions_and_requests_are_encrypted_too() {
    let context = Context::new();
    let (server, client) = (Keypair::generate().unwrap(), Keypair::generate().unwrap());
    let mut publisher = XPub::new(&context).unwrap();
    publisher.curve_server(&server).unwrap();
    let bound = publisher.bind("tcp://127.0.0.1:*").unwrap();
    let mut subscriber = Sub::new(&context).unwrap();
    subscriber.curve_client(&client, server.public).unwrap();
    subscriber.connect(&bound).unwrap();
    for topic in ["a".to_owned(), "b".repeat(300), "c".repeat(100_000)] {
        subscriber.subscribe(&topic).unwrap();
        assert_eq!(publisher.recv_timeout(PATIENCE).unwrap().bytes(), format!("\x01{topic}").as_bytes());
        publisher.send("nobody wants this").unwrap();
        publisher.send(format!("{topic}!")).unwrap();
        assert_eq!(subscriber.recv_timeout(PATIENCE).unwrap().bytes(), format!("{topic}!").as_bytes());
        subscriber.unsubscribe(&topic).unwrap();
        assert_eq!(publisher.recv_timeout(PATIENCE).unwrap().bytes(), format!("\x00{topic}").as_bytes());
    }

    let mut rep = Rep::new(&context).unwrap();
    rep.curve_server(&server).unwrap();
    let bound = rep.bind("ipc://*").unwrap();
    let mut req = Req::new(&context).unwrap();
    req.curve_client(&client, server.public).unwrap();
    req.connect(&bound).unwrap();
    let service = std::thread::spawn(move || {
        for _ in 0..1000 {
            let request = rep.recv_timeout(PATIENCE).unwrap();
            rep.send(request).unwrap();
        }
    });
    for at in 0..1000 {
        req.send(at.to_string()).unwrap();
        assert_eq!(req.recv_timeout(PATIENCE).unwrap().bytes(), at.to_string().as_bytes());
    }
    service.join().unwrap();
}

/// A PUSH and a PULL that are not connected yet, both with CURVE.
fn encrypted_pipeline(context: &Context) -> (Push, Pull) {
    let (server, client) = (Keypair::generate().unwrap(), Keypair::generate().unwrap());
    let mut pull = Pull::new(context).unwrap();
    pull.curve_server(&server).unwrap();
    let mut push = Push::new(context).unwrap();
    push.curve_client(&client, server.public).unwrap();
    (push, pull)
}

#[test]
fn a_greeting_of_any_size_goes_into_a_box() {
    for size in [5, 70_000, 300_000] {
        let context = Context::new();
        let (server, client) = (Keypair::generate().unwrap(), Keypair::generate().unwrap());
        let mut router = Router::new(&context).unwrap();
        router.curve_server(&server).unwrap();
        router.set(option::HELLO_MSG, vec![7; size]).unwrap();
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.curve_client(&client, server.public).unwrap();
        dealer.connect(router.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
        assert_eq!(dealer.recv_timeout(PATIENCE).unwrap().bytes(), vec![7; size]);
    }
}

#[test]
fn the_limits_of_messages_are_those_of_plain_ones() {
    let context = Context::new();
    let (mut push, mut pull) = encrypted_pipeline(&context);
    pull.set(option::MAXMSGSIZE, 5).unwrap();
    pull.set(option::MAXPARTS, 2).unwrap();
    pull.set(option::MAXMULTIPART, 2 * (5 + 16)).unwrap();
    let mut monitor = pull.monitor(Events::ALL);
    push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    for refused in [Message::from([&b"123456"[..]]), Message::from([&b"1"[..]; 3])] {
        for _ in 0..100 {
            push.send(Message::from([&b"12345"[..], b"12345"])).unwrap();
        }
        for _ in 0..100 {
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().len(), 2);
        }
        push.send(refused).unwrap();
        await_event(&mut monitor, EventKind::Disconnected);
        // What is sent to the connection that ends is lost.
        await_event(&mut monitor, EventKind::HandshakeSucceeded);
    }
}

#[test]
fn the_high_water_mark_stops_large_messages_too() {
    for size in [100, 1 << 20] {
        let context = Context::new();
        let (mut push, mut pull) = encrypted_pipeline(&context);
        push.set(option::SNDHWM, 4).unwrap();
        pull.set(option::RCVHWM, 4).unwrap();
        push.connect(pull.bind("ipc://*").unwrap()).unwrap();
        push.set(option::LINGER, Duration::ZERO).unwrap();
        let body = vec![1; size];
        // There is room for these, sooner or later.
        (0..8).for_each(|_| push.send_timeout(body.clone(), PATIENCE).unwrap());
        push.set(option::SNDTIMEO, Duration::from_millis(500)).unwrap();
        let more =
            std::iter::repeat_with(|| push.send(body.clone())).take(20_000).take_while(Result::is_ok).count();
        // Beside the two queues: what the kernel holds, and what is on its way into boxes and out of them.
        let sent = 8 + more;
        let most = 8 + (2 << 20) / size + 2;
        assert!(sent <= most, "{sent} messages of {size}");
        for _ in 0..sent {
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes().len(), size);
        }
    }
}

/// Passes bytes on between a client of `listener` and `to`; of the client's first connection only so many, and then it ends.
fn pass_on(listener: &TcpListener, to: &str, first: u64) {
    for limit in [first, u64::MAX] {
        let client = listener.accept().unwrap().0;
        let server = TcpStream::connect(to).unwrap();
        let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let back = std::thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
        _ = std::io::copy(&mut (&client).take(limit), &mut &server);
        for end in [client, server] {
            _ = end.shutdown(std::net::Shutdown::Both);
        }
        _ = back.join().unwrap();
    }
}

#[test]
fn a_message_that_was_cut_is_never_sent_in_part() {
    // Wherever the kernel's buffers end, one of these is inside a message.
    (1..=4).for_each(cut_after);
}

fn cut_after(parts: u64) {
    const PART: usize = 1 << 20;
    let context = Context::new();
    let (mut push, mut pull) = encrypted_pipeline(&context);
    let bound = pull.bind("tcp://127.0.0.1:*").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let first = parts * PART as u64 + 1000;
    let thread = std::thread::spawn(move || pass_on(&listener, bound.strip_prefix("tcp://").unwrap(), first));
    push.connect(format!("tcp://{address}")).unwrap();
    for number in 0..12 {
        push.send(Message::from([vec![number; PART], vec![number; PART], vec![number; PART]])).unwrap();
    }
    let numbers = std::iter::from_fn(|| {
        let message = pull.recv_timeout(PATIENCE).unwrap();
        let number = message.iter().next().unwrap().as_ref()[0];
        assert_eq!(message.len(), 3, "message {number}");
        Some(number)
    });
    let received: Vec<u8> = numbers.take_while(|number| *number < 11).collect();
    assert!(received.is_sorted(), "{received:?}");
    drop((push, pull));
    thread.join().unwrap();
}
