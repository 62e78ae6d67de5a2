//! A receiver under a virtual clock. Events are written as text: `+0` source 0 joined, `0:7` its packet 7, `0!7x2` two
//! numbers from 7 on are lost, `0#` it has finished, `0-` it is gone.

mod hostile;
mod limits;
mod order;
mod pause;
mod repair;

use super::*;
use crate::{More, PacketError, Request, To};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const PORT: u16 = 5555;
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 192, 1, 1));

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn config() -> ReceiverConfig {
    ReceiverConfig {
        port: PORT,
        group: GROUP,
        window: 1000,
        max_tpdu: 1500,
        memory: ReceiverConfig::MEMORY,
        max_sources: ReceiverConfig::SOURCES,
        seed: 7,
        timing: Timing::default(),
    }
}

/// The n-th source: its identifier and the address that it sends from.
fn origin(source: u8) -> (Tsi, SocketAddr) {
    (Tsi { gsi: [1, 2, 3, 4, 5, source], port: 100 }, SocketAddr::from(([10, 0, 0, source], 40000)))
}

fn nla(source: u8) -> IpAddr {
    IpAddr::from([10, 0, 1, source])
}

struct Bench {
    receiver: Receiver,
    now: Instant,
    seen: Vec<String>,
    /// Events until the answer is to pause.
    credit: usize,
    /// What has been sent, decoded: where to, and the numbers asked for (none: an SPMR).
    sent: VecDeque<(To, Vec<u32>)>,
}

impl Bench {
    fn new() -> Self {
        Self::with(config())
    }

    fn with(config: ReceiverConfig) -> Self {
        let receiver = Receiver::new(config);
        Self { receiver, now: Instant::now(), seen: Vec::new(), credit: usize::MAX, sent: VecDeque::new() }
    }

    fn run(&mut self, act: impl FnOnce(&mut Receiver, Instant, &mut dyn FnMut(Event<'_>) -> Flow)) {
        let (seen, credit) = (&mut self.seen, &mut self.credit);
        act(&mut self.receiver, self.now, &mut |event| {
            assert!(*credit > 0, "{event:?} was delivered after a pause");
            seen.push(written(event));
            *credit -= 1;
            if *credit == 0 { Flow::Pause } else { Flow::Go }
        });
        while let Some(transmit) = self.receiver.peek(0) {
            self.sent.push_back((transmit.to, asked(transmit.bytes).expect("a packet that can be read")));
            self.receiver.sent(1);
        }
    }

    fn packet(&mut self, (tsi, from): (Tsi, SocketAddr), body: Body<'_>) {
        let packet = Packet { tsi, port: PORT, body };
        self.run(|receiver, now, deliver| receiver.handle(now, from, &packet, deliver));
    }

    /// A data packet, its number as payload, whose trail is far away.
    fn odata(&mut self, source: u8, number: u32) {
        self.data(source, number, Sequence(number).minus(100_000).0);
    }

    fn data(&mut self, source: u8, number: u32, trail: u32) {
        let payload = number.to_string();
        let data = Data { sequence: Sequence(number), trail: Sequence(trail), payload: payload.as_bytes() };
        self.packet(origin(source), Body::Odata(data));
    }

    fn rdata(&mut self, source: u8, number: u32) {
        let payload = number.to_string();
        let trail = Sequence(number).minus(100_000);
        let data = Data { sequence: Sequence(number), trail, payload: payload.as_bytes() };
        self.packet(origin(source), Body::Rdata(data));
    }

    fn spm(&mut self, source: u8, sequence: u32, trail: u32, lead: u32) {
        self.spm_with(source, [sequence, trail, lead], nla(source), false);
    }

    fn fin(&mut self, source: u8, sequence: u32, trail: u32, lead: u32) {
        self.spm_with(source, [sequence, trail, lead], nla(source), true);
    }

    fn spm_with(&mut self, source: u8, numbers: [u32; 3], nla: IpAddr, fin: bool) {
        let [sequence, trail, lead] = numbers.map(Sequence);
        let spm = Spm { sequence, trail, lead, nla, fin };
        self.packet(origin(source), Body::Spm(spm));
    }

    fn ncf(&mut self, source: u8, numbers: &[u32]) {
        let numbers: Vec<Sequence> = numbers.iter().copied().map(Sequence).collect();
        for list in numbers.chunks(1 + Request::MAX_MORE) {
            let more = More::of(&list[1..]);
            let request = Request { first: list[0], source: nla(source), group: GROUP, more };
            self.packet(origin(source), Body::Ncf(request));
        }
    }

    fn resume(&mut self, credit: usize) {
        self.credit = credit;
        self.run(|receiver, now, deliver| receiver.resume(now, deliver));
    }

    /// Lets time pass, and timers fire exactly when they should.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.receiver.next_timeout()
            && due <= end
        {
            assert!(due >= self.now, "a timer in the past");
            self.now = due;
            self.run(|receiver, now, deliver| receiver.handle_timeout(now, deliver));
            assert!(self.receiver.next_timeout().is_none_or(|next| next > self.now), "no progress");
        }
        self.now = end;
    }

    /// The events since the last call.
    fn seen(&mut self) -> String {
        std::mem::take(&mut self.seen).join(" ")
    }

    /// The numbers asked for since the last call, a list for each NAK.
    fn asked(&mut self) -> Vec<Vec<u32>> {
        self.sent.drain(..).map(|(_, numbers)| numbers).filter(|numbers| !numbers.is_empty()).collect()
    }

    fn report(&self, source: u8) -> SourceReport {
        let (tsi, _) = origin(source);
        self.receiver.sources().find(|report| report.tsi == tsi).expect("the source is known")
    }
}

fn written(event: Event<'_>) -> String {
    match event {
        Event::Joined { source, .. } => format!("+{}", source.0),
        Event::Data { source, payload } => format!("{}:{}", source.0, String::from_utf8_lossy(payload)),
        Event::Lost { source, first, count } => format!("{}!{first}x{count}", source.0),
        Event::Finished { source } => format!("{}#", source.0),
        Event::Gone { source } => format!("{}-", source.0),
    }
}

fn asked(bytes: &[u8]) -> Result<Vec<u32>, PacketError> {
    let Packet { port, body, .. } = Packet::decode(bytes)?;
    assert_eq!(port, PORT);
    Ok(match body {
        Body::Nak(request) => {
            assert_eq!(request.group, GROUP);
            request.sequences().map(|sequence| sequence.0).collect()
        }
        Body::Spmr => Vec::new(),
        other => panic!("a receiver does not send {other:?}"),
    })
}
