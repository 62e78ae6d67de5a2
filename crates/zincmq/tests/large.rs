//! Large messages, which their sender writes to the connection itself.

mod common;

use bytes::Bytes;
use common::{PATIENCE, Random, fresh_ipc, raw_finish, raw_greet, raw_peer, within};
use std::cell::Cell;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use zincmq::security::Keypair;
use zincmq::{Context, Dealer, Frame, Message, Push, option};

/// Around the sizes at which something changes, and small ones between.
const SIZES: [usize; 10] = [60_000, 70_000, 3, 200_000, 65_527, 65_528, 600_000, 300, 3_000_000, 61_440];

/// A body that shows which message it is of.
fn body(number: usize, size: usize) -> Vec<u8> {
    let mut random = Random(number as u64);
    let mut body = vec![0; size];
    body.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&random.next().to_le_bytes()[..chunk.len()]));
    body
}

fn size(number: usize) -> usize {
    SIZES[number % SIZES.len()]
}

/// Sends the message of this number in one of several forms.
fn send(dealer: &mut Dealer, number: usize) {
    let body = body(number, size(number));
    match number % 4 {
        0 => dealer.send(&body[..]).unwrap(),
        1 => dealer.send(Frame::from(body)).unwrap(),
        2 => dealer.send([&b"first"[..], &body]).unwrap(),
        _ => dealer.send(body).unwrap(),
    }
}

fn check(message: &Message, number: usize) {
    let parts = if number % 4 == 2 { 2 } else { 1 };
    assert_eq!(message.len(), parts);
    assert!(message.last().unwrap()[..] == body(number, size(number)), "message {number}");
}

/// Both sides send `ahead` messages before they receive as many.
fn both_ways(endpoint: &str, encrypted: bool, buffer: Option<usize>, ahead: usize) {
    let context = Context::new();
    let [mut bound, mut connected] = [(); 2].map(|()| Dealer::new(&context).unwrap());
    if encrypted {
        let server = Keypair::generate().unwrap();
        bound.curve_server(&server).unwrap();
        connected.curve_client(&Keypair::generate().unwrap(), server.public).unwrap();
    }
    for dealer in [&mut bound, &mut connected] {
        if let Some(size) = buffer {
            dealer.set(option::SNDBUF, size).unwrap();
            dealer.set(option::RCVBUF, size).unwrap();
        }
    }
    connected.connect(bound.bind(endpoint).unwrap()).unwrap();
    let talk = move |mut dealer: Dealer| {
        for round in 0..40 / ahead {
            let numbers = round * ahead..(round + 1) * ahead;
            numbers.clone().for_each(|number| send(&mut dealer, number));
            numbers.for_each(|number| check(&dealer.recv_timeout(PATIENCE).unwrap(), number));
        }
        dealer
    };
    let other = std::thread::spawn(move || talk(connected));
    let bound = talk(bound);
    let connected = other.join().unwrap();
    for stats in [bound.stats(), connected.stats()] {
        assert_eq!((stats.sent, stats.received), (40, 40));
    }
}

#[test]
fn messages_arrive_whole_and_in_order_both_ways_at_once() {
    within(3 * PATIENCE, || {
        for endpoint in ["tcp://127.0.0.1:*".to_owned(), fresh_ipc(), "inproc://large".to_owned()] {
            for encrypted in [false, true] {
                for buffer in [None, Some(8 << 10)] {
                    for ahead in [1, 5, 40] {
                        both_ways(&endpoint, encrypted, buffer, ahead);
                    }
                }
            }
        }
    });
}

/// Reads one frame that has a long header; its body.
fn raw_read(stream: &mut TcpStream) -> Vec<u8> {
    let mut header = [0; 9];
    stream.read_exact(&mut header).unwrap();
    let (flags, size) = header.split_first().unwrap();
    assert_eq!(*flags, 2);
    let mut body = vec![0; u64::from_be_bytes(size.try_into().unwrap()) as usize];
    stream.read_exact(&mut body).unwrap();
    body
}

#[test]
fn a_sender_does_not_wait_for_a_peer_that_does_not_read() {
    within(3 * PATIENCE, || {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        let endpoint = push.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = raw_peer(&endpoint, "PULL");
        for number in 0..50 {
            push.send(body(number, 1 << 20)).unwrap();
        }
        for number in 0..50 {
            assert!(raw_read(&mut peer) == body(number, 1 << 20), "message {number}");
        }
    });
}

#[test]
fn a_message_that_a_lost_connection_had_in_part_goes_whole_to_the_next() {
    within(PATIENCE, || {
        let context = Context::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut push = Push::new(&context).unwrap();
        push.connect(format!("tcp://{}", listener.local_addr().unwrap())).unwrap();
        let accept = || {
            let mut stream = listener.accept().unwrap().0;
            raw_greet(&mut stream, "PULL");
            raw_finish(&mut stream);
            stream
        };
        let mut lost = accept();
        // A first one, so that the connection is known to the sender.
        push.send(body(0, 300)).unwrap();
        raw_read(&mut lost);
        push.send(body(1, 20 << 20)).unwrap();
        lost.read_exact(&mut [0; 100_000]).unwrap();
        lost.shutdown(std::net::Shutdown::Both).unwrap();
        drop(lost);
        let mut next = accept();
        assert!(raw_read(&mut next) == body(1, 20 << 20));
    });
}

thread_local! {
    /// The number of the message that this thread sends.
    static SENDING: Cell<usize> = const { Cell::new(0) };
}

/// A body whose end is seen.
struct Owned {
    number: usize,
    body: Vec<u8>,
    within_another: Arc<AtomicBool>,
}

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if ![0, self.number].contains(&SENDING.get()) {
            self.within_another.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn no_owner_of_a_body_is_called_within_the_send_of_another_message() {
    within(3 * PATIENCE, || {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        let mut peer = raw_peer(&push.bind("tcp://127.0.0.1:*").unwrap(), "PULL");
        let (reads, may_read) = channel();
        let reader = std::thread::spawn(move || {
            may_read.recv().unwrap();
            for number in 1..=40 {
                assert!(raw_read(&mut peer) == body(number, 2 << 20), "message {number}");
            }
        });
        let within_another = Arc::new(AtomicBool::new(false));
        let owned =
            |number| Owned { number, body: body(number, 2 << 20), within_another: within_another.clone() };
        let bodies: Vec<_> = (1..=40).map(|number| (number, Bytes::from_owner(owned(number)))).collect();
        for (number, body) in bodies {
            // Those before wait in the queue, for the following to write them.
            if number == 4 {
                reads.send(()).unwrap();
            }
            SENDING.set(number);
            push.send(body).unwrap();
            SENDING.set(0);
        }
        reader.join().unwrap();
        assert!(!within_another.load(Ordering::Relaxed));
    });
}
