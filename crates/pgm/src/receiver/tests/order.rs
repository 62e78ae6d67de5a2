//! Joining, the order of delivery, and the end.

use super::*;

#[test]
fn joins_by_data_and_delivers_it() {
    let mut bench = Bench::new();
    bench.odata(0, 7);
    bench.odata(0, 8);
    bench.odata(0, 6);
    assert_eq!(bench.seen(), "+0 0:7 0:8");
    bench.pass(ms(20));
    assert!(bench.asked().is_empty(), "what came before is not asked for");
    assert_eq!(bench.report(0).statistics.duplicates, 1);
}

#[test]
fn joins_by_spm_behind_its_lead() {
    let mut bench = Bench::new();
    bench.spm(0, 0, 0, u32::MAX);
    bench.spm(1, 9, 3, 10);
    bench.odata(1, 10);
    bench.odata(1, 11);
    bench.odata(0, 0);
    assert_eq!(bench.seen(), "+0 +1 1:11 0:0");
}

#[test]
fn a_repair_confirmation_or_end_alone_joins_nothing() {
    let mut bench = Bench::new();
    bench.rdata(0, 4);
    bench.ncf(0, &[4]);
    bench.fin(0, 4, 0, 7);
    assert_eq!(bench.seen(), "");
    assert_eq!(bench.receiver.next_timeout(), None);
    assert_eq!(bench.receiver.statistics().joined, 0);
}

#[test]
fn delivers_the_next_packet_from_its_own_bytes() {
    let mut bench = Bench::new();
    bench.odata(0, 1);
    let (tsi, from) = origin(0);
    for (number, repair) in [(2, false), (4, false), (3, true)] {
        let payload = [number; 8];
        let data = Data { sequence: Sequence(u32::from(number)), trail: Sequence(1), payload: &payload };
        let body = if repair { Body::Rdata(data) } else { Body::Odata(data) };
        let mut places = Vec::new();
        bench.receiver.handle(bench.now, from, &Packet { tsi, port: PORT, body }, &mut |event| {
            if let Event::Data { payload, .. } = event {
                places.push((payload.as_ptr(), payload[0]));
            }
            Flow::Go
        });
        match number {
            2 => assert_eq!(places, [(payload.as_ptr(), 2)]),
            4 => assert!(places.is_empty()),
            _ => assert!(matches!(places[..], [(place, 3), (_, 4)] if place == payload.as_ptr())),
        }
    }
    assert_eq!(bench.receiver.memory(), 0);
}

#[test]
fn puts_packets_in_order_and_drops_copies() {
    let mut bench = Bench::new();
    for number in [1, 4, 3, 4, 1, 2, 3, 5] {
        bench.odata(0, number);
    }
    assert_eq!(bench.seen(), "+0 0:1 0:2 0:3 0:4 0:5");
    let report = bench.report(0);
    assert_eq!((report.statistics.data, report.statistics.bytes, report.statistics.duplicates), (5, 5, 3));
    assert_eq!((report.next, report.lead, report.missing), (Sequence(6), Sequence(5), 0));
    bench.pass(ms(60));
    assert!(bench.asked().is_empty());
}

#[test]
fn goes_on_over_the_wrap() {
    let mut bench = Bench::new();
    let first = u32::MAX - 2;
    bench.odata(0, first);
    for number in [first + 2, 1, 0] {
        bench.odata(0, number);
    }
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[first + 1]]);
    bench.rdata(0, first + 1);
    assert_eq!(bench.seen(), "+0 0:4294967293 0:4294967294 0:4294967295 0:0 0:1");
    bench.data(0, 4, 4);
    assert_eq!(bench.seen(), "0!2x2 0:4");
}

#[test]
fn a_trail_that_advances_loses_in_place() {
    let mut bench = Bench::new();
    for number in [0, 1, 3] {
        bench.odata(0, number);
    }
    assert_eq!(bench.seen(), "+0 0:0 0:1");
    bench.data(0, 4, 3);
    assert_eq!(bench.seen(), "0!2x1 0:3 0:4");
    // The same by an SPM, which also tells of an outage longer than the source's window.
    bench.odata(0, 7);
    bench.spm(0, 0, 140, 219);
    assert_eq!(bench.seen(), "0!5x2 0:7 0!8x132");
    bench.pass(ms(51));
    let asked = bench.asked();
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [63, 17]);
    assert_eq!(asked.concat(), (140..220).collect::<Vec<_>>());
    assert_eq!(bench.report(0).statistics.lost, 135);
}

#[test]
fn the_trail_does_not_matter_before_the_first_packet() {
    let mut bench = Bench::new();
    bench.data(0, 50, 10);
    bench.data(0, 52, 20);
    bench.spm(0, 0, 49, 52);
    assert_eq!(bench.seen(), "+0 0:50");
    bench.rdata(0, 51);
    assert_eq!(bench.seen(), "0:51 0:52");
}

#[test]
fn the_end_comes_after_the_last_packet() {
    let mut bench = Bench::new();
    bench.odata(0, 1);
    bench.fin(0, 5, 0, 3);
    bench.odata(0, 3);
    assert_eq!(bench.seen(), "+0 0:1");
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[2]], "it is still there to repair");
    bench.rdata(0, 2);
    assert_eq!(bench.seen(), "0:2 0:3 0#");
    // Copies and what should not exist are ignored, and nothing is asked for.
    bench.fin(0, 6, 0, 3);
    bench.odata(0, 3);
    bench.odata(0, 9);
    bench.pass(ms(9000));
    assert_eq!((bench.seen(), bench.asked()), (String::new(), vec![]));
    assert_eq!(bench.receiver.sources().count(), 0);
    // Later the same identifier may come again.
    bench.pass(ms(2000));
    assert_eq!(bench.receiver.next_timeout(), None);
    bench.odata(0, 0);
    assert_eq!(bench.seen(), "+1 1:0");
    let Reception { data, repairs, .. } = bench.receiver.statistics().reception;
    assert_eq!((data, repairs), (3, 1));
}

#[test]
fn the_end_comes_after_losses() {
    let mut bench = Bench::new();
    bench.spm(0, 0, 0, u32::MAX);
    bench.fin(0, 1, 0, 1);
    bench.pass(ms(13_000));
    assert_eq!(bench.seen(), "+0 0!0x2 0#");
}

#[test]
fn a_silent_source_goes_with_what_it_left() {
    let mut bench = Bench::new();
    let timing = Timing { retries: 10_000, ..Timing::default() };
    bench.receiver = Receiver::new(ReceiverConfig { timing, ..config() });
    bench.odata(0, 1);
    bench.pass(ms(299_000));
    bench.odata(0, 3);
    bench.pass(ms(299_000));
    assert_eq!(bench.seen(), "+0 0:1");
    bench.pass(ms(1000));
    assert_eq!(bench.seen(), "0!2x1 0:3 0-");
    assert_eq!((bench.receiver.memory(), bench.receiver.next_timeout()), (0, None));
    bench.odata(0, 9);
    assert_eq!(bench.seen(), "+1 1:9");
}
