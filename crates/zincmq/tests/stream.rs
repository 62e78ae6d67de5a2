//! Streams so fast that their sender writes them itself: what it leaves when it turns to something else.

mod common;

use common::{NETWORK, PATIENCE, fresh_ipc, fresh_tcp, until, within};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use zincmq::{Context, Dealer, Error, Message, Pull, Push, Socket, ability::Sends, option};

const LENGTH: u64 = 100_000;

fn number(message: &Message) -> u64 {
    u64::from_le_bytes(message.bytes().try_into().unwrap())
}

/// Receives the numbers from `first` to the end of the stream, each once and in order.
fn expect(pull: &mut Pull, first: u64) {
    let mut message = Message::new();
    for expected in first..LENGTH {
        pull.recv_into(&mut message).unwrap();
        assert_eq!(number(&message), expected);
    }
}

fn send<K: Sends>(socket: &mut Socket<K>, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| socket.send(&number.to_le_bytes()).unwrap());
}

/// A PULL that is bound, and a thread that connects a PUSH of this high-water mark to it for `body`.
fn stream(
    context: &Context,
    endpoint: &str,
    mark: usize,
    body: impl FnOnce(Push, Receiver<()>) + Send + 'static,
) -> (Pull, std::sync::mpsc::Sender<()>, thread::JoinHandle<()>) {
    let mut pull = Pull::new(context).unwrap();
    pull.set(option::RCVTIMEO, PATIENCE).unwrap();
    let bound = pull.bind(endpoint).unwrap();
    let mut push = Push::new(context).unwrap();
    push.set(option::SNDHWM, mark).unwrap();
    push.connect(&bound).unwrap();
    let (received, wait) = channel();
    (pull, received, thread::spawn(move || body(push, wait)))
}

#[test]
fn the_end_of_a_stream_needs_no_further_call() {
    within(PATIENCE * 2, || {
        let context = Context::new();
        // Which thread writes at the end depends on which thread ran when: so several times.
        for mark in [1000, 0].repeat(10) {
            for endpoint in NETWORK {
                let (mut pull, received, sender) = stream(&context, endpoint, mark, |mut push, received| {
                    send(&mut push, 0..LENGTH);
                    received.recv().unwrap();
                });
                expect(&mut pull, 0);
                received.send(()).unwrap();
                sender.join().unwrap();
            }
        }
    });
}

#[test]
fn a_stream_is_closed_whole() {
    within(PATIENCE * 2, || {
        let context = Context::new();
        for endpoint in NETWORK {
            let (mut pull, _received, sender) =
                stream(&context, endpoint, 1000, |mut push, _| send(&mut push, 0..LENGTH));
            expect(&mut pull, 0);
            sender.join().unwrap();
        }
    });
}

#[test]
fn a_sender_may_ask_instead_of_waiting() {
    within(PATIENCE * 2, || {
        let context = Context::new();
        let (mut pull, received, sender) =
            stream(&context, "tcp://127.0.0.1:*", 1000, |mut push, received| {
                send(&mut push, 0..LENGTH / 2);
                for number in LENGTH / 2..LENGTH {
                    let bytes = number.to_le_bytes();
                    until("room", || match push.try_send(&bytes) {
                        Ok(()) => true,
                        Err(failed) => failed.error != Error::Again && panic!("{failed}"),
                    });
                }
                received.recv().unwrap();
            });
        expect(&mut pull, 0);
        received.send(()).unwrap();
        sender.join().unwrap();
    });
}

#[test]
fn who_streams_and_waits_for_the_answer_gets_it() {
    within(PATIENCE * 2, || {
        let context = Context::new();
        for endpoint in [fresh_tcp(), fresh_ipc()] {
            let mut far = Dealer::new(&context).unwrap();
            far.bind(&endpoint).unwrap();
            let mut near = Dealer::new(&context).unwrap();
            near.connect(&endpoint).unwrap();
            let answering = thread::spawn(move || {
                let mut message = Message::new();
                for expected in 0..LENGTH {
                    far.recv_into(&mut message).unwrap();
                    assert_eq!(number(&message), expected);
                }
                far.send("all").unwrap();
                far
            });
            send(&mut near, 0..LENGTH);
            assert_eq!(near.recv_timeout(PATIENCE).unwrap(), Message::from("all"));
            answering.join().unwrap();
        }
    });
}

#[test]
fn a_stream_goes_on_with_the_next_connection() {
    within(PATIENCE * 2, || {
        let context = Context::new();
        let endpoint = fresh_tcp();
        let mut push = Push::new(&context).unwrap();
        push.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
        push.connect(&endpoint).unwrap();
        let mut first = Pull::new(&context).unwrap();
        first.bind(&endpoint).unwrap();
        let enough = Arc::new(AtomicBool::new(false));
        let (received, wait) = channel::<()>();
        let sender = thread::spawn({
            let enough = enough.clone();
            move || {
                let numbers = (0..).take_while(|_| !enough.load(Ordering::Relaxed));
                numbers.for_each(|number: u64| push.send(&number.to_le_bytes()).unwrap());
                push.send(&u64::MAX.to_le_bytes()).unwrap();
                wait.recv().unwrap();
            }
        });
        for expected in 0..LENGTH {
            assert_eq!(number(&first.recv_timeout(PATIENCE).unwrap()), expected);
        }
        drop(first);
        let mut second = Pull::new(&context).unwrap();
        // Its predecessor may not have left yet.
        until("the endpoint is free", || second.bind(&endpoint).is_ok());
        // What was on its way when the first one left is lost, nothing else.
        let mut last = LENGTH - 1;
        for count in 0.. {
            enough.store(count > LENGTH, Ordering::Relaxed);
            let next = number(&second.recv_timeout(PATIENCE).unwrap());
            assert!(count == 0 || next == last + 1 || next == u64::MAX, "{next} after {last}");
            if next == u64::MAX {
                break;
            }
            last = next;
        }
        received.send(()).unwrap();
        sender.join().unwrap();
    });
}
