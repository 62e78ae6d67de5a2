//! Bad input, from the caller and from the network: each gets its documented error or event, only the
//! connection that brought it is closed, others on the same socket are undisturbed, and memory stays bounded.

mod victim;

use std::io::Read;
use std::thread;
use std::time::Duration;
use victim::*;
use zincmq::EventKind::{Disconnected, HandshakeFailedNoDetail, HandshakeFailedProtocol};
use zincmq::c::ByNumber;
use zincmq::option::Value;
use zincmq::{Context, Error, Events, Message, Pub, Pull, Push, Rep, Req, Sub, option};

const EINVAL: i32 = 22;

#[test]
fn malformed_endpoints_are_refused() {
    let mut victim = Victim::new(|_| ());
    let long = format!("ipc://{}", "x".repeat(200));
    let cases = [
        ("", EINVAL),
        ("tcp", EINVAL),
        ("tcp:127.0.0.1:1", EINVAL),
        ("tcp://", EINVAL),
        ("://127.0.0.1:1", EINVAL),
        ("tcp://127.0.0.1", EINVAL),
        ("tcp://127.0.0.1:", EINVAL),
        ("tcp://127.0.0.1:65536", EINVAL),
        ("tcp://127.0.0.1:-1", EINVAL),
        ("tcp://127.0.0.1:1x", EINVAL),
        ("tcp://[::1:1", EINVAL),
        ("ipc://", EINVAL),
        ("inproc://", EINVAL),
        ("nosuch://127.0.0.1:1", 93),
        (&long, 36),
    ];
    for (endpoint, errno) in cases {
        for result in [victim.pull.bind(endpoint).map(drop), victim.pull.connect(endpoint)] {
            let error = result.expect_err(endpoint);
            assert_eq!(error.errno(), errno, "{error}");
            let named = error.to_string().matches(endpoint).count();
            assert!(named == 1 || endpoint.len() < 4, "{error}");
        }
        assert!(victim.pull.unbind(endpoint).is_err() && victim.pull.disconnect(endpoint).is_err());
    }
    let taken = victim.endpoint.clone();
    assert_eq!(victim.pull.bind(&taken).unwrap_err().errno(), 98);
    assert_eq!(victim.pull.unbind("tcp://127.0.0.1:1").unwrap_err().errno(), 2);
    victim.is_undisturbed();
}

#[test]
fn options_out_of_range_are_refused() {
    let mut victim = Victim::new(|_| ());
    let pull = &mut victim.pull;
    let cases = [
        (option::SNDHWM.row(), -1),
        (option::RCVHWM.row(), i32::MIN),
        (option::LINGER.row(), -2),
        (option::RCVTIMEO.row(), -2),
        (option::RECONNECT_IVL.row(), -2),
        (option::BACKLOG.row(), -1),
        (option::TCP_KEEPALIVE.row(), 2),
        (option::HANDSHAKE_IVL.row(), -1),
        (option::HEARTBEAT_TTL.row(), 6_553_600),
        (option::RECONNECT_STOP.row(), 8),
    ];
    for (row, value) in cases {
        let before = pull.get_raw(row.number).unwrap();
        let error = pull.set_value(row, Value::Int(value)).unwrap_err();
        assert!(matches!(error, Error::Option(_)) && error.errno() == EINVAL, "{error}");
        assert!(error.to_string().contains(&value.to_string()), "{error}");
        assert_eq!(pull.get_raw(row.number).unwrap(), before);
    }
    // What C has no int for.
    let beyond = [
        pull.set(option::SNDHWM, 1 << 31),
        pull.set(option::RCVHWM, usize::MAX),
        pull.set(option::SNDBUF, 1 << 31),
        pull.set(option::LINGER, Duration::from_millis(1 << 31)),
        pull.set(option::RCVTIMEO, Duration::MAX),
        pull.set(option::HEARTBEAT_TTL, Duration::from_millis(6_553_600)),
        pull.set(option::TCP_KEEPALIVE_IDLE, Duration::from_secs(1 << 31)),
    ];
    for result in beyond {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Option(_)) && error.errno() == EINVAL, "{error}");
    }
    assert_eq!(pull.set(option::ROUTING_ID, vec![0; 256]).unwrap_err().errno(), EINVAL);
    assert_eq!(pull.set(option::ROUTING_ID, Vec::new()).unwrap_err().errno(), EINVAL);
    let not_of_this_type = pull.set_value(option::ROUTER_MANDATORY.row(), Value::Flag(true));
    assert_eq!(not_of_this_type.unwrap_err().errno(), EINVAL);
    victim.is_undisturbed();
}

#[test]
fn calls_out_of_turn_are_refused() {
    let _alone = alone();
    let context = Context::new();
    let (mut req, mut rep) = (Req::new(&context).unwrap(), Rep::new(&context).unwrap());
    req.connect(rep.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    for round in ["one", "two"] {
        assert!(matches!(req.recv(), Err(Error::State)));
        assert!(matches!(rep.send("unasked").map_err(Error::from), Err(Error::State)));
        assert!(matches!(
            req.send(Message::new()).map_err(Error::from),
            Err(Error::InvalidMessage { socket: "REQ" })
        ));
        req.send(round).unwrap();
        assert!(matches!(req.send("again").map_err(Error::from), Err(Error::State)));
        assert_eq!(rep.recv_timeout(PATIENCE).unwrap().as_str(), Ok(round));
        assert!(matches!(rep.recv(), Err(Error::State)));
        rep.send(round).unwrap();
        assert_eq!(req.recv_timeout(PATIENCE).unwrap().as_str(), Ok(round));
    }
    let mut pull = Pull::new(&context).unwrap().into_any();
    assert!(matches!(pull.send("message").map_err(Error::from), Err(Error::Unsupported { socket: "PULL" })));
    assert!(matches!(pull.subscribe("topic"), Err(Error::InvalidMessage { .. })));
    let mut push = Push::new(&context).unwrap().into_any();
    assert!(matches!(push.recv(), Err(Error::Unsupported { socket: "PUSH" })));
    context.shutdown();
    assert!(matches!(req.send("late").map_err(Error::from), Err(Error::Terminated)));
    assert!(matches!(rep.recv(), Err(Error::Terminated)));
    assert!(matches!(push.bind("tcp://127.0.0.1:*"), Err(Error::Terminated)));
    assert!(matches!(Push::new(&context), Err(Error::Terminated)));
}

#[test]
fn frames_above_maxmsgsize_end_their_connection() {
    let mut victim = Victim::new(|pull| pull.set(option::MAXMSGSIZE, 1000).unwrap());
    for too_large in [frame(0, &[0; 1001]), header(0, 1001), header(MORE, 1 << 40)] {
        let mut wire = victim.open();
        wire.write(frame(0, &[1; 1000]));
        assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap().bytes(), [1; 1000]);
        wire.write(too_large);
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
}

/// It bounds what the application receives: the commands of the handshake have a bound of their own.
#[test]
fn no_maxmsgsize_is_too_small_for_a_handshake() {
    let _alone = alone();
    for most in [0, 1, 10] {
        for endpoint in ["tcp://127.0.0.1:*", "ipc://*"] {
            for pull_binds in [false, true] {
                let context = Context::new();
                let mut pull = Pull::new(&context).unwrap();
                let mut push = Push::new(&context).unwrap();
                pull.set(option::MAXMSGSIZE, most).unwrap();
                push.set(option::MAXMSGSIZE, most).unwrap();
                push.set(option::LINGER, Duration::ZERO).unwrap();
                if pull_binds {
                    push.connect(pull.bind(endpoint).unwrap()).unwrap();
                } else {
                    pull.connect(push.bind(endpoint).unwrap()).unwrap();
                }
                let body = vec![7; most];
                push.send_timeout(body.clone(), PATIENCE).unwrap();
                assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), body);
            }
        }
    }
}

#[test]
fn sizes_that_no_memory_holds_end_their_connection() {
    let mut victim = Victim::new(|_| ());
    for size in [1 << 63, u64::MAX - 9, u64::MAX - 8, u64::MAX] {
        let mut wire = victim.open();
        wire.write(header(0, size));
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
}

#[test]
fn announced_sizes_take_no_memory() {
    let mut victim = Victim::new(|_| ());
    let wires = [0; 8].map(|_| {
        let mut wire = victim.open();
        wire.write(header(0, i64::MAX as u64));
        wire.write([0; 1000]);
        wire
    });
    victim.is_undisturbed();
    for wire in wires {
        drop(wire);
        victim.wait_for(Disconnected);
    }
    victim.is_undisturbed();
}

#[test]
fn garbage_ends_its_connection() {
    let mut victim = Victim::new(|_| ());
    let noise: Vec<u8> = (1..10_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut greeting = greeting();
        change(&mut greeting);
        greeting
    };
    let garbage = [
        ("noise after a signature", [&greeting()[..10], &noise].concat()),
        ("an unknown mechanism", with(&|greeting| greeting[12..16].copy_from_slice(b"NONE"))),
        ("another mechanism", with(&|greeting| greeting[12..17].copy_from_slice(b"CURVE"))),
        ("a message for READY", [greeting(), frame(0, b"message")].concat()),
        ("another command for READY", [greeting(), frame(COMMAND, b"\x04PING\0\0")].concat()),
        ("an unnamed command", [greeting(), frame(COMMAND, b"")].concat()),
        (
            "a cut-off property",
            [greeting(), frame(COMMAND, b"\x05READY\x0BSocket-Type\0\0\0\x09PUSH")].concat(),
        ),
        ("an incompatible peer", [greeting(), frame(COMMAND, &ready("PUB"))].concat()),
        ("an ERROR without end", [greeting(), frame(COMMAND, b"\x05ERROR\x09cut")].concat()),
    ];
    for (what, bytes) in garbage {
        println!("{what}");
        let mut wire = victim.connect();
        wire.write(bytes);
        wire.is_closed();
        victim.wait_for(HandshakeFailedProtocol);
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
    // Without a signature they are taken for peers of ZMTP 1.0; what cannot be a frame of it ends them.
    for bytes in [&b"\x01\0\0\0\0\0"[..], b"\x04\0idx\0", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0"] {
        let mut wire = victim.connect();
        wire.write(bytes);
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
}

#[test]
fn a_handshake_that_stops_is_given_up() {
    let mut victim = Victim::new(|pull| pull.set(option::HANDSHAKE_IVL, Duration::from_millis(200)).unwrap());
    let whole = [greeting(), frame(COMMAND, &ready("PUSH"))].concat();
    for length in [0, 1, 9, 10, 11, 12, 63, 64, 65, 66, 80, whole.len() - 1] {
        println!("{length} bytes");
        let mut wire = victim.connect();
        wire.write(&whole[..length]);
        wire.is_closed();
        victim.wait_for(HandshakeFailedNoDetail);
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
}

#[test]
fn a_peer_that_never_reads_holds_up_nobody_else() {
    const BODY: [u8; 10_000] = [5; 10_000];
    let _alone = alone();
    let before = memory();
    let context = Context::new();
    let mut push = Push::new(&context).unwrap();
    let endpoint = push.bind("tcp://127.0.0.1:*").unwrap();
    let mut silent = Wire::connect(&endpoint);
    silent.open("PULL");
    let mut good = Pull::new(&context).unwrap();
    good.connect(&endpoint).unwrap();
    let reader = thread::spawn(move || {
        let mut count = 0;
        while good.recv_timeout(PATIENCE).unwrap().as_str() != Ok("end") {
            count += 1;
        }
        count
    });
    for _ in 0..6000 {
        push.send_timeout(&BODY, PATIENCE).unwrap();
    }
    push.send_timeout("end", PATIENCE).unwrap();
    // At its high-water mark the silent one gets no more.
    let count = if reader.is_finished() { 0 } else { 6000 };
    push.send_timeout("end", PATIENCE).unwrap();
    let count = count.min(reader.join().unwrap());
    assert!(count >= 3000, "{count}");
    let grown = memory().saturating_sub(before);
    // What waits for the silent one, and for the good one on both sides.
    assert!(grown < MEMORY + 3000 * BODY.len(), "{grown} bytes more");
    push.set(option::LINGER, Duration::ZERO).unwrap();
}

#[test]
fn a_subscriber_that_never_reads_loses_messages_alone() {
    const BODY: [u8; 10_000] = [5; 10_000];
    let _alone = alone();
    let before = memory();
    let context = Context::new();
    let mut publisher = Pub::new(&context).unwrap();
    let endpoint = publisher.bind("tcp://127.0.0.1:*").unwrap();
    let mut silent = Wire::connect(&endpoint);
    silent.open("SUB");
    silent.write(frame(COMMAND, b"\x09SUBSCRIBE"));
    let mut good = Sub::new(&context).unwrap();
    good.subscribe("\x05").unwrap();
    good.connect(&endpoint).unwrap();
    until_topics(&publisher, 2);
    for _ in 0..6000 {
        publisher.send(&BODY).unwrap();
        assert_eq!(good.recv_timeout(PATIENCE).unwrap().bytes(), BODY);
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < MEMORY + 1000 * BODY.len(), "{grown} bytes more");
    assert!(publisher.stats().dropped_full > 0);
    publisher.set(option::LINGER, Duration::ZERO).unwrap();
}

#[test]
fn a_peer_that_dies_leaves_no_part_of_a_message() {
    let mut victim = Victim::new(|_| ());
    let large = frame(0, &vec![3; 1 << 20]);
    let two = [frame(MORE, b"first"), frame(0, b"second")].concat();
    let three = [frame(MORE, &[1; 70_000]), frame(MORE, b"second"), frame(0, &[3; 300])].concat();
    for (whole, cuts) in [
        (frame(0, b"short"), vec![1, 2, 3, 6]),
        (frame(0, &[3; 300]), vec![1, 5, 9, 10, 308]),
        (large, vec![5, 9, 10, 65_536, 1 << 20]),
        (two, vec![6, 7, 8, 9, 14]),
        (three, vec![70_000, 70_009, 70_010, 70_017, 70_020, 70_100]),
    ] {
        for cut in cuts {
            println!("{cut} of {} bytes", whole.len());
            let mut wire = victim.open();
            wire.write(frame(0, b"whole"));
            wire.write(&whole[..cut]);
            assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from("whole"));
            drop(wire);
            victim.wait_for(Disconnected);
            victim.is_undisturbed();
        }
    }
}

#[test]
fn a_message_without_end_ends_its_connection() {
    let mut victim = Victim::new(|pull| pull.set(option::MAXMULTIPART, 100_000).unwrap());
    for body in [&b""[..], b"part", &[7; 1000], &[7; 70_000]] {
        let mut wire = victim.open();
        wire.flood(&frame(MORE, body), 64 << 20);
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
    let mut wire = victim.open();
    // Each part counts 16 bytes more.
    wire.write([frame(MORE, &[7; 50_000]), frame(0, &[7; 49_968])].concat());
    assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap().len(), 2);
    wire.write([frame(MORE, &[7; 50_000]), frame(0, &[7; 49_969])].concat());
    wire.is_closed();
    victim.is_undisturbed();
}

#[test]
fn a_message_without_end_is_bounded_for_old_peers_too() {
    for (bytes, parts) in [(Some(100_000), 0), (None, 1000)] {
        let mut victim = Victim::new(|pull| {
            pull.set(option::MAXMULTIPART, bytes).unwrap();
            pull.set(option::MAXPARTS, parts).unwrap();
        });
        let mut wire = victim.connect();
        wire.write(b"\x01\0");
        wire.flood(b"\x05\x01part", 64 << 20);
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
        let mut wire = victim.connect();
        wire.write([&b"\x01\0"[..], &b"\x02\x01x".repeat(999), b"\x02\0x"].concat());
        assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap().len(), 1000);
    }
}

/// One that is too large is refused by what it announces.
#[test]
fn a_part_beyond_the_bound_of_a_message_ends_its_connection_before_it_comes() {
    let mut victim = Victim::new(|pull| pull.set(option::MAXMULTIPART, 100_000).unwrap());
    let first = victim.open();
    let old = victim.connect();
    for (mut wire, begun) in [
        (first, [frame(MORE, &[7; 50_000]), header(0, 60_000)].concat()),
        (old, [&b"\x01\0"[..], b"\xFF\0\0\0\0\0\x01\xFF\xFF\0"].concat()),
    ] {
        wire.write(begun);
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
}

#[test]
fn the_parts_of_a_message_are_bounded_by_default() {
    let mut victim = Victim::new(|_| ());
    for part in [&b""[..], b"x"] {
        let mut wire = victim.open();
        wire.flood(&frame(MORE, part), 64 << 20);
        wire.is_closed();
        victim.wait_for(Disconnected);
        victim.is_undisturbed();
    }
    // Several thousands are nothing unusual, and each message begins anew.
    let mut wire = victim.open();
    let message = [frame(MORE, b"x").repeat(99_999), frame(0, b"x")].concat();
    for _ in 0..12 {
        wire.write(&message);
        assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap().len(), 100_000);
    }
}

#[test]
fn the_bound_on_parts_can_be_lifted() {
    let mut victim = Victim::new(|pull| pull.set(option::MAXPARTS, 0).unwrap());
    let mut wire = victim.open();
    wire.write([frame(MORE, b"").repeat(1_000_000), frame(0, b"x")].concat());
    assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap().len(), 1_000_001);
}

#[test]
fn commands_have_a_largest_size() {
    let mut victim = Victim::new(|_| ());
    let mut wire = victim.open();
    for size in [0, 1, 255, 256, 30_000] {
        wire.write(frame(COMMAND, &vec![0x07; size]));
    }
    wire.write(frame(0, b"unknown commands are nothing"));
    assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from("unknown commands are nothing"));
    wire.write(header(COMMAND, 100_000));
    wire.is_closed();
    victim.wait_for(Disconnected);
    let mut wire = victim.connect();
    wire.write([greeting(), header(COMMAND, 70_000)].concat());
    wire.is_closed();
    victim.wait_for(HandshakeFailedProtocol);
    victim.is_undisturbed();
}

#[test]
fn only_subscriptions_may_be_large_commands_and_only_as_large_as_messages() {
    let _alone = alone();
    let context = Context::new();
    for limit in [None, Some(100_000)] {
        let mut publisher = Pub::new(&context).unwrap();
        publisher.set(option::MAXMSGSIZE, limit).unwrap();
        let endpoint = publisher.bind("tcp://127.0.0.1:*").unwrap();
        let open = |begun: &[u8], size: u64| {
            let mut wire = Wire::connect(&endpoint);
            wire.open("SUB");
            wire.write([&header(COMMAND, size), begun].concat());
            wire
        };
        for begun in [&b"\x04PING\0\0"[..], b"\x07UNKNOWN", b"\x09SUBSCRIB!", b"\x06CANCER", b""] {
            open(&[begun, &[0; 10]].concat(), 70_000).is_closed();
        }
        let before = memory();
        let claims: Vec<_> =
            [40, 62].map(|bits| open(b"\x09SUBSCRIBEtopic", 1 << bits)).into_iter().collect();
        let mut good = open(b"\x06CANCEL", 90_000);
        good.write([&[0; 89_993], &frame(COMMAND, b"\x09SUBSCRIBEgood")[..]].concat());
        until_topics(&publisher, 1);
        publisher.send("good").unwrap();
        let mut heard = [0; 6];
        good.0.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"\0\x04good");
        let grown = memory().saturating_sub(before);
        assert!(grown < MEMORY, "{grown} bytes more for what is only claimed");
        if limit.is_some() {
            claims.into_iter().for_each(|mut wire| wire.is_closed());
        }
        publisher.set(option::LINGER, Duration::ZERO).unwrap();
    }
}

fn until_topics(publisher: &Pub, count: usize) {
    while publisher.topics().unwrap() < count {
        thread::yield_now();
    }
}

#[test]
fn pings_without_end_take_no_memory() {
    let mut victim = Victim::new(|_| ());
    let mut wire = victim.open();
    // Nobody reads the answers.
    wire.flood(&frame(COMMAND, b"\x04PING\0\0sixteen bytes ok"), 32 << 20);
    victim.is_undisturbed();
    drop(wire);
    victim.wait_for(Disconnected);
    victim.is_undisturbed();
}

#[test]
fn other_commands_without_end_take_no_memory() {
    let mut victim = Victim::new(|_| ());
    for command in [&b"\x04PONG"[..], b"\x09SUBSCRIBEtopic", b"\x07UNKNOWN"] {
        let mut wire = victim.open();
        wire.flood(&frame(COMMAND, command), 12 << 20);
        wire.write(frame(0, b"after"));
        assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from("after"));
        // And between the parts of a message.
        wire.write(frame(MORE, b"first"));
        wire.flood(&frame(COMMAND, command), 12 << 20);
        wire.write(frame(0, b"last"));
        assert_eq!(victim.pull.recv_timeout(PATIENCE).unwrap(), Message::from(["first", "last"]));
        victim.is_undisturbed();
    }
}

#[test]
fn a_socket_nobody_uses_takes_no_more_than_its_marks() {
    let _alone = alone();
    let before = memory();
    let context = Context::new();
    let mut pull = Pull::new(&context).unwrap();
    let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut wire = Wire::connect(&endpoint);
    wire.open("PUSH");
    wire.flood(&frame(0, &[7; 10_000]), 256 << 20);
    let grown = memory().saturating_sub(before);
    assert!(grown < MEMORY + 1000 * 10_000, "{grown} bytes more");
    assert_eq!(pull.recv_timeout(PATIENCE).unwrap().bytes(), [7; 10_000]);
}

#[test]
fn ended_connections_give_their_descriptors_back_though_nobody_uses_the_socket() {
    let _alone = alone();
    let context = Context::new();
    let mut pull = Pull::new(&context).unwrap();
    let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
    let mut events = pull.monitor(Events::ALL);
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = descriptors();
    for _ in 0..100 {
        let mut wire = Wire::connect(&endpoint);
        wire.open("PUSH");
        drop(wire);
        while events.recv_timeout(PATIENCE).unwrap().kind != Disconnected {}
    }
    // The last one may be about to be closed.
    assert!(descriptors() <= before + 1, "{} descriptors more", descriptors() - before);
}

#[test]
fn silent_connections_disturb_nobody() {
    let mut victim = Victim::new(|pull| pull.set(option::BACKLOG, 1000).unwrap());
    let silent: Vec<_> = (0..1000).map(|_| victim.connect()).collect();
    let half: Vec<_> = silent.into_iter().map(|mut wire| (wire.write(&greeting()[..11]), wire)).collect();
    victim.is_undisturbed();
    drop(half);
    for _ in 0..1000 {
        victim.wait_for(Disconnected);
    }
    victim.is_undisturbed();
}

#[test]
fn a_publisher_survives_whatever_is_subscribed_to() {
    let _alone = alone();
    let before = memory();
    let context = Context::new();
    let mut publisher = Pub::new(&context).unwrap();
    let endpoint = publisher.bind("tcp://127.0.0.1:*").unwrap();
    let mut wire = Wire::connect(&endpoint);
    wire.open("SUB");
    let deep = [&b"\x09SUBSCRIBE"[..], &[b'x'; 30_000]].concat();
    wire.write(frame(COMMAND, &deep));
    wire.write(frame(COMMAND, b"\x09SUBSCRIBEtopic"));
    while publisher.topics().unwrap() < 2 {
        thread::yield_now();
    }
    // Cancellations of what was never subscribed to.
    let strange = frame(COMMAND, b"\x06CANCELstrange");
    for _ in 0..100 {
        wire.write(strange.repeat(1000));
        publisher.topics().unwrap();
    }
    assert_eq!(publisher.topics().unwrap(), 2);
    drop(wire);
    while publisher.topics().unwrap() > 0 {
        thread::yield_now();
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < MEMORY, "{grown} bytes more");
}
