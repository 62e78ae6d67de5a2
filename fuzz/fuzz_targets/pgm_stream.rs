//! The messages of one source out of its payloads, whatever these are, with gaps and pauses: exactly those come that a
//! reader finds who gathers first and parses then, and no more is held than the limits allow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::VecDeque;
use zincmq_fuzz::input::Input;
use zmtp::datagram::{Deframer, Flow, Framer, Limits};

type Message = Vec<Vec<u8>>;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let mut world = World::new(&mut input);
    while !input.is_over() {
        world.step(&mut input);
        world.check();
    }
    world.end();
});

struct World {
    deframer: Deframer,
    limits: Limits,
    model: Model,
    application: Application,
    framer: Framer,
    /// Bytes of payloads that came during a pause.
    fed: usize,
}

/// Expects messages, and now and then wants no more for the moment.
#[derive(Default)]
struct Application {
    expected: VecDeque<Message>,
    /// Messages until the next pause.
    until: Option<u8>,
    paused: bool,
}

impl Application {
    fn takes(&mut self, parts: &[&[u8]]) -> Flow {
        assert!(!self.paused, "a message during a pause");
        let expected = self.expected.pop_front().expect("no message more");
        assert!(parts == expected, "{parts:?}, not {expected:?}");
        self.until = self.until.map(|until| until.saturating_sub(1));
        self.paused = self.until == Some(0);
        if self.paused { Flow::Pause } else { Flow::Go }
    }
}

impl World {
    fn new(input: &mut Input<'_>) -> Self {
        let choice = input.byte();
        let bound = |bit: u8, value: u64| if choice & bit != 0 { value } else { u64::MAX };
        let limits = Limits {
            frame: bound(1, input.word() as u64),
            message: bound(2, input.word() as u64),
            parts: bound(4, input.byte().into()),
        };
        Self {
            deframer: Deframer::new(limits),
            limits,
            model: Model::default(),
            application: Application::default(),
            framer: Framer::new(input.word() % 3000),
            fed: 0,
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0 => self.hear(input.text()),
            // A payload with an offset of its own, and frames.
            1 => {
                let offset = if input.byte() & 1 == 0 { 0xFFFF } else { usize::from(input.byte()) };
                let frames: Vec<u8> = (0..input.byte() % 16).flat_map(|_| frame(input)).collect();
                self.hear(&[&(offset as u16).to_be_bytes()[..], &frames].concat());
            }
            2 => self.framer.push(&vec![input.byte(); input.word() % 4000], false),
            3 => self.framer.push(input.text(), input.byte() & 1 != 0),
            4 | 5 => self.next(input.byte()),
            6 => {
                self.deframer.gap();
                self.model.begun = None;
            }
            _ => {
                self.resume();
                self.application.until = Some(input.byte() % 8).filter(|until| *until > 0);
            }
        }
    }

    /// The next payload of the framer comes, or is lost.
    fn next(&mut self, choice: u8) {
        let Some(payload) = self.framer.payload(choice & 1 != 0).map(<[u8]>::to_vec) else { return };
        self.framer.pop();
        if choice & 0x0E != 0 {
            self.hear(&payload);
        } else {
            self.deframer.gap();
            self.model.begun = None;
        }
    }

    fn hear(&mut self, payload: &[u8]) {
        self.model.payload(payload, self.limits, &mut self.application.expected);
        let application = &mut self.application;
        let paused = application.paused && self.deframer.is_paused();
        if !paused {
            (application.paused, self.fed) = (false, 0);
        }
        self.fed += payload.len();
        // What it says is wrong is judged by what comes out.
        _ = self.deframer.payload(payload, &mut |parts| application.takes(parts));
    }

    fn resume(&mut self) {
        let application = &mut self.application;
        application.paused = false;
        _ = self.deframer.resume(&mut |parts| application.takes(parts));
    }

    fn check(&self) {
        let (held, paused) = (self.deframer.held(), self.deframer.is_paused());
        if paused {
            assert!(held <= self.fed, "{held} bytes of {}", self.fed);
        } else {
            assert!(self.application.expected.is_empty(), "a message is missing");
            assert_eq!(self.deframer.is_joined(), self.model.begun.is_some());
            assert_eq!(held, self.model.begun.as_ref().map_or(0, Vec::len));
            // A header may be there that is not judged yet.
            assert!((held as u64).saturating_sub(9) <= self.limits.message);
        }
    }

    fn end(&mut self) {
        self.application.until = None;
        self.resume();
        assert!(!self.deframer.is_paused());
        self.check();
    }
}

/// A frame of the two forms, mostly whole.
fn frame(input: &mut Input<'_>) -> Vec<u8> {
    let (kind, body) = (input.byte(), input.text());
    let size = body.len() as u64 + u64::from(kind & 0x30 != 0x30);
    let length = if kind & 2 != 0 || size > 254 {
        [&[0xFF], &size.to_be_bytes()[..]].concat()
    } else {
        vec![size as u8]
    };
    [&length[..], &[kind & 1], body].concat()
}

/// A reader that gathers whole messages before it looks at them.
#[derive(Default)]
struct Model {
    /// The bytes since the last message; `None` outside the stream.
    begun: Option<Vec<u8>>,
}

impl Model {
    fn payload(&mut self, payload: &[u8], limits: Limits, messages: &mut VecDeque<Message>) {
        let mut begun = self.begun.take();
        let Some((word, data)) = payload.split_first_chunk() else { return };
        let offset = usize::from(u16::from_be_bytes(*word));
        let begins = offset != 0xFFFF;
        let head = if begins { offset } else { data.len() };
        if head > data.len() {
            return;
        }
        let (head, rest) = data.split_at(head);
        if let Some(bytes) = &mut begun {
            let between = bytes.is_empty();
            bytes.extend_from_slice(head);
            match parse(bytes, limits) {
                // A message ends here, and not before.
                Ok(Some((message, size))) if size == bytes.len() && !between => {
                    messages.push_back(message);
                    bytes.clear();
                }
                Ok(None) if !between && !begins || between && bytes.is_empty() => {}
                _ => begun = None,
            }
        }
        self.begun = if begins { all(rest, limits, messages) } else { begun };
    }
}

/// The messages in these bytes, and what is left of them if nothing is wrong.
fn all(mut bytes: &[u8], limits: Limits, messages: &mut VecDeque<Message>) -> Option<Vec<u8>> {
    while let Some((message, size)) = parse(bytes, limits).ok()? {
        messages.push_back(message);
        bytes = &bytes[size..];
    }
    Some(bytes.to_vec())
}

/// The message at the start, and its size. An error is what no further bytes can make right.
fn parse(bytes: &[u8], limits: Limits) -> Result<Option<(Message, usize)>, ()> {
    let (mut message, mut at, mut cost) = (Message::new(), 0, 0_u128);
    loop {
        let frame = &bytes[at..];
        let (length, header) = match frame {
            [] => return Ok(None),
            [0xFF, rest @ ..] => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            [length, ..] => (u64::from(*length), 2),
        };
        let size = length.checked_sub(1).ok_or(())?;
        let Some(flags) = frame.get(header - 1) else { return Ok(None) };
        cost += u128::from(size) + 16;
        let parts = message.len() as u64 + 1;
        let limit = limits.frame.min(isize::MAX as u64);
        if size > limit || parts > limits.parts || cost > u128::from(limits.message) {
            return Err(());
        }
        let Some(body) = usize::try_from(size).ok().and_then(|size| frame[header..].get(..size)) else {
            return Ok(None);
        };
        message.push(body.to_vec());
        at += header + body.len();
        if flags & 1 == 0 {
            return Ok(Some((message, at)));
        }
    }
}
