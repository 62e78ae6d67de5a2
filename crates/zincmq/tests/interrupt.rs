//! Waiting calls end when they are interrupted, wherever they wait.

mod common;

use common::{ENDPOINTS, PATIENCE, pipeline, within};
use std::time::Duration;
use zincmq::poller::{Interest, Item, Token};
use zincmq::{Context, Dealer, Error, Interrupter, Message, Poller, Pull, Push, Router, proxy};

/// Interrupts from another thread, before the call waits or while it does: it ends either way.
fn soon(interrupter: Interrupter) {
    std::thread::spawn(move || interrupter.interrupt());
}

#[test]
fn a_receive_that_waits_is_interrupted() {
    for endpoint in ENDPOINTS {
        within(PATIENCE, move || {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 1, 1);
            push.send("first").unwrap();
            pull.recv().unwrap();
            for _ in 0..50 {
                soon(pull.interrupter());
                assert!(matches!(pull.recv(), Err(Error::Interrupted)), "{endpoint}");
            }
            push.send("afterwards").unwrap();
            assert_eq!(pull.recv().unwrap().bytes(), b"afterwards");
        });
    }
}

#[test]
fn the_next_call_is_interrupted_once() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        let interrupter = push.interrupter();
        interrupter.interrupt();
        interrupter.interrupt();
        assert!(matches!(push.try_send("x").map_err(Error::from), Err(Error::Again)));
        assert!(matches!(push.send("x").map_err(Error::from), Err(Error::Interrupted)));
        assert!(matches!(
            push.send_timeout("x", Duration::from_millis(1)).map_err(Error::from),
            Err(Error::Timeout)
        ));
        drop(push);
        interrupter.interrupt();
    });
}

#[test]
fn one_that_never_waits_is_interrupted_too() {
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "inproc://busy", 0, 0);
    (0..3).for_each(|_| push.send("work").unwrap());
    pull.recv().unwrap();
    pull.interrupter().interrupt();
    let calls = [pull.recv(), pull.recv()];
    assert!(calls.iter().any(|call| matches!(call, Err(Error::Interrupted))));
}

/// The message of a receive that failed is empty, even where nothing was tried.
#[test]
fn nothing_is_left_of_an_earlier_message() {
    let context = Context::new();
    let mut dealer = Dealer::new(&context).unwrap();
    let interrupter = dealer.interrupter();
    let mut message = Message::from("earlier");
    interrupter.interrupt();
    assert_eq!(dealer.try_recv(), Err(Error::Again));
    assert_eq!(dealer.recv_into(&mut message), Err(Error::Interrupted));
    assert!(message.is_empty());

    let (_sends, mut receives) = dealer.into_split();
    let mut message = Message::from("earlier");
    interrupter.interrupt();
    assert_eq!(receives.try_recv(), Err(Error::Again));
    assert_eq!(receives.recv_into(&mut message), Err(Error::Interrupted));
    assert!(message.is_empty());
}

#[test]
fn pollers_and_proxies_are_interrupted() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut one, mut other) = (Pull::new(&context).unwrap(), Pull::new(&context).unwrap());
        let (interrupter, readable) = (other.interrupter(), Interest::READABLE);
        soon(interrupter);
        let items =
            [Item::socket(Token(0), &mut one, readable), Item::socket(Token(1), &mut other, readable)];
        assert!(matches!(Poller::new().wait(items, None), Err(Error::Interrupted)));
        let (mut router, mut dealer) = (Router::new(&context).unwrap(), Dealer::new(&context).unwrap());
        soon(router.interrupter());
        assert!(matches!(proxy(&mut router, &mut dealer), Err(Error::Interrupted)));
    });
}

#[test]
fn tasks_are_interrupted() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        soon(pull.interrupter());
        assert!(matches!(smol::block_on(pull.recv_async()), Err(Error::Interrupted)));
    });
}
