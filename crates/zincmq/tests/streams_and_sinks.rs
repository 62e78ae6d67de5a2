//! Sockets as streams and sinks (feature `futures`).

mod common;

use common::{ENDPOINTS, PATIENCE, block_on, pipeline, within};
use futures_util::{SinkExt, StreamExt, stream};
use std::thread;
use zincmq::{Context, Dealer, Error, Message, Pull, Push, Router, option};

#[test]
fn a_stream_gives_what_comes_until_the_end_of_the_context() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 10, 10);
            let ending = context.clone();
            let sending = thread::spawn(move || {
                for number in 0..1000_u32 {
                    push.send(number.to_be_bytes()).unwrap();
                }
            });
            let mut expected = 0_u32;
            block_on(async {
                while let Some(message) = pull.next().await {
                    assert_eq!(message.unwrap(), expected.to_be_bytes());
                    expected += 1;
                    if expected == 1000 {
                        ending.shutdown();
                    }
                }
            });
            assert_eq!(expected, 1000);
            sending.join().unwrap();
        }
    });
}

/// More than there is room for: the sink waits, and flushes what it holds.
#[test]
fn a_sink_waits_for_room() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let (mut push, mut pull) = pipeline(&context, endpoint, 1, 1);
            let receiving = thread::spawn(move || {
                for number in 0..500_u32 {
                    assert_eq!(pull.recv_timeout(PATIENCE).unwrap(), number.to_be_bytes());
                }
                pull
            });
            block_on(async {
                let numbers =
                    stream::iter((0..499_u32).map(|number| Ok(Message::from(number.to_be_bytes()))));
                numbers.forward(&mut push).await.unwrap();
                SinkExt::<Vec<u8>>::feed(&mut push, 499_u32.to_be_bytes().to_vec()).await.unwrap();
                SinkExt::<Vec<u8>>::flush(&mut push).await.unwrap();
            });
            receiving.join().unwrap();
        }
    });
}

#[test]
fn halves_are_a_stream_and_a_sink() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            // Without that it would drop replies for which there is no room.
            let mut router =
                Router::builder(&context).router_mandatory(true).sndhwm(5).rcvhwm(5).build().unwrap();
            let endpoint = router.bind(endpoint).unwrap();
            let dealer = Dealer::builder(&context).sndhwm(5).rcvhwm(5).connect(endpoint).unwrap();
            let (replies, requests) = router.into_split();
            let serving = thread::spawn(move || block_on(requests.take(300).forward(replies)).unwrap());
            let (ask, answers) = dealer.into_split();
            let asking = thread::spawn(move || {
                let numbers = (0..300_u32).map(|number| Ok(Message::from(number.to_be_bytes())));
                block_on(stream::iter(numbers).forward(ask)).unwrap();
            });
            let answers: Vec<_> = block_on(answers.take(300).collect());
            for (number, answer) in (0..300_u32).zip(answers) {
                assert_eq!(answer.unwrap(), number.to_be_bytes());
            }
            asking.join().unwrap();
            serving.join().unwrap();
        }
    });
}

/// A message that the socket denies for good is an error at once; one that is denied for now is kept, and not lost.
#[test]
fn what_a_sink_cannot_send() {
    let context = Context::new();
    let mut router = Router::builder(&context).router_mandatory(true).build().unwrap();
    let refused = block_on(SinkExt::feed(&mut router, Message::from("no body")));
    assert!(matches!(refused, Err(Error::InvalidMessage { .. })));
    let refused = block_on(SinkExt::feed(&mut router, Message::from(["nobody", "body"])));
    assert_eq!(refused, Err(Error::Unroutable));

    let mut pull = Pull::new(&context).unwrap();
    pull.set(option::RCVHWM, 1).unwrap();
    pull.bind("inproc://kept").unwrap();
    let mut push = Push::builder(&context).sndhwm(1).connect("inproc://kept").unwrap();
    let accepted = (0..10).take_while(|_| push.try_send("fill").is_ok()).count();
    let mut sink = std::pin::pin!(&mut push);
    start_send(sink.as_mut(), Message::from("kept"));
    for _ in 0..accepted {
        assert_eq!(pull.recv().unwrap(), "fill");
    }
    block_on(SinkExt::<Message>::flush(&mut sink)).unwrap();
    assert_eq!(pull.recv().unwrap(), "kept");
}

/// Hands the message over without having asked whether there is room.
fn start_send(sink: std::pin::Pin<&mut &mut Push>, message: Message) {
    futures_util::Sink::start_send(sink, message).unwrap();
}
