//! The options of a socket: lengths, ranges, and every row set and read back.

use super::form::{Form, Setting};
use super::{Access, Kind, OptionError, OptionKey, Options, Row, Value, by_name, by_number, rows};
use crate::option;
use crate::socket_type::SocketType;
use std::time::Duration;
use zmtp::{PublicKey, SecretKey};

/// The three ways to set an option: as C does, by text, and by its typed name.
impl Options {
    fn set_raw(&mut self, number: i32, bytes: Option<&[u8]>) -> Result<(), OptionError> {
        let row = by_number(number).ok_or_else(|| OptionError::Unknown(number.to_string()))?;
        self.set_value(row, row.decode(bytes)?)
    }

    fn set_text(&mut self, name: &str, text: &str) -> Result<(), OptionError> {
        let row = by_name(name).unwrap();
        self.set_value(row, row.parse(text)?)
    }

    fn set<F: Form, G>(
        &mut self,
        option: OptionKey<F, G>,
        value: impl Setting<F::Value>,
    ) -> Result<(), OptionError> {
        self.set_value(option.row(), F::write(value.setting()))
    }
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
