//! Messages in the payloads of PGM: what genuine publishers write, and each rule of reading.

use zmtp::datagram::{Deframer, Flow, Framer, Limits, Malformed};

const LIMITS: Limits = Limits { frame: 100_000, message: 200_000, parts: 1000 };

/// The payloads of these messages, all of them queued at once.
fn framed(max_payload: usize, messages: &[&[&[u8]]]) -> Vec<Vec<u8>> {
    let mut framer = Framer::new(max_payload);
    messages.iter().for_each(|message| push(&mut framer, message));
    payloads(&mut framer)
}

fn push(framer: &mut Framer, parts: &[&[u8]]) {
    parts.iter().enumerate().for_each(|(at, part)| framer.push(part, at + 1 < parts.len()));
}

fn payloads(framer: &mut Framer) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let Some(payload) = framer.payload(true) {
        payloads.push(payload.to_vec());
        framer.pop();
    }
    payloads
}

/// An application that writes messages as `part+part`, and can pause after each.
struct Application {
    deframer: Deframer,
    messages: Vec<String>,
    flow: Flow,
}

impl Application {
    fn new() -> Self {
        Self::limited(LIMITS)
    }

    fn limited(limits: Limits) -> Self {
        Self { deframer: Deframer::new(limits), messages: Vec::new(), flow: Flow::Go }
    }

    /// One that has joined a stream, between two messages.
    fn joined() -> Self {
        let mut application = Self::new();
        application.hear(0, b"").unwrap();
        assert!(application.deframer.is_joined());
        application
    }

    fn hear(&mut self, offset: u16, data: &[u8]) -> Result<(), Malformed> {
        self.raw(&[&offset.to_be_bytes(), data].concat())
    }

    fn raw(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        let Self { deframer, messages, flow } = self;
        deframer.payload(payload, &mut |parts| note(messages, parts, *flow))
    }

    fn resume(&mut self) -> Result<(), Malformed> {
        let Self { deframer, messages, flow } = self;
        deframer.resume(&mut |parts| note(messages, parts, *flow))
    }

    /// What was delivered since the last call.
    fn heard(&mut self) -> String {
        self.messages.drain(..).collect::<Vec<_>>().join(" ")
    }
}

fn note(messages: &mut Vec<String>, parts: &[&[u8]], flow: Flow) -> Flow {
    let parts: Vec<_> = parts.iter().map(|part| str::from_utf8(part).unwrap()).collect();
    messages.push(parts.join("+"));
    flow
}

#[test]
fn frames_are_as_genuine_ones() {
    let framed = |message: &[&[u8]]| framed(1428, &[message]).concat();
    assert_eq!(framed(&[b"00000000"]), b"\0\0\x09\x0000000000");
    assert_eq!(framed(&[b""]), b"\0\0\x01\x00");
    assert_eq!(framed(&[b"topic", b"", b"00000001"]), b"\0\0\x06\x01topic\x01\x01\x09\x0000000001");
    assert_eq!(framed(&[&[b'x'; 253]])[..4], *b"\0\0\xFE\0");
    assert_eq!(framed(&[&[b'x'; 254]])[..12], *b"\0\0\xFF\0\0\0\0\0\0\0\xFF\0");
    assert_eq!(framed(&[&[b'x'; 255]])[..12], *b"\0\0\xFF\0\0\0\0\0\0\x01\0\0");
}

#[test]
fn a_large_message_is_cut_as_by_a_genuine_publisher() {
    let payloads = framed(1428, &[&[&[b'A'; 20_000]]]);
    let sizes: Vec<_> = payloads.iter().map(Vec::len).collect();
    assert_eq!(sizes, [vec![1428; 14], vec![48]].concat());
    let offsets: Vec<_> = payloads.iter().map(|payload| [payload[0], payload[1]]).collect();
    assert_eq!(offsets, [vec![[0, 0]], vec![[0xFF; 2]; 13], vec![[0, 0x2E]]].concat());
}

#[test]
fn the_first_message_that_begins_gives_the_offset() {
    let packed = framed(1428, &[&[b"a"], &[b"b"]]);
    assert_eq!(packed, [b"\0\0\x02\0a\x02\0b"]);
    let behind_another = framed(1428, &[&[&[b'x'; 3000]], &[b"00000013"], &[b"c"]]);
    assert_eq!(behind_another.len(), 3);
    assert_eq!(behind_another[2][..2], [0, 0x9E]);
    // A part that follows is no beginning.
    let parts = framed(6, &[&[b"1234", b"5"], &[b"67"]]);
    assert_eq!(parts, [&b"\0\0\x05\x0112"[..], b"\xFF\xFF34\x02\0", b"\0\x015\x03\x006", b"\0\x017"]);
}

#[test]
fn where_a_message_ends_with_a_payload_the_next_payload_tells_the_beginning() {
    assert_eq!(framed(6, &[&[b"12"], &[b"3"]]), [&b"\0\0\x03\x0012"[..], b"\0\0\x02\x003"]);
    let spanning = framed(6, &[&[b"123456"], &[b"7"]]);
    assert_eq!(spanning, [&b"\0\0\x07\x0012"[..], b"\xFF\xFF3456", b"\0\0\x02\x007"]);
}

#[test]
fn a_payload_is_made_when_it_is_full_or_asked_for() {
    let mut framer = Framer::new(8);
    framer.push(b"123", true);
    assert_eq!(framer.payload(false), None);
    assert_eq!(framer.pending(), 7);
    framer.pop();
    assert_eq!(framer.payload(true), Some(&b"\0\0\x04\x01123"[..]));
    // What comes later is for the next one, although this one has room.
    framer.push(b"45", false);
    assert_eq!(framer.payload(false), Some(&b"\0\0\x04\x01123"[..]));
    framer.pop();
    assert_eq!(framer.payload(false), None);
    assert_eq!(framer.pending(), 6);
    framer.push(b"6", false);
    assert_eq!(framer.payload(false), Some(&b"\0\x04\x03\x0045\x02\0"[..]));
    framer.pop();
    assert_eq!(framer.payload(true), Some(&b"\0\x016"[..]));
    framer.pop();
    assert_eq!(framer.payload(true), None);
    assert_eq!(framer.pending(), 0);
}

#[test]
fn a_payload_stays_as_it_is_while_the_buffer_is_cleared_up() {
    let mut framer = Framer::new(8);
    framer.push(&[b'x'; 20], false);
    for _ in 0..3 {
        framer.payload(false).unwrap();
        framer.pop();
    }
    assert_eq!(framer.payload(true), Some(&b"\0\x04xxxx"[..]));
    // More than there was room for behind the three that were taken.
    framer.push(&[b'y'; 200], false);
    assert_eq!(framer.payload(true), Some(&b"\0\x04xxxx"[..]));
    framer.pop();
    let rest: Vec<u8> = payloads(&mut framer).iter().flat_map(|payload| payload[2..].to_vec()).collect();
    assert_eq!(rest, [&b"\xC9\0"[..], &[b'y'; 200]].concat());
}

#[test]
fn payloads_have_the_sizes_that_a_datagram_can_have() {
    let largest = framed(usize::MAX, &[&[&[b'x'; 70_000]], &[b"y"]]);
    assert_eq!(largest.iter().map(Vec::len).collect::<Vec<_>>(), [65_535, 4_482]);
    // 65,533 bytes of data, and the second message begins at the last of them.
    let offset = framed(65_535, &[&[&[b'x'; 2 * 65_533 - 11]], &[b"y"]]);
    assert_eq!((&offset[1][..2], &offset[1][65_534..]), (&65_532_u16.to_be_bytes()[..], &b"\x02"[..]));
    assert_eq!(framed(0, &[&[b"a"]]), [b"\0\0\x02", b"\xFF\xFF\0", b"\xFF\xFFa"]);
}

#[test]
fn a_stream_is_joined_where_a_message_begins() {
    let mut late = Application::new();
    late.hear(0xFFFF, b"\x03\0no").unwrap();
    assert_eq!((late.heard(), late.deframer.is_joined()), (String::new(), false));
    late.hear(2, b"no\x04\0yes\x06\0sp").unwrap();
    assert_eq!((late.heard(), late.deframer.is_joined()), ("yes".into(), true));
    late.hear(0xFFFF, b"a").unwrap();
    assert_eq!(late.deframer.held(), 5);
    late.hear(2, b"ns\x04\0too").unwrap();
    assert_eq!((late.heard(), late.deframer.held()), ("spans too".into(), 0));
}

#[test]
fn both_forms_of_an_exact_end_are_right() {
    for offset in [2, 0xFFFF] {
        let mut application = Application::joined();
        application.hear(0, b"\x05\0ab").unwrap();
        application.hear(offset, b"cd").unwrap();
        assert_eq!(application.heard(), "abcd");
        application.hear(0, b"\x02\0e").unwrap();
        assert_eq!(application.heard(), "e");
    }
    // The first of them can be joined.
    let mut late = Application::new();
    late.hear(2, b"cd").unwrap();
    late.hear(0, b"\x02\0e").unwrap();
    assert_eq!(late.heard(), "e");
}

#[test]
fn headers_and_parts_may_be_cut_anywhere() {
    let (long, many) = ([b'l'; 300], vec![&b"p"[..]; 40]);
    let messages: [&[&[u8]]; 4] = [&[&long], &many, &[b""], &[b"a", b"", b"b"]];
    for max_payload in 3..330 {
        let mut application = Application::new();
        framed(max_payload, &messages).iter().for_each(|payload| application.raw(payload).unwrap());
        let expected: Vec<_> = messages.map(|parts| String::from_utf8(parts.join(&b'+')).unwrap()).into();
        assert_eq!(application.messages, expected, "payloads of {max_payload}");
        assert_eq!(application.deframer.held(), 0);
    }
}

#[test]
fn a_malformed_payload_leaves_the_stream_until_a_message_begins() {
    let short = |size| Malformed::Short { size };
    let beyond = |offset, size| Malformed::Beyond { offset, size };
    let faults: [(&[u8], Malformed); 6] = [
        (b"", short(0)),
        (b"\0", short(1)),
        (b"\0\x01", beyond(1, 0)),
        (b"\xFF\xFEab", beyond(0xFFFE, 2)),
        (b"\xFF\xFFcd\0", Malformed::Astray),
        (b"\0\x02cd\0\0", Malformed::EmptyFrame),
    ];
    for (payload, fault) in faults {
        let mut application = Application::joined();
        application.hear(0, b"\x05\0ab").unwrap();
        assert_eq!(application.raw(payload), Err(fault));
        assert_eq!((application.deframer.is_joined(), application.deframer.held()), (false, 0), "{fault}");
        application.heard();
        application.hear(0xFFFF, b"cd").unwrap();
        application.hear(2, b"cd\x02\0e").unwrap();
        assert_eq!(application.heard(), "e", "{fault}");
    }
}

#[test]
fn messages_before_a_fault_are_delivered() {
    let mut application = Application::new();
    assert_eq!(application.hear(0, b"\x02\0a\0\x02\0b"), Err(Malformed::EmptyFrame));
    assert_eq!((application.heard(), application.deframer.is_joined()), ("a".into(), false));
    // The end of the one before, too.
    let mut application = Application::joined();
    application.hear(0, b"\x05\0ab").unwrap();
    assert_eq!(application.hear(2, b"cd\0"), Err(Malformed::EmptyFrame));
    assert_eq!(application.heard(), "abcd");
    let empty = [b"\xFF".as_slice(), &[0; 8]].concat();
    assert_eq!(application.hear(0, &empty), Err(Malformed::EmptyFrame));
}

#[test]
fn what_exceeds_a_limit_is_refused_as_soon_as_it_is_announced() {
    let limits = Limits { frame: 3, message: 40, parts: 3 };
    let faults: [(&[u8], Malformed); 4] = [
        (b"\x05\0", Malformed::Frame { size: 4, limit: 3 }),
        (b"\x04\x01abc\x04\x01abc\x03\0", Malformed::Message { size: 56, limit: 40 }),
        (b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0", Malformed::Frame { size: u64::MAX - 1, limit: 3 }),
        (b"\x01\x01\x01\x01\x01\0", Malformed::Message { size: 48, limit: 40 }),
    ];
    for (data, fault) in faults {
        let mut application = Application::limited(limits);
        assert_eq!(application.hear(0, data), Err(fault));
        assert_eq!(application.deframer.held(), 0);
        application.hear(0, b"\x04\0abc").unwrap();
        assert_eq!(application.heard(), "abc");
    }
    let mut application = Application::limited(Limits { parts: 2, ..LIMITS });
    assert_eq!(application.hear(0, b"\x01\x01\x01\x01\x01\0"), Err(Malformed::Parts { limit: 2 }));
    // In several payloads it is the same.
    application.hear(0, b"\x01\x01").unwrap();
    application.hear(0xFFFF, b"\x01\x01\x01").unwrap();
    assert_eq!(application.hear(0xFFFF, b"\0"), Err(Malformed::Parts { limit: 2 }));
    assert_eq!((application.heard(), application.deframer.held()), (String::new(), 0));
    let mut unlimited = Application::limited(Limits { frame: u64::MAX, message: u64::MAX, parts: u64::MAX });
    let size = isize::MAX as u64;
    let announced = [&b"\xFF"[..], &(size + 2).to_be_bytes(), b"\0"].concat();
    let fault = Malformed::Frame { size: size + 1, limit: size };
    assert_eq!(unlimited.hear(0, &announced), Err(fault));
}

/// The payload is believed, as after a restart of the source; what was begun does not come out.
#[test]
fn an_offset_that_contradicts_the_stream_begins_it_anew() {
    // Earlier than the message can end, or later; also where a whole message would come out of the two.
    for (offset, data) in
        [(0, &b"\x02\0e"[..]), (1, b"c\x02\0e"), (3, b"cdX\x02\0e"), (6, b"cd\x03\0no\x02\0e")]
    {
        let mut application = Application::joined();
        application.hear(0, b"\x05\0ab").unwrap();
        assert_eq!(application.hear(offset, data), Err(Malformed::Astray), "{offset}");
        assert_eq!((application.heard(), application.deframer.is_joined()), ("e".into(), true), "{offset}");
    }
    // A message should begin here.
    for offset in [2, 0xFFFF] {
        let mut application = Application::joined();
        assert_eq!(application.hear(offset, b"\x02\0"), Err(Malformed::Astray));
        assert_eq!(application.deframer.is_joined(), offset == 2);
    }
    // None is said to begin, and yet one would.
    let mut application = Application::joined();
    application.hear(0, b"\x05\0ab").unwrap();
    assert_eq!(application.hear(0xFFFF, b"cd\x02\0e"), Err(Malformed::Astray));
    assert_eq!((application.heard(), application.deframer.is_joined()), (String::new(), false));
}

#[test]
fn a_gap_takes_the_message_that_was_begun_and_no_other() {
    let mut application = Application::joined();
    assert!(!application.deframer.gap());
    assert!(!application.deframer.is_joined());
    application.hear(0, b"\x02\0a\x02\x01b\x04\0c").unwrap();
    assert!(application.deframer.gap());
    assert_eq!(application.deframer.held(), 0);
    application.hear(0xFFFF, b"de").unwrap();
    application.hear(2, b"de\x02\0f").unwrap();
    assert_eq!(application.heard(), "a f");
}

#[test]
fn after_a_pause_the_rest_comes_with_resume() {
    let mut application = Application::joined();
    application.flow = Flow::Pause;
    application.hear(0, b"\x02\0a\x02\0b\x02\0c\x03\0d").unwrap();
    assert_eq!((application.heard(), application.deframer.held()), ("a".into(), 9));
    assert!(application.deframer.is_paused());
    application.resume().unwrap();
    assert_eq!((application.heard(), application.deframer.held()), ("b".into(), 6));
    application.flow = Flow::Go;
    application.resume().unwrap();
    assert_eq!((application.heard(), application.deframer.is_paused()), ("c".into(), false));
    application.resume().unwrap();
    // A pause at the very end keeps nothing.
    application.flow = Flow::Pause;
    application.hear(1, b"d").unwrap();
    assert_eq!((application.heard(), application.deframer.is_paused()), ("dd".into(), false));
}

#[test]
fn payloads_that_come_during_a_pause_wait_behind_the_rest() {
    let mut application = Application::joined();
    application.flow = Flow::Pause;
    application.hear(0, b"\x02\0a\x03\0b").unwrap();
    application.hear(1, b"b\x02\0c\x02\0d").unwrap();
    application.raw(b"\0").unwrap();
    application.hear(0, b"\x02\0e").unwrap();
    assert_eq!((application.heard(), application.deframer.held()), ("a".into(), 3 + 9 + 1 + 5));
    let told: Vec<_> =
        std::iter::repeat_with(|| (application.resume(), application.heard())).take(4).collect();
    let short = Err(Malformed::Short { size: 1 });
    assert_eq!(
        told,
        [(Ok(()), "bb"), (Ok(()), "c"), (Ok(()), "d"), (short, "e")]
            .map(|(result, heard)| (result, heard.into()))
    );
    assert!(!application.deframer.is_paused());
    // One pause is one message, also where it ends with a payload in which none begins.
    application.hear(0, b"\x02\0f\x03\0g").unwrap();
    application.hear(0xFFFF, b"g").unwrap();
    application.hear(0, b"\x02\0h").unwrap();
    let told: Vec<_> =
        std::iter::repeat_with(|| (application.resume(), application.heard())).take(2).collect();
    assert_eq!(told, [(Ok(()), "f gg"), (Ok(()), "h")].map(|(result, heard)| (result, heard.into())));
}

#[test]
fn a_gap_during_a_pause_lies_behind_what_is_kept() {
    let mut application = Application::joined();
    application.flow = Flow::Pause;
    application.hear(0, b"\x02\0a\x02\0b\x03\0c").unwrap();
    application.deframer.gap();
    // This would be the end of the message, if there were no gap.
    application.hear(1, b"c\x02\0d").unwrap();
    application.flow = Flow::Go;
    application.resume().unwrap();
    assert_eq!((application.heard(), application.deframer.is_joined()), ("a b d".into(), true));
    // Also where nothing is behind it.
    application.flow = Flow::Pause;
    application.hear(0, b"\x02\0e\x02\0f").unwrap();
    application.deframer.gap();
    application.resume().unwrap();
    assert_eq!((application.heard(), application.deframer.is_joined()), ("e f".into(), false));
}
