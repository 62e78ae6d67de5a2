//! Messages at a connection's beginning and end: HELLO_MSG, DISCONNECT_MSG, HICCUP_MSG, ROUTER_NOTIFY.

mod common;

use common::{ENDPOINTS, NETWORK, PATIENCE, fresh_ipc, fresh_tcp, until};
use std::time::Duration;
use zincmq::ability::{Receives, Typed};
use zincmq::{Context, Dealer, Message, Rep, Router, Socket, option};

fn receive<K: Receives>(socket: &mut Socket<K>) -> Vec<Vec<u8>> {
    let message: Message = socket.recv_timeout(PATIENCE).unwrap();
    message.iter().map(|part| part.to_vec()).collect()
}

fn with<K: Typed>(context: &Context, set: &[(option::OptionKey<Vec<u8>>, &str)]) -> Socket<K> {
    let mut socket = Socket::new(context).unwrap();
    socket.set(option::RECONNECT_IVL, Duration::from_millis(1)).unwrap();
    for &(option, value) in set {
        socket.set(option, value.as_bytes().to_vec()).unwrap();
    }
    socket
}

/// Binds where somebody has just left.
fn bind<K>(socket: &mut Socket<K>, endpoint: &str) {
    until("free again", || socket.bind(endpoint).is_ok());
}

#[test]
fn hello_comes_first_from_both_sides() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut router: Router = with(&context, &[(option::HELLO_MSG, "hello from router")]);
        let bound = router.bind(endpoint).unwrap();
        let names = [(option::ROUTING_ID, "me"), (option::HELLO_MSG, "hello from dealer")];
        let mut dealer: Dealer = with(&context, &names);
        dealer.connect(&bound).unwrap();
        dealer.send("work").unwrap();
        assert_eq!(receive(&mut router), [&b"me"[..], b"hello from dealer"], "{endpoint}");
        assert_eq!(receive(&mut router), [&b"me"[..], b"work"]);
        assert_eq!(receive(&mut dealer), [b"hello from router"]);
    }
}

#[test]
fn hello_comes_first_though_messages_wait_already() {
    for endpoint in ["inproc://late".to_owned(), fresh_tcp(), fresh_ipc()] {
        let context = Context::new();
        let mut dealer: Dealer = with(&context, &[(option::HELLO_MSG, "hello")]);
        dealer.connect(&endpoint).unwrap();
        dealer.send("work").unwrap();
        let mut other: Dealer = with(&context, &[(option::HELLO_MSG, "and hello")]);
        other.bind(&endpoint).unwrap();
        assert_eq!(receive(&mut other), [b"hello"], "{endpoint}");
        assert_eq!(receive(&mut other), [b"work"]);
        assert_eq!(receive(&mut dealer), [b"and hello"]);
    }
}

#[test]
fn each_connection_has_its_hello_and_each_loss_its_hiccup() {
    for endpoint in [fresh_tcp(), fresh_ipc()] {
        let context = Context::new();
        let names = [(option::HELLO_MSG, "hello"), (option::HICCUP_MSG, "hiccup")];
        let mut dealer: Dealer = with(&context, &names);
        dealer.connect(&endpoint).unwrap();
        for _ in 0..3 {
            let mut other: Dealer = with(&context, &[]);
            bind(&mut other, &endpoint);
            assert_eq!(receive(&mut other), [b"hello"]);
            other.send("last").unwrap();
            other.unbind(&endpoint).unwrap();
            assert_eq!(receive(&mut dealer), [b"last"], "{endpoint}");
            assert_eq!(receive(&mut dealer), [b"hiccup"], "{endpoint}");
        }
    }
}

#[test]
fn a_bound_router_hears_who_leaves() {
    for endpoint in ENDPOINTS {
        let context = Context::new();
        let mut router: Router = with(&context, &[(option::DISCONNECT_MSG, "gone")]);
        let bound = router.bind(endpoint).unwrap();
        for (name, disconnects) in [("one", false), ("other", true)] {
            let mut dealer: Dealer = with(&context, &[(option::ROUTING_ID, name)]);
            dealer.connect(&bound).unwrap();
            dealer.send("work").unwrap();
            assert_eq!(receive(&mut router), [name.as_bytes(), b"work"]);
            if disconnects {
                dealer.disconnect(&bound).unwrap();
            }
            drop(dealer);
            assert_eq!(receive(&mut router), [name.as_bytes(), b"gone"], "{endpoint}");
        }
    }
    // Over inproc also where the router comes later.
    let context = Context::new();
    let mut dealer: Dealer = with(&context, &[(option::ROUTING_ID, "me")]);
    dealer.connect("inproc://late").unwrap();
    let mut router: Router = with(&context, &[(option::DISCONNECT_MSG, "gone")]);
    router.bind("inproc://late").unwrap();
    drop(dealer);
    assert_eq!(receive(&mut router), [&b"me"[..], b"gone"]);
}

#[test]
fn who_connected_gets_no_disconnect_message() {
    for endpoint in [fresh_tcp(), fresh_ipc()] {
        let context = Context::new();
        let mut router: Router = with(&context, &[(option::DISCONNECT_MSG, "gone")]);
        router.set(option::CONNECT_ROUTING_ID, b"it".to_vec()).unwrap();
        router.connect(&endpoint).unwrap();
        for _ in 0..2 {
            let mut dealer: Dealer = with(&context, &[]);
            bind(&mut dealer, &endpoint);
            dealer.send("work").unwrap();
            assert_eq!(receive(&mut router), [&b"it"[..], b"work"]);
            drop(dealer);
        }
    }
}

#[test]
fn a_router_is_notified_of_every_connection() {
    for endpoint in NETWORK {
        let context = Context::new();
        let mut router: Router = with(&context, &[]);
        router.set(option::ROUTER_NOTIFY, 3).unwrap();
        let bound = router.bind(endpoint).unwrap();
        for name in ["one", "other"] {
            let mut dealer: Dealer = with(&context, &[(option::ROUTING_ID, name)]);
            dealer.connect(&bound).unwrap();
            assert_eq!(receive(&mut router), [name.as_bytes(), b""]);
            dealer.send("work").unwrap();
            drop(dealer);
            assert_eq!(receive(&mut router), [name.as_bytes(), b"work"]);
            assert_eq!(receive(&mut router), [name.as_bytes(), b""]);
        }
    }
}

#[test]
fn a_router_that_connects_is_notified_over_reconnects() {
    for (endpoint, bits) in [(fresh_tcp(), 3), (fresh_ipc(), 3), (fresh_ipc(), 1), (fresh_ipc(), 2)] {
        let context = Context::new();
        let mut router: Router = with(&context, &[]);
        router.set(option::ROUTER_NOTIFY, bits).unwrap();
        router.set(option::CONNECT_ROUTING_ID, b"it".to_vec()).unwrap();
        router.connect(&endpoint).unwrap();
        for _ in 0..3 {
            let mut dealer: Dealer = with(&context, &[]);
            bind(&mut dealer, &endpoint);
            dealer.send("work").unwrap();
            let notice = [&b"it"[..], b""];
            if bits & 1 != 0 {
                assert_eq!(receive(&mut router), notice, "{endpoint}");
            }
            assert_eq!(receive(&mut router), [&b"it"[..], b"work"]);
            drop(dealer);
            if bits & 2 != 0 {
                assert_eq!(receive(&mut router), notice, "{endpoint}");
            }
        }
    }
}

#[test]
fn a_rep_takes_none_of_these_for_requests() {
    let context = Context::new();
    let mut rep: Rep = with(&context, &[(option::DISCONNECT_MSG, "gone")]);
    let bound = rep.bind("tcp://127.0.0.1:*").unwrap();
    for _ in 0..2 {
        let mut dealer: Dealer = with(&context, &[(option::HELLO_MSG, "hello")]);
        dealer.connect(&bound).unwrap();
        dealer.send(["", "request"]).unwrap();
        assert_eq!(receive(&mut rep), [b"request"]);
        rep.send("reply").unwrap();
        assert_eq!(receive(&mut dealer), [&b""[..], b"reply"]);
    }
}

#[test]
fn the_end_that_a_router_comes_upon_is_told_at_once() {
    let context = Context::new();
    let mut router: Router = with(&context, &[]);
    router.set(option::ROUTER_NOTIFY, 2).unwrap();
    router.bind("inproc://end").unwrap();
    let mut dealer: Dealer = with(&context, &[(option::ROUTING_ID, "me")]);
    dealer.connect("inproc://end").unwrap();
    dealer.send("work").unwrap();
    drop(dealer);
    assert_eq!(receive(&mut router), [&b"me"[..], b"work"]);
    assert_eq!(receive(&mut router), [&b"me"[..], b""]);
}

#[test]
fn a_binder_says_hello_without_being_asked() {
    let context = Context::new();
    let mut router: Router = with(&context, &[(option::HELLO_MSG, "hello")]);
    router.bind("inproc://hello").unwrap();
    let mut dealer: Dealer = with(&context, &[]);
    dealer.connect("inproc://hello").unwrap();
    assert_eq!(receive(&mut dealer), [b"hello"]);
}
