//! Large messages within a process, whose senders let the readers keep up.

mod common;

use bytes::Bytes;
use common::{PATIENCE, within};
use std::thread;
use std::time::Instant;
use zincmq::ability::{Receives, Sends};
use zincmq::{Buffer, Context, Dealer, Message, Pull, Push, Socket};

/// Of stretches that are of several messages and of one, and such that the next message has to wait for; small ones between.
const SIZES: [usize; 7] = [64 << 10, 1 << 20, 5, 9 << 20, 200_000, 70_000, 300];

fn size(number: usize) -> usize {
    SIZES[number % SIZES.len()]
}

/// Sends the message of this number in one of several forms; each byte of it shows the number.
fn send<K: Sends>(socket: &mut Socket<K>, number: usize) {
    let mut body = Buffer::with_capacity(size(number));
    body.resize(size(number), number as u8);
    match number % 3 {
        0 => socket.send(body).unwrap(),
        1 => socket.send(&body[..]).unwrap(),
        _ => socket.send(body.to_vec()).unwrap(),
    }
}

fn check(message: &Message, number: usize) {
    assert!(message.bytes() == vec![number as u8; size(number)], "message {number}");
}

/// Receives the messages of these numbers; a reader is slow that checks each often.
fn receive<K: Receives>(socket: &mut Socket<K>, numbers: impl IntoIterator<Item = usize>, checks: usize) {
    let mut message = Message::new();
    for number in numbers {
        socket.recv_into(&mut message).unwrap();
        (0..checks).for_each(|_| check(&message, number));
    }
}

/// A PUSH and the PULL that it is connected to, which keep their context.
fn connected() -> (Push, Pull) {
    let context = Context::new();
    let (mut push, mut pull) = (Push::new(&context).unwrap(), Pull::new(&context).unwrap());
    push.connect(pull.bind("inproc://x").unwrap()).unwrap();
    (push, pull)
}

#[test]
fn nothing_is_lost_or_overtaken_whether_the_reader_is_fast_or_slow() {
    within(3 * PATIENCE, || {
        for checks in [1, 10] {
            let (mut push, mut pull) = connected();
            let reader = thread::spawn(move || receive(&mut pull, 0..70, checks));
            (0..70).for_each(|number| send(&mut push, number));
            reader.join().unwrap();
        }
    });
}

#[test]
fn a_reader_that_takes_nothing_delays_its_sender_for_moments() {
    within(PATIENCE, || {
        let (mut push, mut pull) = connected();
        let begun = Instant::now();
        for size in [64 << 10, 1 << 20, 16 << 20] {
            let body = Bytes::from(vec![1; size]);
            (0..300).for_each(|_| push.send(&body).unwrap());
        }
        assert!(begun.elapsed() < PATIENCE / 10);
        for size in [64 << 10, 1 << 20, 16 << 20] {
            (0..300).for_each(|_| assert_eq!(pull.recv().unwrap().bytes().len(), size));
        }
    });
}

#[test]
fn one_thread_may_have_both_ends() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut one, mut other) = (Dealer::new(&context).unwrap(), Dealer::new(&context).unwrap());
        other.connect(one.bind("inproc://x").unwrap()).unwrap();
        for _ in 0..3 {
            (0..14).for_each(|number| send(&mut one, number));
            (0..14).for_each(|number| send(&mut other, number));
            receive(&mut one, 0..14, 1);
            receive(&mut other, 0..14, 1);
        }
    });
}

#[test]
fn several_senders_have_one_reader() {
    within(3 * PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let endpoint = pull.bind("inproc://x").unwrap();
        let senders: Vec<_> = (0..2)
            .map(|sender| {
                let mut push = Push::new(&context).unwrap();
                push.connect(&endpoint).unwrap();
                thread::spawn(move || (0..50).for_each(|number| send(&mut push, 100 * sender + number)))
            })
            .collect();
        let mut next = [0, 100];
        for _ in 0..100 {
            let message = pull.recv().unwrap();
            let sender = usize::from(message.bytes()[0] >= 100);
            check(&message, next[sender]);
            next[sender] += 1;
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

/// They get the messages in turn. One of them takes nothing before all are sent.
fn has_several_readers<K: Sends>(
    mut sender: Socket<K>,
    mut readers: [Socket<impl Receives + Send + 'static>; 3],
) {
    let endpoint = sender.bind("inproc://x").unwrap();
    readers.iter_mut().for_each(|reader| reader.connect(&endpoint).unwrap());
    let turn = |reader: usize| (0..20).map(move |round| 3 * round + reader);
    let [first, second, mut last] = readers;
    let fast = [first, second]
        .into_iter()
        .enumerate()
        .map(|(at, mut reader)| thread::spawn(move || receive(&mut reader, turn(at), 1 + 4 * at)));
    let fast: Vec<_> = fast.collect();
    (0..60).for_each(|number| send(&mut sender, number));
    receive(&mut last, turn(2), 1);
    fast.into_iter().for_each(|reader| reader.join().unwrap());
}

#[test]
fn one_sender_has_several_readers_of_which_one_rests() {
    within(3 * PATIENCE, || {
        let context = Context::new();
        has_several_readers(Push::new(&context).unwrap(), [(); 3].map(|()| Pull::new(&context).unwrap()));
        let dealer = || Dealer::new(&context).unwrap();
        has_several_readers(dealer(), [dealer(), dealer(), dealer()]);
    });
}

/// While a half waits for its reader, the other half receives.
#[test]
fn halves_send_and_receive_at_once() {
    within(3 * PATIENCE, || {
        let context = Context::new();
        let (mut one, mut other) = (Dealer::new(&context).unwrap(), Dealer::new(&context).unwrap());
        other.connect(one.bind("inproc://x").unwrap()).unwrap();
        let talk = |dealer: Dealer| {
            let (mut sends, mut receives) = dealer.into_split();
            let sender = thread::spawn(move || {
                for number in 0..35 {
                    let mut body = Buffer::with_capacity(size(number));
                    body.resize(size(number), number as u8);
                    sends.send(body).unwrap();
                }
                sends
            });
            let receiver = thread::spawn(move || {
                (0..35).for_each(|number| check(&receives.recv().unwrap(), number));
                receives
            });
            (sender, receiver)
        };
        for (sender, receiver) in [one, other].map(talk) {
            drop((sender.join().unwrap(), receiver.join().unwrap()));
        }
    });
}
