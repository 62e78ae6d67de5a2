//! The first things that must work, over each transport.

use std::time::Duration;
use zincmq::{Context, Dealer, Message, Pub, Pull, Push, Rep, Req, Router, Sub};

const ENDPOINTS: [&str; 3] = ["inproc://smoke", "tcp://127.0.0.1:*", "ipc://*"];
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn push_reaches_pull_in_order() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let bound = pull.bind(endpoint).unwrap();
        let mut push = Push::new(&context).unwrap();
        push.connect(&bound).unwrap();
        let sender = std::thread::spawn(move || {
            for number in 0..100_000_u32 {
                push.send(&number.to_be_bytes()).unwrap();
            }
        });
        for number in 0..100_000_u32 {
            let message = pull.recv_timeout(PATIENCE).unwrap();
            assert_eq!(message.bytes(), number.to_be_bytes(), "{endpoint}");
        }
        sender.join().unwrap();
    }
}

#[test]
fn requests_are_answered() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut rep = Rep::new(&context).unwrap();
        let bound = rep.bind(endpoint).unwrap();
        let mut req = Req::new(&context).unwrap();
        req.connect(&bound).unwrap();
        for number in 0..1000_u32 {
            req.send(&number.to_be_bytes()).unwrap();
            let request = rep.recv_timeout(PATIENCE).unwrap();
            rep.send(&request).unwrap();
            assert_eq!(req.recv_timeout(PATIENCE).unwrap().bytes(), number.to_be_bytes());
        }
    }
}

#[test]
fn subscribers_get_what_they_asked_for() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut publisher = Pub::new(&context).unwrap();
        let bound = publisher.bind(endpoint).unwrap();
        let mut sub = Sub::new(&context).unwrap();
        sub.connect(&bound).unwrap();
        sub.subscribe("b").unwrap();
        while publisher.topics().unwrap() == 0 {
            std::thread::yield_now();
        }
        for topic in ["a", "b", "c", "bb"] {
            publisher.send([topic, "body"]).unwrap();
        }
        assert_eq!(sub.recv_timeout(PATIENCE).unwrap(), Message::from(["b", "body"]));
        assert_eq!(sub.recv_timeout(PATIENCE).unwrap(), Message::from(["bb", "body"]));
    }
}

#[test]
fn large_messages_arrive_whole() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut router = Router::new(&context).unwrap();
        let bound = router.bind(endpoint).unwrap();
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.connect(&bound).unwrap();
        for size in [0, 1, 255, 256, 8191, 8192, 65_000, 65_400, 65_536, 100_000, 1 << 20, 10 << 20] {
            let body: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            dealer.send([&body[..], b"tail"]).unwrap();
            let message = router.recv_timeout(PATIENCE).unwrap();
            assert_eq!(message.len(), 3);
            assert!(message[1] == body, "{endpoint} {size}");
            router.send(message).unwrap();
            let back = dealer.recv_timeout(PATIENCE).unwrap();
            assert!(back[0] == body && back[1] == "tail", "{endpoint} {size}");
        }
    }
}
