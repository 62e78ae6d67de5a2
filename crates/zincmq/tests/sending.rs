//! What is sent, and what is refused: forms of messages, and batches.

mod common;

use bytes::Bytes;
use common::{ENDPOINTS, PATIENCE, pipeline, until, within};
use std::sync::Arc;
use zincmq::{Context, Dealer, Error, Frame, Message, Rep, Req, Router, Stream, option};

/// Whoever forgets the body is told, whether the peer is known or not.
#[test]
fn a_routing_id_alone_is_no_message() {
    within(PATIENCE, || {
        for mandatory in [false, true] {
            let context = Context::new();
            let (mut router, mut dealer) = (Router::new(&context).unwrap(), Dealer::new(&context).unwrap());
            router.set(option::ROUTER_MANDATORY, mandatory).unwrap();
            router.bind("inproc://router").unwrap();
            dealer.set(option::ROUTING_ID, "dealer").unwrap();
            dealer.connect("inproc://router").unwrap();
            dealer.send("hello").unwrap();
            router.recv_timeout(PATIENCE).unwrap();
            for id in ["dealer", "nobody"] {
                let results = [
                    router.send(id),
                    router.try_send(id),
                    router.send_timeout(id, PATIENCE),
                    smol::block_on(router.send_async(id)),
                ];
                for result in results {
                    assert_eq!(result.unwrap_err().error, Error::InvalidMessage { socket: "ROUTER" });
                }
            }
            router.send(["dealer", "body"]).unwrap();
            assert_eq!(dealer.recv_timeout(PATIENCE).unwrap().bytes(), b"body");
            assert_eq!(router.stats().sent, 1);
        }
        let mut stream = Stream::new(&Context::new()).unwrap();
        assert!(matches!(
            stream.try_send("id").map_err(Error::from),
            Err(Error::InvalidMessage { socket: "STREAM" })
        ));
    });
}

/// What a batch does not send stays where it was, in order.
#[test]
fn a_batch_takes_only_what_it_sends() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 3, 3);
            let mut numbers = 0_u32..300;
            let (mut counted, mut received) = (0, Vec::new());
            while !numbers.is_empty() {
                counted += push.send_batch(numbers.by_ref().map(|n| n.to_be_bytes().to_vec())).unwrap();
                assert_eq!(counted, numbers.start as usize, "{endpoint}");
                while let Ok(message) = pull.try_recv() {
                    received.push(u32::from_be_bytes(message.bytes().try_into().unwrap()));
                }
            }
            assert_eq!(push.send_batch(numbers.map(|n| n.to_be_bytes().to_vec())).unwrap(), 0);
            while received.len() < 300 {
                let message = pull.recv_timeout(PATIENCE).unwrap();
                received.push(u32::from_be_bytes(message.bytes().try_into().unwrap()));
            }
            assert!(received.into_iter().eq(0..300), "{endpoint}");
        }
    });
}

/// An error in the midst of a batch is told, with what went before.
#[test]
fn a_batch_tells_how_far_it_came() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut router, mut dealer) = (Router::new(&context).unwrap(), Dealer::new(&context).unwrap());
        router.set(option::ROUTER_MANDATORY, true).unwrap();
        router.bind("inproc://router").unwrap();
        dealer.set(option::ROUTING_ID, "there").unwrap();
        dealer.connect("inproc://router").unwrap();
        let mut letters = ["there", "there", "nobody", "there"].into_iter();
        let failed = router.send_batch(letters.by_ref().map(|id| [id, "letter"])).unwrap_err();
        assert!(matches!((failed.sent, failed.error), (2, Error::Unroutable)));
        assert_eq!(letters.len(), 1);
        let (mut rep, mut req) = (Rep::new(&context).unwrap(), Req::new(&context).unwrap());
        rep.bind("inproc://rep").unwrap();
        req.connect("inproc://rep").unwrap();
        assert_eq!(req.send_batch(["one request", "is all"]).unwrap(), 1);
        let failed = req.send_batch(["before the reply"]).unwrap_err();
        assert!(matches!((failed.sent, failed.error), (0, Error::State)));
    });
}

/// A receiver in the same process has the sender's memory, however small; to others it is copied, and let go of.
#[test]
fn what_is_kept_crosses_inproc_as_the_same_memory() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 100, 100);
            for size in [0, 1, 64, 65, 300, 9000] {
                let memory = Arc::new(vec![size as u8; size]);
                for parts in 1..=3 {
                    let kept = || Frame::kept(Bytes::from_owner(Memory(memory.clone())));
                    push.send((0..parts).map(|_| kept()).collect::<Message>()).unwrap();
                    let inproc = endpoint.starts_with("inproc");
                    assert_eq!(Arc::strong_count(&memory) - 1, if inproc { parts } else { 0 }, "{endpoint}");
                    let received = pull.recv_timeout(PATIENCE).unwrap();
                    assert!(received.len() == parts && received.iter().all(|part| part == &memory[..]));
                    let same = received.iter().all(|part| std::ptr::eq(part.as_ptr(), memory.as_ptr()));
                    assert!(same == inproc || size == 0, "{endpoint}, {size} bytes");
                    assert_eq!(received[0].clone().into_vec(), memory[..]);
                    drop(received);
                    assert_eq!(Arc::strong_count(&memory), 1, "{endpoint}");
                }
            }
        }
    });
}

/// A proxy hands on what it got, and keeps nothing of it.
#[test]
fn a_proxy_keeps_nothing() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut source, mut front) = pipeline(&context, "inproc://front", 100, 100);
        let (mut back, mut sink) = pipeline(&context, "inproc://back", 100, 100);
        let middle = std::thread::spawn(move || zincmq::proxy(&mut front, &mut back));
        let memory = Arc::new(vec![7; 100]);
        source.send(Frame::kept(Bytes::from_owner(Memory(memory.clone())))).unwrap();
        let received = sink.recv_timeout(PATIENCE).unwrap();
        assert!(std::ptr::eq(received[0].as_ptr(), memory.as_ptr()));
        drop(received);
        until("the memory is free", || Arc::strong_count(&memory) == 1);
        context.shutdown();
        assert!(matches!(middle.join().unwrap(), Err(Error::Terminated)));
    });
}

/// Somebody's memory.
struct Memory(Arc<Vec<u8>>);

impl AsRef<[u8]> for Memory {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
