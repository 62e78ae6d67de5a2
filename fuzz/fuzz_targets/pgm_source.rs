//! A source whatever receivers ask of it: it sends its data once and in order, and no more of anything else than its
//! limits say.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgm::{Body, More, Packet, Request, SendError, Sequence, Source, SourceConfig};
use std::time::{Duration, Instant};
use zincmq_fuzz::datagram::{self, GROUP, PORT, address, sign, tsi};
use zincmq_fuzz::input::Input;

const RATE: u64 = 50_000;
const MAX_TPDU: usize = 400;
const OVERHEAD: usize = 28;
/// More packets than may wait.
const QUEUE: usize = 1_024 + 1_024 + 64 + 8;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let mut world = World::new(&mut input);
    while !input.is_over() {
        world.step(&mut input);
        world.check();
    }
    world.empty();
    // Once nobody asks, only the SPMs go on.
    let asked_for = world.now + Duration::from_secs(120);
    while let Some(at) = world.source.next_timeout().filter(|at| *at < asked_for) {
        world.pass(at);
        world.empty();
    }
    world.check();
});

struct World {
    source: Source,
    start: Instant,
    now: Instant,
    window: u32,
    next: Sequence,
    /// The number of the next data to be seen on the network.
    seen: Sequence,
    /// Bytes of RDATA and of NCFs on the network.
    repairs: usize,
    confirmations: usize,
}

impl World {
    fn new(input: &mut Input<'_>) -> Self {
        let first = if input.byte() & 1 == 0 { Sequence(0) } else { Sequence(0).minus(5) };
        let window = 1 + u32::from(input.byte());
        let now = Instant::now();
        let config = SourceConfig {
            tsi: tsi(1),
            port: PORT,
            nla: address(1),
            group: GROUP,
            rate: RATE,
            max_tpdu: MAX_TPDU,
            overhead: OVERHEAD,
            window,
            first,
        };
        let source = Source::new(config, now).unwrap();
        Self { source, start: now, now, window, next: first, seen: first, repairs: 0, confirmations: 0 }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 8 {
            0 => self.send(input.word() % 500),
            1 => self.ask(input),
            2 => self.hear(&Packet { tsi: tsi(1), port: PORT, body: Body::Spmr }),
            3 => {
                let count = usize::from(input.byte());
                let mut packet = input.take(count).to_vec();
                sign(&mut packet);
                if let Ok(packet) = Packet::decode(&packet) {
                    self.hear(&packet);
                }
            }
            4 => self.take(usize::from(input.byte())),
            5 => self.pass(self.now + Duration::from_micros(200 * input.word() as u64)),
            6 => {
                if let Some(at) = self.source.next_timeout() {
                    self.pass(at);
                }
            }
            _ if input.byte() == 7 => self.source.close(self.now),
            _ => self.empty(),
        }
    }

    fn send(&mut self, size: usize) {
        let may = self.source.send_at(self.now, size);
        match self.source.send(self.now, &vec![7; size]) {
            Ok(sequence) => {
                assert!(may.is_none() && size > 0 && size <= self.source.max_payload());
                assert_eq!(sequence, self.next);
                self.next = self.next.next();
            }
            Err(SendError::TooSoon { at }) => assert!(at > self.now && may == Some(at)),
            Err(SendError::Empty) => assert_eq!(size, 0),
            Err(SendError::TooLong { .. }) => assert!(size > self.source.max_payload()),
            Err(_) => {}
        }
    }

    /// A NAK for numbers around the newest.
    fn ask(&mut self, input: &mut Input<'_>) {
        let choice = input.byte();
        let first = self.next.minus(u32::from(input.byte())).plus(u32::from(choice >> 6) * 100);
        let mut last = first;
        let count = usize::from(input.byte());
        let more = input.take(count).iter().map(|step| {
            last = last.plus(u32::from(*step));
            last
        });
        let more: Vec<Sequence> = more.collect();
        let source = address(if choice & 15 == 1 { 2 } else { 1 });
        let group = if choice & 15 == 2 { address(3) } else { GROUP };
        let tsi = tsi(if choice & 15 == 3 { 2 } else { 1 });
        let request = Request { first, source, group, more: More::of(&more) };
        let before = self.source.statistics();
        self.hear(&Packet { tsi, port: PORT, body: Body::Nak(request) });
        let after = self.source.statistics();
        if matches!(choice & 15, 1..=3) {
            assert_eq!((after.naks, after.refused), (before.naks, before.refused + 1));
        }
    }

    fn hear(&mut self, packet: &Packet<'_>) {
        self.source.handle(self.now, packet);
    }

    fn pass(&mut self, to: Instant) {
        self.now = self.now.max(to);
        self.source.handle_timeout(self.now);
        assert!(
            self.source.next_timeout().is_none_or(|at| at > self.now),
            "a timer that is due at once again"
        );
    }

    fn empty(&mut self) {
        while self.source.queued() > 0 {
            self.take(64);
        }
    }

    /// Some packets go to the network.
    fn take(&mut self, count: usize) {
        let count = count.min(self.source.queued());
        for index in 0..count {
            let sent = self.source.peek(index).expect("a queued packet");
            let packet = Packet::decode(sent.bytes).expect("a packet");
            assert!(datagram::is_packet(sent.bytes) && sent.bytes.len() + OVERHEAD <= MAX_TPDU);
            assert_eq!((packet.tsi, packet.port), (tsi(1), PORT));
            match packet.body {
                Body::Odata(data) => {
                    assert_eq!(data.sequence, self.seen, "new data in order");
                    self.seen = self.seen.next();
                }
                Body::Rdata(data) => {
                    assert!(data.sequence.is_before(self.seen), "a repair after the data");
                    self.repairs += sent.bytes.len() + OVERHEAD;
                }
                Body::Ncf(request) => {
                    assert!(request.sequences().all(|sequence| sequence.is_before(self.next)));
                    self.confirmations += sent.bytes.len() + OVERHEAD;
                }
                Body::Spm(spm) => assert!(spm.lead.is_before(self.next)),
                Body::Nak(_) | Body::Spmr => panic!("{packet:?}"),
            }
        }
        self.source.sent(count);
    }

    fn check(&self) {
        assert!(self.source.queued() <= QUEUE);
        let (trail, lead) = self.source.window();
        assert!(lead == self.next.minus(1) && lead.next().since(trail) <= self.window as i32);
        let seconds = self.now.duration_since(self.start).as_secs_f64();
        let burst = 63 * MAX_TPDU + RATE as usize;
        assert!(
            self.repairs as f64 <= seconds * 2.0 * RATE as f64 + burst as f64,
            "{} of repairs",
            self.repairs
        );
        assert!(self.confirmations as f64 <= (1.0 + seconds) * RATE as f64, "{} of NCFs", self.confirmations);
    }
}
