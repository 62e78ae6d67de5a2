//! Random programs against a `VecDeque`.

mod common;

use bytes::Bytes;
use common::{Bell, body, broadcast};
use proptest::collection::vec;
use proptest::prelude::*;
use queue::{Body, Common, Kind, MORE, Part, PeerInfo, Pool, Reader, Slice, Writer, append_frame, channel};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sizes around every boundary there is.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => prop::sample::select(vec![0, 1, 2, 31, 32, 33, 63, 64, 65, 254, 255, 256, 257]),
        3 => prop::sample::select(vec![900, 950, 958, 959, 960, 1015, 1023, 1024, 1025]),
        2 => prop::sample::select(vec![8000, 8120, 8191, 8192, 8193]),
        1 => 65_440usize..65_560,
        1 => Just(200_000usize),
        4 => 0usize..2000,
    ]
}

#[derive(Debug, Clone)]
struct PartOf {
    seed: u8,
    size: usize,
    shared: bool,
}

fn part() -> impl Strategy<Value = PartOf> {
    (any::<u8>(), size(), any::<bool>()).prop_map(|(seed, size, shared)| PartOf { seed, size, shared })
}

#[derive(Debug, Clone)]
enum Step {
    Write { envelope: Vec<u8>, parts: Vec<PartOf> },
    WriteShared(Vec<PartOf>, usize),
    WriteKind(bool, u8, usize),
    Publish,
    SetPeer(Option<u8>),
    WriterMark(u32),
    ReaderMark(u32),
    Await,
    Sweep,
    Close,
    DropWriter,
    Take(usize),
    Peek,
    Park,
    Leave,
    DropReader,
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let mark = || prop_oneof![Just(0u32), 1u32..8, Just(1000u32)];
    prop_oneof![
        12 => (vec(0u8..40, 0..3), vec(part(), 1..5)).prop_map(|(envelope, parts)| Step::Write { envelope, parts }),
        6 => (vec(part(), 1..5), 1usize..40).prop_map(|(parts, readers)| Step::WriteShared(parts, readers)),
        2 => (any::<bool>(), any::<u8>(), 0usize..300).prop_map(|(s, seed, size)| Step::WriteKind(s, seed, size)),
        12 => Just(Step::Publish),
        2 => proptest::option::of(any::<u8>()).prop_map(Step::SetPeer),
        1 => mark().prop_map(Step::WriterMark),
        1 => mark().prop_map(Step::ReaderMark),
        4 => Just(Step::Await),
        4 => Just(Step::Sweep),
        16 => (1usize..8).prop_map(Step::Take),
        4 => Just(Step::Peek),
        10 => Just(Step::Park),
        2 => Just(Step::Forget),
    ]
}

/// A program, and how it ends.
fn program() -> impl Strategy<Value = Vec<Step>> {
    let end = prop::sample::select(vec![Step::Close, Step::DropWriter, Step::Leave, Step::DropReader]);
    (vec(step(), 0..120), vec(end, 0..3), vec(step(), 0..30), vec(any::<prop::sample::Index>(), 3)).prop_map(
        |(mut steps, ends, rest, places)| {
            for (end, place) in ends.into_iter().zip(places) {
                steps.insert(place.index(steps.len() + 1), end);
            }
            steps.extend(rest);
            steps
        },
    )
}

#[derive(Debug)]
struct Frame {
    kind: Kind,
    more: bool,
    seed: u8,
    size: usize,
    peer: Option<u8>,
}

/// One pipe, and what it should hold.
struct Model {
    pool: Arc<Pool>,
    writer: Option<Writer>,
    reader: Option<Reader>,
    bell: Arc<Bell>,
    pending: Vec<Frame>,
    queue: VecDeque<Frame>,
    peer: Option<u8>,
    kept: Vec<(Slice, u8, usize)>,
    /// A reader that gets what is shared, too, and at once; and the common bodies that it got.
    witness: (Writer, Reader),
    common: Vec<Common>,
    /// Bodies by reference that live, or their places in memory.
    alive: Arc<AtomicUsize>,
    written: u64,
    read: u64,
    /// Both marks, while they have never been changed live.
    marks: Option<(u32, u32)>,
    now: (u32, u32),
    closed: bool,
    waits: bool,
}

struct Owner(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Model {
    fn new(marks: (u32, u32), serves_process: bool) -> Self {
        let pool = Pool::new();
        let (mut writer, mut reader) = channel(&pool);
        let mut witness = channel(&pool);
        witness.0.serve_process();
        if serves_process {
            writer.serve_process();
        }
        let bell = Arc::new(Bell::default());
        reader.attach(bell.clone(), 1);
        writer.attach(bell.clone(), 2);
        writer.set_high_water(marks.0);
        reader.set_high_water(marks.1);
        Self {
            pool,
            writer: Some(writer),
            reader: Some(reader),
            bell,
            pending: Vec::new(),
            queue: VecDeque::new(),
            peer: None,
            kept: Vec::new(),
            witness,
            common: Vec::new(),
            alive: Arc::default(),
            written: 0,
            read: 0,
            marks: Some(marks),
            now: marks,
            closed: false,
            waits: false,
        }
    }

    fn shared(&self, part: &PartOf) -> Bytes {
        self.alive.fetch_add(1, Ordering::SeqCst);
        Bytes::from_owner(Owner(body(part.seed, part.size).to_vec(), self.alive.clone()))
    }

    fn expect(&mut self, kind: Kind, more: bool, seed: u8, size: usize) {
        self.pending.push(Frame { kind, more, seed, size, peer: self.peer });
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Write { envelope, parts } => self.write(envelope, parts),
            Step::WriteShared(parts, readers) => self.write_shared(parts, *readers),
            Step::WriteKind(subscribe, seed, size) => self.write_kind(*subscribe, *seed, *size),
            Step::Take(count) => (0..*count).for_each(|_| self.take()),
            Step::Peek => self.peek(),
            Step::Park => self.park(),
            Step::Leave => _ = self.reader.as_ref().map(Reader::leave),
            Step::DropReader => {
                self.reader = None;
                if let Some(writer) = &self.writer {
                    assert!(writer.is_gone());
                }
            }
            Step::Forget => _ = self.kept.pop(),
            Step::ReaderMark(mark) => {
                if let Some(reader) = &mut self.reader {
                    reader.set_high_water(*mark);
                    self.change_marks((self.now.0, *mark));
                }
            }
            _ => self.run_writer(step),
        }
        self.check();
    }

    fn run_writer(&mut self, step: &Step) {
        let Some(writer) = &mut self.writer else { return };
        match step {
            Step::Publish => {
                if writer.publish() {
                    writer.wake();
                }
                self.queue.extend(self.pending.drain(..));
            }
            Step::SetPeer(peer) => {
                self.peer = *peer;
                writer.set_peer(peer.map(|n| Arc::new(PeerInfo::new(&[], i32::from(n)))));
            }
            Step::WriterMark(mark) => {
                writer.set_high_water(*mark);
                self.change_marks((*mark, self.now.1));
                // Its own thread changed it, and need not be told.
                self.waits = false;
            }
            Step::Await => self.waits = !writer.await_room(),
            Step::Sweep => _ = writer.sweep(),
            Step::Close => {
                writer.close();
                self.closed = true;
            }
            Step::DropWriter => {
                self.writer = None;
                self.pending.clear();
                self.closed = true;
            }
            _ => {}
        }
    }

    fn change_marks(&mut self, marks: (u32, u32)) {
        self.now = marks;
        self.marks = None;
    }

    fn write(&mut self, envelope: &[u8], parts: &[PartOf]) {
        let Some(mut writer) = self.writer.take() else { return };
        let mut frames = Vec::new();
        for &size in envelope {
            append_frame(MORE, body(size, usize::from(size)), &mut frames);
            self.expect(Kind::Data, true, size, usize::from(size));
        }
        let bodies: Vec<_> = parts.iter().map(|part| part.shared.then(|| self.shared(part))).collect();
        let slices = parts.iter().zip(&bodies).map(|(part, shared)| match shared {
            Some(bytes) => Part::Shared(bytes),
            None => Part::Slice(body(part.seed, part.size)),
        });
        writer.write(&frames, &slices.collect::<Vec<_>>());
        self.wrote(writer, parts);
    }

    fn write_shared(&mut self, parts: &[PartOf], readers: usize) {
        let Some(mut writer) = self.writer.take() else { return };
        let bodies: Vec<_> = parts.iter().map(|part| self.shared(part)).collect();
        let slices: Vec<_> = bodies.iter().map(Part::Shared).collect();
        let mut broadcast = broadcast(parts.len(), readers);
        writer.write_shared(&slices, &mut broadcast);
        let (witness, seen) = &mut self.witness;
        witness.write_shared(&slices, &mut broadcast);
        assert!(!witness.publish());
        while let Some(frame) = seen.take() {
            if let Body::Common(common) = frame.body {
                self.common.push(common);
            }
        }
        self.wrote(writer, parts);
    }

    fn wrote(&mut self, writer: Writer, parts: &[PartOf]) {
        self.writer = Some(writer);
        self.written += 1;
        for (n, part) in parts.iter().enumerate() {
            self.expect(Kind::Data, n + 1 < parts.len(), part.seed, part.size);
        }
    }

    fn write_kind(&mut self, subscribe: bool, seed: u8, size: usize) {
        let Some(writer) = &mut self.writer else { return };
        let kind = if subscribe { Kind::Subscribe } else { Kind::Cancel };
        writer.write_kind(kind, body(seed, size));
        self.written += 1;
        self.expect(kind, false, seed, size);
    }

    fn take(&mut self) {
        let Some(reader) = &mut self.reader else { return };
        if self.bell.has_rung_for_reader() {
            reader.resume();
        }
        let was_parked = reader.is_parked();
        let Some(frame) = reader.take() else {
            assert!(self.queue.is_empty() || was_parked);
            return;
        };
        let expected = self.queue.pop_front().expect("a frame that nobody wrote");
        assert_eq!((frame.kind, frame.more), (expected.kind, expected.more));
        assert!(frame.body.as_ref() == body(expected.seed, expected.size));
        self.read += u64::from(!frame.more);
        match frame.body {
            Body::Slice(slice) => self.kept.push((slice.clone(), expected.seed, expected.size)),
            Body::Copy(bytes) => assert!(bytes.len() <= 8192),
            Body::Shared(_) | Body::Common(_) => {}
        }
        assert_eq!(reader.peer().map(|peer| peer.descriptor), expected.peer.map(i32::from));
        assert_eq!(reader.gauge().read(), self.read);
    }

    fn peek(&mut self) {
        let Some(reader) = &mut self.reader else { return };
        if self.bell.has_rung_for_reader() {
            reader.resume();
        }
        if reader.is_parked() {
            assert!(reader.peek().is_none() && reader.peer().is_none());
            return;
        }
        match (reader.peek(), self.queue.front()) {
            (Some((kind, more, found)), Some(frame)) => {
                assert_eq!((kind, more), (frame.kind, frame.more));
                assert!(found == body(frame.seed, frame.size));
            }
            (found, expected) => assert!(found.is_none() && expected.is_none()),
        }
    }

    fn park(&mut self) {
        let Some(reader) = &mut self.reader else { return };
        if self.bell.has_rung_for_reader() {
            reader.resume();
        }
        if reader.park() {
            assert!(reader.is_parked() && self.queue.is_empty() && !self.closed);
        } else {
            assert!(!reader.is_parked() && (self.closed || !self.queue.is_empty()));
            assert_eq!(reader.has_ended(), self.closed && self.queue.is_empty());
        }
    }

    /// What holds after each step.
    fn check(&mut self) {
        for (slice, seed, size) in &self.kept {
            assert!(**slice == *body(*seed, *size));
        }
        if let Some(reader) = &self.reader
            && reader.is_parked()
            && (self.closed || !self.queue.is_empty())
        {
            // Something to read, and asleep: it must have been told.
            assert!(self.bell.has_rung_for_reader(), "a lost wake-up of the reader");
            self.reader.as_mut().unwrap().resume();
            assert!(!self.reader.as_ref().unwrap().is_parked());
        }
        let Some(writer) = &mut self.writer else { return };
        let room = writer.has_room();
        if self.waits && room {
            assert!(self.bell.has_rung_for_writer(), "a lost wake-up of the writer");
            self.waits = false;
        }
        assert_eq!(writer.queued(), self.written - self.read);
        let limit = match self.now {
            (0, _) | (_, 0) => return assert!(room),
            (a, b) => u64::from(a) + u64::from(b),
        };
        assert!(!room || self.written - self.read < limit);
        if self.marks.is_some() {
            let step = limit.div_ceil(2);
            assert_eq!(room, self.written - self.read / step * step < limit);
            assert_eq!(writer.uncredited(), self.written - self.read / step * step);
        }
        if let Some(reader) = &mut self.reader
            && reader.is_parked()
        {
            if self.bell.has_rung_for_reader() {
                reader.resume();
                return;
            }
            assert!(room || self.written - self.read > limit / 2, "a mark that was lowered holds for ever");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn writer_to_reader(marks in (0u32..6, 0u32..6), serves in any::<bool>(), steps in program()) {
        let mut model = Model::new(marks, serves);
        for step in &steps {
            model.run(step);
        }
        let (alive, kept, pool) = (model.alive.clone(), std::mem::take(&mut model.kept), model.pool.clone());
        let common = std::mem::take(&mut model.common);
        drop(model);
        prop_assert!(!common.iter().any(Common::is_shared), "so are common bodies");
        prop_assert_eq!(alive.load(Ordering::SeqCst), 0, "bodies by reference are released once, all of them");
        for (slice, seed, size) in &kept {
            prop_assert!(**slice == *body(*seed, *size));
        }
        drop(kept);
        prop_assert_eq!(Arc::strong_count(&pool), 1, "every segment has been given back");
    }
}
