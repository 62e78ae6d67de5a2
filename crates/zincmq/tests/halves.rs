//! Sockets in two halves: both directions at once, from two threads and from two tasks.

mod common;

use bytes::Bytes;
use common::{ENDPOINTS, PATIENCE, Random, block_on, block_on_for, fresh_ipc, fresh_tcp, until, within};
use std::future::{Future, poll_fn};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context as Polling, Poll, Waker};
use std::thread;
use std::time::Duration;
use zincmq::{
    Context, Dealer, Error, Message, Pair, RecvHalf, Router, SendError, SendHalf, Stream, Sub, XPub, XSub,
    option,
};

/// A high-water mark that is always in the way.
const MARK: usize = 10;

fn dealers(context: &Context, endpoint: &str) -> (Dealer, Dealer) {
    let mut bound = Dealer::builder(context).sndhwm(MARK).rcvhwm(MARK).build().unwrap();
    let endpoint = bound.bind(endpoint).unwrap();
    let connected = Dealer::builder(context).sndhwm(MARK).rcvhwm(MARK).connect(endpoint).unwrap();
    (bound, connected)
}

/// Gives back what it receives, and waits where there is no room.
fn echo(mut dealer: Dealer, count: u32) {
    for _ in 0..count {
        let message = dealer.recv_timeout(PATIENCE).unwrap();
        dealer.send_timeout(message, PATIENCE).unwrap();
    }
}

/// Both futures, in one task.
async fn both(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut first_is_done, mut second_is_done) = (false, false);
    poll_fn(move |context| {
        first_is_done = first_is_done || first.as_mut().poll(context).is_ready();
        second_is_done = second_is_done || second.as_mut().poll(context).is_ready();
        if first_is_done && second_is_done { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// The echo stops when it cannot send, so whoever sends without receiving meanwhile stops as well.
#[test]
fn two_threads_go_both_ways() {
    const COUNT: u32 = 5_000;
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (bound, connected) = dealers(&context, endpoint);
            let (mut requests, mut replies) = connected.into_split();
            thread::scope(|scope| {
                scope.spawn(|| echo(bound, COUNT));
                scope.spawn(|| {
                    for number in 0..COUNT {
                        requests.send_timeout(number.to_be_bytes(), PATIENCE).unwrap();
                    }
                });
                for number in 0..COUNT {
                    assert_eq!(replies.recv_timeout(PATIENCE).unwrap(), number.to_be_bytes(), "{endpoint}");
                }
            });
        }
    });
}

#[test]
fn two_tasks_go_both_ways() {
    const COUNT: u32 = 5_000;
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (bound, connected) = dealers(&context, endpoint);
            let (mut requests, mut replies) = connected.into_split();
            let echoing = thread::spawn(move || echo(bound, COUNT));
            let sending = async {
                for number in 0..COUNT {
                    requests.send_async(number.to_be_bytes()).await.unwrap();
                }
            };
            let receiving = async {
                for number in 0..COUNT {
                    assert_eq!(replies.recv_async().await.unwrap(), number.to_be_bytes(), "{endpoint}");
                }
            };
            block_on(both(sending, receiving));
            echoing.join().unwrap();
        }
    });
}

/// Each half does all it can in another way each time: blocking, at once, in batches, async and given up.
#[test]
fn all_ways_to_call_are_mixed() {
    const COUNT: u32 = 4_000;
    fn send(half: &mut SendHalf<Dealer>, number: u32, random: &mut Random) {
        let body = number.to_be_bytes();
        match random.below(4) {
            0 => half.send_timeout(body, PATIENCE).unwrap(),
            1 => assert_eq!(half.send_batch([body]).unwrap(), 1),
            2 => block_on(half.send_async(&body)).unwrap(),
            _ => {
                while let Err(SendError { error, .. }) = half.try_send(body) {
                    assert_eq!(error, Error::Again);
                    if random.once_in(2) { block_on(half.writable()).unwrap() } else { thread::yield_now() }
                }
            }
        }
    }
    fn recv(half: &mut RecvHalf<Dealer>, random: &mut Random) -> Message {
        match random.below(4) {
            0 => half.recv_timeout(PATIENCE).unwrap(),
            1 => {
                let mut messages = Vec::new();
                assert_eq!(half.recv_batch(&mut messages, 1).unwrap(), 1);
                messages.remove(0)
            }
            2 => loop {
                if let Some(received) = block_on_for(Duration::ZERO, half.recv_async()) {
                    return received.unwrap();
                }
            },
            _ => loop {
                match half.try_recv() {
                    Ok(message) => return message,
                    Err(error) => assert_eq!(error, Error::Again),
                }
                block_on(half.readable()).unwrap();
            },
        }
    }
    within(3 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (bound, connected) = dealers(&context, endpoint);
            let mut halves = [bound.into_split(), connected.into_split()];
            thread::scope(|scope| {
                for (seed, (requests, replies)) in halves.iter_mut().enumerate() {
                    let random = Random(seed as u64);
                    let mut other = Random(!random.0);
                    let mut random = random;
                    scope.spawn(move || (0..COUNT).for_each(|number| send(requests, number, &mut random)));
                    scope.spawn(move || {
                        for number in 0..COUNT {
                            assert_eq!(recv(replies, &mut other), number.to_be_bytes(), "{endpoint}");
                        }
                    });
                }
            });
        }
    });
}

#[test]
fn every_type_that_goes_both_ways_has_halves() {
    let context = Context::new();
    let (mut pair, mut other) = (Pair::new(&context).unwrap(), Pair::new(&context).unwrap());
    other.connect(pair.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    other.send("to a half").unwrap();
    let (mut send, mut recv) = pair.into_split();
    assert_eq!(recv.recv_string().unwrap(), "to a half");
    send.send("from a half").unwrap();
    assert_eq!(other.recv().unwrap(), "from a half");

    let mut router = Router::new(&context).unwrap();
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap();
    let mut dealer = Dealer::builder(&context).routing_id("dealer").connect(&endpoint).unwrap();
    let (mut replies, mut requests) = router.into_split();
    dealer.send("request").unwrap();
    let request = requests.recv().unwrap();
    assert_eq!(request.as_slice(), ["dealer", "request"]);
    replies.send(request).unwrap();
    assert_eq!(dealer.recv().unwrap(), "request");
    assert_eq!(replies.try_send("no body").unwrap_err().error, Error::InvalidMessage { socket: "ROUTER" });
    replies.set(option::ROUTER_MANDATORY, true).unwrap();
    assert!(requests.get(option::ROUTER_MANDATORY).unwrap());
    assert_eq!(replies.try_send(("nobody", "lost")).unwrap_err().error, Error::Unroutable);

    let mut xpub = XPub::builder(&context).xpub_manual(true).build().unwrap();
    let endpoint = xpub.bind("tcp://127.0.0.1:*").unwrap();
    let (mut publish, mut subscriptions) = xpub.into_split();
    let mut sub = Sub::new(&context).unwrap();
    sub.subscribe("wanted").unwrap();
    sub.connect(&endpoint).unwrap();
    assert_eq!(subscriptions.recv().unwrap().bytes(), b"\x01wanted");
    subscriptions.subscribe("wanted").unwrap();
    publish.send("wanted by SUB").unwrap();
    assert_eq!(sub.recv().unwrap(), "wanted by SUB");

    let (mut subscribe, mut messages) = XSub::new(&context).unwrap().into_split();
    messages.connect(&endpoint).unwrap();
    subscribe.send(b"\x01wanted").unwrap();
    assert_eq!(subscriptions.recv().unwrap().bytes(), b"\x01wanted");
    subscriptions.subscribe("wanted").unwrap();
    publish.send("wanted by both").unwrap();
    assert_eq!(messages.recv().unwrap(), "wanted by both");

    let mut stream = Stream::new(&context).unwrap();
    let endpoint = stream.bind("tcp://127.0.0.1:*").unwrap();
    let (mut out, mut incoming) = stream.into_split();
    let mut plain = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    plain.write_all(b"hello").unwrap();
    assert!(incoming.recv().unwrap()[1].is_empty(), "a notice that the peer is there");
    let message = incoming.recv().unwrap();
    assert_eq!(message[1], "hello");
    out.send((&message[0], "there")).unwrap();
    let mut answer = [0; 5];
    plain.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"there");
}

/// A whole socket again, with what was queued; two sockets are not mixed up.
#[test]
fn halves_are_joined_again() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let (bound, mut connected) = dealers(&context, endpoint);
        let (send, recv) = bound.into_split();
        let (other_send, other_recv) = Dealer::new(&context).unwrap().into_split();
        let error = send.rejoin(other_recv).unwrap_err();
        assert_eq!(error.to_string(), "the halves are not of one socket");
        let mut whole = error.send.rejoin(recv).unwrap();
        drop(other_send.rejoin(error.recv).unwrap());
        for number in 0..5 {
            connected.send([number]).unwrap();
        }
        assert_eq!(whole.recv_timeout(PATIENCE).unwrap(), [0]);
        let (send, mut recv) = whole.into_split();
        assert_eq!(recv.recv_timeout(PATIENCE).unwrap(), [1]);
        // A future that was given up leaves nothing behind in the whole socket.
        let mut context = Polling::from_waker(Waker::noop());
        let mut next = 2;
        for _ in 0..4 {
            if let Poll::Ready(message) = pin!(recv.recv_async()).poll(&mut context) {
                assert_eq!(message.unwrap(), [next]);
                next += 1;
            }
        }
        let mut whole = send.rejoin(recv).unwrap();
        whole.send("whole").unwrap();
        assert_eq!(connected.recv_timeout(PATIENCE).unwrap(), "whole");
        connected.send("last").unwrap();
        for number in next..5 {
            assert_eq!(whole.recv_timeout(PATIENCE).unwrap(), [number]);
        }
        assert_eq!(whole.recv_timeout(PATIENCE).unwrap(), "last");
    }
}

/// The socket goes with the later half: the peer's connection stays until then.
#[test]
fn the_later_half_closes_the_socket() {
    for send_first in [true, false] {
        for endpoint in ["inproc://later", "tcp://127.0.0.1:*", &fresh_ipc()] {
            let context = Context::new();
            let (bound, mut connected) = dealers(&context, endpoint);
            let (mut send, mut recv) = bound.into_split();
            connected.send("before").unwrap();
            assert_eq!(recv.recv_timeout(PATIENCE).unwrap(), "before");
            if send_first {
                drop(send);
                connected.send("after").unwrap();
                assert_eq!(recv.recv_timeout(PATIENCE).unwrap(), "after");
                drop(recv);
            } else {
                drop(recv);
                send.send("after").unwrap();
                assert_eq!(connected.recv_timeout(PATIENCE).unwrap(), "after");
                drop(send);
            }
            let name = connected.last_endpoint();
            let mut next = Dealer::new(&context).unwrap();
            until("the endpoint is free", || next.bind(&name).is_ok());
        }
    }
}

/// The end of the context ends the waits of both halves, in threads and tasks.
#[test]
fn the_end_of_the_context_reaches_both_halves() {
    for asynchronous in [false, true] {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (bound, connected) = dealers(&context, endpoint);
            let (mut send, mut recv) = connected.into_split();
            send.set(option::LINGER, Duration::ZERO).unwrap();
            while send.try_send("fill").is_ok() {}
            let (said, hear) = channel();
            let said_too = said.clone();
            let sending = thread::spawn(move || {
                let result = loop {
                    let sent =
                        if asynchronous { block_on(send.send_async("more")) } else { send.send("more") };
                    if let Err(failed) = sent {
                        break failed.error;
                    }
                };
                said.send(result).unwrap();
            });
            let receiving = thread::spawn(move || {
                let received = if asynchronous { block_on(recv.recv_async()) } else { recv.recv() };
                said_too.send(received.unwrap_err()).unwrap();
            });
            context.shutdown();
            for _ in 0..2 {
                assert_eq!(hear.recv_timeout(PATIENCE).unwrap(), Error::Terminated);
            }
            sending.join().unwrap();
            receiving.join().unwrap();
            drop(bound);
        }
    }
}

#[test]
fn halves_know_timeouts_and_interrupts() {
    let context = Context::new();
    let mut dealer = Dealer::builder(&context)
        .sndtimeo(Duration::from_millis(1))
        .rcvtimeo(Duration::from_millis(1))
        .connect(fresh_tcp())
        .unwrap();
    dealer.set(option::SNDHWM, 1).unwrap();
    dealer.set(option::LINGER, Duration::ZERO).unwrap();
    let interrupter = dealer.interrupter();
    let (mut send, mut recv) = dealer.into_split();
    send.send("fills the queue").unwrap();
    let refused = send.send("too much").unwrap_err();
    assert_eq!((refused.error, refused.message), (Error::Timeout, ()));
    let refused = send.send_timeout(vec![7], Duration::from_millis(1)).unwrap_err();
    assert_eq!((refused.error, refused.message), (Error::Timeout, vec![7]));
    assert_eq!(recv.recv().unwrap_err(), Error::Timeout);
    assert_eq!(recv.recv_timeout(Duration::ZERO).unwrap_err(), Error::Timeout);
    assert_eq!(recv.try_recv().unwrap_err(), Error::Again);
    assert!(!send.can_send() && !recv.can_recv());
    assert_eq!(send.stats().peers.len(), recv.stats().peers.len());
    assert_eq!(send.socket_type(), recv.socket_type());
    recv.set(option::RCVTIMEO, None).unwrap();
    interrupter.interrupt();
    assert_eq!(recv.recv().unwrap_err(), Error::Interrupted);
    interrupter.interrupt();
    assert_eq!(block_on(send.send_async("too much")).unwrap_err().error, Error::Interrupted);
}

/// A waker that was given up is not called for what comes later, and one that waits is, whichever half comes first.
#[test]
fn each_half_wakes_its_own_task() {
    struct Count(AtomicUsize);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let (mut bound, connected) = dealers(&context, endpoint);
        let (mut send, mut recv) = connected.into_split();
        let counts = [(); 2].map(|()| Arc::new(Count(AtomicUsize::new(0))));
        let wakers = counts.clone().map(Waker::from);
        while block_on_for(Duration::ZERO, send.send_async("fill")).is_some() {}
        {
            let mut receiving = pin!(recv.recv_async());
            assert!(receiving.as_mut().poll(&mut Polling::from_waker(&wakers[0])).is_pending());
            let sending = pin!(send.send_async("more"));
            // The network may have taken some meanwhile.
            _ = sending.poll(&mut Polling::from_waker(&wakers[1]));
            bound.send("for the receiver").unwrap();
            // A half may be woken for the other one as well.
            let mut received = None;
            until("the message for the receiver", || {
                let woken = counts[0].0.swap(0, Ordering::SeqCst) > 0;
                if woken
                    && let Poll::Ready(result) = receiving.as_mut().poll(&mut Polling::from_waker(&wakers[0]))
                {
                    received = Some(result);
                }
                received.is_some()
            });
            assert_eq!(received.unwrap().unwrap(), "for the receiver");
        }
        let before = counts.each_ref().map(|count| count.0.load(Ordering::SeqCst));
        bound.send("nobody waits").unwrap();
        assert_eq!(recv.recv_timeout(PATIENCE).unwrap(), "nobody waits");
        assert_eq!(counts.each_ref().map(|count| count.0.load(Ordering::SeqCst)), before, "{endpoint}");
    }
}

/// While one half asks without end, the other gets its turn.
#[test]
fn a_busy_half_does_not_keep_the_other_out() {
    within(2 * PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut bound, connected) = dealers(&context, endpoint);
            let (mut send, mut recv) = connected.into_split();
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Ordering::SeqCst) {
                        assert_eq!(recv.try_recv().unwrap_err(), Error::Again);
                    }
                });
                scope.spawn(|| {
                    for _ in 0..1000 {
                        bound.recv_timeout(PATIENCE).unwrap();
                    }
                    done.store(true, Ordering::SeqCst);
                });
                for _ in 0..1000 {
                    send.send_timeout("message", PATIENCE).unwrap();
                }
            });
        }
    });
}

/// What was received ends without the lock, so the owner of its bytes may use the other half.
#[test]
fn the_owner_of_a_body_may_use_the_other_half() {
    struct Owner(Vec<u8>, Arc<Mutex<Option<SendHalf<Dealer>>>>);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    impl Drop for Owner {
        fn drop(&mut self) {
            if let Some(send) = &mut *self.1.lock().unwrap() {
                send.try_send("the end").unwrap();
            }
        }
    }
    within(2 * PATIENCE, || {
        let context = Context::new();
        let (bound, mut connected) = dealers(&context, "inproc://owner");
        let (send, mut recv) = bound.into_split();
        let send = Arc::new(Mutex::new(Some(send)));
        connected.send(Bytes::from_owner(Owner(vec![0; 1 << 17], send.clone()))).unwrap();
        connected.send("next").unwrap();
        let mut message = Message::new();
        for size in [1 << 17, "next".len()] {
            recv.recv_into(&mut message).unwrap();
            assert_eq!(message.bytes().len(), size);
        }
        assert_eq!(connected.recv_timeout(PATIENCE).unwrap(), "the end");
        drop(send.lock().unwrap().take());
    });
}
