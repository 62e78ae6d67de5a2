//! Commands and frames: each is read as a little parser reads it, and what is written from it is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq_fuzz::model;
use zmtp::{Command, Flags, Version, command, frame, frame_v1};

fuzz_target!(|data: &[u8]| {
    let read = Command::parse(data);
    assert_eq!(read, parse(data));
    let mut out = Vec::new();
    write(read, &mut out);
    if !out.is_empty() {
        let found = model::frame(&out).expect("a header");
        assert!(found.is_whole() && found.flags & !2 == 4 && found.header + found.body.len() == out.len());
        assert_eq!(Command::parse(found.body), read);
    }
    headers(data);
    old_headers(data);
    subscriptions(data);
});

/// The command, read slowly.
fn parse(body: &[u8]) -> Command<'_> {
    let Some((name, rest)) = model::short(body) else { return Command::Malformed };
    let first = |most: usize, bytes: &'_ [u8]| bytes.len().min(most);
    match name {
        b"PING" if rest.len() < 2 => Command::Malformed,
        b"PING" => {
            let ttl = (u32::from(rest[0]) * 256 + u32::from(rest[1])) * 100;
            Command::Ping { ttl, context: &rest[2..][..first(16, &rest[2..])] }
        }
        b"PONG" => Command::Pong { context: &rest[..first(16, rest)] },
        b"SUBSCRIBE" => Command::Subscribe(rest),
        b"CANCEL" => Command::Cancel(rest),
        b"JOIN" => Command::Join(rest),
        b"LEAVE" => Command::Leave(rest),
        b"ERROR" => model::short(rest).map_or(Command::Malformed, |(reason, _)| Command::Error { reason }),
        name => Command::Unknown { name },
    }
}

fn write(read: Command<'_>, out: &mut Vec<u8>) {
    match read {
        Command::Ping { ttl, context } => command::ping(out, ttl, context),
        Command::Pong { context } => command::pong(out, context),
        Command::Subscribe(topic) => command::subscribe(out, topic, Version::V3_1),
        Command::Cancel(topic) => command::cancel(out, topic, Version::V3_1),
        Command::Error { reason } => command::error(out, reason),
        _ => {}
    }
}

/// A header of 2.0 to 3.1.
fn headers(data: &[u8]) {
    let read = frame::decode_header(data).map(|read| (read.flags.0, read.header_len, read.size));
    assert_eq!(read, model::frame(data).map(|found| (found.flags, found.header, found.size)));
    let Some((flags, _, size)) = read else { return };
    let mut header = [0; frame::MAX_HEADER];
    let len = frame::encode_header(Flags(flags), size, &mut header);
    let again = frame::decode_header(&header[..len]).expect("a whole header");
    assert_eq!((again.flags.0 & !2, again.header_len, again.size), (flags & !2, len, size));
    assert_eq!(len, if size < 256 { 2 } else { 9 });
    for limit in [-1, 0, 255, i64::MAX] {
        let fits = i64::try_from(size).is_ok_and(|size| limit < 0 || size <= limit);
        assert_eq!(frame::check(size, limit).is_ok(), fits);
    }
}

/// A header of 1.0.
fn old_headers(data: &[u8]) {
    match frame_v1::decode_header(data) {
        Err(error) => assert!(error == zmtp::Error::EmptyFrame && (data[0] == 0 || data[1..9] == [0; 8])),
        Ok(None) => assert!(data.len() < 2 || data[0] == 255 && data.len() < frame_v1::MAX_HEADER),
        Ok(Some(read)) => {
            assert_eq!(read.header_len, if data[0] == 255 { 10 } else { 2 });
            let mut header = [0; frame_v1::MAX_HEADER];
            let len = frame_v1::encode_header(read.flags, read.size, &mut header);
            let again = frame_v1::decode_header(&header[..len]).unwrap().expect("a whole header");
            assert_eq!((again.flags, again.header_len, again.size), (read.flags, len, read.size));
        }
    }
}

/// A subscription in the form of each version.
fn subscriptions(topic: &[u8]) {
    for (write, first) in [(command::subscribe as fn(&mut _, &_, _), 1), (command::cancel, 0)] {
        for version in [Version::V2_0, Version::V3_0] {
            let mut out = Vec::new();
            write(&mut out, topic, version);
            let found = model::frame(&out).expect("a header");
            assert_eq!((found.flags & !2, found.body), (0, &[&[first], topic].concat()[..]));
        }
        let mut out = Vec::new();
        write(&mut out, topic, Version::V1_0);
        let read = frame_v1::decode_header(&out).unwrap().expect("a whole header");
        assert_eq!((read.flags, &out[read.header_len..]), (Flags::LAST, &[&[first], topic].concat()[..]));
    }
}
