//! The greeting, and the routing id of old peers: the same end as a little parser's, and the same bytes sent, however
//! the stream is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zincmq_fuzz::feed::{GREETING, outcome};
use zincmq_fuzz::input::Input;
use zincmq_fuzz::model::{self, Frame};
use zincmq_fuzz::parties;
use zmtp::{Error, Local, Security, Verdict, Version};

/// The end of a greeting.
#[derive(Debug, PartialEq)]
enum End {
    Waits,
    /// A peer of 3.x, whose handshake follows.
    Modern,
    /// An old peer: its version, its routing id, and the bytes up to there.
    Old(Version, Vec<u8>, usize),
    Fails(Error),
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let local = local(input.byte());
    let cuts = input.text();
    let bytes = input.rest();
    let (end, sent) = greet(&local, bytes);
    let bytes = if end == End::Modern { &bytes[..GREETING] } else { bytes };
    let outcome = outcome(&local, Verdict::Success, bytes, cuts);
    if end == End::Modern {
        assert!(outcome.sent.starts_with(&sent), "{outcome:?}");
    } else {
        assert_eq!(outcome.sent, sent);
    }
    match (outcome.result, end) {
        (Ok(None), End::Waits | End::Modern) => assert_eq!(outcome.taken, bytes.len()),
        (Ok(Some(peer)), End::Old(version, routing_id, taken)) => {
            assert!(
                local.allow_old && local.security == Security::Null { zap: false },
                "let in without proof"
            );
            assert_eq!((peer.version, peer.routing_id, outcome.taken), (version, Some(routing_id), taken));
            assert_eq!((peer.socket_type, peer.properties), (None, Vec::new()));
        }
        (Err(error), End::Fails(expected)) => assert_eq!(error, expected),
        (result, end) => panic!("{result:?}, and should be {end:?}"),
    }
});

fn local(choice: u8) -> Local {
    let security = match choice & 7 {
        1 => Security::Null { zap: true },
        2 => parties::plain_client(),
        3 => Security::PlainServer,
        4 => parties::curve_client(),
        5 => parties::curve_server(true),
        _ => Security::Null { zap: false },
    };
    let routing_id: Option<&[u8]> = match choice >> 3 & 3 {
        0 => None,
        1 => Some(b""),
        2 => Some(b"me"),
        _ => Some(&[b'x'; 255]),
    };
    Local { allow_old: choice & 0x20 == 0, ..parties::local(security, routing_id) }
}

/// The end of a greeting that consists of these bytes, and all that is sent.
fn greet(local: &Local, bytes: &[u8]) -> (End, Vec<u8>) {
    let id = local.routing_id.clone().unwrap_or_default();
    let mut sent = [&[0xFF][..], &(id.len() as u64 + 1).to_be_bytes(), &[0x7F]].concat();
    let admits = local.allow_old && local.security == (Security::Null { zap: false });
    let refuse = |version| End::Fails(Error::OldPeer { version });
    let unversioned = match bytes {
        [] => return (End::Waits, sent),
        [0xFF, rest @ ..] => rest.get(8).is_some_and(|flags| flags & 1 == 0),
        _ => true,
    };
    if unversioned {
        if !admits {
            return (refuse(Version::V1_0), sent);
        }
        sent.extend(&id);
        return (identify_v1(bytes, 0, true), sent);
    }
    if bytes.len() < 10 {
        return (End::Waits, sent);
    }
    sent.push(3);
    let Some(&revision) = bytes.get(10) else { return (End::Waits, sent) };
    if revision > 1 {
        let mut rest = [0; 53];
        rest[0] = 1;
        rest[1..].iter_mut().zip(local.security.name().bytes()).for_each(|(to, from)| *to = from);
        sent.extend(rest);
        return (modern(local, bytes), sent);
    }
    sent.push(local.socket_type.code);
    let version = if revision == 0 { Version::V1_0 } else { Version::V2_0 };
    if bytes.len() < 12 {
        return (End::Waits, sent);
    }
    if !admits {
        return (refuse(version), sent);
    }
    let size = id.len() as u8;
    match (version, size) {
        (Version::V1_0, 254..) => {
            sent.extend([&[0xFF, 0, 0, 0, 0, 0, 0, 1, size - 255, 0], &id[..]].concat())
        }
        (Version::V1_0, _) => sent.extend([&[size + 1, 0], &id[..]].concat()),
        _ => sent.extend([&[0, size], &id[..]].concat()),
    }
    let end = if revision == 0 { identify_v1(bytes, 12, false) } else { identify_v2(bytes) };
    (end, sent)
}

fn modern(local: &Local, bytes: &[u8]) -> End {
    let ours = local.security.name();
    let Some(theirs) = bytes.get(12..32).filter(|_| bytes.len() >= GREETING) else { return End::Waits };
    if theirs.starts_with(ours.as_bytes()) && theirs[ours.len()..].iter().all(|byte| *byte == 0) {
        return End::Modern;
    }
    let theirs = String::from_utf8_lossy(theirs).trim_end_matches('\0').to_owned();
    End::Fails(Error::MechanismMismatch { ours, theirs })
}

/// The routing id of a peer of 1.0, from `begin`.
fn identify_v1(bytes: &[u8], begin: usize, unversioned: bool) -> End {
    let rest = &bytes[begin..];
    let (length, flags_at) = match rest {
        [] => return End::Waits,
        [0xFF, rest @ ..] => match rest.first_chunk() {
            Some(length) => (u64::from_be_bytes(*length), 9),
            None => return End::Waits,
        },
        [length, ..] => (u64::from(*length), 1),
    };
    let Some(size) = length.checked_sub(1) else { return End::Fails(Error::EmptyFrame) };
    match rest.get(flags_at) {
        None => End::Waits,
        Some(1..) if unversioned => End::Fails(Error::Foreign),
        Some(_) => identified(Version::V1_0, bytes, begin + flags_at + 1, size),
    }
}

fn identify_v2(bytes: &[u8]) -> End {
    match model::frame(&bytes[12..]) {
        Some(Frame { header, size, .. }) => identified(Version::V2_0, bytes, 12 + header, size),
        None => End::Waits,
    }
}

fn identified(version: Version, bytes: &[u8], at: usize, size: u64) -> End {
    if size > 255 {
        return End::Fails(Error::Oversize { size, limit: 255 });
    }
    let end = at + size as usize;
    bytes.get(at..end).map_or(End::Waits, |id| End::Old(version, id.to_vec(), end))
}
