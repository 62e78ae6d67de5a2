//! One endpoint that several I/O threads serve.

mod common;

use common::{PATIENCE, await_event, within};
use std::net::TcpStream;
use std::thread;
use zincmq::{Context, EventKind, Pull, Push};

const THREADS: usize = 4;

fn context() -> Context {
    Context::builder().io_threads(THREADS).build()
}

#[test]
fn messages_of_each_peer_keep_their_order() {
    const PEERS: u32 = 20;
    const EACH: u32 = 2000;
    within(PATIENCE, || {
        let context = context();
        let mut pull = Pull::new(&context).unwrap();
        let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
        let peer = |peer: u32| {
            let endpoint = endpoint.clone();
            thread::spawn(move || {
                let mut push = Push::new(&Context::new()).unwrap();
                push.connect(&endpoint).unwrap();
                for number in 0..EACH {
                    push.send([&peer.to_ne_bytes()[..], &number.to_ne_bytes()]).unwrap();
                }
            })
        };
        let peers: Vec<_> = (0..PEERS).map(peer).collect();
        let mut next = [0; PEERS as usize];
        for _ in 0..PEERS * EACH {
            let message = pull.recv_timeout(PATIENCE).unwrap();
            let [peer, number] = [0, 1].map(|part| u32::from_ne_bytes(message[part][..].try_into().unwrap()));
            let next = &mut next[peer as usize];
            assert_eq!((*next, number), (number, *next));
            *next += 1;
        }
        peers.into_iter().for_each(|peer| peer.join().unwrap());
    });
}

/// The listener is on one thread, and a connection may be on its way to another when the endpoint, or the socket, is
/// closed: it must not be left over, or the context would never end.
#[test]
fn nothing_is_left_of_an_endpoint_that_is_closed_while_peers_connect() {
    const CALLS: usize = 16;
    within(4 * PATIENCE, || {
        for round in 0..100 {
            let context = context();
            let mut pull = Pull::new(&context).unwrap();
            let mut monitor = pull.monitor(EventKind::Accepted);
            let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
            let address = endpoint.strip_prefix("tcp://").unwrap().to_owned();
            let calls =
                move || (0..CALLS).map_while(|_| TcpStream::connect(&address).ok()).collect::<Vec<_>>();
            let caller = thread::spawn(calls);
            await_event(&mut monitor, EventKind::Accepted);
            if round % 2 == 0 {
                pull.unbind(&endpoint).unwrap();
            }
            drop(pull);
            context.term();
            caller.join().unwrap();
        }
    });
}
