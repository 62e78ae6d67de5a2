//! Programs as somebody writes them who has not read the documentation yet. Most of what they guess is tested where it
//! belongs; the rest is here.
//!
//! | What one writes | Tests |
//! |---|---|
//! | A timer, a channel or Ctrl-C beside a socket that always has something | async_calls.rs::a_busy_socket_gives_way; executors.rs::a_timer_fires_beside_a_busy_socket |
//! | `while push.send_batch(source.by_ref())? > 0` | sending.rs::a_batch_takes_only_what_it_sends, a_batch_tells_how_far_it_came; messages.rs::a_batch_loses_nothing |
//! | `stats().queued_out`, to see whether somebody does not read | stats.rs::nothing_is_queued_when_all_has_arrived, nothing_is_queued_after_a_conversation, nothing_is_queued_after_a_stream |
//! | `stats().peers`, to see who is there | stats.rs::peers_that_have_gone_are_not_listed, receivers_that_have_gone_are_not_listed |
//! | `xpub.subscribe(topic)` with `XPUB_MANUAL` | guesses.rs::a_publisher_confirms_what_it_is_asked_for |
//! | One task, or two, that send and receive with one DEALER | async_calls.rs::one_task_sends_and_receives; halves.rs::two_tasks_go_both_ways; mistakes/both_ways_at_once.rs |
//! | `router.send("x")` without a body | sending.rs::a_routing_id_alone_is_no_message |
//! | A struct with a socket, its `&self` methods, and `spawn` | threads.rs::questions_are_asked_through_shared_references; mistakes/shared_by_threads.rs |
//! | `?` in `main`, `unwrap`, `expect`, `assert_eq!` with errors | errors.rs::errors_say_in_every_form_what_is_wrong, errors_compare_by_what_they_say, a_timeout_says_that_it_is_one |
//! | `pull.next().await`, `dealer.split()` | streams_and_sinks.rs::a_stream_gives_what_comes_until_the_end_of_the_context, a_sink_waits_for_room; halves.rs::every_type_that_goes_both_ways_has_halves; mistakes/split_a_req.rs |
//! | Envelopes without loops, parts and a list of parts in one send, a slice to match on | messages.rs::an_envelope_is_put_on_and_taken_off, parts_are_matched_on |
//! | Mixed parts, lists of parts, anything with bytes in it | messages.rs::whatever_one_would_send_is_sent; mistakes/send_a_number.rs, mistakes/send_a_number_in_parts.rs |
//! | `HashMap<Frame, Worker>`, `message == "text"` | messages.rs::frames_are_keys, messages_of_one_part_compare_as_bytes |
//! | Text from a message in one line | messages.rs::text_is_received_as_text; mistakes/text_of_a_message_that_is_gone.rs |
//! | A message that is sent again when it was refused, or its future dropped | messages.rs::what_is_not_sent_comes_back, async_sends_give_back_too; guesses.rs::a_send_that_was_given_up_is_made_again; mistakes/used_after_it_was_sent.rs |
//! | An end with messages for nobody | ending.rs::an_end_that_comes_too_late_says_what_it_waits_for, a_task_waits_until_a_socket_has_lingered; log.rs::an_end_that_takes_long_is_told |
//! | `static CONTEXT: LazyLock<Context>` | guesses.rs::a_context_in_a_static_is_ended_by_hand |
//! | `set(option::LINGER, Duration::from_secs(1))`, sizes as `usize` | option.rs::times_sizes_and_choices; mistakes/time_without_unit.rs, mistakes/option_of_another_type.rs |
//! | A ROUTER that reads the requests of a REQ with `REQ_CORRELATE` | guesses.rs::a_numbered_request_has_a_part_more |
//! | A call that the socket's type does not have | mistakes/receive_on_push.rs, mistakes/send_on_pull.rs, mistakes/subscribe_on_push.rs, mistakes/generic_code_without_an_ability.rs |
//! | A poll of sockets under keys, some only now and then, with a monitor | poller.rs::a_monitor_is_waited_for_along_with_others; mistakes/used_while_polled.rs |
//! | `message.len()` for the number of bytes | messages.rs::empty_messages_have_no_parts_to_give |
//! | A proxy as a task, with a capture of any type | proxy_async.rs::requests_go_forth_and_replies_back, room_at_the_capture_is_waited_for |
//! | `EventKind::Accepted \| EventKind::Closed` | poller.rs::a_monitor_is_waited_for_along_with_others |
//! | Functions for sockets of any type, `AnySocket` and back | guesses.rs::a_function_takes_sockets_of_several_types |
//! | `catch_unwind` around a worker, `{:?}` of what it has | guesses.rs::a_panic_is_caught_around_a_socket; monitor.rs::what_is_shown_is_what_a_reader_wants_to_know |

mod common;

use common::{ENDPOINTS, PATIENCE, block_on, block_on_for, fill, pipeline, until, within};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind, resume_unwind};
use std::sync::LazyLock;
use std::thread::spawn;
use std::time::Duration;
use zincmq::{
    AnySocket, Context, Dealer, Error, Message, Monitor, Outgoing, Poller, Pull, Push, Receives, RecvHalf,
    Rep, Req, Router, SendHalf, Sends, Socket, Sub, XPub,
};

/// A typed XPUB subscribes too, where the program is to decide who gets what.
#[test]
fn a_publisher_confirms_what_it_is_asked_for() {
    within(PATIENCE, || {
        for endpoint in ENDPOINTS {
            let context = Context::new();
            let mut publisher = XPub::builder(&context).xpub_manual(true).build().unwrap();
            let mut sub = Sub::new(&context).unwrap();
            sub.connect(publisher.bind(endpoint).unwrap()).unwrap();
            for topic in ["secrets", "news"] {
                sub.subscribe(topic).unwrap();
                let asked = publisher.recv().unwrap();
                assert_eq!(asked, [&[1], topic.as_bytes()].concat());
                if topic == "news" {
                    publisher.subscribe(topic).unwrap();
                }
            }
            publisher.send("secrets of all kinds").unwrap();
            publisher.send("news of the day").unwrap();
            assert_eq!(sub.recv_string().unwrap(), "news of the day", "{endpoint}");
        }
    });
}

/// A send that loses a race has sent nothing, and what was lent to it is there to be sent again.
#[test]
fn a_send_that_was_given_up_is_made_again() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "inproc://given-up", 1, 1);
        let before = fill(&mut push);
        let message = Message::from(["a message", "of value"]);
        assert!(block_on_for(Duration::ZERO, push.send_async(&message)).is_none());
        (0..before).for_each(|_| assert_eq!(pull.try_recv().unwrap(), "fill"));
        block_on(push.send_async(&message)).unwrap();
        assert_eq!(pull.try_recv(), Ok(message));
        assert_eq!(pull.try_recv(), Err(Error::Again));
    });
}

static CONTEXT: LazyLock<Context> = LazyLock::new(Context::new);

/// Nobody drops it, so its end is a call; and nothing is lost then.
#[test]
fn a_context_in_a_static_is_ended_by_hand() {
    within(PATIENCE, || {
        let mut pull = Pull::new(&Context::new()).unwrap();
        let mut push = Push::new(&CONTEXT).unwrap();
        push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
        (0..500_u32).for_each(|number| push.send(number.to_be_bytes()).unwrap());
        drop(push);
        CONTEXT.term_timeout(PATIENCE).unwrap();
        (0..500_u32).for_each(|number| assert_eq!(pull.recv().unwrap(), number.to_be_bytes()));
        assert_eq!(Push::new(&CONTEXT).unwrap_err(), Error::Terminated);
    });
}

/// The number stands between the client's routing id and the delimiter. Whoever answers by the envelope as it came
/// need not know.
#[test]
fn a_numbered_request_has_a_part_more() {
    within(PATIENCE, || {
        for numbered in [false, true] {
            let context = Context::new();
            let mut router = Router::builder(&context).bind("inproc://broker").unwrap();
            let client = Req::builder(&context).req_correlate(numbered).routing_id("client");
            let mut client = client.connect("inproc://broker").unwrap();
            client.send("question").unwrap();
            let mut request = router.recv().unwrap();
            match request.as_slice() {
                [client, delimiter, body] if !numbered => {
                    assert_eq!([client, delimiter, body], ["client", "", "question"]);
                }
                [client, number, delimiter, body] if numbered => {
                    assert_eq!([client, delimiter, body], ["client", "", "question"]);
                    assert_eq!(number.len(), 4);
                }
                _ => panic!("{request:?}"),
            }
            assert_eq!(request.pop().unwrap(), "question");
            request.push("answer");
            router.send(request).unwrap();
            assert_eq!(client.recv_string().unwrap(), "answer");
        }
    });
}

/// What the function needs of a socket, and of a message, is at the root of the crate.
fn ask<K: Sends + Receives>(socket: &mut Socket<K>, question: impl Outgoing) -> zincmq::Result<String> {
    socket.send(question)?;
    socket.recv_string()
}

#[test]
fn a_function_takes_sockets_of_several_types() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut rep = Rep::builder(&context).bind("inproc://echo").unwrap();
        let server = spawn(move || {
            for _ in 0..3 {
                let question = rep.recv().unwrap();
                rep.send(question).unwrap();
            }
        });
        let mut req = Req::builder(&context).connect("inproc://echo").unwrap();
        assert_eq!(ask(&mut req, "typed").unwrap(), "typed");
        let mut any = AnySocket::from(req);
        assert_eq!(ask(&mut any, String::from("any")).unwrap(), "any");
        let wrong = Push::try_from(any).unwrap_err();
        let mut req = Req::try_from(wrong.socket).unwrap();
        assert_eq!(ask(&mut req, ("typed", "again")).unwrap(), "typed");
        server.join().unwrap();
    });
}

/// What a closure may use whose panic is caught.
fn goes_through<T: UnwindSafe + RefUnwindSafe + Send + Sync>() {}

/// The sockets of a worker that panics close, as ever; one that it has borrowed can be used again.
#[test]
fn a_panic_is_caught_around_a_socket() {
    goes_through::<(Context, AnySocket, Push, Sub, Monitor, Poller, Message)>();
    goes_through::<(SendHalf<Dealer>, RecvHalf<Dealer>)>();
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, mut pull) = pipeline(&context, "inproc://work", 10, 10);
        ["bad", "worse", "good"].into_iter().for_each(|work| push.send(work).unwrap());
        let done = |pull: &mut Pull| match pull.recv_string().unwrap() {
            work if work == "good" => work,
            work => resume_unwind(Box::new(work)),
        };
        let failed = catch_unwind(AssertUnwindSafe(|| done(&mut pull))).unwrap_err();
        assert_eq!(*failed.downcast::<String>().unwrap(), "bad");
        let failed = catch_unwind(AssertUnwindSafe(|| done(&mut pull))).unwrap_err();
        assert_eq!(*failed.downcast::<String>().unwrap(), "worse");
        let done = catch_unwind(move || done(&mut pull)).unwrap();
        assert_eq!(done, "good");
        until("the socket that went along is closed", || push.stats().peers.is_empty());
        assert_eq!(push.try_send("nobody").unwrap_err().error, Error::Again);
    });
}
