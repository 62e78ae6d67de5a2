//! What other interfaces are built on: admission, descriptors for event loops, options by number, a context that is
//! configured late.

mod common;

use common::{ENDPOINTS, PATIENCE, within};
use rustix::event::{PollFd, PollFlags, poll};
use std::time::Duration;
use zincmq::c::{Admits, ByNumber, Configures, LikeLibzmq};
use zincmq::option::Value;
use zincmq::poller::Interest;
use zincmq::{
    AnySocket, Context, Dealer, Error, EventKind, Events, Pair, Proxy, Pub, Pull, Push, Rep, Req, Router,
    SocketType, option,
};

#[test]
fn admission_says_what_a_send_would() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    assert!(matches!(push.try_admit(b""), Err(Error::Again)));
    let mut pull = Pull::new(&context).unwrap().into_any();
    assert!(matches!(pull.try_admit(b""), Err(Error::Unsupported { .. })));
    let mut rep = Rep::new(&context).unwrap();
    assert!(matches!(rep.admit(b""), Err(Error::State)));
    rep.bind("inproc://rep").unwrap();
    let mut req = Req::new(&context).unwrap();
    req.connect("inproc://rep").unwrap();
    req.admit(b"").unwrap();
    req.send("question").unwrap();
    assert!(matches!(req.admit(b""), Err(Error::State)));
    rep.recv().unwrap();
    rep.admit(b"").unwrap();
    rep.send("answer").unwrap();
}

#[test]
fn admission_of_a_router_names_the_peer() {
    let context = Context::new();
    let mut router = Router::new(&context).unwrap();
    router.bind("inproc://router").unwrap();
    router.admit(b"nobody").unwrap();
    router.set(option::ROUTER_MANDATORY, true).unwrap();
    router.set(option::SNDHWM, 1).unwrap();
    let mut dealer = Dealer::new(&context).unwrap();
    dealer.set(option::ROUTING_ID, b"it".to_vec()).unwrap();
    dealer.set(option::RCVHWM, 1).unwrap();
    dealer.connect("inproc://router").unwrap();
    assert!(matches!(router.try_admit(b"nobody"), Err(Error::Unroutable)));
    assert!(matches!(router.can_send_to(b"nobody"), Err(Error::Unroutable)));
    for _ in 0..2 {
        router.try_admit(b"it").unwrap();
        assert!(router.can_send_to(b"it").unwrap());
        router.try_send(["it", "message"]).unwrap();
    }
    assert!(matches!(router.try_admit(b"it"), Err(Error::Again)));
    assert!(!router.can_send_to(b"it").unwrap());
}

#[test]
fn admission_of_a_publisher_that_drops_nothing() {
    let context = Context::new();
    let mut publisher = Pub::new(&context).unwrap();
    publisher.set(option::SNDHWM, 1).unwrap();
    publisher.set(option::XPUB_NODROP, true).unwrap();
    publisher.bind("inproc://pub").unwrap();
    let mut sub = zincmq::Sub::new(&context).unwrap();
    sub.set(option::RCVHWM, 1).unwrap();
    sub.subscribe("a").unwrap();
    sub.connect("inproc://pub").unwrap();
    for _ in 0..2 {
        publisher.try_admit(b"a").unwrap();
        publisher.try_send("a").unwrap();
    }
    assert!(matches!(publisher.try_admit(b"a"), Err(Error::Again)));
    publisher.try_admit(b"b").unwrap();
}

#[test]
fn a_descriptor_tells_of_every_change() {
    for endpoint in ENDPOINTS {
        within(PATIENCE, move || {
            let context = Context::new();
            let mut ours = Dealer::new(&context).unwrap();
            let endpoint = ours.bind(endpoint).unwrap();
            let mut theirs = Dealer::new(&context).unwrap();
            theirs.connect(&endpoint).unwrap();
            for _ in 0..100 {
                theirs.send("x").unwrap();
                while !ours.events().unwrap().readable {
                    let descriptor = ours.descriptor().unwrap();
                    poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], None).unwrap();
                }
                ours.try_recv().unwrap();
                assert!(!ours.events().unwrap().readable);
            }
            context.shutdown();
            assert!(matches!(ours.events(), Err(Error::Terminated)));
        });
    }
}

#[test]
fn options_go_by_their_numbers() {
    let context = Context::new();
    let mut sub = AnySocket::with_type(&context, SocketType::Sub).unwrap();
    sub.set_raw(6, Some(b"topic")).unwrap();
    assert_eq!(sub.get_raw(116).unwrap(), Value::Int(1));
    sub.set_raw(7, Some(b"topic")).unwrap();
    assert_eq!(sub.get_raw(116).unwrap(), Value::Int(0));
    assert_eq!(sub.get_raw(16).unwrap(), Value::Int(2));
    assert_eq!(sub.get_raw(15).unwrap(), Value::Int(0));
    sub.set_raw(23, Some(&7_i32.to_ne_bytes())).unwrap();
    assert_eq!(sub.get_raw(23).unwrap(), Value::Int(7));
    sub.bind("inproc://sub").unwrap();
    assert_eq!(sub.get_raw(32).unwrap(), Value::Text("inproc://sub".to_owned()));
    for number in [13, 40, 9999] {
        assert!(matches!(sub.get_raw(number), Err(Error::Option(_))), "{number}");
    }
    for (number, bytes) in [(16, &[0; 4][..]), (23, &[0; 3]), (33, &[0; 4]), (9999, &[0; 4])] {
        assert!(matches!(sub.set_raw(number, Some(bytes)), Err(Error::Option(_))), "{number}");
    }
}

#[test]
fn a_context_is_configured_until_its_first_socket() {
    let context = Context::new();
    context.configure(|builder| builder.io_threads(0).max_sockets(2).blocky(false));
    let mut socket = Pair::new(&context).unwrap();
    assert_eq!(socket.get(option::LINGER).unwrap(), Some(Duration::ZERO));
    // Too late for the threads, in time for the next socket.
    context.configure(|builder| builder.io_threads(1).blocky(true));
    assert!(matches!(socket.bind("tcp://127.0.0.1:*"), Err(Error::NoIoThread { .. })));
    assert_eq!(Pair::new(&context).unwrap().get(option::LINGER).unwrap(), None);
}

#[test]
fn one_socket_reflects_what_it_receives() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut router = Router::new(&context).unwrap();
        router.bind("inproc://mirror").unwrap();
        let mirror = std::thread::spawn(move || Proxy::reflecting(&mut router).run());
        let mut dealer = Dealer::new(&context).unwrap();
        dealer.connect("inproc://mirror").unwrap();
        dealer.send(["to", "and fro"]).unwrap();
        assert_eq!(dealer.recv().unwrap(), zincmq::Message::from(["to", "and fro"]));
        context.shutdown();
        assert!(matches!(mirror.join().unwrap(), Err(Error::Terminated)));
    });
}

#[test]
fn a_monitor_tells_of_queues_when_asked() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    let mut monitor = push.monitor(Events::NONE.with(EventKind::PipesStats));
    assert!(matches!(push.report_queues(), Err(Error::Again)));
    push.bind("inproc://queues").unwrap();
    let mut pull = Pull::new(&context).unwrap();
    let mut watched = pull.monitor(Events::ALL);
    pull.connect("inproc://queues").unwrap();
    for _ in 0..3 {
        push.send(["in", "two parts"]).unwrap();
    }
    push.report_queues().unwrap();
    let event = monitor.recv_timeout(PATIENCE).unwrap();
    assert_eq!((event.value, event.inbound, &*event.local), (3, 0, "inproc://queues"));
    pull.recv().unwrap();
    pull.report_queues().unwrap();
    assert_eq!(watched.recv_timeout(PATIENCE).unwrap().inbound, 2);
    push.report_queues().unwrap();
    assert_eq!(monitor.recv_timeout(PATIENCE).unwrap().value, 2);
    push.set_lazy(true);
    push.report_queues().unwrap();
    assert_eq!(monitor.recv_timeout(PATIENCE).unwrap().value, 3, "nobody has been told of room");
    assert_eq!(push.events().unwrap(), Interest::WRITABLE);
}
