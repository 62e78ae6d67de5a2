//! What a message tells of the connection that brought it: both libraries must say the same.

use crate::{connected, subjects};
use interop::{Library, Peer};
use zincmq::SocketType::{Dealer, Pull, Push};
use zincmq::option;

#[test]
fn each_library_tells_the_same() {
    const NAMES: [&str; 6] = ["Socket-Type", "Peer-Address", "Identity", "X-Color", "socket-type", "No-Such"];
    for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
        let told = subjects().map(|subject| {
            let (mut dealer, mut other) = (Peer::new(subject, Dealer), Peer::new(subject.other(), Dealer));
            dealer.set(option::ROUTING_ID, *b"name").set(option::METADATA, "X-Color:red");
            dealer.connect(&other.bind(endpoint));
            dealer.send(&["hello"]).unwrap();
            other.recv_metadata(&NAMES)
        });
        let [by_libzmq, by_us] = <[_; 2]>::try_from(told.collect::<Vec<_>>()).unwrap();
        assert_eq!(by_us, by_libzmq, "{endpoint}");
        assert_eq!(by_us[0].as_deref(), Some("DEALER"));
        assert_eq!(by_us[3].as_deref(), Some("red"));
    }
}

#[test]
fn the_routing_id_is_told_under_both_of_its_names() {
    let (mut dealer, mut other) = connected(Library::Genuine, Dealer, Dealer);
    dealer.set(option::ROUTING_ID, *b"name");
    let second = other.bind_tcp();
    dealer.connect(&second);
    for _ in 0..2 {
        dealer.send(&["hello"]).unwrap();
    }
    let told = [0; 2].map(|_| other.recv_metadata(&["Routing-Id", "Identity"]));
    let name = || Some("name".to_owned());
    assert!(told.contains(&vec![name(), name()]), "{told:?}");
}

#[test]
fn a_connecting_socket_knows_its_peer_too() {
    for subject in subjects() {
        let (mut push, mut pull) = (Peer::new(subject, Push), Peer::new(subject.other(), Pull));
        pull.connect(&push.bind_tcp());
        push.send(&["hello"]).unwrap();
        let told = pull.recv_metadata(&["Socket-Type", "Peer-Address", "Routing-Id"]);
        let expected = [Some("PUSH"), Some("127.0.0.1"), None];
        assert_eq!(told.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{subject:?} sends");
    }
}
