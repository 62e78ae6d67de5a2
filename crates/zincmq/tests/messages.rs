//! What programs do with messages: make them, take them apart, compare them, send anything that reads as parts.

mod common;

use bytes::{Bytes, BytesMut};
use common::{PATIENCE, pipeline, within};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use zincmq::{Context, Error, Frame, Message, Outgoing, PartsError, Pull, Push, SendError};

/// A broker's envelopes, without a loop.
#[test]
fn an_envelope_is_put_on_and_taken_off() {
    let mut request = Message::from(["client", "", "GET", "/"]);
    let client = request.pop_front().unwrap();
    assert_eq!(client, "client");
    assert_eq!(request.pop_front().unwrap(), "");
    request.push_front(Frame::new());
    request.push_front("worker");
    assert_eq!(request.as_slice(), ["worker", "", "GET", "/"]);

    let mut again = Message::from([client, Frame::new()]);
    again.extend(request.split_off(2));
    assert_eq!(again.as_slice(), ["client", "", "GET", "/"]);
    assert_eq!(request.as_slice(), ["worker", ""]);
    assert_eq!((again.first().unwrap(), again.last().unwrap()), (&Frame::from("client"), &Frame::from("/")));
    assert_eq!(again.pop().unwrap(), "/");
    again[1] = Frame::from("second");
    assert_eq!(again[1..], ["second", "GET"]);
    assert_eq!((again.get(2).unwrap(), again.get(3)), (&Frame::from("GET"), None));

    let Some([client, _]) = again.pop_front_parts() else { panic!("{again:?}") };
    assert_eq!(Message::from(("worker", "", client, again)).as_slice(), ["worker", "", "client", "GET"]);
}

#[test]
fn empty_messages_have_no_parts_to_give() {
    let mut message = Message::new();
    assert_eq!((message.first(), message.last(), message.get(0)), (None, None, None));
    assert_eq!((message.pop(), message.pop_front(), message.take_part(0)), (None, None, None));
    assert!(message.split_off(0).is_empty() && message.clone().into_frame().is_empty());
    assert_eq!((message.bytes(), message.iter().len(), message.clone().into_iter().len()), (&b""[..], 0, 0));
    // What was there before is not there any more.
    message.extend(["a", "b", "c"]);
    message.clear();
    assert_eq!((message.first(), message.get(1), message.clone()), (None, None, Message::new()));
    message.push("d");
    assert_eq!((message.len(), message.pop_front().unwrap().as_str()), (1, Ok("d")));
    assert!(message.is_empty());
}

/// A message is a list, in every respect and at every length.
#[test]
fn a_message_goes_through_the_motions_of_a_vector() {
    for parts in 0..10_usize {
        let model: Vec<String> = (0..parts).map(|part| "x".repeat(part * 20)).collect();
        let message: Message = model.iter().collect();
        assert_eq!(message.as_slice(), model);
        assert!(message.iter().eq(&model) && (&message).into_iter().rev().eq(model.iter().rev()));
        assert!(message.clone().into_iter().eq(model.iter()) && message.clone().into_iter().len() == parts);
        assert!(message.clone().into_iter().rev().eq(model.iter().rev()));
        assert_eq!(Vec::from(message.clone()), model);
        assert_eq!((Message::from(&model), Message::from(model.clone())), (message.clone(), message.clone()));
        assert_eq!(Message::from(&model[..]), message);
        for at in 0..=parts {
            let (mut head, mut longer, mut left) = (message.clone(), message.clone(), message.clone());
            let tail = head.split_off(at);
            assert_eq!((head.as_slice(), tail.as_slice()), (&message[..at], &message[at..]));
            head.push("behind");
            assert_eq!((head.len(), head.last().unwrap().as_str()), (at + 1, Ok("behind")));
            longer.push_front("in front");
            assert_eq!((&longer[0], &longer[1..]), (&Frame::from("in front"), message.as_slice()));
            (0..at).for_each(|_| drop(left.pop_front()));
            assert_eq!(left, tail);
            let (mut rest, first) = (message.clone(), message.first().cloned());
            assert_eq!(
                (rest.pop_front_parts::<1>().map(|[first]| first), rest.len()),
                (first, parts.saturating_sub(1))
            );
            let mut rest = message.clone();
            match rest.pop_front_parts::<4>() {
                Some(four) => assert_eq!((&four[..], &rest[..]), (&message[..4], &message[4..])),
                None => assert!(parts < 4 && rest == message),
            }
            assert!(rest.pop_front_parts::<0>().is_some());
            rest.extend(["more"]);
            assert_eq!(rest.last().unwrap(), "more");
        }
    }
}

/// `let [client, empty, body] = ...`, by slice and by array.
#[test]
fn parts_are_matched_on() -> zincmq::Result<()> {
    let message = Message::from(["client", "", "body"]);
    let [client, empty, body] = message.as_slice() else { panic!("another number of parts") };
    assert_eq!((client.as_str()?, empty.len(), &body[..]), ("client", 0, &b"body"[..]));
    let [client, _, body]: [Frame; 3] = message.clone().try_into()?;
    assert_eq!((client, body.into_string()?), ("client".into(), "body".to_owned()));
    for wanted in [
        <[Frame; 0]>::try_from(message.clone()).unwrap_err(),
        <[Frame; 2]>::try_from(message.clone()).unwrap_err(),
        <[Frame; 4]>::try_from(message.clone()).unwrap_err(),
    ] {
        assert_eq!(wanted.message, message);
        let PartsError { wanted, .. } = wanted;
        let text = format!("a message of 3 parts, not {wanted}");
        let failed = || -> zincmq::Result<[Frame; 9]> { Ok(message.clone().try_into()?) };
        assert_eq!(failed().unwrap_err(), Error::Parts { found: 3, wanted: 9 });
        assert_eq!(Error::Parts { found: 3, wanted }.to_string(), text);
    }
    Ok(())
}

/// A map by routing id: what every ROUTER needs.
#[test]
fn frames_are_keys() {
    let long = "a routing id that is longer than what a part keeps inside of itself, which is 64 bytes";
    let names = ["a", "b", long];
    let mut workers: HashMap<Frame, usize> = names.into_iter().map(Frame::from).zip(0..).collect();
    let sorted: BTreeMap<Frame, usize> = workers.clone().into_iter().collect();
    assert!(sorted.keys().eq(&["a", long, "b"]));
    for (name, number) in names.iter().zip(0..) {
        // The same bytes, held in other ways.
        for held in
            [Frame::from(*name), Frame::kept(Bytes::from(*name)), Frame::from(Bytes::from(name.to_string()))]
        {
            assert_eq!(workers.get(&held), Some(&number));
        }
        assert_eq!(workers.remove(name.as_bytes()), Some(number));
    }
    let messages = HashSet::from([Message::from(["a", "b"]), Message::from("ab")]);
    assert!(
        messages.contains(&Message::from(vec!["a", "b"])) && !messages.contains(&Message::from(["ab", ""]))
    );
    assert!(messages.contains(&Message::from(Frame::kept(Bytes::from("ab")))));
}

#[test]
fn messages_of_one_part_compare_as_bytes() {
    let text = Message::from("text");
    assert!(text == *"text" && text == b"text"[..] && text == b"text");
    assert_eq!(text, "text");
    assert_ne!(Message::from(["text", ""]), "text");
    assert_ne!(Message::new(), "");
    assert_eq!(Message::from(vec![1; 100]), vec![1; 100]);
}

#[test]
fn bytes_and_text_come_out_without_a_copy() {
    let text = "t".repeat(1000);
    let at = text.as_ptr();
    let text = Message::from(text).into_string().unwrap();
    assert_eq!(text.as_ptr(), at);
    let bytes = Vec::from(Frame::from(text));
    assert_eq!(bytes.as_ptr(), at);
    let shared = Bytes::from(Frame::from(bytes));
    assert_eq!(shared.as_ptr(), at);
    assert_eq!(String::try_from(Frame::from(&shared)).unwrap().len(), 1000);
    let not_text = Message::from(b"\xff!").into_string().unwrap_err();
    assert_eq!(not_text.into_bytes(), b"\xff!");
}

#[test]
fn text_is_received_as_text() {
    let context = Context::new();
    let (mut push, mut pull) = pipeline(&context, "inproc://text", 10, 10);
    let mut receive = || -> zincmq::Result<String> {
        let text = pull.recv()?.as_str()?.to_owned();
        assert_eq!(pull.recv_string()?, text);
        pull.recv_string()
    };
    (0..2).for_each(|_| push.send("text").unwrap());
    push.send(b"\xff").unwrap();
    let failed = receive().unwrap_err();
    assert!(matches!(failed, Error::Text(_)), "{failed}");
    assert_eq!(failed.to_string(), "not a text: invalid utf-8 sequence of 1 bytes from index 0");
}

/// Sends the value in each way that there is, and looks what arrives.
fn goes<M: Outgoing>(sockets: &mut (Push, Pull), make: impl Fn() -> M, expected: &[&str]) {
    let (push, pull) = sockets;
    push.send(make()).unwrap();
    push.try_send(make()).unwrap();
    push.send_timeout(make(), PATIENCE).unwrap();
    smol::block_on(push.send_async(make())).unwrap();
    assert_eq!(push.send_batch([make()]).unwrap(), 1);
    for _ in 0..5 {
        assert_eq!(pull.recv_timeout(PATIENCE).unwrap().as_slice(), expected);
    }
}

#[test]
fn whatever_one_would_send_is_sent() {
    within(PATIENCE, || {
        let context = Context::new();
        let sockets = &mut pipeline(&context, "inproc://anything", 10, 10);
        let (text, frame) = (String::from("text"), Frame::from("text"));
        let one = &["text"];
        goes(sockets, || "text", one);
        goes(sockets, || &text, one);
        goes(sockets, || text.clone(), one);
        goes(sockets, || text.as_bytes(), one);
        goes(sockets, || b"text", one);
        goes(sockets, || *b"text", one);
        goes(sockets, || 0x7465_7874_u32.to_be_bytes(), one);
        goes(sockets, || text.clone().into_bytes(), one);
        goes(sockets, || &frame, one);
        goes(sockets, || frame.clone(), one);
        goes(sockets, || Message::from("text"), one);
        goes(sockets, || Bytes::from("text"), one);
        goes(sockets, || BytesMut::from("text"), one);
        goes(sockets, || Cow::from("text"), one);
        goes(sockets, || Cow::from(text.clone()), one);
        goes(sockets, || Cow::from(&b"text"[..]), one);
        goes(sockets, || text.clone().into_boxed_str(), one);
        goes(sockets, || text.clone().into_bytes().into_boxed_slice(), one);
        goes(sockets, || Arc::<str>::from("text"), one);
        goes(sockets, || Arc::<[u8]>::from(&b"text"[..]), one);
        goes(sockets, || &"text", one);

        let two = &["a", "b"];
        let (a, b) = (&Frame::from("a"), &Frame::from("b"));
        goes(sockets, || ["a", "b"], two);
        goes(sockets, || &["a", "b"], two);
        goes(sockets, || &["a", "b"][..], two);
        goes(sockets, || vec!["a", "b"], two);
        goes(sockets, || vec![vec![b'a'], vec![b'b']], two);
        goes(sockets, || vec![Bytes::from("a"), Bytes::from("b")], two);
        goes(sockets, || [a, b], two);
        goes(sockets, || vec![a, b], two);
        goes(sockets, || [[b'a'], [b'b']], two);
        goes(sockets, || [String::from("a"), String::from("b")], two);
        goes(sockets, || (a, "b"), two);
        goes(sockets, || (String::from("a"), vec![b'b']), two);
        goes(sockets, || ("a",), &["a"]);
        let rest = &Message::from(["c", "d"]);
        goes(sockets, || (a, "b", rest.clone()), &["a", "b", "c", "d"]);
        goes(sockets, || (rest, a, &rest[1..], "b", Message::new()), &["c", "d", "a", "d", "b"]);
        goes(
            sockets,
            || ("a", *b"b", "c".to_owned(), b, a, b"f", vec![], Bytes::from("h")),
            &["a", "b", "c", "b", "a", "f", "", "h"],
        );
        let owned = vec![String::from("a"), String::from("b")];
        goes(sockets, || &owned, two);
        goes(sockets, || &owned[..], two);
        for name in &["text", "text"] {
            goes(sockets, || name, one);
        }
    });
}

/// What is refused comes back as it was; a loop of attempts loses nothing and copies nothing.
#[test]
fn what_is_not_sent_comes_back() {
    let mut push = Push::new(&Context::new()).unwrap();
    for size in [0, 10, 64, 65, 1000, 60 << 10, 1 << 20] {
        let mut bytes = vec![7; size];
        let at = bytes.as_ptr();
        for _ in 0..3 {
            let failed = push.try_send(bytes).unwrap_err();
            assert_eq!(failed.error, Error::Again);
            bytes = failed.message;
            assert_eq!((bytes.len(), bytes.as_ptr()), (size, at));
        }
        let text = "t".repeat(size);
        let at = text.as_ptr();
        let back: String = push.send_timeout(text, Default::default()).unwrap_err().message;
        assert_eq!((back.len(), back.as_ptr()), (size, at));
        let bytes = Bytes::from(bytes);
        let at = bytes.as_ptr();
        let back: Bytes = push.try_send(bytes).unwrap_err().message;
        assert_eq!(back.as_ptr(), at);
        let frame: Frame = push.try_send(Frame::from(back)).unwrap_err().message;
        assert_eq!(frame, vec![7; size]);
        let parts: Message = push.try_send((frame, "and more")).unwrap_err().message;
        let parts: Message = push.try_send(parts).unwrap_err().message;
        assert_eq!(parts.as_slice(), [&vec![7; size][..], b"and more"]);
        let () = push.try_send(&parts).unwrap_err().message;
    }
}

/// A batch gives back the message that it failed with, and leaves the others.
#[test]
fn a_batch_loses_nothing() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    context.shutdown();
    let mut left = vec![vec![1], vec![2]].into_iter();
    let failed = push.send_batch(left.by_ref()).unwrap_err();
    assert_eq!((failed.sent, &failed.error, failed.message), (0, &Error::Terminated, vec![1]));
    assert!(left.eq([vec![2]]));
}

/// A future that was refused gives the message back; one that is dropped has it by reference, or not at all.
#[test]
fn async_sends_give_back_too() {
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    context.shutdown();
    let SendError { error, message } =
        smol::block_on(push.send_async(Message::from(["a", "b"]))).unwrap_err();
    assert_eq!((error, message.as_slice()), (Error::Terminated, &["a", "b"].map(Frame::from)[..]));
}

/// Sends with `?` in functions whose errors are of other kinds, whatever is sent.
#[test]
fn errors_of_sending_pass_through() {
    fn ours(push: &mut Push, text: &str) -> zincmq::Result<()> {
        push.try_send(text)?;
        push.try_send(text.to_owned())?;
        Ok(push.try_send((text, 1_u8.to_be_bytes()))?)
    }
    fn boxed(push: &mut Push, text: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let local = vec![1, 2, 3];
        push.try_send(&local)?;
        push.try_send(local)?;
        push.try_send(Cow::from(text))?;
        Ok(push.try_send([text, text])?)
    }
    let mut push = Push::new(&Context::new()).unwrap();
    assert_eq!(ours(&mut push, "x"), Err(Error::Again));
    let error = boxed(&mut push, "x").unwrap_err();
    assert_eq!(error.to_string(), "the operation would block");
    assert!(error.source().is_none());
}
