//! The option table: defaults, ranges, lengths, and every row set and read back.

use std::time::Duration;
use zincmq::option::{self, Access, Kind, OptionError, Options, Row, Value, by_name, by_number, rows};
use zincmq::security::{PublicKey, SecretKey};
use zincmq::socket_type::SocketType;
use zincmq::{AnySocket, Context, Error, Pull, Router, Sub};

/// Defaults as `zmq_setsockopt(3)` gives them, by number.
const INTS: &[(i32, i32)] = &[
    (11, -1),
    (12, -1),
    (17, -1),
    (18, 100),
    (19, 100),
    (21, 0),
    (23, 1000),
    (24, 1000),
    (8, 100),
    (9, 10000),
    (25, 1),
    (84, 1500),
    (102, 8192),
    (27, -1),
    (28, -1),
    (34, -1),
    (35, -1),
    (36, -1),
    (37, -1),
    (57, 0),
    (66, 30000),
    (75, 0),
    (76, 0),
    (77, -1),
    (79, 0),
    (80, 0),
    (89, -1),
    (97, 0),
    (101, 8192),
    (109, 0),
    (23_041, 1_000_000),
    (23_042, 8192),
    (23_043, 0),
    (43, 0),
    (112, 0),
    (113, 0),
];
const FLAGS: &[(i32, bool)] = &[
    (31, true),
    (33, false),
    (39, false),
    (40, false),
    (41, false),
    (42, false),
    (51, false),
    (52, false),
    (53, false),
    (54, false),
    (56, false),
    (69, false),
    (71, false),
    (73, true),
    (74, false),
    (78, false),
    (93, false),
    (44, false),
    (47, false),
    (94, false),
    (96, true),
    (98, false),
    (108, false),
    (115, false),
];

fn default_of(number: i32) -> Value {
    by_number(number).unwrap().default_value().unwrap()
}

#[test]
fn defaults() {
    for &(number, default) in INTS {
        assert_eq!(default_of(number), Value::Int(default), "{number}");
    }
    for &(number, default) in FLAGS {
        assert_eq!(default_of(number), Value::Flag(default), "{number}");
    }
    for number in [38, 45, 55, 68, 92, 95, 99, 100] {
        assert_eq!(default_of(number), Value::Text(String::new()), "{number}");
    }
    for number in [5, 61, 72, 110, 111, 114] {
        assert_eq!(default_of(number), Value::Bytes(Vec::new()), "{number}");
    }
    for number in [58, 59, 60] {
        assert_eq!(default_of(number), Value::Id(None), "{number}");
    }
    assert_eq!(default_of(4), Value::Mask(0));
    assert_eq!(default_of(22), Value::Long(-1));
    assert_eq!(by_name("MAXMULTIPART").unwrap().default_value(), Some(Value::Long(-1)));
    assert_eq!(default_of(46), Value::Secret("".into()));
    assert_eq!([48, 50].map(default_of), [Value::PublicKey(None), Value::PublicKey(None)]);
    assert_eq!(default_of(49), Value::SecretKey(None));
    let listed = INTS.len() + FLAGS.len() + 8 + 6 + 3 + 3 + 4;
    assert_eq!(rows().iter().filter(|row| !row.is_state()).count(), listed);
}

#[test]
fn only_subscribers_do_not_linger() {
    for socket in SocketType::all() {
        let expected = if matches!(socket, SocketType::Sub | SocketType::XSub) { 0 } else { -1 };
        assert_eq!(Options::new(socket).linger, expected, "{socket}");
    }
}

/// Two values that the row must take.
fn samples(row: &Row) -> [Value; 2] {
    let text = |a: &str, b: &str| [Value::Text(a.into()), Value::Text(b.into())];
    match (row.name, row.kind) {
        ("METADATA", _) => text("X-a:1", "X-b:2"),
        ("TCP_ACCEPT_FILTER", _) => text("10.0.0.0/8", ""),
        (_, Kind::Int { min, max, step }) => [Value::Int(min), Value::Int(max - max % step)],
        (_, Kind::Long) => [Value::Long(i64::MIN), Value::Long(i64::MAX)],
        (_, Kind::Mask) => [Value::Mask(1), Value::Mask(u64::MAX)],
        (_, Kind::Flag(_)) => [Value::Flag(true), Value::Flag(false)],
        (_, Kind::Text { max, .. }) => text("a", &"b".repeat(max.min(300))),
        (_, Kind::Bytes { min, max }) => [Value::Bytes(vec![7; min]), Value::Bytes(vec![0; max.min(300)])],
        (_, Kind::Secret { max }) => [Value::Secret("a".into()), Value::Secret("b".repeat(max).into())],
        (_, Kind::PublicKey) => [7, 0].map(|byte| Value::PublicKey(Some(PublicKey::new([byte; 32])))),
        (_, Kind::SecretKey) => [7, 0].map(|byte| Value::SecretKey(Some(SecretKey::new([byte; 32])))),
        (_, Kind::Id) => [Value::Id(Some(u32::MAX)), Value::Id(None)],
        _ => panic!("samples for {row:?}"),
    }
}

#[test]
fn every_row_sets_and_reads_back() {
    let mut options = Options::default();
    for row in rows().iter().filter(|row| !row.is_state() && row.access != Access::Get) {
        for value in samples(row) {
            options.set_value(row, value.clone()).unwrap();
            assert_eq!(options.get_value(row).unwrap(), value, "{row:?}");
            // The same by number, in C's form.
            let encoded = value.encode();
            let bytes = if matches!(value, Value::Text(_) | Value::Secret(_)) {
                &encoded[..encoded.len() - 1]
            } else {
                &encoded[..]
            };
            let pointer = (!bytes.is_empty()).then_some(bytes);
            if pointer.is_some() || !matches!(row.kind, Kind::Bytes { min: 1.., .. }) {
                options.set_raw(row.number, pointer).unwrap();
            }
            match options.get_raw(row.number) {
                Ok(read) => assert_eq!(read, value, "{row:?}"),
                Err(error) => assert_eq!((row.access, error.errno()), (Access::Set, 22), "{row:?}"),
            }
        }
    }
}

#[test]
fn numbers_and_names_are_unique_and_found() {
    for row in rows() {
        assert!(!row.doc().is_empty() && !row.doc().starts_with(' '), "{row:?}");
        assert_eq!(by_number(row.number).unwrap().name, row.name);
        for name in [row.name.to_owned(), row.name.to_lowercase(), row.c_name()] {
            assert_eq!(by_name(&name).unwrap().number, row.number);
        }
    }
    assert_eq!(by_name("ZMQ_IDENTITY").unwrap().number, 5);
    assert_eq!(option::MAXMULTIPART.row().c_name(), "ZINCMQ_MAXMULTIPART");
    assert_eq!(option::MAXPARTS.row().c_name(), "ZINCMQ_MAXPARTS");
    assert!(by_name("nonsense").is_none() && by_number(1).is_none());
}

#[test]
fn lengths_are_exact() {
    let mut options = Options::default();
    for row in rows().iter().filter(|row| !row.is_state() && row.access != Access::Get) {
        let size = match row.kind {
            Kind::Int { .. } | Kind::Flag(_) | Kind::Id => 4,
            Kind::Long | Kind::Mask => 8,
            Kind::PublicKey | Kind::SecretKey => 32,
            _ => continue,
        };
        for length in [1, 2, 3, 4, 5, 7, 8, 9].into_iter().filter(|length| *length != size) {
            let refused = options.set_raw(row.number, Some(&[0; 9][..length])).unwrap_err();
            assert!(matches!(refused, OptionError::Value { .. }), "{row:?} {length}");
        }
        assert_eq!(options.set_raw(row.number, None).is_ok(), row.kind == Kind::Id, "{row:?}");
    }
    // Texts: nothing clears, an empty text is refused; ids of peers have bounds.
    for (number, bytes, taken) in [
        (46, None, true),
        (46, Some(&b""[..]), false),
        (46, Some(&[b'p'; 255]), true),
        (46, Some(&[b'p'; 256]), false),
        (48, Some(b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"), true),
        (48, Some(b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\0"), true),
        (48, Some(b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hIDx"), false),
        (48, Some(b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI "), false),
        (49, Some(b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI"), false),
        (50, Some(&[0; 33]), false),
        (43, Some(&[0; 4]), false),
        (68, None, true),
        (68, Some(&b""[..]), false),
        (68, Some(b"proxy:1080"), true),
        (92, Some(b"0123456789abcdef"), true),
        (92, Some(b"0123456789abcdefg"), false),
        (55, Some(b""), true),
        (55, Some(&[b'd'; 256]), false),
        (99, Some(b""), true),
        (5, None, false),
        (5, Some(b""), false),
        (5, Some(&[0; 255]), true),
        (5, Some(&[0; 256]), false),
        (61, Some(b""), false),
        (72, None, true),
        (38, Some(b"10.0.0.0/8"), true),
        (38, Some(b"10.0.0.0/33"), false),
        (38, None, true),
        (95, Some(b"nonsense"), false),
        (95, Some(b"X-b:1"), true),
        (68, Some(b"\xff"), false),
        (6, Some(b"topic"), false),
        (1, Some(&[0; 4]), false),
    ] {
        assert_eq!(options.set_raw(number, bytes).is_ok(), taken, "{number} {bytes:?}");
    }
    assert!(options.tcp_accept_filter.is_empty());
}

#[test]
fn ranges() {
    let mut options = Options::default();
    for (name, least, greatest) in [
        ("SNDHWM", 0, i32::MAX),
        ("LINGER", -1, i32::MAX),
        ("TCP_KEEPALIVE", -1, 1),
        ("HEARTBEAT_TTL", 0, 6_553_599),
        ("ROUTER_NOTIFY", 0, 3),
        ("IMMEDIATE", 0, 1),
        ("IPV4ONLY", 0, 1),
        ("ROUTER_MANDATORY", 0, i32::MAX),
        ("INVERT_MATCHING", i32::MIN, i32::MAX),
    ] {
        for (value, taken) in [
            (Some(least), true),
            (Some(greatest), true),
            (least.checked_sub(1), false),
            (greatest.checked_add(1), false),
        ] {
            let Some(value) = value else { continue };
            assert_eq!(options.set_text(name, &value.to_string()).is_ok(), taken, "{name} {value}");
        }
    }
    options.set(option::HEARTBEAT_TTL, Duration::from_millis(299)).unwrap();
    assert_eq!(options.heartbeat_ttl, 200);
    options.set_text("ipv4only", "false").unwrap();
    assert!(options.ipv6);
}

#[test]
fn typed_names() {
    let mut options = Options::default();
    options.set(option::SNDHWM, 7).unwrap();
    options.set(option::ROUTING_ID, "me").unwrap();
    options.set(option::SOCKS_PROXY, "proxy:1080").unwrap();
    options.set(option::IPC_FILTER_UID, 0).unwrap();
    options.set(option::METADATA, "X-a:b").unwrap();
    assert_eq!(options.get(option::SNDHWM), 7);
    assert_eq!(options.get(option::ROUTING_ID), b"me");
    assert_eq!((&options.socks_proxy[..], &options.ipc_filter_uid[..]), ("proxy:1080", &[0][..]));
    assert_eq!(options.metadata, [("X-a".into(), b"b".to_vec())]);
    let refused = options.set(option::SNDHWM, 3_000_000_000).unwrap_err();
    assert_eq!(refused.to_string(), "SNDHWM: 3000000000 is not allowed (allowed: an int from 0)");
}

#[test]
fn rows_know_their_socket_types() {
    let mandatory = option::ROUTER_MANDATORY.row();
    assert!(mandatory.require(SocketType::Router).is_ok());
    let refused = mandatory.require(SocketType::Push).unwrap_err();
    assert_eq!(refused.to_string(), "ROUTER_MANDATORY does not apply to a PUSH socket");
    assert!(option::SNDHWM.row().applies_to(SocketType::Push));
}

#[test]
fn verbose_and_verboser_are_one_setting() {
    let mut options = Options::default();
    let mut set = |name: &str, value: &str| {
        options.set_text(name, value).unwrap();
        (options.xpub_verbose || options.xpub_verboser, options.xpub_verboser)
    };
    assert_eq!(set("xpub_verboser", "1"), (true, true));
    assert_eq!(set("xpub_verbose", "1"), (true, false));
    assert_eq!(set("xpub_verboser", "1"), (true, true));
    assert_eq!(set("xpub_verbose", "0"), (false, false));
    assert_eq!(set("xpub_verbose", "1"), (true, false));
    assert_eq!(set("xpub_verboser", "0"), (false, false));
}

/// Each form of number, written, read, and what C sees of it.
#[test]
fn times_sizes_and_choices() {
    let mut pull = Pull::new(&Context::new()).unwrap();
    let second = Duration::from_secs(1);
    let int = |pull: &mut Pull, number| match pull.get_raw(number).unwrap() {
        Value::Int(int) => i64::from(int),
        Value::Long(long) => long,
        other => panic!("{other}"),
    };
    for (time, here, there) in [(None, -1, 0), (Some(second), 1000, 1000), (Some(second / 3), 334, 334)] {
        pull.set(option::RCVTIMEO, time).unwrap();
        pull.set(option::HANDSHAKE_IVL, time).unwrap();
        assert_eq!((int(&mut pull, 27), int(&mut pull, 66)), (here, there));
        let rounded = time.map(|_| Duration::from_millis(here.unsigned_abs()));
        assert_eq!(pull.get(option::RCVTIMEO).unwrap(), rounded);
        assert_eq!(pull.get(option::HANDSHAKE_IVL).unwrap(), rounded);
    }
    for (limit, expected) in [(None, -1), (Some(0), 0), (Some(70_000), 70_000)] {
        pull.set(option::MAXMSGSIZE, limit).unwrap();
        pull.set(option::RCVBUF, limit).unwrap();
        assert_eq!((int(&mut pull, 22), int(&mut pull, 12)), (expected, expected));
        assert_eq!(
            (pull.get(option::MAXMSGSIZE).unwrap(), pull.get(option::RCVBUF).unwrap()),
            (limit, limit)
        );
    }
    for (choice, expected) in [(None, -1), (Some(false), 0), (Some(true), 1)] {
        pull.set(option::TCP_KEEPALIVE, choice).unwrap();
        assert_eq!((int(&mut pull, 34), pull.get(option::TCP_KEEPALIVE).unwrap()), (expected, choice));
    }
    pull.set(option::TCP_KEEPALIVE_IDLE, second * 90).unwrap();
    pull.set(option::BUSY_POLL, Duration::from_micros(50)).unwrap();
    pull.set(option::USE_FD, None).unwrap();
    pull.set(option::MAXPARTS, 7).unwrap();
    pull.set(option::AFFINITY, 1).unwrap();
    assert_eq!(
        [36, 113, 89, option::MAXPARTS.row().number].map(|number| int(&mut pull, number)),
        [90, 50, -1, 7]
    );
}

/// A builder's socket is the one that would come of the same options one after the other.
#[test]
fn a_builder_sets_what_it_is_told() {
    let context = Context::new();
    let router = Router::builder(&context)
        .router_mandatory(true)
        .sndhwm(7)
        .linger(Duration::from_secs(2))
        .handshake_ivl(None)
        .routing_id("broker")
        .set(option::IPV6, true)
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    assert!(router.get(option::ROUTER_MANDATORY).unwrap() && router.get(option::IPV6).unwrap());
    assert_eq!((router.get(option::SNDHWM).unwrap(), router.get(option::RCVHWM).unwrap()), (7, 1000));
    assert_eq!(router.get(option::LINGER).unwrap(), Some(Duration::from_secs(2)));
    assert_eq!(
        (router.get(option::HANDSHAKE_IVL).unwrap(), router.get(option::ROUTING_ID).unwrap()),
        (None, b"broker".to_vec())
    );
    let sub = Sub::builder(&context).connect(router.last_endpoint()).unwrap();
    assert_eq!(sub.get(option::LINGER).unwrap(), Some(Duration::ZERO), "what a SUB has by default stays");
    assert_eq!(sub.last_endpoint(), router.last_endpoint());
    let refused = Pull::builder(&context).rcvhwm(usize::MAX).maxparts(0).build().unwrap_err();
    assert!(refused.to_string().starts_with("RCVHWM: "), "{refused}");
    assert!(matches!(Pull::builder(&context).bind("nonsense"), Err(Error::Endpoint { .. })));
}

/// Where the type is known at run time only, so is whether it has an option.
#[test]
fn any_socket_knows_every_option_at_compile_time() {
    let context = Context::new();
    for socket_type in SocketType::all() {
        let mut socket = AnySocket::with_type(&context, socket_type).unwrap();
        let knows = matches!(socket_type, SocketType::Router | SocketType::Rep);
        assert_eq!(socket.set(option::ROUTER_MANDATORY, true).is_ok(), knows, "{socket_type}");
    }
}
