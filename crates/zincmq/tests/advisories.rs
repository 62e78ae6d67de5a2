//! Attacks that did harm to libzmq do none here. The table in SECURITY.md names the advisories, and the tests of each; those
//! of CURVE are in `curve_attacks.rs`.

mod common;
mod victim;

use common::{Random, raw_peer, until};
use rustix::net::sockopt::set_socket_linger;
use std::collections::HashSet;
use std::io::Read;
use std::process::Command;
use std::time::Duration;
use std::{env, thread};
use victim::*;
use zincmq::EventKind::{AcceptFailed, Disconnected, HandshakeFailedNoDetail, HandshakeSucceeded};
use zincmq::authenticator::{Authenticator, Rules};
use zincmq::c::ByNumber;
use zincmq::security::PublicKey;
use zincmq::{Context, Events, Message, Pub, Pull, Push, Req, Router, Stream, option};

/// The header of a frame of ZMTP 1.0, in its long form (RFC 13): the length counts the flags.
fn header_v1(flags: u8, length: u64) -> Vec<u8> {
    [&[0xFF][..], &length.to_be_bytes(), &[flags]].concat()
}

/// A PUSH peer of an older version: its opening, and the header of a long frame.
struct Old {
    opening: &'static [u8],
    header: fn(u64) -> Vec<u8>,
    /// Whether the size in a header counts the flags.
    counts_flags: bool,
}

/// Of 1.0 (RFC 13) and of 2.0 (RFC 15).
const OLD: [Old; 2] = [
    Old { opening: b"\x01\0", header: |size| header_v1(0, size), counts_flags: true },
    Old {
        opening: b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x08\0\0",
        header: |size| [&[2][..], &size.to_be_bytes()].concat(),
        counts_flags: false,
    },
];

#[test]
fn sizes_that_no_memory_holds_end_old_peers() {
    let mut victim = Victim::new(|_| ());
    for Old { opening, header, .. } in OLD {
        for size in [(1 << 63) + 1, u64::MAX - 9, u64::MAX - 8, u64::MAX - 1, u64::MAX] {
            println!("{} {size:x}", opening.escape_ascii());
            let mut wire = victim.connect();
            wire.write([opening, &header(size), &[0x41; 100]].concat());
            wire.is_closed();
            victim.wait_for(Disconnected);
            victim.is_undisturbed();
        }
    }
}

#[test]
fn pairs_of_old_frames_around_the_size_of_any_buffer_come_whole() {
    let mut victim = Victim::new(|_| ());
    for Old { opening, header, counts_flags } in OLD {
        let own = u64::from(counts_flags);
        let mut wire = victim.connect();
        wire.write(opening);
        let around = [1024_usize, 8192, 65_536].into_iter().flat_map(|size| size - 20..size + 12);
        for size in around {
            let one = [header(size as u64 + own), vec![1; size]].concat();
            let two = [header(size as u64 + 1 + own), vec![2; size + 1]].concat();
            // The first ends inside the header of the second.
            wire.write([&one, &two[..5]].concat());
            assert!(victim.pull.recv_timeout(PATIENCE).unwrap().bytes() == vec![1; size], "{size}");
            wire.write(&two[5..]);
            assert!(victim.pull.recv_timeout(PATIENCE).unwrap().bytes() == vec![2; size + 1], "{size}");
        }
    }
    victim.is_undisturbed();
}

/// Runs on little stack, so that no step for each byte of a topic fits on it.
fn on_little_stack(body: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(128 << 10).spawn(body).unwrap().join().unwrap();
}

#[test]
fn deep_topics_that_come_and_go_in_any_order_overflow_no_stack() {
    let _alone = alone();
    on_little_stack(|| {
        let context = Context::new();
        let mut publisher = Pub::new(&context).unwrap();
        let endpoint = publisher.bind("tcp://127.0.0.1:*").unwrap();
        let deep = vec![b'x'; 66_000];
        let lengths: Vec<usize> = (0..=deep.len()).step_by(600).collect();
        let mut random = Random(20_236);
        for (rounds, cancels) in [(2, true), (1, false)] {
            let mut wire = Wire::connect(&endpoint);
            wire.open("SUB");
            for _ in 0..rounds {
                for (name, done) in [(&b"\x09SUBSCRIBE"[..], lengths.len()), (b"\x06CANCEL", 0)] {
                    let mut order = lengths.clone();
                    (1..order.len()).for_each(|at| order.swap(at, random.below(at as u64 + 1) as usize));
                    for length in order {
                        wire.write(frame(COMMAND, &[name, &deep[..length]].concat()));
                        publisher.topics().unwrap();
                    }
                    until("all are heard", || publisher.topics().unwrap() == done);
                    publisher.send(&deep).unwrap();
                    if !cancels {
                        break;
                    }
                }
            }
            drop(wire);
            until("the subscriber is forgotten", || publisher.topics().unwrap() == 0);
        }
    });
}

#[test]
fn malformed_subscriptions_without_end_take_no_memory() {
    let _alone = alone();
    let context = Context::new();
    let mut publisher = Pub::new(&context).unwrap();
    let endpoint = publisher.bind("tcp://127.0.0.1:*").unwrap();
    let before = memory();
    for malformed in [
        frame(0, b""),
        // Nothing is cancelled, nothing is subscribed to, something else is said.
        frame(0, b"\0"),
        frame(0, b"\0unknown"),
        frame(0, b"\x02topic"),
        [frame(MORE, b"\x02first"), frame(0, b"\x02last")].concat(),
        frame(COMMAND, b"\x06CANCEL"),
        frame(COMMAND, b"\x09SUBSCRIB"),
        frame(COMMAND, b"\xFFSUBSCRIBEtopic"),
        frame(COMMAND, b"\x04JOINtopic"),
    ] {
        println!("{}", malformed.escape_ascii());
        let mut wire = Wire::connect(&endpoint);
        wire.open("SUB");
        let flood = thread::spawn(move || {
            wire.flood(&malformed, 4 << 20);
            wire.write(frame(COMMAND, b"\x09SUBSCRIBEgood"));
            wire
        });
        until("it is heard to its end", || publisher.topics().unwrap() == 1);
        publisher.send("good").unwrap();
        let mut heard = [0; 6];
        let mut wire = flood.join().unwrap();
        wire.0.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"\0\x04good");
        drop(wire);
        until("it is forgotten", || publisher.topics().unwrap() == 0);
        let grown = memory().saturating_sub(before);
        assert!(grown < MEMORY, "{grown} bytes more");
    }
}

#[test]
fn half_messages_that_are_left_take_no_memory_with_them() {
    let mut victim = Victim::new(|_| ());
    let part = frame(MORE, &[7; 60_000]);
    for cut in [part.len(), 30_000] {
        for _ in 0..200 {
            let mut wire = victim.open();
            wire.write([&frame(0, b"whole"), &part, &part[..cut]].concat());
            assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from("whole"));
            drop(wire);
            victim.wait_for(Disconnected);
        }
        // If anything of the 200 were left, it would be 18 MB.
        victim.is_undisturbed();
    }
}

#[test]
fn peers_that_leave_while_a_ping_is_unanswered_disturb_nobody() {
    let mut victim = Victim::new(|pull| {
        pull.set(option::HEARTBEAT_IVL, Duration::from_millis(1)).unwrap();
        // The good one may be slow to answer.
        pull.set(option::HEARTBEAT_TIMEOUT, Duration::from_secs(60)).unwrap();
    });
    for resets in [false, true].repeat(20) {
        let mut wire = victim.open();
        let mut ping = [0; 9];
        wire.0.read_exact(&mut ping).unwrap();
        assert_eq!(&ping, b"\x04\x07\x04PING\0\0");
        if resets {
            set_socket_linger(&wire.0, Some(Duration::ZERO)).unwrap();
        }
        drop(wire);
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
}

/// Each step is met by its end, by a reset, and by noise.
#[test]
fn scans_of_every_step_of_a_handshake_disturb_nobody() {
    let mut victim = Victim::new(|_| ());
    let whole = [greeting(), frame(COMMAND, &ready("PUSH"))].concat();
    // Such that it is no rest of a READY, nor a frame behind one.
    let noise = [0xFF; 64];
    for length in 0..=whole.len() {
        for (adds, resets) in [(&b""[..], false), (b"", true), (&noise, false), (&noise, true)] {
            println!("{length} bytes and {}, resets: {resets}", adds.len());
            let mut wire = victim.connect();
            wire.write([&whole[..length], adds].concat());
            if resets {
                set_socket_linger(&wire.0, Some(Duration::ZERO)).unwrap();
            }
            drop(wire);
            // One that was reset before it was accepted is no connection any more.
            while ![Disconnected, AcceptFailed].contains(&victim.events.recv_timeout(PATIENCE).unwrap().kind)
            {
            }
        }
        victim.is_undisturbed();
    }
}

#[test]
fn a_short_ping_is_answered_with_nothing() {
    let mut victim = Victim::new(|_| ());
    let mut wire = victim.open();
    for short in [&b"\x04PING"[..], b"\x04PING\0", b"\x04PIN", b"\x04"] {
        wire.write(frame(COMMAND, short));
    }
    for (context, answer) in [(&b""[..], &b""[..]), (b"mine", b"mine"), (&[7; 40], &[7; 16])] {
        wire.write(frame(COMMAND, &[b"\x04PING\0\0", context].concat()));
        let expected = frame(COMMAND, &[b"\x04PONG", answer].concat());
        let mut heard = vec![0; expected.len()];
        wire.0.read_exact(&mut heard).unwrap();
        assert_eq!(heard, expected);
    }
    victim.is_undisturbed();
}

/// The numbers that peers of this process get to see: of ids that ROUTER and STREAM make up, and of requests.
fn numbers() -> Vec<String> {
    let context = Context::new();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut router = Router::new(&context).unwrap();
    let mut wire = raw_peer(&router.bind("tcp://127.0.0.1:*").unwrap(), "DEALER");
    std::io::Write::write_all(&mut wire, &frame(0, b"hello")).unwrap();
    let routed = router.recv_timeout(PATIENCE).unwrap();

    let mut stream = Stream::new(&context).unwrap();
    let _plain = Wire::connect(&stream.bind("tcp://127.0.0.1:*").unwrap());
    let joined = stream.recv_timeout(PATIENCE).unwrap();

    let mut req = Req::new(&context).unwrap();
    req.set(option::REQ_CORRELATE, true).unwrap();
    req.set(option::LINGER, Duration::ZERO).unwrap();
    let mut wire = raw_peer(&req.bind("tcp://127.0.0.1:*").unwrap(), "REP");
    req.send_timeout("request", PATIENCE).unwrap();
    let mut number = [0; 6];
    wire.read_exact(&mut number).unwrap();
    assert_eq!(number[..2], [MORE, 4]);
    let parts = [&routed.iter().next().unwrap()[1..], &joined.iter().next().unwrap()[1..], &number[2..]];
    parts.map(hex).to_vec()
}

/// A process of the same program makes up other numbers, so nobody can find them out by running it.
#[test]
fn numbers_that_peers_see_differ_from_process_to_process() {
    const TELL: &str = "ZINCMQ_TEST_TELLS_NUMBERS";
    const NAME: &str = "numbers_that_peers_see_differ_from_process_to_process";
    if env::var_os(TELL).is_some() {
        println!("\nnumbers {}", numbers().join(" "));
        return;
    }
    let mut seen = HashSet::new();
    for _ in 0..3 {
        let mut program = Command::new(env::current_exe().unwrap());
        let told = program.args(["--exact", NAME, "--nocapture"]).env(TELL, "").output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let line = told.lines().find_map(|line| line.strip_prefix("numbers ")).unwrap();
        seen.extend(line.split(' ').map(str::to_owned));
    }
    assert_eq!(seen.len(), 9, "{seen:?}");
}

#[test]
fn a_plain_server_with_enforcement_and_no_domain_goes_on() {
    let context = Context::new();
    let try_to_get_in = || {
        let mut pull = Pull::new(&context).unwrap();
        pull.set(option::ZAP_ENFORCE_DOMAIN, true).unwrap();
        pull.plain_server().unwrap();
        let mut events = pull.monitor(Events::NONE.with(HandshakeFailedNoDetail).with(HandshakeSucceeded));
        let mut push = Push::new(&context).unwrap();
        push.set(option::LINGER, Duration::ZERO).unwrap();
        push.plain_client("alice", "sesame").unwrap();
        push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
        events.recv_timeout(PATIENCE).unwrap().kind
    };
    assert_eq!(try_to_get_in(), HandshakeFailedNoDetail);
    let _authenticator = Authenticator::start(&context, Rules::new().user("alice", "sesame")).unwrap();
    assert_eq!(try_to_get_in(), HandshakeSucceeded);
}

#[test]
fn no_key_of_another_length_is_taken() {
    let rows = [option::CURVE_PUBLICKEY.row(), option::CURVE_SECRETKEY.row(), option::CURVE_SERVERKEY.row()];
    let mut pull = Pull::new(&Context::new()).unwrap();
    for length in (0..=100).filter(|length| *length != 40) {
        let text = "0".repeat(length);
        assert!(text.parse::<PublicKey>().is_err(), "{length}");
        for row in rows {
            assert!(length == 0 || row.parse(&text).is_err(), "{row:?}, {length} signs");
        }
    }
    for row in rows {
        for length in (1..=100).filter(|length| ![32, 40].contains(length)) {
            let bytes = vec![b'0'; length];
            assert!(pull.set_raw(row.number, Some(&bytes)).is_err(), "{length} bytes");
        }
    }
}
