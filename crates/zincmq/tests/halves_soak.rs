//! Both halves of both sockets from a thread each, while the connection comes and goes. `ZINCMQ_SOAK` is the number of
//! messages each way.

mod common;

use common::PATIENCE;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use zincmq::{Context, Dealer, Error, RecvHalf, SendHalf};

/// So many messages go by one connection.
const EACH: u64 = 5_000;

fn count() -> u64 {
    std::env::var("ZINCMQ_SOAK").map_or(50_000, |count| count.parse().expect("ZINCMQ_SOAK is a number"))
}

/// Sends all numbers, each with that of its connection. What was sent to an endpoint lingers when the socket leaves it.
fn send_by_many_connections(send: &mut SendHalf<Dealer>, endpoint: &str) {
    for number in 0..count() {
        if number > 0 && number % EACH == 0 {
            send.disconnect(endpoint).unwrap();
            send.connect(endpoint).unwrap();
        }
        let body = [number / EACH, number].map(u64::to_be_bytes);
        send.send_timeout((&body[0], &body[1]), PATIENCE).unwrap();
    }
}

/// Every number comes once, those of a connection in order.
fn receive_all(recv: &mut RecvHalf<Dealer>) {
    let mut next: Vec<u64> = (0..count().div_ceil(EACH)).map(|connection| connection * EACH).collect();
    for _ in 0..count() {
        let message = recv.recv_timeout(PATIENCE).unwrap();
        let [connection, number] =
            [0, 1].map(|part| u64::from_be_bytes(message[part][..].try_into().unwrap()));
        let next = &mut next[connection as usize];
        assert_eq!(number, *next, "connection {connection}");
        *next += 1;
    }
}

/// Sends numbers until it is over. What is on its way to a connection that ends is lost.
fn send_until_over(send: &mut SendHalf<Dealer>, over: &AtomicBool) -> u64 {
    let mut number = 0_u64;
    while !over.load(Ordering::SeqCst) {
        match send.send_timeout(number.to_be_bytes(), Duration::from_millis(10)) {
            Ok(()) => number += 1,
            Err(failed) => assert_eq!(failed.error, Error::Timeout),
        }
    }
    number
}

/// No number comes twice, and none after a later one.
fn receive_some(recv: &mut RecvHalf<Dealer>, over: &AtomicBool) -> u64 {
    let (mut next, mut received) = (0, 0);
    while !over.load(Ordering::SeqCst) {
        match recv.recv_timeout(Duration::from_millis(10)) {
            Ok(message) => {
                let number = u64::from_be_bytes(message.bytes().try_into().unwrap());
                assert!(number >= next, "{number} after {next}");
                next = number + 1;
                received += 1;
            }
            Err(error) => assert_eq!(error, Error::Timeout),
        }
    }
    received
}

#[test]
fn halves_go_both_ways_while_connections_come_and_go() {
    for endpoint in common::ENDPOINTS {
        let context = Context::new();
        let mut bound = Dealer::builder(&context).linger(Duration::ZERO).build().unwrap();
        let endpoint = bound.bind(endpoint).unwrap();
        let connected = Dealer::new(&context).unwrap();
        let ((mut back, mut all), (mut send, mut some)) = (bound.into_split(), connected.into_split());
        send.connect(&endpoint).unwrap();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let sent = scope.spawn(|| send_until_over(&mut back, &over));
            let received = scope.spawn(|| receive_some(&mut some, &over));
            scope.spawn(|| {
                receive_all(&mut all);
                over.store(true, Ordering::SeqCst);
            });
            send_by_many_connections(&mut send, &endpoint);
            let (sent, received) = (sent.join().unwrap(), received.join().unwrap());
            println!("{endpoint}: {received} of {sent} came back");
            assert!(received > 0 && received <= sent);
        });
    }
}
