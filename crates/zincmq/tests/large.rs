//! Large messages, which their sender writes to the connection itself.

mod common;

use bytes::Bytes;
use common::{PATIENCE, Random, fresh_ipc, raw_finish, raw_greet, raw_peer, within};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;
use zincmq::poller::{Interest, Item, Poller, Token};
use zincmq::security::Keypair;
use zincmq::{Context, Dealer, EventKind, Events, Frame, Message, Pull, Push, option};

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

/// However the socket waits when the last bytes come, it hears of them, few as they may be. Before them, a thread that waits is
/// woken only once much has come, and its wait ends in between.
#[test]
fn the_end_of_a_body_that_comes_in_pieces_is_heard_of_in_each_way_to_wait() {
    const SIZE: usize = 300_000;
    let ways: [fn(&mut Pull) -> Message; 4] = [
        |pull| pull.recv().unwrap(),
        |pull| smol::block_on(pull.recv_async()).unwrap(),
        |pull| {
            while !pull.can_recv() {
                std::thread::yield_now();
            }
            pull.try_recv().unwrap()
        },
        |pull| {
            let item = Item::socket(Token(0), pull, Interest::READABLE);
            assert_eq!(Poller::new().wait([item], Some(PATIENCE)).unwrap().len(), 1);
            pull.try_recv().unwrap()
        },
    ];
    within(3 * PATIENCE, move || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let mut peer = raw_peer(&pull.bind("tcp://127.0.0.1:*").unwrap(), "PUSH");
        for (number, end) in [1, 10, 100_000, 170_000].into_iter().cycle().take(40).enumerate() {
            let body = body(number, SIZE);
            peer.write_all(&[&[2][..], &(SIZE as u64).to_be_bytes()].concat()).unwrap();
            let (first, last) = body.split_at(SIZE - end);
            for piece in first.chunks(70_000) {
                peer.write_all(piece).unwrap();
                assert!(pull.recv_timeout(Duration::from_micros(200)).is_err());
            }
            peer.write_all(last).unwrap();
            assert!(ways[number / 4 % ways.len()](&mut pull).bytes() == body, "message {number}");
        }
    });
}

/// The next connection brings messages while the reader waits for the rest of a body that never comes.
#[test]
fn the_end_of_a_connection_within_a_body_is_heard_of() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut lost = raw_peer(&endpoint, "PUSH");
        let begin = |peer: &mut TcpStream, size: usize| {
            peer.write_all(&[&[2][..], &(size as u64).to_be_bytes()].concat()).unwrap();
        };
        begin(&mut lost, 70_000);
        lost.write_all(&body(1, 70_000)).unwrap();
        assert!(pull.recv().unwrap().bytes() == body(1, 70_000));
        begin(&mut lost, 1 << 20);
        lost.write_all(&[1; 100_000]).unwrap();
        assert!(pull.recv_timeout(Duration::from_millis(1)).is_err());
        let mut events = pull.monitor(Events::NONE.with(EventKind::Disconnected));
        let reader = std::thread::spawn(move || pull.recv().unwrap());
        drop(lost);
        events.recv_timeout(PATIENCE).unwrap();
        let mut next = raw_peer(&endpoint, "PUSH");
        begin(&mut next, 70_000);
        next.write_all(&body(2, 70_000)).unwrap();
        assert!(reader.join().unwrap().bytes() == body(2, 70_000));
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
