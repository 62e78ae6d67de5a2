//! What the halves of a socket do of their connection's I/O themselves: the one that receives waits at the descriptor, the one
//! that sends writes large messages. Neither may hold up the other, or take from it what it waits for.

mod common;

use common::{NETWORK, PATIENCE, block_on, within};
use std::iter;
use std::sync::mpsc::channel;
use std::thread;
use zincmq::{Context, Dealer, option};

/// A whole socket that is bound, and one that is connected to it.
fn dealers(context: &Context, endpoint: &str) -> (Dealer, Dealer) {
    let mut bound = Dealer::new(context).unwrap();
    let endpoint = bound.bind(endpoint).unwrap();
    (bound, Dealer::builder(context).connect(endpoint).unwrap())
}

/// Whatever the half that sends asks meanwhile, it does not read what the other one waits for at the descriptor.
#[test]
fn a_half_that_waits_misses_nothing_while_the_other_asks() {
    const COUNT: u32 = 2_000;
    within(3 * PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let (mut bound, connected) = dealers(&context, endpoint);
            let echoing = thread::spawn(move || {
                for _ in 0..COUNT {
                    let message = bound.recv_timeout(PATIENCE).unwrap();
                    bound.send(message).unwrap();
                }
            });
            let (mut send, mut recv) = connected.into_split();
            let (came, news) = channel();
            let receiving = thread::spawn(move || {
                for number in 0..COUNT {
                    assert_eq!(recv.recv_timeout(PATIENCE).unwrap(), number.to_be_bytes());
                    came.send(()).unwrap();
                }
            });
            for number in 0..COUNT {
                send.send(number.to_be_bytes()).unwrap();
                while number % 4 > 0 && news.try_recv().is_err() {
                    match number % 4 {
                        1 => assert!(send.can_send()),
                        2 => block_on(send.writable()).unwrap(),
                        _ => send.set(option::SNDHWM, 1000).unwrap(),
                    }
                    thread::yield_now();
                }
                if number % 4 == 0 {
                    news.recv_timeout(PATIENCE).unwrap();
                }
            }
            echoing.join().unwrap();
            receiving.join().unwrap();
        }
    });
}

/// Small messages between large ones, there and back.
#[test]
fn large_messages_go_both_ways_in_order() {
    const SIZES: [usize; 6] = [3, 70_000, 200, 700_000, 5, 100_000];
    const COUNT: usize = 300;
    fn bodies() -> impl Iterator<Item = Vec<u8>> {
        SIZES.into_iter().cycle().enumerate().map(|(number, size)| vec![number as u8; size]).take(COUNT)
    }
    within(3 * PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let (bound, connected) = dealers(&context, endpoint);
            let (mut send_back, mut recv) = bound.into_split();
            let echoing = thread::spawn(move || {
                for _ in 0..COUNT {
                    // Borrowed: it is written from where it is.
                    let message = recv.recv_timeout(PATIENCE).unwrap();
                    send_back.send(message.bytes()).unwrap();
                }
            });
            let (mut send, mut recv) = connected.into_split();
            let sending = thread::spawn(move || bodies().for_each(|body| send.send(&body).unwrap()));
            for body in bodies() {
                assert!(recv.recv_timeout(PATIENCE).unwrap().bytes() == body, "another message");
            }
            sending.join().unwrap();
            echoing.join().unwrap();
        }
    });
}

/// The kernel takes no more, since the peer reads nothing.
#[test]
fn one_half_receives_while_the_other_waits_for_the_kernel() {
    const LARGE: usize = 1 << 20;
    const COUNT: usize = 40;
    within(3 * PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let (mut bound, connected) = dealers(&context, endpoint);
            let (mut send, mut recv) = connected.into_split();
            send.set(option::SNDHWM, 4).unwrap();
            let sending = thread::spawn(move || {
                let body = vec![7; LARGE];
                iter::repeat_n(&body, COUNT).for_each(|body| send.send(body).unwrap());
            });
            for number in 0..1000_u32 {
                bound.send(number.to_be_bytes()).unwrap();
                assert_eq!(recv.recv_timeout(PATIENCE).unwrap(), number.to_be_bytes());
            }
            for _ in 0..COUNT {
                assert_eq!(bound.recv_timeout(PATIENCE).unwrap().bytes().len(), LARGE);
            }
            sending.join().unwrap();
        }
    });
}
