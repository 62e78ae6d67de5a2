//! STREAM, and ROUTER with `ROUTER_RAW`: bytes of plain TCP, to and from anybody.

use crate::{connected, subjects};
use interop::{Library, Peer, Wire, noise};
use std::thread;
use std::time::Duration;
use zincmq::SocketType::{Dealer, Router, Stream};
use zincmq::{SocketType, option};

/// Each library's sockets for plain TCP.
fn raw() -> impl Iterator<Item = (Library, SocketType, Peer)> {
    subjects().flat_map(|subject| {
        let mut router = Peer::new(subject, Router);
        router.set(option::ROUTER_RAW, true);
        [(subject, Stream, Peer::new(subject, Stream)), (subject, Router, router)]
    })
}

/// The id of the next peer that comes, or goes.
fn notified(stream: &mut Peer) -> Vec<u8> {
    let [id, body] = <[Vec<u8>; 2]>::try_from(stream.recv().unwrap()).expect("two parts");
    assert!(body.is_empty(), "{body:?}");
    assert_eq!((id.len(), id[0]), (5, 0));
    id
}

/// Receives so many bytes of one peer, in however many messages.
fn received(stream: &mut Peer, id: &[u8], count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let message = stream.recv().unwrap();
        assert_eq!((message.len(), &message[0][..]), (2, id));
        assert!((1..=8192).contains(&message[1].len()));
        bytes.extend(&message[1]);
    }
    bytes
}

#[test]
fn talks_to_plain_tcp() {
    for (subject, kind, mut stream) in raw() {
        let mut wire = Wire::connect(&stream.bind_tcp());
        let id = notified(&mut stream);
        let bytes = noise(100_000);
        wire.write(&bytes);
        assert!(received(&mut stream, &id, bytes.len()) == bytes, "{subject:?}");
        stream.send(&[&id, &bytes]).unwrap();
        wire.expect(&bytes);
        // An empty body closes the connection.
        stream.send(&[&id[..], b""]).unwrap();
        if kind == Stream {
            assert_eq!(stream.send(&[&id[..], b"gone"]), Err(113));
        } else {
            stream.send(&[&id[..], b"gone"]).unwrap();
            stream.set(option::ROUTER_MANDATORY, true);
            assert_eq!(stream.send(&[&id[..], b"gone"]), Err(113));
        }
        let ended = thread::spawn(move || wire.read_to_end());
        while !ended.is_finished() {
            // libzmq closes only inside calls.
            stream.recv_within(Duration::from_millis(1));
        }
        assert_eq!(ended.join().unwrap(), b"");
    }
}

#[test]
fn hears_of_the_end() {
    for (subject, kind, mut stream) in raw() {
        let endpoint = stream.bind_tcp();
        for _ in 0..2 {
            let mut wire = Wire::connect(&endpoint);
            wire.write("last words");
            let id = notified(&mut stream);
            drop(wire);
            assert_eq!(received(&mut stream, &id, 10), b"last words");
            assert_eq!(notified(&mut stream), id, "{subject:?} {kind:?}");
        }
    }
}

#[test]
fn connects_to_plain_tcp() {
    for (.., mut stream) in raw() {
        let (listener, endpoint) = Wire::listen();
        stream.connect(&endpoint);
        let mut wire = Wire::accept(&listener);
        let id = notified(&mut stream);
        stream.send(&[&id[..], b"hello"]).unwrap();
        wire.expect("hello");
        wire.write("world");
        assert_eq!(received(&mut stream, &id, 5), b"world");
    }
}

#[test]
fn two_streams_talk() {
    for subject in subjects() {
        let (mut one, mut other) = connected(subject, Stream, Stream);
        let ids = [notified(&mut one), notified(&mut other)];
        let bytes = noise(50_000);
        one.send(&[&ids[0], &bytes]).unwrap();
        assert!(received(&mut other, &ids[1], bytes.len()) == bytes);
        other.send(&[&ids[1], &bytes]).unwrap();
        assert!(received(&mut one, &ids[0], bytes.len()) == bytes);
    }
}

#[test]
fn sees_the_greeting_of_the_other_library() {
    for subject in subjects() {
        let (mut stream, _dealer) = connected(subject, Stream, Dealer);
        let id = notified(&mut stream);
        let signature = received(&mut stream, &id, 10);
        assert_eq!(signature[..10], *b"\xFF\0\0\0\0\0\0\0\x01\x7F", "{subject:?}");
        stream.send(&[&id, &signature[..10]]).unwrap();
        let revision = match signature.get(10) {
            Some(&revision) => revision,
            None => received(&mut stream, &id, 1)[0],
        };
        assert_eq!(revision, 3);
    }
}

#[test]
fn who_connects_hears_of_each_connection() {
    for (subject, kind, mut stream) in raw() {
        let (listener, endpoint) = Wire::listen();
        stream.set(option::RECONNECT_IVL, Duration::from_millis(1));
        stream.connect(&endpoint);
        let mut first = None;
        for _ in 0..3 {
            let mut wire = Wire::accept(&listener);
            let id = notified(&mut stream);
            assert_eq!(*first.get_or_insert_with(|| id.clone()), id, "{subject:?} {kind:?}");
            wire.write("last words");
            drop(wire);
            assert_eq!(received(&mut stream, &id, 10), b"last words");
            assert_eq!(notified(&mut stream), id, "{subject:?} {kind:?}");
        }
    }
}

/// From libzmq it does not hear at all.
#[test]
fn who_does_not_connect_again_hears_of_the_end_once() {
    for (subject, kind, mut stream) in raw().filter(|(subject, ..)| *subject == Library::Ours) {
        let (listener, endpoint) = Wire::listen();
        stream.set(option::RECONNECT_IVL, None);
        stream.connect(&endpoint);
        let wire = Wire::accept(&listener);
        let id = notified(&mut stream);
        drop(wire);
        assert_eq!(notified(&mut stream), id, "{subject:?} {kind:?}");
        // The next thing that it hears of is another connection.
        stream.set(option::CONNECT_ROUTING_ID, *b"other");
        stream.connect(&endpoint);
        let _other = Wire::accept(&listener);
        assert_eq!(stream.recv().unwrap(), [&b"other"[..], b""], "{subject:?} {kind:?}");
    }
}
