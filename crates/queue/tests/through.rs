//! Messages that go past the pipe, among others that do not.

mod common;

use bytes::Bytes;
use common::body;
use queue::{Drain, Part, Pool, append_frame, channel, send_unpublished, write_through};
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

const SIZES: [usize; 10] = [70_000, 5, 300_000, 300, 60_000, 299_999, 0, 65_536, 65_536, 1];

/// Reads what is there.
fn read(from: &mut UnixStream, into: &mut Vec<u8>) {
    let mut block = vec![0; 1 << 20];
    match from.read(&mut block) {
        Ok(read) => into.extend(&block[..read]),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
    }
}

/// With `rests`, the reading end rests before each message; with `takes`, the receiver takes a message before the next is sent.
fn run(rests: bool, takes: bool) {
    let (to, mut from) = UnixStream::pair().unwrap();
    from.set_nonblocking(true).unwrap();
    let (mut writer, reader) = channel(&Pool::new());
    let mut drain = Drain::new(reader);
    let (mut expected, mut got) = (Vec::new(), Vec::new());
    let (mut wholes, mut pieces) = (0, 0);
    for (seed, size) in SIZES.iter().cycle().take(40).enumerate() {
        let body = body(seed as u8, *size);
        append_frame(0, body, &mut expected);
        if rests && !drain.has_bytes() {
            assert!(drain.park());
        }
        if *size >= 60_000 && !drain.has_bytes() {
            match write_through(&mut writer, &mut drain, to.as_fd(), &Part::Slice(body)) {
                Ok(true) => wholes += 1,
                Ok(false) => pieces += 1,
                Err(error) => panic!("{error}"),
            }
        } else {
            writer.write(&[], &[Part::Slice(body)]);
            _ = writer.publish();
            drain.frames().resume();
        }
        _ = drain.write_to(to.as_fd(), &mut Vec::new());
        while takes && got.len() < expected.len() {
            read(&mut from, &mut got);
            _ = drain.write_to(to.as_fd(), &mut Vec::new());
        }
    }
    while got.len() < expected.len() {
        _ = drain.write_to(to.as_fd(), &mut Vec::new());
        read(&mut from, &mut got);
    }
    assert!(got == expected);
    assert_eq!((writer.queued(), writer.written()), (0, 40));
    assert_eq!(writer.gauge().bytes(), expected.len() as u64);
    assert!(!drain.has_bytes() && drain.park());
    assert!(pieces > 0 && wholes > 0, "{wholes} {pieces}");
}

#[test]
fn the_bytes_are_those_that_the_pipe_would_give() {
    for rests in [false, true] {
        for takes in [false, true] {
            run(rests, takes);
        }
    }
}

#[test]
fn a_message_of_which_the_kernel_takes_nothing_is_in_the_pipe() {
    let (mut to, mut from) = UnixStream::pair().unwrap();
    to.set_nonblocking(true).unwrap();
    let filled: usize = std::iter::from_fn(|| to.write(&[0; 1000]).ok()).sum();
    let (mut writer, reader) = channel(&Pool::new());
    let mut drain = Drain::new(reader);
    let body = Bytes::from_static(body(1, 100_000));
    assert!(!write_through(&mut writer, &mut drain, to.as_fd(), &Part::Shared(&body)).unwrap());
    assert!(!drain.is_inside_message());
    assert_eq!((writer.queued(), writer.lends()), (1, true));
    from.read_exact(&mut vec![0; filled]).unwrap();
    assert!(drain.write_to(to.as_fd(), &mut Vec::new()).unwrap() > 0);
}

#[test]
fn shared_memory_that_the_kernel_has_taken_is_not_referred_to() {
    let (to, mut from) = UnixStream::pair().unwrap();
    let (mut writer, reader) = channel(&Pool::new());
    let mut drain = Drain::new(reader);
    let body = Bytes::from(body(1, 70_000).to_vec());
    assert!(write_through(&mut writer, &mut drain, to.as_fd(), &Part::Shared(&body)).unwrap());
    assert!(body.is_unique() && !writer.lends());
    let (mut expected, mut got) = (Vec::new(), vec![0; 70_009]);
    append_frame(0, &body, &mut expected);
    from.read_exact(&mut got).unwrap();
    assert!(got == expected);
}

#[test]
fn a_message_that_was_begun_goes_again_whole() {
    let (to, _from) = UnixStream::pair().unwrap();
    let (mut writer, reader) = channel(&Pool::new());
    let mut drain = Drain::new(reader);
    let body = body(1, 300_000);
    assert!(!write_through(&mut writer, &mut drain, to.as_fd(), &Part::Slice(body)).unwrap());
    assert!(drain.is_inside_message());
    drain.rewind();
    let frame = drain.frames().take().unwrap();
    assert_eq!(frame.body.as_ref(), body);
}

/// The send buffer holds the short ones, and a part of the long ones.
#[test]
fn a_message_that_is_not_published_goes_as_the_pipe_would_send_it() {
    let (to, mut from) = UnixStream::pair().unwrap();
    from.set_nonblocking(true).unwrap();
    set_socket_send_buffer_size(&to, 10_000).unwrap();
    let (mut writer, reader) = channel(&Pool::new());
    let mut drain = Drain::new(reader);
    let (mut expected, mut got, mut outcomes) = (Vec::new(), Vec::new(), [0; 3]);
    for (seed, size) in [5, 25_000, 300, 0, 2000].iter().cycle().take(200).enumerate() {
        let mut envelope = Vec::new();
        append_frame(1, body(3, seed % 4), &mut envelope);
        let body = body(seed as u8, *size);
        expected.extend(&envelope);
        append_frame(0, body, &mut expected);
        assert!(drain.park());
        writer.write(&envelope, &[Part::Slice(body)]);
        let sent = send_unpublished(&mut writer, &mut drain, to.as_fd());
        outcomes[sent.map_or(0, |whole| 1 + usize::from(whole))] += 1;
        if sent.is_none() {
            _ = writer.publish();
            drain.frames().resume();
        }
        // What waits for the kernel, or for a reader, leaves here.
        while drain.has_bytes() || seed % 3 == 0 && got.len() < expected.len() {
            read(&mut from, &mut got);
            _ = drain.write_to(to.as_fd(), &mut Vec::new());
        }
    }
    read(&mut from, &mut got);
    assert!(got == expected);
    assert_eq!((writer.queued(), writer.written()), (0, 200));
    assert_eq!(writer.gauge().bytes(), expected.len() as u64);
    assert!(outcomes.iter().all(|&count| count > 0), "{outcomes:?}");
}

#[test]
fn a_body_by_reference_is_left_to_the_pipe() {
    let (to, _from) = UnixStream::pair().unwrap();
    let (mut writer, reader) = channel(&Pool::new());
    let mut drain = Drain::new(reader);
    writer.write(&[], &[Part::Slice(body(1, 300_000))]);
    assert_eq!(send_unpublished(&mut writer, &mut drain, to.as_fd()), None);
    _ = writer.publish();
    assert_eq!(drain.frames().take().unwrap().body.as_ref(), body(1, 300_000));
}
