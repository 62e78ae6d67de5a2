mod floods;
mod repairs;

use super::*;
use crate::Tsi;
use std::net::IpAddr;
use std::time::Duration;

const NLA: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));
const GROUP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(239, 192, 1, 1));
const TSI: Tsi = Tsi { gsi: [1, 2, 3, 4, 5, 6], port: 10_959 };
const PORT: u16 = 5_555;

/// libzmq's defaults: 100 kbit/s, and a window of ten seconds.
fn config() -> SourceConfig {
    SourceConfig {
        tsi: TSI,
        port: PORT,
        nla: NLA,
        group: GROUP,
        rate: 12_500,
        max_tpdu: 1_500,
        overhead: 28,
        window: 80,
        first: Sequence(0),
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// What a packet says, in short.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Seen {
    /// Number, trail, lead, FIN.
    Spm(u32, u32, u32, bool),
    /// Number, trail, payload.
    Odata(u32, u32, Vec<u8>),
    Rdata(u32, u32, Vec<u8>),
    Ncf(Vec<u32>),
}

/// Sends all that is queued.
fn flush(source: &mut Source) -> Vec<Seen> {
    let seen = (0..source.queued()).map(|index| seen(&source.peek(index).unwrap())).collect();
    assert!(source.peek(source.queued()).is_none());
    source.sent(source.queued());
    seen
}

fn seen(transmit: &Transmit<'_>) -> Seen {
    assert_eq!(transmit.to, To::Group);
    let packet = Packet::decode(transmit.bytes).expect("the source sends well-formed packets");
    assert_eq!((packet.tsi, packet.port), (TSI, PORT));
    match packet.body {
        Body::Spm(spm) => {
            assert_eq!(spm.nla, NLA);
            Seen::Spm(spm.sequence.0, spm.trail.0, spm.lead.0, spm.fin)
        }
        Body::Odata(data) => Seen::Odata(data.sequence.0, data.trail.0, data.payload.to_vec()),
        Body::Rdata(data) => Seen::Rdata(data.sequence.0, data.trail.0, data.payload.to_vec()),
        Body::Ncf(request) => {
            assert_eq!((request.source, request.group), (NLA, GROUP));
            Seen::Ncf(request.sequences().map(|sequence| sequence.0).collect())
        }
        Body::Nak(_) | Body::Spmr => panic!("a source does not send {packet:?}"),
    }
}

/// A source that has sent its first SPMs.
fn started(config: SourceConfig, now: Instant) -> Source {
    let mut source = Source::new(config, now).unwrap();
    source.sent(SPMS);
    source
}

/// Sends packets with one byte, their index, as soon as the rate allows it. Gives the time at the end.
fn send(source: &mut Source, mut now: Instant, count: u8) -> Instant {
    for index in 0..count {
        now = source.send_at(now, 1).unwrap_or(now);
        source.send(now, &[index]).unwrap();
        source.sent(source.queued());
    }
    now
}

fn spmr() -> Packet<'static> {
    Packet { tsi: TSI, port: PORT, body: Body::Spmr }
}

fn nak(numbers: &[Sequence]) -> Packet<'_> {
    let (&first, more) = numbers.split_first().unwrap();
    Packet {
        tsi: TSI,
        port: PORT,
        body: Body::Nak(Request { first, source: NLA, group: GROUP, more: More::of(more) }),
    }
}

#[test]
fn begins_with_three_spms_of_an_empty_window() {
    let mut source = Source::new(config(), Instant::now()).unwrap();
    let spm = |number| Seen::Spm(number, 0, u32::MAX, false);
    assert_eq!(flush(&mut source), [spm(0), spm(1), spm(2)]);
    assert_eq!(source.window(), (Sequence(0), Sequence(u32::MAX)));
    assert_eq!(source.statistics().spms, 3);
}

#[test]
fn heartbeats_tell_the_lead_after_data() {
    let start = Instant::now();
    let mut source = started(config(), start);
    assert_eq!(source.next_timeout(), Some(start + ms(30_000)), "ambient, before the first data");
    source.send(start, b"ab").unwrap();
    assert_eq!(flush(&mut source), [Seen::Odata(0, 0, b"ab".to_vec())]);
    let mut times = Vec::new();
    for number in 3..13 {
        let now = source.next_timeout().unwrap();
        source.handle_timeout(now);
        assert_eq!(flush(&mut source), [Seen::Spm(number, 0, 0, false)]);
        times.push(now.duration_since(start).as_millis());
    }
    assert_eq!(times, [100, 200, 300, 400, 500, 1_800, 8_800, 24_800, 54_800, 84_800]);
    source.handle_timeout(start + ms(84_801));
    assert_eq!(source.queued(), 0, "nothing is due in between");
}

#[test]
fn an_spm_is_not_queued_behind_another() {
    let start = Instant::now();
    let mut source = started(config(), start);
    source.send(start, b"ab").unwrap();
    (1..600).for_each(|step| source.handle_timeout(start + ms(100 * step)));
    assert_eq!(source.queued(), 2, "the data, and one SPM");
    assert!(source.next_timeout() > Some(start + ms(59_900)), "what is due was dealt with");
}

#[test]
fn packets_stay_in_order_until_they_are_sent() {
    let start = Instant::now();
    let mut source = started(config(), start);
    for payload in [&b"aa"[..], b"bb", b"cc"] {
        source.send(start, payload).unwrap();
    }
    let data = |number: u32, byte| Seen::Odata(number, 0, vec![byte; 2]);
    assert_eq!(seen(&source.peek(1).unwrap()), data(1, b'b'));
    source.sent(1);
    assert_eq!(seen(&source.peek(0).unwrap()), data(1, b'b'));
    assert_eq!(flush(&mut source), [data(1, b'b'), data(2, b'c')]);
    source.sent(5);
    assert_eq!(source.queued(), 0);
    assert_eq!((source.statistics().data, source.statistics().data_bytes), (3, 6));
}

#[test]
fn numbers_go_on_over_the_end() {
    let start = Instant::now();
    let first = Sequence(u32::MAX - 1);
    let mut source = started(SourceConfig { window: 3, first, ..config() }, start);
    let now = send(&mut source, start, 4);
    assert_eq!(source.window(), (Sequence(u32::MAX), Sequence(1)));
    source.handle(now, &nak(&[Sequence(u32::MAX), Sequence(0), first]));
    let rdata = |number, byte| Seen::Rdata(number, u32::MAX, vec![byte]);
    let ncf = Seen::Ncf(vec![u32::MAX, 0, first.0]);
    assert_eq!(flush(&mut source), [ncf, rdata(u32::MAX, 1), rdata(0, 2)]);
    source.send(now, b"z").unwrap();
    assert_eq!(flush(&mut source), [Seen::Odata(2, 0, b"z".to_vec())]);
}

#[test]
fn what_is_not_sent_yet_outlives_a_short_window() {
    let start = Instant::now();
    let mut source = started(SourceConfig { window: 1, ..config() }, start);
    (0..5).for_each(|byte| _ = source.send(start, &[byte]).unwrap());
    assert_eq!(source.window(), (Sequence(4), Sequence(4)));
    let expected: Vec<_> = (0..5).map(|number| Seen::Odata(number, number, vec![number as u8])).collect();
    assert_eq!(flush(&mut source), expected);
}

#[test]
fn payloads_that_cannot_be_sent() {
    let now = Instant::now();
    let mut source = started(config(), now);
    assert_eq!(source.max_payload(), 1_428);
    assert_eq!(source.send_at(now, 100_000), None, "as the longest");
    assert_eq!(source.send(now, &[]), Err(SendError::Empty));
    assert_eq!(source.send(now, &[0; 1_429]), Err(SendError::TooLong { length: 1_429, limit: 1_428 }));
    assert_eq!(source.send(now, &[0; 1_428]), Ok(Sequence(0)));
    assert_eq!(source.peek(0).unwrap().bytes.len(), 1_452);
    source.close(now);
    assert_eq!(source.send(now, b"ab"), Err(SendError::Closed));
}

#[test]
fn the_rate_counts_headers() {
    let start = Instant::now();
    let mut source = started(config(), start);
    // One second's worth at once: 8 datagrams of 1,480 bytes out of 12,500, as libzmq does.
    for _ in 0..8 {
        assert_eq!(source.send_at(start, 1_428), None);
        source.send(start, &[1; 1_428]).unwrap();
    }
    // 660 bytes are left, and 820 take 65.6 ms.
    let at = start + Duration::from_micros(65_600);
    assert_eq!(source.send_at(start, 1_428), Some(at));
    assert_eq!(source.send(start, &[1; 1_428]), Err(SendError::TooSoon { at }));
    assert_eq!(source.window().1, Sequence(7), "nothing refused is advertised");
    assert_eq!(source.send_at(start, 600), None, "a shorter one may go");
    assert_eq!(source.send(at, &[1; 1_428]), Ok(Sequence(8)));
}

#[test]
fn a_fast_source_sends_a_millisecond_at_once() {
    let start = Instant::now();
    let burst = |rate| {
        let mut source = started(SourceConfig { rate, ..config() }, start);
        (0..2_000).take_while(|_| source.send(start, &[1; 1_428]).is_ok()).count()
    };
    assert_eq!(burst(15_000_000), 10);
    assert_eq!(burst(1_500_000), 1);
    assert_eq!(burst(1_499_999), 1_013, "below it is a second's worth");
}

#[test]
fn the_rate_is_kept_over_a_minute() {
    let start = Instant::now();
    for (rate, payload) in [(12_500, 1_428), (12_500, 1), (12_500, 331), (1_250_000, 997), (2_000_003, 1_413)]
    {
        let mut source = started(SourceConfig { rate, ..config() }, start);
        let (mut now, mut bytes) = (start, 0);
        while now < start + ms(60_000) {
            match source.send(now, &vec![1; payload]) {
                Ok(_) => bytes += source.peek(0).unwrap().bytes.len() + 28,
                Err(SendError::TooSoon { at }) => now = at,
                Err(error) => panic!("{error}"),
            }
            source.sent(source.queued());
        }
        let share = bytes as f64 / (60 * rate) as f64;
        assert!((0.98..1.02).contains(&share), "{share} of {rate} with {payload} bytes");
    }
}

#[test]
fn ends_with_three_fins_after_the_data() {
    let start = Instant::now();
    let mut source = started(config(), start);
    source.send(start, b"ab").unwrap();
    source.close(start);
    source.close(start);
    let fin = |number| Seen::Spm(number, 0, 0, true);
    assert_eq!(flush(&mut source), [Seen::Odata(0, 0, b"ab".to_vec()), fin(3), fin(4), fin(5)]);
    assert_eq!(source.next_timeout(), None, "nothing more is told");
    source.handle(start, &nak(&[Sequence(0)]));
    assert_eq!(flush(&mut source), [Seen::Ncf(vec![0]), Seen::Rdata(0, 0, b"ab".to_vec())]);
    assert_eq!(source.next_timeout(), None);
    source.handle(start, &spmr());
    assert_eq!(flush(&mut source), [fin(6)]);
}

#[test]
fn sources_that_cannot_be() {
    let check = |config| Source::new(config, Instant::now()).map(|_| ()).unwrap_err();
    let rate = ConfigError::Rate { rate: 1_499, max_tpdu: 1_500 };
    assert_eq!(check(SourceConfig { rate: 1_499, ..config() }), rate);
    let size = |max_tpdu| ConfigError::MaxTpdu { max_tpdu, least: 73, most: 65_535 };
    assert_eq!(check(SourceConfig { max_tpdu: 72, ..config() }), size(72));
    assert_eq!(check(SourceConfig { max_tpdu: 65_536, rate: 100_000, ..config() }), size(65_536));
    let window = |window| ConfigError::Window { window, most: 1 << 30 };
    assert_eq!(check(SourceConfig { window: 0, ..config() }), window(0));
    assert_eq!(check(SourceConfig { window: u32::MAX, ..config() }), window(u32::MAX));
    let group = IpAddr::from([0xff08, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(check(SourceConfig { group, ..config() }), ConfigError::Family { nla: NLA, group });
    let mut least = Source::new(SourceConfig { max_tpdu: 73, rate: 73, ..config() }, Instant::now()).unwrap();
    assert_eq!(least.max_payload(), 1);
    assert_eq!(least.send(Instant::now(), &[1]), Ok(Sequence(0)));
}
