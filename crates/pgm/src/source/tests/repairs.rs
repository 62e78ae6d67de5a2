//! Answers to what receivers ask for.

use super::*;

#[test]
fn a_nak_is_confirmed_and_repaired() {
    let start = Instant::now();
    let mut source = started(config(), start);
    send(&mut source, start, 5);
    source.handle(start, &nak(&[Sequence(3)]));
    assert_eq!(flush(&mut source), [Seen::Ncf(vec![3]), Seen::Rdata(3, 0, vec![3])]);
    source.handle(start, &nak(&[Sequence(1), Sequence(2), Sequence(4)]));
    let rdata = |number: u32| Seen::Rdata(number, 0, vec![number as u8]);
    assert_eq!(flush(&mut source), [Seen::Ncf(vec![1, 2, 4]), rdata(1), rdata(2), rdata(4)]);
    let statistics = source.statistics();
    assert_eq!((statistics.naks, statistics.requested), (2, 4));
    assert_eq!((statistics.confirmations, statistics.repairs, statistics.refused), (2, 4, 0));
}

#[test]
fn the_longest_list_is_answered_at_once() {
    let start = Instant::now();
    let mut source = started(config(), start);
    let now = send(&mut source, start, 63);
    let numbers: Vec<_> = (0..63).map(Sequence).collect();
    source.handle(now, &nak(&numbers));
    assert_eq!(source.queued(), 64);
    assert_eq!(flush(&mut source)[0], Seen::Ncf((0..63).collect()));
}

#[test]
fn a_repair_tells_the_trail_of_now() {
    let start = Instant::now();
    let mut source = started(SourceConfig { window: 4, ..config() }, start);
    let mut now = send(&mut source, start, 4);
    source.handle(now, &nak(&[Sequence(3)]));
    assert_eq!(flush(&mut source)[1], Seen::Rdata(3, 0, vec![3]));
    now = send(&mut source, now, 2);
    source.handle(now, &nak(&[Sequence(3)]));
    assert_eq!(flush(&mut source)[1], Seen::Rdata(3, 2, vec![3]));
}

#[test]
fn what_has_left_the_window_is_only_confirmed() {
    let start = Instant::now();
    let mut source = started(SourceConfig { window: 2, ..config() }, start);
    let now = send(&mut source, start, 5);
    source.handle(now, &nak(&[Sequence(2), Sequence(3)]));
    assert_eq!(flush(&mut source), [Seen::Ncf(vec![2, 3]), Seen::Rdata(3, 3, vec![3])]);
}

#[test]
fn what_was_never_sent_is_not_confirmed() {
    let start = Instant::now();
    let mut source = started(config(), start);
    source.handle(start, &nak(&[Sequence(0)]));
    assert_eq!((source.queued(), source.statistics().refused), (0, 1), "there is no data at all");
    let now = send(&mut source, start, 2);
    source.handle(now, &nak(&[Sequence(2), Sequence(1), Sequence(1 << 30)]));
    assert_eq!(flush(&mut source), [Seen::Ncf(vec![1]), Seen::Rdata(1, 0, vec![1])]);
    source.handle(now, &nak(&[Sequence(2)]));
    assert_eq!((source.queued(), source.statistics().refused), (0, 2));
}

#[test]
fn what_waits_to_be_sent_is_not_queued_again() {
    let start = Instant::now();
    let mut source = started(config(), start);
    source.send(start, b"ab").unwrap();
    source.handle(start, &nak(&[Sequence(0)]));
    source.handle(start, &nak(&[Sequence(0), Sequence(0)]));
    let ncfs = [Seen::Ncf(vec![0]), Seen::Ncf(vec![0, 0])];
    let queued = flush(&mut source);
    assert_eq!(queued[0], Seen::Odata(0, 0, b"ab".to_vec()), "the first one answers");
    assert_eq!(queued[1..], ncfs);
    (0..2).for_each(|_| source.handle(start, &nak(&[Sequence(0)])));
    assert_eq!(source.queued(), 3, "two NCFs and one RDATA");
    source.sent(3);
    source.handle(start, &nak(&[Sequence(0)]));
    assert_eq!(source.queued(), 2, "once it is sent it may be asked for again");
}

#[test]
fn naks_for_others_are_refused() {
    let start = Instant::now();
    let mut source = started(config(), start);
    send(&mut source, start, 1);
    let good = nak(&[Sequence(0)]);
    let Body::Nak(request) = good.body else { unreachable!() };
    let other = IpAddr::from([10, 77, 0, 2]);
    let bad = [
        Packet { tsi: Tsi { gsi: [9; 6], ..TSI }, ..good },
        Packet { tsi: Tsi { port: 1, ..TSI }, ..good },
        Packet { port: 5_556, ..good },
        Packet { body: Body::Nak(Request { source: other, ..request }), ..good },
        Packet { body: Body::Nak(Request { group: other, ..request }), ..good },
    ];
    for (index, packet) in bad.iter().enumerate() {
        source.handle(start, packet);
        assert_eq!((source.queued(), source.statistics().refused), (0, index as u64 + 1), "{packet:?}");
    }
    assert_eq!(source.statistics().naks, 0);
    source.handle(start, &good);
    assert_eq!((source.queued(), source.statistics().refused), (2, 5));
}

#[test]
fn packets_that_are_not_for_a_source_are_ignored() {
    let start = Instant::now();
    let mut source = started(config(), start);
    send(&mut source, start, 1);
    let Body::Nak(request) = nak(&[Sequence(0)]).body else { unreachable!() };
    let data = Data { sequence: Sequence(0), trail: Sequence(0), payload: b"ab" };
    let other = Packet { tsi: Tsi { port: 1, ..TSI }, ..spmr() };
    let bodies = [Body::Ncf(request), Body::Odata(data), Body::Rdata(data)];
    for packet in bodies.map(|body| Packet { body, ..spmr() }).iter().chain([&other]) {
        source.handle(start, packet);
    }
    assert_eq!((source.queued(), source.statistics().refused), (0, 0));
}

#[test]
fn an_spmr_is_answered_at_once() {
    let start = Instant::now();
    let mut source = started(config(), start);
    send(&mut source, start, 2);
    source.handle(start, &spmr());
    assert_eq!(flush(&mut source), [Seen::Spm(3, 0, 1, false)]);
    source.handle(start, &spmr());
    assert_eq!((source.queued(), source.next_timeout()), (0, Some(start + ms(10))));
    source.handle_timeout(start + ms(10));
    assert_eq!(flush(&mut source), [Seen::Spm(4, 0, 1, false)]);
}

#[test]
fn heartbeats_follow_a_repair() {
    let start = Instant::now();
    let mut source = started(config(), start);
    send(&mut source, start, 2);
    let later = start + ms(25_000);
    source.handle_timeout(later);
    source.handle(later, &nak(&[Sequence(0)]));
    assert_eq!(source.next_timeout(), Some(later + ms(100)));
}

/// A source with 80 packets that all are asked for, of which the first burst was sent. Gives the time.
fn all_asked_for() -> (Source, Instant) {
    let mut now = Instant::now();
    let mut source = started(config(), now);
    for _ in 0..80 {
        now = source.send_at(now, 1_428).unwrap_or(now);
        source.send(now, &[1; 1_428]).unwrap();
        source.sent(1);
    }
    let numbers: Vec<_> = (0..80).map(Sequence).collect();
    source.handle(now, &nak(&numbers[..63]));
    source.handle(now, &nak(&numbers[63..]));
    // The first burst is of 63 datagrams of 1,500 bytes, and these have 1,480.
    assert_eq!(source.queued(), 2 + 63);
    source.sent(65);
    (source, now)
}

#[test]
fn repairs_wait_for_their_rate() {
    let (mut source, now) = all_asked_for();
    let end = now + ms(2_100);
    while let Some(at) = source.next_timeout().filter(|at| *at <= end) {
        source.handle_timeout(at);
        source.sent(source.queued());
    }
    assert_eq!(source.statistics().repairs, 80, "17 datagrams at 25,000 bytes a second");
}

#[test]
fn repairs_that_are_due_go_before_the_end() {
    let (mut source, now) = all_asked_for();
    source.close(now + ms(100));
    assert!(matches!(
        flush(&mut source)[..],
        [Seen::Rdata(63, ..), Seen::Rdata(64, ..), Seen::Spm(.., true), ..]
    ));
    assert!(source.next_timeout().is_some(), "and the rest later");
}
