use super::*;

/// The events of a stream, however it is cut.
fn say(bytes: &[u8], peer: Option<&Beginning>) -> Vec<Event> {
    let mut whole = Decoder::new(8);
    whole.feed(bytes);
    let events = [whole.advance(peer), whole.end()].concat();
    let mut cut = Decoder::new(8);
    let mut one_by_one = Vec::new();
    for byte in bytes {
        cut.feed(&[*byte]);
        one_by_one.extend(cut.advance(peer));
    }
    one_by_one.extend(cut.end());
    assert_eq!(events, one_by_one);
    events
}

fn frame_event(more: bool, size: u64, start: &[u8]) -> Event {
    Event::Frame { more, size, start: start.to_vec() }
}

#[test]
fn a_stream_of_3_1() {
    let mut bytes = wire::greeting("NULL").to_vec();
    frame::append(&mut bytes, Flags::COMMAND, &[b"\x05READY\x0bSocket-Type\0\0\0\x04PUSH"]);
    frame::append(&mut bytes, Flags::MORE, &[b"one"]);
    command::subscribe(&mut bytes, b"news", Version::V3_1);
    frame::append(&mut bytes, Flags::LAST, &[&[b'x'; 70_000]]);
    frame::append(&mut bytes, Flags::LAST, &[b""]);
    let events = say(&bytes, None);
    let command = |name: &str, detail: (&str, &[u8])| Event::Command {
        name: name.to_owned(),
        details: vec![(detail.0.to_owned(), detail.1.to_vec())],
    };
    assert!(matches!(&events[0], Event::Greeting(greeting) if greeting.mechanism == "NULL"));
    let ready = Event::Handshake {
        mechanism: "NULL".to_owned(),
        name: "READY".to_owned(),
        size: 26,
        details: vec![("Socket-Type".to_owned(), b"PUSH".to_vec())],
    };
    let expected = [
        ready,
        frame_event(true, 3, b"one"),
        command("SUBSCRIBE", ("topic", b"news")),
        frame_event(false, 70_000, b"xxxxxxxx"),
        frame_event(false, 0, b""),
        Event::End,
    ];
    assert_eq!(events[1..], expected);
}

/// The texts of a handshake's commands after a greeting, and of the frame that follows it.
fn shake(mechanism: &str, commands: &[&[&[u8]]]) -> Vec<(String, u64, String)> {
    let mut bytes = wire::greeting(mechanism).to_vec();
    commands.iter().for_each(|parts| frame::append(&mut bytes, Flags::COMMAND, parts));
    let told = |event| match event {
        Event::Handshake { mechanism: named, name, size, details } => {
            assert_eq!(named, mechanism);
            let detail =
                |(name, value): (String, Vec<u8>)| format!("{name}={};", String::from_utf8_lossy(&value));
            Some((name, size, details.into_iter().map(detail).collect()))
        }
        Event::Opaque { name, size } => Some((name, size, "opaque".to_owned())),
        _ => None,
    };
    say(&bytes, None).into_iter().filter_map(told).collect()
}

fn told(name: &str, size: u64, details: &str) -> (String, u64, String) {
    (name.to_owned(), size, details.to_owned())
}

#[test]
fn curve_tells_its_steps_and_stays_closed() {
    let client = shake(
        "CURVE",
        &[
            &[b"\x05HELLO", b"\x01\0", &[0; 72], &[0; 32], &[7; 88]],
            &[b"\x08INITIATE", &[7; 96], &[0; 8], &[7; 150]],
            &[b"\x07MESSAGE", &[7; 500]],
        ],
    );
    let key = "0".repeat(40);
    assert_eq!(client[0], told("HELLO", 200, &format!("version=1.0;key-of-this-connection={key};")));
    assert_eq!(client[1], told("INITIATE", 263, "cookie=96 bytes, encrypted;box=150 bytes, encrypted;"));
    assert_eq!(client[2..], [told("MESSAGE", 508, "opaque")]);
    let server = shake(
        "CURVE",
        &[&[b"\x07WELCOME", &[7; 160]], &[b"\x05READY", &[7; 30]], &[b"\x07MESSAGE", &[7; 33]]],
    );
    assert_eq!(server[0], told("WELCOME", 168, "box=144 bytes, encrypted;"));
    assert_eq!(server[1], told("READY", 36, "box=22 bytes, encrypted;"));
    assert_eq!(server[2..], [told("MESSAGE", 41, "opaque")]);
    let refused = shake("CURVE", &[&[b"\x05HELLO", &[7; 193]], &[b"\x05ERROR\x03400"]]);
    assert_eq!(refused[0], told("HELLO", 199, "fault=193 bytes follow the name, not 194;"));
    let reason = "reason=400;meaning=ZAP status 400, the authenticator refuses;";
    assert_eq!(refused[1..], [told("ERROR", 10, reason)]);
}

#[test]
fn a_password_is_never_shown() {
    let hello = &[b"\x05HELLO\x05alice\x06sesame".as_slice()];
    let password = told("HELLO", 19, "username=alice;password=not shown;");
    assert_eq!(shake("PLAIN", &[hello]), [password]);
    let refused = shake("PLAIN", &[&[b"\x5eRROR\x03400"]]);
    assert_eq!(refused, [told("ERROR", 9, "reason=400;meaning=ZAP status 400, the authenticator refuses;")]);
    // Malformed, said twice, after the handshake, and in a frame that is no command.
    let strange: [&[&[u8]]; 4] = [hello, hello, &[b"\x08INITIATE"], &[b"\x05HELLO\x0Calice\x06sesame"]];
    let mut bytes = wire::greeting("PLAIN").to_vec();
    frame::append(&mut bytes, Flags::LAST, hello);
    strange.iter().for_each(|parts| frame::append(&mut bytes, Flags::COMMAND, parts));
    let shown = format!("{:?}", say(&bytes, None));
    assert!(!shown.contains("sesame") && !shown.contains(&format!("{:?}", b"sesame")), "{shown}");
}

#[test]
fn a_stream_of_2_0_and_what_a_newer_side_says_to_it() {
    let mut bytes = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x08".to_vec();
    frame::append(&mut bytes, Flags::LAST, &[b"me"]);
    frame::append(&mut bytes, Flags::LAST, &[b"body"]);
    let expected = |socket_type| {
        let greeting = Event::OldGreeting { version: Version::V2_0, socket_type };
        [greeting, Event::RoutingId(b"me".to_vec()), frame_event(false, 4, b"body"), Event::End]
    };
    assert_eq!(say(&bytes, None), expected(8));
    bytes[10] = 3;
    assert_eq!(say(&bytes, Some(&Beginning::Old(Version::V2_0))), expected(8));
}

#[test]
fn a_stream_of_1_0_and_what_a_newer_side_says_to_it() {
    let expected = [Event::RoutingId(Vec::new()), frame_event(false, 4, b"body"), Event::End];
    assert_eq!(say(b"\x01\0\x05\0body", None)[1..], expected);
    let newer = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x05\0body";
    assert_eq!(say(newer, Some(&Beginning::Bare)), expected);
}

#[test]
fn of_a_long_topic_the_beginning_is_shown() {
    let mut bytes = wire::greeting("NULL").to_vec();
    command::subscribe(&mut bytes, &[b't'; 100_000], Version::V3_1);
    command::cancel(&mut bytes, b"after", Version::V3_1);
    let event = |name: &str, topic: &[u8]| Event::Command {
        name: name.to_owned(),
        details: vec![("topic".to_owned(), topic.to_vec())],
    };
    let shown = [&[b't'; 64][..], b"..."].concat();
    let expected = [event("SUBSCRIBE", &shown), event("CANCEL", b"after"), Event::End];
    assert_eq!(say(&bytes, None)[1..], expected);
}

#[test]
fn damage_ends_the_reading() {
    let mut bytes = wire::greeting("NULL").to_vec();
    bytes.extend_from_slice(b"\x06\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
    assert_eq!(say(&bytes, None)[1..], [Event::Broken("a frame of impossible size"), Event::End]);
    bytes.truncate(64);
    bytes.extend_from_slice(b"\x04\x01\0\0\x01a");
    assert_eq!(say(&bytes, None)[1..], [Event::Broken("a command without a name"), Event::End]);
    assert_eq!(say(&wire::greeting("NULL")[..20], None), [Event::CutOff, Event::End]);
    assert_eq!(say(b"HTTP/1.1", None), [Event::Broken("there is no greeting"), Event::End]);
    let endless = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x08\x02\xFF\0\0\0\0\0\0\0";
    assert_eq!(say(endless, None)[1..], [Event::Broken("a routing id of impossible size"), Event::End]);
    let mut decoder = Decoder::new(8);
    assert_eq!((decoder.gap(3), decoder.gap(4)), (Some(Event::Gap(3)), None));
}

#[test]
fn any_bytes_are_survived() {
    let mut random = 1_u64;
    let mut next = move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 56) as u8
    };
    for round in 0..2000 {
        let mut bytes = if round % 2 == 0 { wire::greeting("NULL").to_vec() } else { Vec::new() };
        bytes.extend(std::iter::repeat_with(&mut next).take(200));
        assert_eq!(say(&bytes, None).last(), Some(&Event::End));
    }
}
