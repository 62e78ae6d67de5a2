//! Any messages through any payloads, with any losses and pauses; and any bytes at all.

use proptest::prelude::*;
use std::collections::BTreeSet;
use zmtp::datagram::{Deframer, Flow, Framer, Limits};

type Message = Vec<Vec<u8>>;

const NO_LIMITS: Limits = Limits { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };

/// A message as sent, and which payloads its bytes are in.
struct Sent {
    message: Message,
    payloads: BTreeSet<usize>,
}

/// What one publisher sends.
struct Stream {
    payloads: Vec<Vec<u8>>,
    sent: Vec<Sent>,
}

impl Stream {
    /// Sends messages with parts of these sizes, and all that is queued where `flush` says so.
    fn new(max_payload: usize, messages: &[(Vec<usize>, bool)]) -> Self {
        let (mut framer, mut stream) =
            (Framer::new(max_payload), Self { payloads: Vec::new(), sent: Vec::new() });
        let (mut begins, mut number) = (vec![0], 0_u8);
        for (at, (sizes, flush)) in messages.iter().enumerate() {
            let mut message = Vec::new();
            let mut end = begins[at];
            for (part, &size) in sizes.iter().enumerate() {
                number = number.wrapping_add(1);
                message.push(vec![number; size]);
                framer.push(&message[part], part + 1 < sizes.len());
                end += size + if size < 254 { 2 } else { 10 };
                assert_eq!(stream.data() + framer.pending() - offsets(framer.pending(), max_payload), end);
            }
            begins.push(end);
            stream.sent.push(Sent { message, payloads: BTreeSet::new() });
            stream.take(&mut framer, max_payload, *flush || at + 1 == messages.len());
        }
        stream.check(&begins, max_payload);
        stream
    }

    /// The bytes of frames in the payloads so far.
    fn data(&self) -> usize {
        self.payloads.iter().map(|payload| payload.len() - 2).sum()
    }

    fn take(&mut self, framer: &mut Framer, max_payload: usize, flush: bool) {
        while let Some(payload) = framer.payload(flush) {
            assert!(payload.len() == max_payload || flush && payload.len() < max_payload);
            self.payloads.push(payload.to_vec());
            framer.pop();
        }
        assert!(framer.pending() < if flush { 1 } else { max_payload });
    }

    /// Finds the payloads of each message, and that the offsets are those of a genuine publisher.
    fn check(&mut self, begins: &[usize], max_payload: usize) {
        let mut start = 0;
        for (at, payload) in self.payloads.iter().enumerate() {
            let data = start..start + payload.len() - 2;
            start = data.end;
            for (sent, ends) in self.sent.iter_mut().zip(begins.windows(2)) {
                if ends[0] < data.end && data.start < ends[1] {
                    sent.payloads.insert(at);
                }
            }
            // Where there is room, the end of the last message counts as a beginning.
            let last = if payload.len() < max_payload { data.end } else { data.end - 1 };
            let first = begins.iter().find(|begin| (data.start..=last).contains(begin));
            let offset = first.map_or(0xFFFF, |begin| begin - data.start);
            assert_eq!(usize::from(u16::from_be_bytes([payload[0], payload[1]])), offset);
        }
        assert_eq!(start, begins[begins.len() - 1]);
    }
}

/// The bytes that offsets take of so many.
fn offsets(pending: usize, max_payload: usize) -> usize {
    2 * pending.div_ceil(max_payload)
}

/// A subscriber that pauses now and then.
struct Subscriber<'p> {
    deframer: Deframer,
    messages: Vec<Message>,
    pauses: std::iter::Cycle<std::slice::Iter<'p, bool>>,
}

impl<'p> Subscriber<'p> {
    fn new(limits: Limits, pauses: &'p [bool]) -> Self {
        Self { deframer: Deframer::new(limits), messages: Vec::new(), pauses: pauses.iter().cycle() }
    }

    fn hear(&mut self, payload: &[u8]) -> bool {
        let Self { deframer, messages, pauses } = self;
        let mut flow = Flow::Go;
        deframer.payload(payload, &mut |parts| deliver(messages, pauses, parts, &mut flow)).is_ok()
    }

    fn resume(&mut self) -> bool {
        let Self { deframer, messages, pauses } = self;
        let mut flow = Flow::Go;
        deframer.resume(&mut |parts| deliver(messages, pauses, parts, &mut flow)).is_ok()
    }
}

fn deliver<'p>(
    messages: &mut Vec<Message>,
    pauses: &mut impl Iterator<Item = &'p bool>,
    parts: &[&[u8]],
    flow: &mut Flow,
) -> Flow {
    assert_eq!(*flow, Flow::Go, "a message after a pause");
    messages.push(parts.iter().map(|part| part.to_vec()).collect());
    *flow = if pauses.next() == Some(&true) { Flow::Pause } else { Flow::Go };
    *flow
}

fn messages() -> impl Strategy<Value = Vec<(Vec<usize>, bool)>> {
    let size = prop_oneof![4 => 0..12_usize, 2 => 250..258_usize, 1 => 0..3000_usize];
    let parts =
        prop_oneof![3 => prop::collection::vec(size, 1..4), 1 => prop::collection::vec(0..3_usize, 14..20)];
    prop::collection::vec((parts, any::<bool>()), 1..20)
}

fn max_payload() -> impl Strategy<Value = usize> {
    prop_oneof![3..40_usize, 3..2000_usize]
}

fn pauses() -> impl Strategy<Value = Vec<bool>> {
    prop_oneof![Just(vec![false]), Just(vec![true]), prop::collection::vec(any::<bool>(), 1..10)]
}

/// What happens to a subscriber.
#[derive(Clone, Debug)]
enum Step {
    Payload(Vec<u8>),
    Gap,
    Resume,
}

/// Bytes that now and then mean something.
fn step() -> impl Strategy<Value = Step> {
    let word =
        prop_oneof![Just([0, 0]), Just([0xFF; 2]), (0..12_u8).prop_map(|low| [0, low]), any::<[u8; 2]>()];
    let frame = (0..9_u8, any::<bool>(), any::<bool>()).prop_map(|(size, more, long)| {
        let length: &[u8] = if long { &[0xFF, 0, 0, 0, 0, 0, 0, 0, size + 1] } else { &[size + 1] };
        [length, &[u8::from(more)], &vec![b'x'; usize::from(size)]].concat()
    });
    let piece = prop_oneof![4 => frame, 1 => prop::collection::vec(any::<u8>(), 0..12)];
    let data = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    let payload = prop_oneof![
        8 => (word, data).prop_map(|(word, data)| [&word[..], &data].concat()),
        1 => prop::collection::vec(any::<u8>(), 0..3),
    ];
    prop_oneof![8 => payload.prop_map(Step::Payload), 1 => Just(Step::Gap), 2 => Just(Step::Resume)]
}

proptest! {
    #[test]
    fn messages_come_out_as_they_went_in(
        max_payload in max_payload(),
        messages in messages(),
        pauses in pauses(),
    ) {
        let stream = Stream::new(max_payload, &messages);
        let mut subscriber = Subscriber::new(NO_LIMITS, &pauses);
        for payload in &stream.payloads {
            prop_assert!(subscriber.hear(payload));
            while subscriber.deframer.is_paused() {
                prop_assert!(subscriber.resume());
            }
        }
        let sent: Vec<_> = stream.sent.into_iter().map(|sent| sent.message).collect();
        prop_assert_eq!(subscriber.messages, sent);
        prop_assert_eq!(subscriber.deframer.held(), 0);
    }

    /// Exactly those come of which nothing was lost, also where payloads and gaps come during a pause.
    #[test]
    fn losses_cost_the_messages_that_they_touch(
        max_payload in max_payload(),
        messages in messages(),
        pauses in pauses(),
        lost in prop::collection::vec(prop::bool::weighted(0.2), 1..60),
        resumes in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let stream = Stream::new(max_payload, &messages);
        let mut subscriber = Subscriber::new(NO_LIMITS, &pauses);
        let mut came = BTreeSet::new();
        let (mut lost, mut resumes) = (lost.iter().cycle(), resumes.iter().cycle());
        for (at, payload) in stream.payloads.iter().enumerate() {
            if lost.next() == Some(&true) {
                subscriber.deframer.gap();
            } else {
                came.insert(at);
                prop_assert!(subscriber.hear(payload));
            }
            if resumes.next() == Some(&true) {
                prop_assert!(subscriber.resume());
            }
        }
        while subscriber.deframer.is_paused() {
            prop_assert!(subscriber.resume());
        }
        let whole = stream.sent.into_iter().filter(|sent| sent.payloads.is_subset(&came));
        prop_assert_eq!(subscriber.messages, whole.map(|sent| sent.message).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_stay_within_the_limits(
        steps in prop::collection::vec(step(), 0..60),
        pauses in pauses(),
        (frame, message, parts) in (0..20_u64, 0..150_u64, 1..8_u64),
    ) {
        let mut subscriber = Subscriber::new(Limits { frame, message, parts }, &pauses);
        for step in steps {
            let mut fed = 0;
            match step {
                Step::Gap => _ = subscriber.deframer.gap(),
                Step::Resume => _ = subscriber.resume(),
                Step::Payload(payload) => {
                    while subscriber.deframer.is_paused() {
                        subscriber.resume();
                    }
                    fed = payload.len();
                    if !subscriber.hear(&payload) && payload.starts_with(&[0xFF; 2]) {
                        prop_assert!(!subscriber.deframer.is_joined());
                    }
                }
            }
            // Of a message that is not complete a header may be there that is not judged yet.
            let held = subscriber.deframer.held();
            prop_assert!(subscriber.deframer.is_paused() || held as u64 <= message + 9, "{held} of {message}");
            prop_assert!(!subscriber.deframer.is_paused() || fed == 0 || held < fed);
        }
        for delivered in subscriber.messages {
            let sizes = delivered.iter().map(|part| part.len() as u64);
            prop_assert!(delivered.len() as u64 <= parts && sizes.clone().all(|size| size <= frame));
            prop_assert!(sizes.map(|size| size + 16).sum::<u64>() <= message);
        }
    }
}
