//! A receiver of PGM whatever comes: events in order, memory within its limit, and an end once all are silent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgm::{Body, Event, Flow, Packet, Receiver, ReceiverConfig, Sequence, SourceId, Timing, To};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use zincmq_fuzz::datagram::{Drawn, GROUP, PORT, address, sign, tsi};
use zincmq_fuzz::input::Input;

const MAX_TPDU: usize = 1_500;
/// Packets that may wait to be sent.
const QUEUE: usize = 256;
/// What may be held beyond the limit: one packet, and what is known about missing ones.
const BEYOND: usize = MAX_TPDU + 1_000;

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
    receiver: Receiver,
    config: ReceiverConfig,
    now: Instant,
    application: Application,
}

#[derive(Default)]
struct Application {
    streams: HashMap<SourceId, Stream>,
    /// The next event is the last for some time.
    pauses: bool,
    paused: bool,
}

struct Stream {
    /// Its payloads tell their numbers.
    drawn: bool,
    next: Option<Sequence>,
    over: bool,
}

impl Application {
    fn takes(&mut self, event: &Event<'_>) -> Flow {
        assert!(!self.paused, "{event:?} while paused");
        match *event {
            Event::Joined { source, tsi, .. } => {
                let stream = Stream { drawn: tsi.gsi[0] == 0, next: None, over: false };
                assert!(self.streams.insert(source, stream).is_none(), "a name that was used before");
            }
            Event::Data { source, payload } => self.stream(source).data(payload),
            Event::Lost { source, first, count } => {
                let stream = self.stream(source);
                assert!(
                    count > 0 && stream.next.is_none_or(|next| next == first),
                    "{event:?}, not {:?}",
                    stream.next
                );
                stream.next = Some(first.plus(count));
            }
            Event::Finished { source } | Event::Gone { source } => self.stream(source).over = true,
        }
        self.paused = std::mem::take(&mut self.pauses);
        if self.paused { Flow::Pause } else { Flow::Go }
    }

    fn stream(&mut self, source: SourceId) -> &mut Stream {
        let stream = self.streams.get_mut(&source).expect("a source that joined");
        assert!(!stream.over, "an event after the last");
        stream
    }
}

impl Stream {
    fn data(&mut self, payload: &[u8]) {
        if let Some(number) = payload.first_chunk().filter(|_| self.drawn) {
            let number = Sequence(u32::from_be_bytes(*number));
            assert!(self.next.is_none_or(|next| next == number), "{number:?}, not {:?}", self.next);
            self.next = Some(number);
        }
        self.next = self.next.map(Sequence::next);
    }
}

impl World {
    fn new(input: &mut Input<'_>) -> Self {
        let memory = 100 * usize::from(input.byte());
        let config = ReceiverConfig {
            port: PORT,
            group: GROUP,
            window: 1 + u32::from(input.byte()),
            max_tpdu: MAX_TPDU,
            memory,
            max_sources: usize::from(input.byte() % 8),
            seed: 1,
            timing: Timing::default(),
        };
        let receiver = Receiver::new(config.clone());
        Self { receiver, config, now: Instant::now(), application: Application::default() }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0 => {
                let drawn = Drawn::downstream(input, |source| self.base(source));
                self.hear(drawn.source, drawn.bytes());
            }
            1 => self.raw(input),
            2 => self.pass(self.now + Duration::from_millis(input.word() as u64)),
            3 => _ = self.on_time(),
            4 => self.application.pauses = true,
            5 => self.resume(),
            6 => self.take(usize::from(input.byte())),
            _ => self.pass(self.now + Duration::from_secs(2 * u64::from(input.byte()))),
        }
    }

    /// Where the numbers of a source are.
    fn base(&self, source: u8) -> Sequence {
        let known = self.receiver.sources().find(|report| report.tsi == tsi(source));
        known.map_or(Sequence(0).minus(10), |report| report.next)
    }

    /// Bytes of the input, as a packet of none of the drawn sources.
    fn raw(&mut self, input: &mut Input<'_>) {
        let count = usize::from(input.byte());
        let mut bytes = input.take(count).to_vec();
        bytes.get_mut(8).into_iter().for_each(|gsi| *gsi |= 0x80);
        sign(&mut bytes);
        self.hear(9, &bytes);
    }

    fn hear(&mut self, source: u8, bytes: &[u8]) {
        if let Ok(packet) = Packet::decode(bytes) {
            let from = SocketAddr::new(address(source), 4_000);
            let Self { receiver, application, .. } = self;
            receiver.handle(self.now, from, &packet, &mut |event| application.takes(&event));
        }
    }

    fn pass(&mut self, to: Instant) {
        self.now = self.now.max(to);
        let Self { receiver, application, .. } = self;
        receiver.handle_timeout(self.now, &mut |event| application.takes(&event));
        let next = self.receiver.next_timeout();
        assert!(next.is_none_or(|at| at > self.now), "a timer that is due at once again");
    }

    fn on_time(&mut self) -> bool {
        let next = self.receiver.next_timeout();
        next.into_iter().for_each(|at| self.pass(at));
        next.is_some()
    }

    fn resume(&mut self) {
        self.application.paused = false;
        let Self { receiver, application, .. } = self;
        receiver.resume(self.now, &mut |event| application.takes(&event));
    }

    /// Some packets go to the network.
    fn take(&mut self, count: usize) {
        let count = count.min(self.receiver.queued());
        for index in 0..count {
            let sent = self.receiver.peek(index).expect("a queued packet");
            let packet = Packet::decode(sent.bytes).expect("a packet");
            assert_eq!(packet.port, PORT);
            match (packet.body, sent.to) {
                (Body::Nak(request), To::Host(host)) => {
                    assert_eq!(request.group, GROUP);
                    // Whatever address a source names, only those that packets come from are asked.
                    assert!((0..=u8::MAX).any(|source| address(source) == host.ip()), "{host}");
                    assert_eq!(host.port(), PORT);
                    let numbers: Vec<_> = request.sequences().collect();
                    assert!(numbers.windows(2).all(|pair| pair[0].is_before(pair[1])), "{numbers:?}");
                }
                (Body::Spmr, To::GroupNear | To::Host(_)) => {}
                other => panic!("{other:?}"),
            }
        }
        self.receiver.sent(count);
    }

    fn check(&self) {
        assert!(self.receiver.queued() <= QUEUE);
        let memory = self.receiver.memory();
        assert!(memory <= self.config.memory + BEYOND, "{memory} bytes of {}", self.config.memory);
        let sources = self.receiver.sources().count();
        assert!(sources <= self.config.max_sources.max(1));
        let missing: u64 = self.receiver.sources().map(|report| report.missing).sum();
        assert!(missing <= sources as u64 * u64::from(self.config.window));
    }

    /// Nobody says any more.
    fn end(&mut self) {
        self.application.pauses = false;
        self.resume();
        for _ in 0..40 {
            self.take(QUEUE);
            if !self.on_time() {
                break;
            }
            self.check();
        }
        for _ in 0..3 {
            self.take(QUEUE);
            self.pass(self.now + Duration::from_secs(301));
        }
        assert_eq!((self.receiver.sources().count(), self.receiver.memory()), (0, 0));
        assert_eq!(self.receiver.next_timeout(), None);
    }
}
