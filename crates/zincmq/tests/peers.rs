//! Peers that come, go and come again.

mod common;

use common::{ENDPOINTS, PATIENCE, until, within};
use zincmq::{Context, Dealer, Error, Message, Router, Socket, option};

/// The next message, its parts joined by `|`; nothing, if none comes.
fn heard<K: zincmq::pattern::ability::Receives>(socket: &mut Socket<K>) -> Option<String> {
    socket.recv_timeout(PATIENCE).ok().map(text)
}

fn text(message: Message) -> String {
    message.iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join("|")
}

/// A ROUTER that insists on its peers, bound, with a mark of 2.
fn router(context: &Context, endpoint: &str) -> (Router, String) {
    let mut router = Router::new(context).unwrap();
    router.set(option::ROUTER_MANDATORY, true).unwrap();
    router.set(option::SNDHWM, 2).unwrap();
    router.set(option::LINGER, 0).unwrap();
    let bound = router.bind(endpoint).unwrap();
    (router, bound)
}

/// A DEALER of this id, whose first message has arrived.
fn dealer(context: &Context, endpoint: &str, id: &str) -> Dealer {
    let mut dealer = Dealer::new(context).unwrap();
    dealer.set(option::ROUTING_ID, id.as_bytes()).unwrap();
    dealer.set(option::RCVHWM, 2).unwrap();
    dealer.connect(endpoint).unwrap();
    dealer.send("here").unwrap();
    dealer
}

/// Sends until that would have to wait.
fn fill(router: &mut Router, body: &[u8]) {
    until("full", || match router.try_send([&b"a"[..], body]) {
        Ok(()) => false,
        Err(Error::Again) => true,
        Err(error) => panic!("{error}"),
    });
}

#[test]
fn a_full_peer_of_the_same_process_that_has_gone_is_unroutable_at_once() {
    let context = Context::new();
    let (mut router, bound) = router(&context, "inproc://gone");
    for looks in [false, true] {
        let dealer = dealer(&context, &bound, "a");
        assert_eq!(heard(&mut router).as_deref(), Some("a|here"));
        if looks {
            assert!(!router.can_recv());
        }
        fill(&mut router, b"m");
        drop(dealer);
        assert!(matches!(router.try_admit(b"a"), Err(Error::Unroutable)));
        assert!(matches!(router.try_send(["a", "m"]), Err(Error::Unroutable)));
        assert!(matches!(router.can_send_to(b"a"), Err(Error::Unroutable)));
    }
}

#[test]
fn a_send_that_waits_for_a_peer_hears_of_its_end() {
    for endpoint in ENDPOINTS {
        within(PATIENCE, move || {
            let context = Context::new();
            let (mut router, bound) = router(&context, endpoint);
            let dealer = dealer(&context, &bound, "a");
            assert_eq!(heard(&mut router).as_deref(), Some("a|here"));
            let body = vec![0; 100_000];
            fill(&mut router, &body);
            std::thread::scope(|scope| {
                let sender = scope.spawn(|| {
                    loop {
                        // Over the network the kernel may have taken a message meanwhile.
                        match router.send([&b"a"[..], &body]) {
                            Ok(()) => {}
                            Err(error) => break error,
                        }
                    }
                });
                std::thread::yield_now();
                drop(dealer);
                assert!(matches!(sender.join().unwrap(), Error::Unroutable));
            });
        });
    }
}

#[test]
fn who_comes_again_under_its_id_is_heard_whether_the_router_looks_between_or_not() {
    for endpoint in ["inproc://again"] {
        for reads_each in [true, false] {
            let context = Context::new();
            let (mut router, bound) = router(&context, endpoint);
            for n in 0..5 {
                let mut dealer = dealer(&context, &bound, "a");
                if reads_each {
                    assert_eq!(heard(&mut router).as_deref(), Some("a|here"), "{endpoint} {n}");
                    router.send(["a", "back"]).unwrap();
                    assert_eq!(heard(&mut dealer).as_deref(), Some("back"), "{endpoint} {n}");
                }
            }
            for n in 0..if reads_each { 0 } else { 5 } {
                assert_eq!(heard(&mut router).as_deref(), Some("a|here"), "{endpoint} {n}");
            }
        }
    }
}
