//! Floods: what others send bounds neither memory nor what the group gets.

use super::*;

/// The bytes on the wire of what is queued, which is then sent.
fn flush_bytes(source: &mut Source) -> usize {
    let bytes = (0..source.queued()).map(|index| source.peek(index).unwrap().bytes.len() + 28).sum();
    source.sent(source.queued());
    bytes
}

#[test]
fn naks_while_nothing_can_be_sent() {
    let start = Instant::now();
    let mut source = started(config(), start);
    let now = send(&mut source, start, 80);
    let numbers: Vec<_> = (0..63).map(Sequence).collect();
    for step in 0..100_000_u32 {
        let now = now + ms(step.into());
        source.handle(now, &nak(&numbers));
        source.handle(now, &nak(&[Sequence(step % 80)]));
        source.handle_timeout(now);
    }
    assert!(source.queued() <= 80 + 64 + 1, "{} packets", source.queued());
    let statistics = source.statistics();
    assert_eq!(statistics.confirmations + statistics.unconfirmed, 200_000);
    assert_eq!((statistics.confirmations, statistics.repairs), (64, 80));
}

#[test]
fn naks_that_make_the_source_send() {
    let start = Instant::now();
    let mut source = started(config(), start);
    let mut now = start;
    for _ in 0..80 {
        now = source.send_at(now, 1_428).unwrap_or(now);
        source.send(now, &[1; 1_428]).unwrap();
        source.sent(source.queued());
    }
    let numbers: Vec<_> = (18..81).map(|number| Sequence(number - 1)).collect();
    let (mut bytes, seconds) = (0, 20);
    for step in 0..seconds * 1_000 {
        let now = now + ms(step);
        source.handle(now, &nak(&numbers));
        source.handle_timeout(now);
        bytes += flush_bytes(&mut source);
    }
    // Twice the rate for repairs, half of it for NCFs, SPMs, and the bursts.
    let most = seconds as usize * 12_500 * 5 / 2 + 63 * 1_500 + 64 * 364 + seconds as usize * 10 * 64;
    assert!(bytes <= most, "{bytes} bytes, not {most}");
    assert!(source.statistics().unconfirmed > 15_000);
    assert!(source.statistics().repairs > seconds * 15, "honest receivers are served all the same");
}

#[test]
fn naks_while_the_window_moves() {
    let start = Instant::now();
    let mut source = started(SourceConfig { window: 8, rate: 1_250_000, ..config() }, start);
    let mut now = start;
    for number in 0..20_000_u32 {
        now = source.send_at(now, 1_000).unwrap_or(now);
        source.send(now, &[1; 1_000]).unwrap();
        source.sent(source.queued());
        let numbers: Vec<_> = (0..8).map(|back| Sequence(number).minus(back)).collect();
        source.handle(now, &nak(&numbers));
        assert!(source.queued() <= 9, "an NCF, and each packet once");
    }
    source.handle_timeout(now + ms(10_000));
    assert!(source.queued() <= 10, "nothing old waits any more");
    source.sent(source.queued());
    source.handle(now + ms(10_000), &nak(&[Sequence(19_999)]));
    assert!(
        (0..source.queued())
            .any(|index| matches!(seen(&source.peek(index).unwrap()), Seen::Rdata(19_999, ..)))
    );
}

#[test]
fn spmrs_get_one_answer_each_ten_milliseconds() {
    let start = Instant::now();
    let mut source = started(config(), start);
    for step in 0..100_000 {
        let now = start + Duration::from_micros(10 * step);
        source.handle(now, &spmr());
        source.handle_timeout(now);
        assert!(source.queued() <= 1);
        source.sent(source.queued());
    }
    assert_eq!(source.statistics().spms, 3 + 100);
    (0..1_000).for_each(|step| source.handle(start + ms(2_000 + 10 * step), &spmr()));
    assert_eq!(source.queued(), 1, "and no queue of them, if nothing can be sent");
}

#[test]
fn data_while_nothing_can_be_sent() {
    let start = Instant::now();
    let mut source = started(SourceConfig { window: 1, rate: 1_000_000_000, ..config() }, start);
    let mut now = start;
    let taken = (0..10_000)
        .take_while(|_| {
            now = source.send_at(now, 1).unwrap_or(now);
            source.send(now, &[1]) != Err(SendError::Backlog)
        })
        .count();
    assert_eq!((taken, source.queued()), (1_024, 1_024));
    assert_eq!(source.window().1, Sequence(1_023), "what is refused takes no number");
    source.sent(1);
    assert_eq!(source.send(now + ms(1), &[1]), Ok(Sequence(1_024)));
}
