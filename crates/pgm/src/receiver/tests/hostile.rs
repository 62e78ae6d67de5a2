//! Packets that no honest source sends.

use super::*;
use proptest::prelude::*;

/// A bench whose source 0 waits for number 1, and lists what it must deliver in spite of all others.
fn victim() -> Bench {
    let mut bench = Bench::with(ReceiverConfig { window: 100, ..config() });
    bench.spm(0, 0, 0, u32::MAX);
    bench.odata(0, 0);
    bench.odata(0, 2);
    bench.seen();
    bench
}

/// The source of `victim` is as it was.
fn is_unharmed(mut bench: Bench) {
    assert_eq!(bench.report(0).missing, 1);
    bench.seen();
    bench.rdata(0, 1);
    bench.odata(0, 3);
    assert_eq!(bench.seen(), "0:1 0:2 0:3");
}

#[test]
fn spms_that_contradict_themselves_are_ignored() {
    let mut bench = victim();
    bench.spm(0, 1, 4, 2);
    bench.spm(0, 1, 3_000_000_000, 2_000_000_000);
    bench.spm(1, 0, 9, 3);
    assert_eq!(bench.seen(), "");
    assert_eq!(bench.report(0).statistics.malformed, 2);
    assert_eq!(bench.receiver.statistics().reception.malformed, 3);
    is_unharmed(bench);
}

#[test]
fn old_spms_and_leads_that_go_back_change_nothing() {
    let mut bench = victim();
    bench.spm(0, 9, 0, 2);
    bench.spm(0, 8, 2, 60);
    bench.spm(0, 10, 0, u32::MAX);
    bench.spm(0, 11, 0xffff_ff00, 0xffff_fff0);
    assert_eq!((bench.report(0).lead, bench.report(0).statistics.spms), (Sequence(2), 4));
    is_unharmed(bench);
}

#[test]
fn a_lead_far_ahead_is_bounded_by_the_window() {
    let mut bench = victim();
    bench.spm(1, 0, 0, u32::MAX);
    bench.spm(1, 1, 0, 0x7fff_fff0);
    assert_eq!(bench.seen(), "+1 1!0x2147483533");
    assert_eq!(bench.report(1).missing, 100);
    // And on from there, until positions have wrapped several times.
    for step in 2_u32..40 {
        let lead = 0x7000_0000_u32.wrapping_mul(step);
        bench.spm(1, step, lead, lead);
    }
    assert_eq!(bench.report(1).missing, 1);
    is_unharmed(bench);
}

#[test]
fn trails_that_jump_lose_only_their_own() {
    let mut bench = victim();
    bench.odata(1, 0);
    bench.data(1, 0x7000_0000, 0x7000_0000);
    bench.data(1, 5, 1);
    bench.data(1, 0xe000_0000, 0xdfff_fff0);
    bench.data(1, 3, 4);
    assert_eq!(
        bench.seen(),
        "+1 1:0 1!1x1879048191 1:1879048192 1!1879048193x1879048175",
        "numbers behind the trail may still come"
    );
    assert_eq!(bench.report(1).missing, 16);
    is_unharmed(bench);
}

#[test]
fn confirmations_far_ahead_are_bounded_by_the_window() {
    let mut bench = victim();
    bench.odata(1, 0);
    bench.ncf(1, &[101, 5000, 0x7000_0000, 0x9000_0000]);
    assert_eq!(bench.report(1).missing, 0);
    bench.ncf(1, &[100]);
    assert_eq!(bench.report(1).missing, 100);
    bench.odata(1, 1);
    assert_eq!(bench.seen(), "+1 1:0 1:1");
    is_unharmed(bench);
}

#[test]
fn confirmations_that_split_gaps_are_bounded_by_memory() {
    let memory = 1 << 14;
    let mut bench = Bench::with(ReceiverConfig { window: 100_000, memory, ..config() });
    bench.spm(0, 0, 0, u32::MAX);
    bench.odata(0, 0);
    bench.odata(0, 2);
    bench.odata(1, 0);
    bench.spm(1, 0, 0, 99_999);
    for number in 1..40_000 {
        bench.ncf(1, &[2 * number]);
        assert!(bench.receiver.memory() <= memory);
    }
    assert!(!bench.seen().contains("0!"));
    is_unharmed(bench);
}

#[test]
fn an_end_that_comes_early_ends_nothing_that_is_known() {
    let mut bench = victim();
    bench.fin(0, 1, 0, 0);
    bench.odata(0, 3);
    assert_eq!(bench.seen(), "");
    bench.rdata(0, 1);
    assert_eq!(bench.seen(), "0:1 0:2 0#");
}

#[test]
fn payloads_may_be_empty_but_not_longer_than_a_packet() {
    let mut bench = victim();
    let data = |payload| Data { sequence: Sequence(4), trail: Sequence(0), payload };
    bench.packet(origin(1), Body::Odata(data(&[])));
    bench.packet(origin(2), Body::Odata(data(&[0; 1501])));
    assert_eq!(bench.seen(), "+1 1:");
    is_unharmed(bench);
}

#[test]
fn the_same_identifier_from_two_addresses_is_two_sources() {
    let mut bench = victim();
    let (tsi, _) = origin(0);
    let other = (tsi, SocketAddr::from(([10, 0, 0, 77], 9)));
    let data = |number| Data { sequence: Sequence(number), trail: Sequence(number), payload: b"other" };
    bench.packet(other, Body::Odata(data(1)));
    bench.packet(other, Body::Odata(data(2)));
    assert_eq!(bench.seen(), "+1 1:other 1:other");
    is_unharmed(bench);
}

#[test]
fn other_ports_and_requests_are_ignored() {
    let mut bench = victim();
    let (tsi, from) = origin(0);
    let data = Data { sequence: Sequence(1), trail: Sequence(0), payload: b"port" };
    let packet = Packet { tsi, port: PORT + 1, body: Body::Odata(data) };
    bench.run(|receiver, now, deliver| receiver.handle(now, from, &packet, deliver));
    let request = Request { first: Sequence(1), source: nla(0), group: GROUP, more: More::none() };
    bench.packet(origin(0), Body::Nak(request));
    is_unharmed(bench);
}

#[derive(Clone, Debug)]
enum Act {
    Data { number: u32, behind: u32, repair: bool },
    Spm { sequence: u32, trail: u32, lead: u32, fin: bool },
    Ncf(Vec<u32>),
    Pass(u16),
    Resume(u8),
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0_u32..150, 2 => any::<u32>(), 2 => 0_u32.wrapping_sub(50)..=u32::MAX]
}

fn act() -> impl Strategy<Value = Act> {
    let spm = (0_u32..9, number(), number(), prop::bool::weighted(0.1));
    prop_oneof![
        4 => (number(), 0_u32..300, any::<bool>())
            .prop_map(|(number, behind, repair)| Act::Data { number, behind, repair }),
        2 => spm.prop_map(|(sequence, trail, lead, fin)| Act::Spm { sequence, trail, lead, fin }),
        2 => prop::collection::vec(number(), 1..80).prop_map(Act::Ncf),
        1 => any::<u16>().prop_map(Act::Pass),
        1 => (1_u8..20).prop_map(Act::Resume),
    ]
}

proptest! {
    /// Whatever a source does: its numbers come in order, each once; memory stays bounded, and another source is unharmed.
    #[test]
    fn anything(acts in prop::collection::vec(act(), 1..80)) {
        let memory = 20_000;
        let mut bench = Bench::with(ReceiverConfig { window: 100, memory, ..config() });
        let mut steady = 0;
        bench.odata(0, 0);
        for act in acts {
            match act {
                Act::Data { number, behind, repair: false } => {
                    bench.data(1, number, Sequence(number).minus(behind).0);
                }
                Act::Data { number, .. } => bench.rdata(1, number),
                Act::Spm { sequence, trail, lead, fin: false } => bench.spm(1, sequence, trail, lead),
                Act::Spm { sequence, trail, lead, fin: true } => bench.fin(1, sequence, trail, lead),
                Act::Ncf(numbers) => bench.ncf(1, &numbers),
                Act::Pass(time) => bench.pass(ms(u64::from(time))),
                Act::Resume(credit) => bench.resume(usize::from(credit)),
            }
            if bench.credit == 0 {
                bench.resume(2);
            }
            steady += 1;
            bench.odata(0, steady);
            prop_assert!(bench.receiver.memory() <= memory + 20_000);
        }
        while bench.credit == 0 || bench.receiver.is_paused() {
            bench.resume(usize::MAX);
        }
        let seen = bench.seen();
        let steadily: Vec<&str> = seen.split(' ').filter(|event| event.starts_with("0:")).collect();
        let expected: Vec<String> = (0..=steady).map(|number| format!("0:{number}")).collect();
        prop_assert_eq!(steadily, expected);
        in_order(&seen);
    }
}

/// The numbers of each source follow each other.
fn in_order(seen: &str) {
    let mut next = std::collections::HashMap::new();
    for event in seen.split(' ') {
        let (source, first, count) = match (event.split_once(':'), event.split_once('!')) {
            (Some((source, number)), _) => (source, number, 1_u32),
            (_, Some((source, range))) => {
                let (first, count) = range.split_once('x').expect("a count");
                (source, first, count.parse().expect("a count"))
            }
            _ => continue,
        };
        let first: u32 = first.parse().expect("a number");
        let behind = first.wrapping_add(count);
        if let Some(expected) = next.insert(source.to_owned(), behind) {
            assert_eq!(first, expected, "{event} in {seen}");
        }
    }
}
