//! The window, memory, the number of sources, and the cost of what is missing.

use super::*;

#[test]
fn a_full_window_loses_its_oldest_missing_numbers() {
    let mut bench = Bench::with(ReceiverConfig { window: 4, ..config() });
    bench.odata(0, 0);
    for number in [2, 4, 5] {
        bench.odata(0, number);
    }
    assert_eq!(bench.seen(), "+0 0:0 0!1x1 0:2");
    bench.odata(0, 6);
    assert_eq!(bench.seen(), "");
    bench.odata(0, 7);
    assert_eq!(bench.seen(), "0!3x1 0:4 0:5 0:6 0:7");
    bench.odata(0, 100);
    assert_eq!(bench.seen(), "0!8x89");
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[97, 98, 99]]);
    bench.spm(0, 0, 0, 200);
    assert_eq!(bench.seen(), "0!97x3 0:100 0!101x96");
}

#[test]
fn the_source_that_holds_most_loses_and_no_other() {
    let memory = 1 << 16;
    let mut bench = Bench::with(ReceiverConfig { memory, window: 10_000, ..config() });
    for source in 0..3 {
        bench.odata(source, 0);
    }
    bench.odata(0, 2);
    bench.odata(2, 2);
    bench.odata(1, 2);
    bench.odata(1, 3);
    bench.odata(1, 5);
    bench.seen();
    let mut most = 0;
    for number in 6..2000 {
        bench.odata(1, number);
        most = most.max(bench.receiver.memory());
    }
    assert!(most <= memory && most > memory - 200, "{most}");
    let seen = bench.seen();
    assert!(seen.starts_with("1!1x1 1:2 1:3 1!4x1 1:5 1:6 "), "{seen}");
    for source in [0, 2] {
        bench.rdata(source, 1);
        assert_eq!(bench.seen(), format!("{source}:1 {source}:2"));
    }
    assert_eq!(bench.receiver.memory(), 0);
}

#[test]
fn memory_counts_what_is_held() {
    let mut bench = Bench::new();
    bench.odata(0, 0);
    bench.odata(0, 1);
    assert_eq!(bench.receiver.memory(), 0);
    let (tsi, from) = origin(0);
    let data = Data { sequence: Sequence(3), trail: Sequence(0), payload: &[5; 1400] };
    bench.packet((tsi, from), Body::Odata(data));
    assert!((1400..2000).contains(&bench.receiver.memory()));
    let held = bench.receiver.memory();
    bench.spm(0, 0, 0, 900);
    assert!(bench.receiver.memory() - held < 500, "a gap costs the same whatever its length");
}

#[test]
fn a_new_source_pushes_out_the_one_heard_least_recently() {
    let mut bench = Bench::with(ReceiverConfig { max_sources: 3, ..config() });
    for source in 0..3 {
        bench.odata(source, 1);
        bench.pass(ms(10));
    }
    bench.odata(0, 2);
    bench.seen();
    bench.pass(ms(10));
    bench.odata(3, 1);
    assert_eq!(bench.seen(), "1- +3 3:1");
    // One that holds packets stays longer than one that does not, and one that has ended goes first.
    bench.odata(2, 3);
    bench.pass(ms(10));
    bench.odata(0, 3);
    bench.pass(ms(10));
    bench.odata(3, 2);
    bench.odata(4, 1);
    assert_eq!(bench.seen(), "0:3 3:2 0- +4 4:1");
    bench.pass(ms(10));
    bench.fin(4, 0, 0, 1);
    bench.odata(5, 1);
    assert_eq!(bench.seen(), "4# +5 5:1");
    // Nothing is thrown away that could be delivered.
    bench.odata(3, 4);
    bench.odata(5, 3);
    bench.odata(6, 1);
    assert_eq!(bench.seen(), "2!2x1 2:3 2- +6 6:1");
    assert_eq!(bench.receiver.sources().count(), 3);
    assert_eq!(bench.receiver.statistics().joined, 7);
}

#[test]
fn no_source_is_pushed_out_while_paused() {
    let mut bench = Bench::with(ReceiverConfig { max_sources: 1, ..config() });
    bench.credit = 2;
    bench.odata(0, 1);
    bench.odata(1, 1);
    assert_eq!(bench.receiver.statistics().refused, 1);
    bench.resume(usize::MAX);
    bench.odata(0, 2);
    bench.odata(1, 2);
    assert_eq!(bench.seen(), "+0 0:1 0:2 0- +1 1:2");
}

#[test]
fn requests_are_put_off_while_nothing_is_sent() {
    let mut bench = Bench::new();
    let mut receiver = Receiver::new(ReceiverConfig { window: 1 << 20, ..config() });
    let (tsi, from) = origin(0);
    for number in [0, 1 << 20] {
        let data = Data { sequence: Sequence(number), trail: Sequence(0), payload: &[1] };
        let packet = Packet { tsi, port: PORT, body: Body::Odata(data) };
        receiver.handle(bench.now, from, &packet, &mut |_| Flow::Go);
    }
    for _ in 0..20_000 {
        bench.now += ms(1);
        receiver.handle_timeout(bench.now, &mut |_| Flow::Go);
    }
    assert_eq!(receiver.queued(), 256);
    assert!(receiver.memory() < 100_000, "{}", receiver.memory());
    receiver.sent(usize::MAX);
    assert_eq!((receiver.queued(), receiver.peek(0)), (0, None));
}

/// Work is counted in time, with a wide margin: what costs a scan of all gaps would take minutes.
#[test]
fn thousands_of_missing_numbers_cost_no_scan_for_each_packet() {
    let mut bench = Bench::with(ReceiverConfig { window: 1 << 20, ..config() });
    bench.odata(0, 0);
    let (tsi, from) = origin(0);
    let start = Instant::now();
    let count = 100_000;
    let mut delivered = 0_u32;
    for number in (2..2 * count).step_by(2).chain((1..2 * count).step_by(2)) {
        let data = Data { sequence: Sequence(number), trail: Sequence(0), payload: &[1] };
        let packet = Packet { tsi, port: PORT, body: Body::Odata(data) };
        bench.receiver.handle(bench.now, from, &packet, &mut |event| {
            delivered += u32::from(matches!(event, Event::Data { .. }));
            Flow::Go
        });
    }
    assert_eq!((delivered, bench.receiver.memory()), (2 * count - 1, 0));
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
