//! The end of contexts and sockets that wait for something, and what they say of it.

mod common;

use common::{NETWORK, PATIENCE, block_on, block_on_for, fresh_ipc, fresh_tcp, raw_peer, until, within};
use std::io::Read;
use std::thread::spawn;
use std::time::{Duration, Instant};
use zincmq::{Context, Error, Lingering, Pub, Pull, Push, SocketType, Sub, option};

const MOMENT: Duration = Duration::from_millis(20);

/// Endpoints that nobody is bound to.
fn unbound() -> [String; 2] {
    [fresh_ipc(), fresh_tcp()]
}

/// A PUSH that connects there, and sends these.
fn push(context: &Context, endpoint: &str, texts: &[&str]) -> Push {
    let mut push = Push::new(context).unwrap();
    push.set(option::RECONNECT_IVL, Duration::from_millis(5)).unwrap();
    push.connect(endpoint).unwrap();
    texts.iter().for_each(|text| push.send(*text).unwrap());
    push
}

fn lingering(context: &Context) -> Lingering {
    context.term_timeout(MOMENT).unwrap_err()
}

#[test]
fn an_end_that_comes_too_late_says_what_it_waits_for() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            drop(push(&context, &endpoint, &["one", "two", "three"]));
            let said = lingering(&context);
            assert_eq!((said.open.len(), said.unsent.len()), (0, 1), "{said}");
            let unsent = &said.unsent[0];
            assert_eq!((&unsent.endpoint, unsent.socket_type), (&endpoint, SocketType::Push));
            assert_eq!((unsent.messages, unsent.bytes), (3, 3 + 3 + 5 + 3 * 2));
            let text = format!("the context has not ended: PUSH to {endpoint}: 3 messages unsent");
            assert_eq!((said.to_string(), format!("{said:?}")), (text.clone(), text));
            assert_eq!(Error::from(said).errno(), 11);

            // They wait for their peer as before.
            let mut pull = Pull::new(&Context::new()).unwrap();
            pull.bind(&endpoint).unwrap();
            for text in ["one", "two", "three"] {
                assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), text.as_bytes(), "{endpoint}");
            }
            context.term_timeout(PATIENCE).unwrap();
        }
    });
}

#[test]
fn each_socket_and_endpoint_is_named() {
    within(PATIENCE, || {
        let (context, [ipc, tcp]) = (Context::new(), unbound());
        let kept = (Pull::new(&context).unwrap(), Sub::new(&context).unwrap());
        drop(push(&context, &tcp, &["unsent"]));
        let mut several = push(&context, &ipc, &["one", "other"]);
        // It is open still, and has let go of one endpoint.
        several.disconnect(&ipc).unwrap();
        let said = lingering(&context);
        assert_eq!(said.open, [SocketType::Pull, SocketType::Push, SocketType::Sub]);
        let unsent: Vec<_> = said.unsent.iter().map(|each| (&each.endpoint, each.messages)).collect();
        assert_eq!(unsent, [(&ipc, 2), (&tcp, 1)]);
        let text = format!(
            "the context has not ended: a PULL socket is open; a PUSH socket is open; a SUB socket is open; \
             PUSH to {ipc}: 2 messages unsent; PUSH to {tcp}: 1 message unsent"
        );
        assert_eq!(said.to_string(), text);
        drop(kept);
        assert_eq!(lingering(&context).open, [SocketType::Push]);
    });
}

#[test]
fn an_end_in_time_is_an_end() {
    within(PATIENCE, || {
        for endpoint in NETWORK {
            let context = Context::new();
            let mut pull = Pull::new(&context).unwrap();
            let mut push = push(&context, &pull.bind(endpoint).unwrap(), &["received"]);
            pull.recv_timeout(PATIENCE).unwrap();
            context.shutdown();
            assert_eq!(push.try_send("too late").unwrap_err().error, Error::Terminated);
            drop((pull, push));
            context.term_timeout(Duration::MAX).unwrap();
            context.term_timeout(Duration::ZERO).unwrap();
            assert_eq!(Pull::new(&context).err(), Some(Error::Terminated));
        }
    });
}

/// The program has waited: the drop of the context does not wait again, and what lingers goes on.
#[test]
fn who_has_given_up_does_not_wait_again() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            drop(push(&context, &endpoint, &["for somebody"]));
            assert_eq!(lingering(&context).unsent.len(), 1);
            drop(context);
            let mut pull = Pull::new(&Context::new()).unwrap();
            pull.bind(&endpoint).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"for somebody", "{endpoint}");
        }
    });
}

/// A peer that does not read: a message counts until the kernel has all of it.
#[test]
fn a_peer_that_does_not_read_leaves_whole_messages() {
    const SIZE: u64 = 70_000;
    const COUNT: u64 = 500;
    within(PATIENCE, || {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        push.set(option::LINGER, Duration::from_secs(60)).unwrap();
        let bound = push.bind("tcp://127.0.0.1:*").unwrap();
        let mut peer = raw_peer(&bound, "PULL");
        until("the peer is there", || push.can_send());
        (0..COUNT).for_each(|_| push.send(vec![7; SIZE as usize]).unwrap());
        drop(push);
        let said = lingering(&context);
        let [unsent] = &said.unsent[..] else { panic!("{said}") };
        assert_eq!(unsent.endpoint, bound);
        assert!((1..=COUNT).contains(&unsent.messages), "{said}");
        assert_eq!(unsent.bytes, unsent.messages * (9 + SIZE));
        let mut all = Vec::new();
        peer.read_to_end(&mut all).unwrap();
        assert_eq!(all.len() as u64, COUNT * (9 + SIZE));
        context.term_timeout(PATIENCE).unwrap();
    });
}

/// The kernel has everything, and the peer does not take it.
#[test]
fn bytes_on_their_way_hold_up_the_end_too() {
    within(PATIENCE, || {
        let (context, theirs) = (Context::new(), Context::new());
        let mut pull = Pull::new(&theirs).unwrap();
        pull.set(option::RCVHWM, 1).unwrap();
        let bound = pull.bind("ipc://*").unwrap();
        let mut push = push(&context, &bound, &[]);
        for number in 0..20_u32 {
            push.send([&number.to_be_bytes()[..], &[7; 5000]]).unwrap();
        }
        until("the kernel has all", || push.stats().queued_out == 0);
        drop(push);
        let said = lingering(&context);
        let [unsent] = &said.unsent[..] else { panic!("{said}") };
        assert!(unsent.messages == 0 && unsent.bytes > 0, "{said}");
        assert!(said.to_string().ends_with("bytes on their way"), "{said}");
        (0..20).for_each(|_| drop(pull.recv_timeout(PATIENCE).unwrap()));
        context.term_timeout(PATIENCE).unwrap();
    });
}

/// Where only the last message is kept, only that is waited for.
#[test]
fn of_a_conflating_socket_one_message_lingers() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            let mut push = Push::new(&context).unwrap();
            push.set(option::CONFLATE, true).unwrap();
            push.connect(&endpoint).unwrap();
            ["first", "second", "last"].iter().for_each(|text| push.send(*text).unwrap());
            drop(push);
            let said = lingering(&context);
            let unsent: Vec<_> = said.unsent.iter().map(|each| (each.messages, each.bytes)).collect();
            assert_eq!(unsent, [(1, 2 + 4)], "{endpoint}");
        }
    });
}

/// A rate holds a source up.
#[test]
fn what_a_group_has_not_got_is_said_too() {
    within(PATIENCE, || {
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let endpoint = format!("epgm://127.0.0.1;239.190.{high}.{low}:20999");
        let context = Context::new();
        let mut publisher = Pub::new(&context).unwrap();
        publisher.set(option::RATE, 100).unwrap();
        publisher.bind(&endpoint).unwrap();
        (0..500).for_each(|_| publisher.send(vec![7; 1000]).unwrap());
        drop(publisher);
        let said = lingering(&context);
        let [unsent] = &said.unsent[..] else { panic!("{said}") };
        assert_eq!((&unsent.endpoint, unsent.socket_type), (&endpoint, SocketType::Pub));
        assert!((1..=500).contains(&unsent.messages) && unsent.bytes >= unsent.messages * 1000, "{said}");
    });
}

#[test]
fn a_task_waits_until_a_socket_has_lingered() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            let closing = push(&context, &endpoint, &["late"]).close_async();
            let binds = {
                let mut closing = Box::pin(closing);
                assert_eq!(block_on_for(MOMENT, closing.as_mut()), None, "nobody is there");
                let endpoint = endpoint.clone();
                let binds = spawn(move || {
                    let mut pull = Pull::new(&Context::new()).unwrap();
                    pull.bind(&endpoint).unwrap();
                    pull.recv_timeout(PATIENCE).unwrap()
                });
                block_on(closing);
                binds
            };
            // Nothing is left to wait for.
            context.term_timeout(Duration::ZERO).unwrap();
            assert_eq!(binds.join().unwrap().bytes(), b"late", "{endpoint}");
        }
    });
}

#[test]
fn a_task_that_waits_no_more_leaves_the_closing_to_go_on() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            // The socket's own handle is the last one.
            let push = push(&Context::new(), &endpoint, &["late"]);
            let begun = Instant::now();
            assert_eq!(block_on_for(MOMENT, push.close_async()), None);
            assert!(begun.elapsed() < PATIENCE / 2, "the thread was held up");
            let mut pull = Pull::new(&Context::new()).unwrap();
            pull.bind(&endpoint).unwrap();
            assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), b"late", "{endpoint}");
        }
    });
}

/// No peer, no message, or no linger: nothing to wait for.
#[test]
fn a_task_waits_for_nothing_where_nothing_lingers() {
    within(PATIENCE, || {
        for endpoint in unbound() {
            let context = Context::new();
            block_on(Push::new(&context).unwrap().close_async());
            block_on(push(&context, &endpoint, &[]).close_async());
            let mut without = push(&context, &endpoint, &["unsent"]);
            without.set(option::LINGER, Duration::ZERO).unwrap();
            block_on(without.close_async());
            let mut inproc = Push::new(&context).unwrap();
            inproc.bind("inproc://end").unwrap();
            block_on(inproc.close_async());
            context.term_timeout(Duration::ZERO).unwrap();
        }
    });
}
