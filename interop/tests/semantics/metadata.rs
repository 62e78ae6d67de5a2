//! What a message tells of the connection that brought it: both libraries must say the same.

use crate::SUBJECTS;
use interop::{Library, Peer};
use zincmq::SocketType::{Dealer, Pull, Push};
use zincmq::option;

#[test]
fn each_library_tells_the_same() {
    const NAMES: [&str; 7] =
        ["Socket-Type", "Peer-Address", "Routing-Id", "Identity", "X-Color", "socket-type", "No-Such"];
    for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
        let told = SUBJECTS.map(|subject| {
            let (mut dealer, mut other) = (Peer::new(subject, Dealer), Peer::new(subject.other(), Dealer));
            dealer.set(option::ROUTING_ID, *b"name").set(option::METADATA, "X-Color:red");
            dealer.connect(&other.bind(endpoint));
            dealer.send(&["hello"]).unwrap();
            other.recv_metadata(&NAMES)
        });
        assert_eq!(told[0], told[1], "{endpoint}: libzmq's on the left");
        assert_eq!(told[0][0].as_deref(), Some("DEALER"));
        assert_eq!(told[0][4].as_deref(), Some("red"));
    }
}

#[test]
fn a_connecting_socket_knows_its_peer_too() {
    for subject in [Library::Genuine, Library::Ours] {
        let (mut push, mut pull) = (Peer::new(subject, Push), Peer::new(subject.other(), Pull));
        pull.connect(&push.bind_tcp());
        push.send(&["hello"]).unwrap();
        let told = pull.recv_metadata(&["Socket-Type", "Peer-Address", "Routing-Id"]);
        let expected = [Some("PUSH"), Some("127.0.0.1"), None];
        assert_eq!(told.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{subject:?} sends");
    }
}
