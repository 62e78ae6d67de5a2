//! An application that takes no more for a while.

use super::*;

#[test]
fn holds_everything_in_order_until_resumed() {
    let mut bench = Bench::new();
    bench.credit = 2;
    bench.odata(0, 0);
    assert!(bench.receiver.is_paused());
    for number in [1, 2, 4] {
        bench.odata(0, number);
    }
    bench.odata(1, 7);
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[3]], "what is missing is asked for all the same");
    bench.rdata(0, 3);
    assert_eq!(bench.seen(), "+0 0:0");
    bench.resume(2);
    assert_eq!(bench.seen(), "0:1 0:2");
    bench.resume(3);
    assert_eq!(bench.seen(), "+1 1:7 0:3", "each source has its turn");
    bench.resume(usize::MAX);
    assert_eq!((bench.seen(), bench.receiver.memory()), ("0:4".into(), 0));
    bench.odata(0, 5);
    assert_eq!(bench.seen(), "0:5");
}

#[test]
fn losses_keep_their_place() {
    let mut bench = Bench::new();
    bench.credit = 2;
    bench.odata(0, 0);
    bench.odata(0, 1);
    bench.data(0, 4, 4);
    bench.data(0, 6, 6);
    bench.resume(2);
    assert_eq!(bench.seen(), "+0 0:0 0:1 0!2x2");
    bench.resume(usize::MAX);
    assert_eq!(bench.seen(), "0:4 0!5x1 0:6");
}

#[test]
fn what_does_not_fit_is_asked_for_after_the_pause() {
    let mut bench = Bench::with(ReceiverConfig { window: 4, ..config() });
    bench.spm(0, 0, 0, u32::MAX);
    bench.credit = 1;
    for number in 0..8 {
        bench.odata(0, number);
    }
    assert_eq!(bench.report(0).statistics.dropped, 3);
    bench.pass(ms(300));
    assert!(bench.asked().is_empty());
    bench.resume(usize::MAX);
    assert_eq!(bench.seen(), "+0 0:0 0:1 0:2 0:3 0:4");
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[5, 6, 7]]);
    for number in 5..8 {
        bench.rdata(0, number);
    }
    assert_eq!(bench.seen(), "0:5 0:6 0:7");
}

#[test]
fn what_is_missing_is_not_given_up_for_room() {
    let mut bench = Bench::with(ReceiverConfig { window: 4, ..config() });
    bench.spm(0, 0, 0, u32::MAX);
    bench.spm(1, 0, 0, u32::MAX);
    bench.credit = 1;
    bench.odata(1, 0);
    for number in 1..9 {
        bench.odata(0, number);
    }
    bench.rdata(0, 0);
    bench.resume(usize::MAX);
    assert_eq!(bench.seen(), "+0 +1 1:0 0:0 0:1 0:2 0:3 0!4x1", "4 has fallen out of the window");
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[5, 6, 7, 8]]);
}

#[test]
fn memory_is_a_limit_while_paused() {
    let memory = 1 << 14;
    let mut bench = Bench::with(ReceiverConfig { memory, ..config() });
    bench.odata(0, 0);
    bench.credit = 1;
    for number in 1..900 {
        bench.odata(0, number);
    }
    assert!(bench.receiver.memory() < memory + 2000);
    let held = bench.receiver.memory();
    // A hostile source can split gaps by confirmations.
    bench.spm(1, 0, 0, u32::MAX);
    bench.spm(1, 1, 0, 900);
    for number in 0..450 {
        bench.ncf(1, &[2 * number]);
    }
    assert!(bench.receiver.memory() <= held, "{held}");
    bench.resume(usize::MAX);
    let seen = bench.seen();
    assert!(seen.starts_with("+0 0:0 0:1 0:2 0:3 "), "{seen}");
    assert!(!seen.contains('!'), "{seen}");
    bench.pass(ms(51));
    assert!(bench.asked().concat().contains(&899));
}

#[test]
fn nothing_is_asked_for_while_it_could_not_be_held() {
    let prepare = |memory| {
        let mut bench = Bench::with(ReceiverConfig { memory, ..config() });
        bench.spm(0, 0, 0, u32::MAX);
        bench.credit = 1;
        bench.odata(0, 0);
        bench.odata(0, 2);
        bench
    };
    // As much memory as one gap and one packet need.
    let mut bench = prepare(prepare(ReceiverConfig::MEMORY).receiver.memory());
    bench.pass(ms(20_000));
    assert_eq!((bench.seen(), bench.asked()), ("+0 0:0".into(), vec![]));
    bench.rdata(0, 1);
    bench.resume(usize::MAX);
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[1]]);
    bench.rdata(0, 1);
    assert_eq!(bench.seen(), "0:1 0:2");
}

#[test]
fn ends_wait_for_what_is_before_them() {
    let mut bench = Bench::new();
    bench.credit = 2;
    bench.odata(0, 0);
    bench.odata(0, 1);
    bench.fin(0, 0, 0, 1);
    bench.odata(1, 0);
    bench.odata(1, 2);
    bench.pass(ms(310_000));
    assert_eq!(bench.seen(), "+0 0:0");
    bench.resume(usize::MAX);
    let seen = bench.seen();
    assert!(seen.ends_with("+1 1:0 1!1x1 1:2 1-"), "{seen}");
    assert!(seen.starts_with("0:1 0"), "{seen}");
    assert_eq!(bench.receiver.next_timeout(), None);
}

#[test]
fn more_losses_than_an_event_can_count_become_two() {
    let mut bench = Bench::new();
    bench.credit = 2;
    bench.odata(0, 0);
    for number in [0x7000_0000, 0xe000_0000, 0x5000_0000] {
        bench.data(0, number, number);
    }
    assert!(bench.receiver.memory() < 500);
    bench.resume(usize::MAX);
    assert_eq!(bench.seen(), "+0 0:0 0!1x4294967295 0!0x1342177280");
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[0x5000_0000]], "the last was dropped, but is known to exist");
}

#[test]
fn a_source_that_can_deliver_nothing_catches_up_too() {
    let mut bench = Bench::with(ReceiverConfig { window: 4, ..config() });
    bench.spm(0, 0, 0, u32::MAX);
    bench.spm(1, 0, 0, u32::MAX);
    bench.credit = 1;
    bench.odata(1, 0);
    for number in 1..5 {
        bench.odata(0, number);
    }
    bench.resume(usize::MAX);
    assert_eq!(bench.seen(), "+0 +1 1:0 0!0x1 0:1 0:2 0:3");
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[4]]);
}

#[test]
fn the_end_is_behind_what_did_not_fit() {
    let mut bench = Bench::with(ReceiverConfig { window: 4, ..config() });
    bench.credit = 2;
    for number in 0..6 {
        bench.odata(0, number);
    }
    // The source says of the end what it said otherwise before.
    bench.fin(0, 0, 0, 2);
    bench.resume(usize::MAX);
    assert_eq!(bench.seen(), "+0 0:0 0:1 0:2 0:3 0:4", "5 was dropped, and is known to exist");
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[5]]);
    bench.rdata(0, 5);
    assert_eq!(bench.seen(), "0:5 0#");
}
