//! The option table as a program sees it: names, defaults, and the types of values.

use std::time::Duration;
use zincmq::c::ByNumber;
use zincmq::option::{self, Value, by_name, by_number, rows};
use zincmq::{AnySocket, Context, Error, Pull, Router, SocketType, Sub};

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
    (23_044, 0),
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
fn rows_know_their_socket_types() {
    let mandatory = option::ROUTER_MANDATORY.row();
    assert!(mandatory.require(SocketType::Router).is_ok());
    let refused = mandatory.require(SocketType::Push).unwrap_err();
    assert_eq!(refused.to_string(), "ROUTER_MANDATORY does not apply to a PUSH socket");
    assert!(option::SNDHWM.row().applies_to(SocketType::Push));
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
