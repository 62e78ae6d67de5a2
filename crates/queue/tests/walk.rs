//! The walk over what a peer sends: commands anywhere, reserved bits, bounds; bytes come in any pieces.

mod common;

use common::{Bell, body};
use proptest::collection::vec;
use proptest::prelude::*;
use queue::{
    Bounds, COMMAND, Filler, Kind, LONG, MORE, Pool, Reader, Refusal, Unopened, Unseal, Walk, channel,
};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

const UNBOUNDED: Bounds = Bounds { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };

/// One frame as a peer sends it. Its body says what is to become of a command.
#[derive(Debug, Clone)]
enum Sent {
    Data {
        more: bool,
        reserved: u8,
        long: bool,
        seed: u8,
        size: usize,
    },
    /// To be dropped.
    Command {
        long: bool,
        more: bool,
        size: usize,
    },
    /// To become a frame of its own, without a prefix of so many bytes.
    Topic {
        long: bool,
        prefix: usize,
        seed: u8,
        size: usize,
    },
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0usize..300,
        2 => prop::sample::select(vec![255, 256, 257, 1015, 8192]),
        1 => 20_000usize..70_000,
        1 => 65_440usize..65_560,
        1 => 100_000usize..200_000,
    ]
}

/// Of commands that may be large, at the borders of a segment and far beyond.
fn large() -> impl Strategy<Value = usize> {
    prop_oneof![32_600usize..32_800, 65_400usize..65_560, 30_000usize..200_000]
}

/// How the commands begin that may be large: all that are generated.
const LARGE: &[&[u8]] = &[&[0], &[3; 3], &[4; 4], &[5; 5]];

fn sent() -> impl Strategy<Value = Sent> {
    let data = (any::<bool>(), 0u8..32, any::<bool>(), any::<u8>(), size());
    let command =
        (any::<bool>(), any::<bool>(), prop_oneof![8 => 0usize..40, 2 => 0usize..5000, 1 => large()]);
    let topic = (
        any::<bool>(),
        3usize..6,
        any::<u8>(),
        prop_oneof![8 => 0usize..40, 2 => 240usize..270, 1 => large()],
    );
    prop_oneof![
        10 => data.prop_map(|(more, reserved, long, seed, size)| {
            Sent::Data { more, reserved: reserved << 3, long, seed, size }
        }),
        6 => command.prop_map(|(long, more, size)| Sent::Command { long, more, size }),
        3 => topic.prop_map(|(long, prefix, seed, size)| Sent::Topic { long, prefix, seed, size }),
    ]
}

fn encode(flags: u8, long: bool, parts: &[&[u8]], into: &mut Vec<u8>) {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    if long || size > 255 {
        into.push(flags | LONG);
        into.extend_from_slice(&(size as u64).to_be_bytes());
    } else {
        into.extend_from_slice(&[flags, size as u8]);
    }
    parts.iter().for_each(|part| into.extend_from_slice(part));
}

/// Boxes that keep no secret: each byte is turned over.
#[derive(Debug)]
struct Boxes;

impl Unseal for Boxes {
    const OVERHEAD: usize = 33;

    type Error = ();

    fn open(&mut self, bodies: &mut [&mut [u8]]) -> Result<(), ()> {
        let turn = |body: &mut &mut [u8]| body.iter_mut().for_each(|byte| *byte = !*byte);
        bodies.iter_mut().for_each(turn);
        if bodies.iter().all(|body| body.len() >= Self::OVERHEAD) { Ok(()) } else { Err(()) }
    }

    fn open_part(&mut self, body: &mut [u8], opened: usize, whole: bool) -> Result<usize, ()> {
        body[opened..].iter_mut().for_each(|byte| *byte = !*byte);
        if whole && body.len() < Self::OVERHEAD { Err(()) } else { Ok(body.len()) }
    }

    fn flags(body: &[u8]) -> u8 {
        body[Self::OVERHEAD - 1]
    }
}

/// These frames, each in a box.
fn boxed(mut plain: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    while let [flags, rest @ ..] = plain {
        let (size, rest) = match rest {
            size if flags & LONG != 0 => {
                let (size, rest) = size.split_first_chunk().unwrap();
                (u64::from_be_bytes(*size) as usize, rest)
            }
            [size, rest @ ..] => (usize::from(*size), rest),
            [] => unreachable!(),
        };
        let (body, later) = rest.split_at(size);
        let inner: Vec<u8> =
            [&[0xAA; 32][..], &[flags & !LONG], body].concat().iter().map(|byte| !byte).collect();
        encode(0, false, &[&inner], &mut wire);
        plain = later;
    }
    wire
}

impl Sent {
    fn encode(&self, into: &mut Vec<u8>) {
        match *self {
            Self::Data { more, reserved, long, seed, size } => {
                encode(u8::from(more) | reserved, long, &[body(seed, size)], into);
            }
            Self::Command { long, more, size } => {
                encode(COMMAND | u8::from(more), long, &[&[0], body(0, size)], into);
            }
            Self::Topic { long, prefix, seed, size } => {
                let head = [prefix as u8; 12];
                encode(COMMAND, long, &[&head[..prefix], body(seed, size)], into);
            }
        }
    }
}

/// What the reader should find: kind, more, seed, size.
fn expected(sent: &[Sent]) -> Vec<(Kind, bool, u8, usize)> {
    let mut inside = false;
    let mut frames = Vec::new();
    for frame in sent {
        match *frame {
            Sent::Data { more, seed, size, .. } => {
                inside = more;
                frames.push((Kind::Data, more, seed, size));
            }
            Sent::Topic { seed, size, .. } => frames.push((Kind::Subscribe, inside, seed, size)),
            Sent::Command { .. } => {}
        }
    }
    let whole = frames.iter().rposition(|frame| !frame.1).map_or(0, |last| last + 1);
    frames.truncate(whole);
    frames
}

struct Receiver {
    boxed: bool,
    filler: Filler,
    reader: Reader,
    bell: Arc<Bell>,
    mark: u64,
    full: bool,
    frames: Vec<(Kind, bool, u8, usize)>,
    at: usize,
    read: u64,
}

impl Receiver {
    fn new(mark: u32, bounds: Bounds) -> Self {
        let (writer, mut reader) = channel(&Pool::new());
        let bell = Arc::new(Bell::default());
        writer.attach(bell.clone(), 2);
        reader.attach(bell.clone(), 1);
        reader.set_high_water(mark);
        let mark = u64::from(mark);
        let filler = Filler::new(writer, bounds);
        Self { boxed: false, filler, reader, bell, mark, full: false, frames: Vec::new(), at: 0, read: 0 }
    }

    /// From now on boxes come.
    fn boxed(mut self) -> Self {
        self.boxed = true;
        self.filler.expect_boxes();
        self
    }

    /// The walk, boxes opened where it ends.
    fn next(&mut self) -> Result<Walk, Refusal> {
        loop {
            let found = self.filler.walk()?;
            if found != Walk::Dry || !self.boxed {
                return Ok(found);
            }
            match self.filler.open(&mut Boxes) {
                Ok(None) => {}
                Ok(Some(found)) => return Ok(found),
                Err(Unopened::Refused(refusal)) => return Err(refusal),
                Err(Unopened::Failed(())) => panic!("a box that is none"),
            }
        }
    }

    fn walk(&mut self) -> Result<(), Refusal> {
        loop {
            match self.next()? {
                Walk::Dry => break,
                Walk::Full => {
                    self.full = !self.filler.writer().await_room();
                    if self.full {
                        break;
                    }
                }
                Walk::Command => match self.filler.command().first() {
                    None | Some(0) => self.filler.drop_command(),
                    Some(&prefix) => self.filler.command_as(Kind::Subscribe, usize::from(prefix)),
                },
            }
        }
        if self.filler.publish() {
            self.filler.wake();
        }
        let written = self.filler.writer().written();
        assert!(self.mark == 0 || written - self.read <= self.mark, "over the high-water mark");
        Ok(())
    }

    /// Takes up to `count` frames; rests when there are none.
    fn take(&mut self, count: usize) {
        for _ in 0..count {
            if self.bell.has_rung_for_reader() {
                self.reader.resume();
            }
            let Some(frame) = self.reader.take() else {
                _ = self.reader.park();
                break;
            };
            let (kind, more, seed, size) = self.frames[self.at];
            assert_eq!((frame.kind, frame.more), (kind, more));
            assert!(frame.body.as_ref() == body(seed, size));
            self.at += 1;
            self.read += u64::from(!frame.more);
        }
        self.full &= !self.bell.has_rung_for_writer();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300, max_shrink_iters: 3000, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Pieces of the given sizes, by the descriptor or preloaded, with `take` frames read after each.
    #[test]
    fn any_frames_in_any_pieces(
        mark in prop::sample::select(vec![0, 1, 2, 5, 1000]),
        sent in vec(sent(), 0..60),
        pieces in vec((prop_oneof![1usize..20, 20usize..3000, 3000usize..150_000], any::<bool>(), 1usize..30), 1..40),
        sweep in any::<bool>(),
        in_boxes in any::<bool>(),
    ) {
        let mut wire = Vec::new();
        sent.iter().for_each(|frame| frame.encode(&mut wire));
        let mut receiver = Receiver::new(mark, UNBOUNDED);
        if in_boxes {
            wire = boxed(&wire);
            receiver = receiver.boxed();
        }
        receiver.filler.allow_large(LARGE);
        receiver.frames = expected(&sent);
        let (mut sender, end) = UnixStream::pair().unwrap();
        sender.set_nonblocking(true).unwrap();
        let (mut rest, mut in_kernel) = (&wire[..], 0);
        for &(size, preload, take) in pieces.iter().cycle() {
            if rest.is_empty() && in_kernel == 0 {
                break;
            }
            let piece = &rest[..size.min(rest.len())];
            if !receiver.full {
                if in_kernel > 0 || !preload {
                    let sent = if piece.is_empty() { 0 } else { sender.write(piece).unwrap_or(0) };
                    in_kernel += sent;
                    rest = &rest[sent..];
                    in_kernel -= receiver.filler.read_from(end.as_fd()).map_or(0, |(read, _)| read);
                } else {
                    rest = &rest[receiver.filler.preload(piece)..];
                }
            }
            receiver.full = false;
            receiver.walk().unwrap();
            receiver.take(take);
            if sweep {
                receiver.filler.sweep();
            }
        }
        while receiver.at < receiver.frames.len() {
            let before = receiver.at;
            receiver.walk().unwrap();
            receiver.take(usize::MAX);
            prop_assert!(receiver.at > before, "everything has come, and is not delivered");
        }
        receiver.take(1);
        receiver.walk().unwrap();
        let begun = !matches!(sent.iter().rfind(|frame| matches!(frame, Sent::Data { .. })),
            None | Some(Sent::Data { more: false, .. }));
        prop_assert_eq!(receiver.filler.is_clean(), !begun, "dropped commands take no place");
        receiver.filler.cut();
        prop_assert!(receiver.filler.is_clean());
        receiver.take(1);
        prop_assert!(!receiver.filler.sweep(), "an idle connection holds no segment");
    }
}

fn refusal(bounds: Bounds, wire: &[u8]) -> Option<Refusal> {
    refusal_by(Receiver::new(0, bounds), wire)
}

fn refusal_by(mut receiver: Receiver, wire: &[u8]) -> Option<Refusal> {
    let mut rest = wire;
    loop {
        rest = &rest[receiver.filler.preload(rest)..];
        match receiver.walk() {
            Err(refusal) => return Some(refusal),
            Ok(()) if rest.is_empty() => return None,
            Ok(()) => {}
        }
    }
}

fn header(flags: u8, size: u64) -> Vec<u8> {
    [&[flags | LONG][..], &size.to_be_bytes()].concat()
}

#[test]
fn sizes_out_of_bounds_are_refused_at_the_header() {
    let frame = Bounds { frame: 1000, ..UNBOUNDED };
    assert_eq!(refusal(frame, &header(0, 1001)), Some(Refusal::TooLarge(1001)));
    assert_eq!(refusal(frame, &header(0, 1000)), None);
    for size in [1 << 63, (1 << 63) + 5, u64::MAX - 9, u64::MAX - 8, u64::MAX] {
        for flags in [0, MORE, 0xf8] {
            assert_eq!(refusal(UNBOUNDED, &header(flags, size)), Some(Refusal::TooLarge(size)));
        }
        assert_eq!(refusal(UNBOUNDED, &header(COMMAND, size)), Some(Refusal::CommandTooLarge(size)));
    }
    assert_eq!(refusal(UNBOUNDED, &header(COMMAND, 65_000)), Some(Refusal::CommandTooLarge(65_000)));
    assert_eq!(refusal(UNBOUNDED, &header(COMMAND, 32_000)), None);
    // A claim alone reserves little: this would not succeed otherwise.
    assert_eq!(refusal(UNBOUNDED, &header(0, (1 << 63) - 1)), None);
}

#[test]
fn only_commands_that_are_allowed_to_may_be_large() {
    let refusal = |bounds, large, wire: &[u8]| {
        let mut receiver = Receiver::new(0, bounds);
        receiver.filler.allow_large(large);
        receiver.filler.preload(wire);
        receiver.walk().err()
    };
    let names: &[&[u8]] = &[b"\x03ONE", b"\x05OTHER"];
    let command = |size: u64, begun: &[u8]| [&header(COMMAND, size), begun].concat();
    for size in [32_800, 65_000, 70_000, (1 << 63) - 1] {
        for begun in [&b""[..], b"\x03", b"\x03ON", b"\x03ONE", b"\x05OTHER..."] {
            let wire = command(size, begun);
            assert_eq!(refusal(UNBOUNDED, names, &wire), None, "{size}: {begun:?}");
            assert_eq!(refusal(UNBOUNDED, &[], &wire), Some(Refusal::CommandTooLarge(size)));
            let frame = Bounds { frame: size - 1, ..UNBOUNDED };
            assert_eq!(refusal(frame, names, &wire), Some(Refusal::CommandTooLarge(size)));
            let message = Bounds { message: 40_000, ..UNBOUNDED };
            assert!(size < 40_000 || refusal(message, names, &wire).is_some());
        }
        for begun in [&b"\x04"[..], b"\x03ONCE", b"\x05ONE", b"\x05OTTER"] {
            let wire = command(size, begun);
            assert_eq!(refusal(UNBOUNDED, names, &wire), Some(Refusal::CommandTooLarge(size)), "{begun:?}");
        }
    }
    assert!(refusal(UNBOUNDED, names, &command(1 << 63, b"\x03ONE")).is_some());
}

/// Its memory comes with more of it, in whichever way that comes.
#[test]
fn a_large_body_that_has_hardly_begun_takes_more_at_once() {
    for begun in [0, 1, 9, 10] {
        let mut receiver = Receiver::new(0, UNBOUNDED);
        receiver.filler.preload(&[&header(0, 100_000)[..], &vec![1; begun]].concat());
        assert_eq!(receiver.walk(), Ok(()));
        let rest = vec![1; 100_000 - begun];
        assert_eq!(receiver.filler.preload(&rest), rest.len(), "{begun}");
    }
}

/// A topic is no larger than a part, however small that is.
#[test]
fn topics_are_bounded_as_parts() {
    let refusal = |wire: &[u8]| {
        let mut receiver = Receiver::new(0, Bounds { frame: 50, ..UNBOUNDED });
        receiver.filler.allow_large(&[&[3; 3]]);
        receiver.filler.preload(wire);
        receiver.walk().err()
    };
    let command = |begun: u8, topic: u8| [&[COMMAND, 3 + topic][..], &[begun; 3], &[7; 255]].concat();
    for begun in [2, 4, 5, 30, 55] {
        assert_eq!(refusal(&command(3, 50)[..begun]), None);
        let refused = (begun >= 5).then_some(Refusal::CommandTooLarge(54));
        assert_eq!(refusal(&command(3, 51)[..begun]), refused, "as soon as its name is known");
    }
    assert_eq!(refusal(&command(0, 200)[..205]), None, "another command carries no topic");
}

#[test]
fn a_bound_below_the_cost_of_a_frame_lets_no_message_through() {
    for wire in [&[0, 0][..], &[LONG, 0, 0, 0, 0, 0, 0, 0, 0]] {
        assert_eq!(refusal(Bounds { message: 16, ..UNBOUNDED }, wire), None);
        assert_eq!(refusal(Bounds { message: 15, ..UNBOUNDED }, wire), Some(Refusal::TooLarge(16)));
    }
}

#[test]
fn messages_out_of_bounds_are_refused_before_their_bytes_come() {
    let bounds = Bounds { message: 100, ..UNBOUNDED };
    assert_eq!(refusal(bounds, &[0, 84, 0]), None);
    assert_eq!(refusal(bounds, &[0, 85]), Some(Refusal::TooLarge(85)));
    assert_eq!(refusal(bounds, &[MORE, 0, MORE, 0, 0, 52]), None);
    assert_eq!(refusal(bounds, &[MORE, 0, MORE, 0, 0, 53]), Some(Refusal::TooLarge(101)));
    assert_eq!(refusal(bounds, &[MORE, 0].repeat(6)), None);
    assert_eq!(refusal(bounds, &[MORE, 0].repeat(7)), Some(Refusal::TooLarge(112)));
    assert_eq!(refusal(bounds, &[0, 3, 1, 2, 3].repeat(100)), None);
    // Commands inside the message cost as well, once anything follows them.
    let command = [&[COMMAND, 60][..], &[0; 60]].concat();
    let wire = [&[MORE, 0][..], &command, &[MORE, 0, 0, 0]].concat();
    assert_eq!(refusal(bounds, &wire), Some(Refusal::TooLarge(110)));
}

#[test]
fn what_came_whole_survives_the_connection() {
    let mut receiver = Receiver::new(1, UNBOUNDED);
    receiver.filler.preload(&[0, 1, 1, COMMAND, 0, 0, 1, 2, MORE, 1, 3, 0, 1, 4, MORE, 1, 5, 0, 9, 6]);
    assert_eq!(receiver.filler.walk(), Ok(Walk::Full));
    receiver.filler.restart(None);
    receiver.filler.preload(&[0, 1, 7]);
    assert_eq!(receiver.filler.walk(), Ok(Walk::Full));
    let found = std::iter::from_fn(|| receiver.reader.take().map(|frame| frame.body.as_ref()[0]));
    assert_eq!(found.collect::<Vec<_>>(), [1, 2, 3, 4]);
    // There is room again, and the mark counts only where a message waits.
    assert_eq!(receiver.filler.walk(), Ok(Walk::Dry));
    _ = receiver.filler.publish();
    assert_eq!(receiver.reader.take().unwrap().body.as_ref(), [7]);
    assert!(receiver.reader.take().is_none());
}

#[test]
fn messages_have_a_largest_number_of_parts() {
    let bounds = Bounds { parts: 3, ..UNBOUNDED };
    let three = [MORE, 0, MORE, 1, 7, 0, 0];
    assert_eq!(refusal(bounds, &three.repeat(50)), None);
    assert_eq!(refusal(bounds, &[0, 0].repeat(50)), None);
    assert_eq!(refusal(bounds, &[&three[..], &[MORE, 0].repeat(3)].concat()), None);
    assert_eq!(refusal(bounds, &[&three[..], &[MORE, 0].repeat(4)].concat()), Some(Refusal::TooManyParts(4)));
    let large = [&header(MORE, 70_000)[..], &[0; 70_000]].concat();
    assert_eq!(
        refusal(bounds, &[&large.repeat(3)[..], &header(0, 70_000)].concat()),
        Some(Refusal::TooManyParts(4))
    );
    let one = Bounds { parts: 1, ..UNBOUNDED };
    assert_eq!(refusal(one, &[&header(0, 70_000)[..], &[0; 70_000], &[0, 0], &[0, 1, 7]].concat()), None);
    assert_eq!(refusal(one, &[MORE, 0, 0, 0]), Some(Refusal::TooManyParts(2)));
}

/// What an endless message took goes back when its connection ends, though nobody reads.
#[test]
fn an_unfinished_message_gives_its_segments_back() {
    let mut receiver = Receiver::new(0, UNBOUNDED);
    let parts = [&[MORE, 100][..], &[7; 100]].concat().repeat(10_000);
    assert_eq!(receiver.filler.preload(&[0, 1, 1]), 3);
    receiver.walk().unwrap();
    for _ in 0..3 {
        for piece in parts.chunks(7000) {
            assert_eq!(receiver.filler.preload(piece), piece.len());
            receiver.walk().unwrap();
        }
        let all = receiver.filler.writer().backlog();
        assert!(all > 1_000_000, "{all} bytes");
        receiver.filler.restart(None);
        receiver.filler.preload(&[MORE, 1, 2, 0, 1, 3]);
        receiver.walk().unwrap();
    }
    let left = receiver.filler.writer().backlog();
    assert!(left < 3 * 140_000, "{left} bytes");
    let found = std::iter::from_fn(|| receiver.reader.take().map(|frame| frame.body.as_ref()[0]));
    assert_eq!(found.collect::<Vec<_>>(), [&[1][..], &[2, 3].repeat(3)].concat());
}

/// Inside a message that does not end, subscriptions are frames of it.
#[test]
fn subscriptions_inside_a_message_are_bounded_as_parts() {
    let topic = [&[COMMAND, 43][..], &[3; 3], &[7; 40]].concat();
    let wire = [&[MORE, 0][..], &topic.repeat(10_000)].concat();
    let bounds = Bounds { parts: 100, ..UNBOUNDED };
    assert_eq!(refusal(bounds, &wire), Some(Refusal::TooManyParts(101)));
    let bounds = Bounds { message: 1000, ..UNBOUNDED };
    assert_eq!(refusal(bounds, &wire), Some(Refusal::TooLarge(16 + 17 * (45 + 16))));
    // Commands that are dropped take no place there.
    let wire = [&[MORE, 0][..], &[COMMAND, 60], &[0; 60]].concat();
    let wire = [&wire[..], &wire[2..].repeat(5000), &[0, 0]].concat();
    assert_eq!(refusal(Bounds { parts: 2, ..UNBOUNDED }, &wire), None);
}

/// A peer that sends commands for ever, cut anywhere, so that no read ends with one.
#[test]
fn commands_do_not_pile_up() {
    let mut commands = Vec::new();
    for n in 0..40_000 {
        encode(COMMAND, false, &[&[0], body(0, n % 80)], &mut commands);
    }
    for begun in [&[][..], &[MORE, 1, 7]] {
        let mut receiver = Receiver::new(0, UNBOUNDED);
        assert_eq!(receiver.filler.preload(begun), begun.len());
        for piece in commands.chunks(1009) {
            assert_eq!(receiver.filler.preload(piece), piece.len());
            receiver.walk().unwrap();
        }
        assert!(receiver.filler.writer().backlog() < 4096);
        let mut receiver = Receiver::new(0, UNBOUNDED).boxed();
        for piece in [boxed(begun), boxed(&commands)].concat().chunks(1009) {
            assert_eq!(receiver.filler.preload(piece), piece.len());
            receiver.walk().unwrap();
        }
        assert!(receiver.filler.writer().backlog() < 4096);
    }
}

#[test]
fn boxes_have_the_bounds_of_what_is_in_them() {
    let refusal = |bounds: Bounds, frames: &[(u8, usize)]| {
        let mut plain = Vec::new();
        frames.iter().for_each(|(flags, size)| encode(*flags, false, &[&vec![9; *size]], &mut plain));
        let mut receiver = Receiver::new(0, bounds).boxed();
        receiver.filler.allow_large(&[&[3; 3]]);
        refusal_by(receiver, &boxed(&plain))
    };
    for size in [5, 300, 40_000, 100_000] {
        let frame = Bounds { frame: size as u64, ..UNBOUNDED };
        assert_eq!(refusal(frame, &[(0, size)]), None);
        assert_eq!(refusal(frame, &[(0, size + 1)]), Some(Refusal::TooLarge(size as u64 + 1)));
        let message = Bounds { message: 2 * (size as u64 + 16), parts: 2, ..UNBOUNDED };
        assert_eq!(refusal(message, &[(MORE, size), (0, size), (MORE, size), (0, size)]), None);
        let whole = 2 * (size as u64 + 16);
        assert_eq!(refusal(message, &[(MORE, size), (0, size + 1)]), Some(Refusal::TooLarge(whole + 1)));
        let parts = Bounds { parts: 2, ..UNBOUNDED };
        assert_eq!(refusal(parts, &[(MORE, size), (MORE, size), (0, 0)]), Some(Refusal::TooManyParts(3)));
    }
    for size in [32_800, 65_400, 65_600, 200_000] {
        assert_eq!(refusal(UNBOUNDED, &[(COMMAND, size)]), Some(Refusal::CommandTooLarge(size as u64)));
    }
    assert_eq!(refusal(Bounds { frame: 5, ..UNBOUNDED }, &[(COMMAND, 20), (0, 5)]), None);
}

/// Open, but refused: it is no message, in the end neither.
#[test]
fn a_large_command_in_a_box_never_becomes_a_message() {
    for flags in [COMMAND, COMMAND | MORE] {
        let mut plain = Vec::new();
        encode(flags, false, &[&vec![9; 70_000]], &mut plain);
        let wire = boxed(&plain);
        let mut receiver = Receiver::new(0, UNBOUNDED).boxed();
        let mut rest = &wire[..];
        let refusal = loop {
            rest = &rest[receiver.filler.preload(rest)..];
            if let Err(refusal) = receiver.walk() {
                break refusal;
            }
        };
        assert_eq!(refusal, Refusal::CommandTooLarge(70_000));
        receiver.filler.open_rest(&mut Boxes);
        receiver.filler.cut();
        assert!(receiver.filler.is_clean());
        assert!(receiver.reader.take().is_none());
    }
}

#[test]
fn boxes_wait_for_room_and_come_through_at_the_end() {
    // Few of the small ones are opened at once; a large one comes alone.
    for (count, size) in [(500, 10), (5, 100_000)] {
        let mut plain = Vec::new();
        (0..count).for_each(|_| encode(0, false, &[&vec![9; size]], &mut plain));
        let mut receiver = Receiver::new(2, UNBOUNDED).boxed();
        let wire = boxed(&plain);
        let mut rest = &wire[..];
        while !receiver.full {
            let taken = receiver.filler.preload(rest);
            assert!(taken > 0 || !rest.is_empty(), "the mark is not seen");
            rest = &rest[taken..];
            receiver.walk().unwrap();
        }
        assert_eq!(receiver.filler.writer().written(), 2);
        receiver.filler.open_rest(&mut Boxes);
        receiver.filler.cut();
        // What came beyond the mark is at most a segment's worth.
        let written = receiver.filler.writer().written();
        assert!(if size == 10 { written == count } else { (2..=3).contains(&written) }, "{written}");
    }
}

#[test]
fn misused_commands_do_no_harm() {
    for (wire, prefix) in [(&[COMMAND, 0][..], 3), (&[COMMAND, 1, 9], 10), (&[COMMAND, 2, 9, 9], 200)] {
        let mut receiver = Receiver::new(0, UNBOUNDED);
        // Not at a command.
        receiver.filler.drop_command();
        receiver.filler.command_as(Kind::Subscribe, 3);
        assert_eq!(receiver.filler.command(), b"");
        assert_eq!(receiver.filler.preload(&[wire, &[0, 1, 42]].concat()), wire.len() + 3);
        assert_eq!(receiver.filler.walk(), Ok(Walk::Command));
        receiver.filler.command_as(Kind::Subscribe, prefix);
        receiver.walk().unwrap();
        let found = std::iter::from_fn(|| receiver.reader.take().map(|frame| frame.body.as_ref().to_vec()));
        assert_eq!(found.filter(|body| !body.is_empty()).collect::<Vec<_>>(), [[42]]);
    }
}

#[test]
fn only_replies_may_come_where_they_are_expected() {
    let refusal = |wire: &[u8]| {
        let mut receiver = Receiver::new(0, UNBOUNDED);
        receiver.filler.expect_replies();
        receiver.filler.preload(wire);
        receiver.walk().err()
    };
    let reply = [&[MORE, 0, 0, 2][..], b"ok"].concat();
    let numbered = [&[MORE, 4, 1, 2, 3, 4][..], &reply].concat();
    let long = [&[MORE, 0, MORE, 1, 7][..], &[MORE, 0, 0, 0]].concat();
    let ping = [&[COMMAND, 7, 4][..], b"PING\0\0"].concat();
    assert_eq!(refusal(&[&reply[..], &numbered, &ping, &long, &reply, &[MORE, 0]].concat()), None);
    for wrong in [
        &[0, 0][..],
        &[0, 1, 1],
        &[0, 4, 1, 2, 3, 4],
        &[MORE, 1, 1],
        &[MORE, 4, 1, 2, 3, 4, MORE, 4, 1, 2, 3, 4],
        &[MORE, 4, 1, 2, 3, 4, 0, 0],
        &[MORE, 4, 1, 2, 3, 4, MORE, 1, 0],
    ] {
        assert_eq!(refusal(&[&reply[..], wrong].concat()), Some(Refusal::NoReply), "{wrong:?}");
    }
}
