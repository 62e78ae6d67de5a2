//! Proxies as tasks: under any executor, fair, and safe to cancel.

mod common;

use common::{ENDPOINTS, PATIENCE, fill, pipeline, within};
use smol::future::{self, FutureExt};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Wake, Waker};
use std::thread;
use zincmq::{Context, Dealer, Error, Message, Pair, Proxy, Pub, Pull, Rep, Req, Router, proxy_async};

/// Tells whether the task was woken.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls once, and again as long as the task is woken.
fn drive(mut future: std::pin::Pin<&mut impl Future<Output = zincmq::Result<()>>>) {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let settled = (0..100_000).any(|_| {
        assert!(future.as_mut().poll(&mut TaskContext::from_waker(&waker)).is_pending());
        !woken.0.swap(false, Ordering::SeqCst)
    });
    assert!(settled, "it never rests");
}

#[test]
fn requests_go_forth_and_replies_back() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut front, mut back) = (Router::new(&context).unwrap(), Dealer::new(&context).unwrap());
            let place = front.bind(endpoint).unwrap();
            let inner = back.bind(endpoint.replace("test", "back")).unwrap();
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
            let broker = runtime.spawn(async move { proxy_async(&mut front, &mut back).await });
            let mut client = Req::new(&context).unwrap();
            client.connect(&place).unwrap();
            let mut worker = Rep::new(&context).unwrap();
            worker.connect(&inner).unwrap();
            for number in 0..200_u32 {
                client.send(number.to_be_bytes()).unwrap();
                assert_eq!(worker.recv_timeout(PATIENCE).unwrap().bytes(), number.to_be_bytes());
                worker.send(["reply", "in parts"]).unwrap();
                assert_eq!(client.recv_timeout(PATIENCE).unwrap().as_slice(), ["reply", "in parts"]);
            }
            context.shutdown();
            assert_eq!(runtime.block_on(broker).unwrap(), Err(Error::Terminated));
        }
    });
}

/// Each message goes through, in order, though the future is dropped again and again.
#[test]
fn a_dropped_future_loses_nothing() {
    const MESSAGES: u32 = 20_000;
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut source, mut front) = pipeline(&context, endpoint, 10, 10);
            let (mut back, mut sink) = pipeline(&context, &endpoint.replace("test", "sink"), 10, 10);
            let sends = thread::spawn(move || {
                (0..MESSAGES).for_each(|number| source.send_timeout(number.to_be_bytes(), PATIENCE).unwrap());
                source
            });
            let receives = thread::spawn(move || {
                let received = (0..MESSAGES).map(|_| sink.recv_timeout(PATIENCE).unwrap());
                let numbers: Vec<u32> =
                    received.map(|message| u32::from_be_bytes(message.bytes().try_into().unwrap())).collect();
                assert!(numbers.into_iter().eq(0..MESSAGES));
            });
            smol::block_on(async {
                let mut streamer = Proxy::new(&mut front, &mut back);
                while !receives.is_finished() {
                    let moment = async {
                        future::yield_now().await;
                        future::yield_now().await;
                        Ok(())
                    };
                    streamer.run_async().or(moment).await.unwrap();
                }
            });
            receives.join().unwrap();
            drop(sends.join().unwrap());
        }
    });
}

/// As long as there are messages, others on the same thread have their turn all the same.
#[test]
fn a_busy_proxy_gives_way() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut source, mut front) = pipeline(&context, "inproc://busy", 0, 0);
        let (mut back, mut sink) = pipeline(&context, "inproc://sink", 0, 0);
        (0..10_000).for_each(|_| source.send("work").unwrap());
        let mut streamer = Proxy::new(&mut front, &mut back);
        let mut passing = pin!(streamer.run_async());
        let waker = Waker::from(Arc::new(Woken::default()));
        let mut most = 0;
        for _ in 0..20 {
            assert!(passing.as_mut().poll(&mut TaskContext::from_waker(&waker)).is_pending());
            let count = std::iter::from_fn(|| sink.try_recv().ok()).count();
            assert!(count > 0, "it stands still");
            most = most.max(count);
        }
        assert_eq!(most, 128);
    });
}

/// A message that has been read waits for its peer, over the end of a future; and room there wakes the task.
#[test]
fn what_waits_for_one_peer_is_kept() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut source, mut front) = (Pair::new(&context).unwrap(), Pair::new(&context).unwrap());
        front.bind("inproc://front").unwrap();
        source.connect("inproc://front").unwrap();
        let mut back = Router::builder(&context).router_mandatory(true).sndhwm(1).build().unwrap();
        back.bind("inproc://back").unwrap();
        let peer = |id| {
            let peer = Dealer::builder(&context).routing_id(id).rcvhwm(1);
            peer.connect("inproc://back").unwrap()
        };
        let (mut slow, _idle) = (peer("slow"), peer("idle"));
        let numbers = ["1", "2", "3", "4"];
        numbers.iter().for_each(|number| source.send(["slow", *number]).unwrap());
        let mut middle = Proxy::new(&mut front, &mut back);
        // Both marks add up to 2: the third waits.
        (0..5).for_each(|_| drive(pin!(middle.run_async())));
        let mut passing = pin!(middle.run_async());
        for number in numbers {
            drive(passing.as_mut());
            assert_eq!(slow.try_recv().unwrap(), Message::from(number));
        }
        drive(passing.as_mut());
        assert_eq!(slow.try_recv(), Err(Error::Again));
    });
}

#[test]
fn room_at_the_capture_is_waited_for() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut source, mut front) = pipeline(&context, "inproc://front", 0, 0);
        let (mut back, mut sink) = pipeline(&context, "inproc://back", 0, 0);
        let (mut capture, mut copies) = pipeline(&context, "inproc://copies", 1, 1);
        assert_eq!(fill(&mut capture), 2);
        source.send("work").unwrap();
        let mut middle = Proxy::new(&mut front, &mut back).capture(&mut capture);
        let mut passing = pin!(middle.run_async());
        drive(passing.as_mut());
        assert_eq!(sink.try_recv(), Err(Error::Again));
        assert_eq!(copies.recv().unwrap(), "fill");
        assert_eq!(copies.recv().unwrap(), "fill");
        drive(passing.as_mut());
        assert_eq!(copies.try_recv().unwrap(), "work");
        assert_eq!(sink.try_recv().unwrap(), "work");
    });
}

#[test]
fn a_task_is_steered_and_goes_on_afterwards() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut source, mut front) = pipeline(&context, "inproc://front", 0, 0);
        let (mut back, mut sink) = pipeline(&context, "inproc://back", 0, 0);
        let mut control = Rep::builder(&context).bind("inproc://control").unwrap();
        let mut steer = Req::builder(&context).connect("inproc://control").unwrap();
        let mut middle = Proxy::new(&mut front, &mut back).control(&mut control);
        let mut order = |command: &str, ends: bool| {
            steer.send(command).unwrap();
            let mut passing = pin!(middle.run_async());
            match ends {
                true => smol::block_on(passing.as_mut()).unwrap(),
                false => drive(passing.as_mut()),
            }
            steer.recv().unwrap()
        };
        order("PAUSE", false);
        source.send("work").unwrap();
        assert_eq!(order("STATISTICS", false).len(), 8);
        order("TERMINATE", true);
        assert_eq!(sink.try_recv(), Err(Error::Again));
        order("RESUME", false);
        assert_eq!(sink.try_recv().unwrap(), "work");
    });
}

#[test]
fn an_interrupt_ends_it_and_a_wrong_capture_too() {
    within(PATIENCE, || {
        let context = Context::new();
        let (_source, mut front) = pipeline(&context, "inproc://front", 0, 0);
        let mut back = Pub::new(&context).unwrap();
        let interrupter = front.interrupter();
        let interrupts = thread::spawn(move || interrupter.interrupt());
        assert_eq!(smol::block_on(proxy_async(&mut front, &mut back)), Err(Error::Interrupted));
        interrupts.join().unwrap();
        let mut capture = Pull::new(&context).unwrap().into_any();
        let mut middle = Proxy::new(&mut front, &mut back).capture(&mut capture);
        assert_eq!(smol::block_on(middle.run_async()), Err(Error::Unsupported { socket: "PULL" }));
    });
}
