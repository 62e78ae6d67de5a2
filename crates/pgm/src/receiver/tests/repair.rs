//! NAKs, confirmations and SPMRs.

use super::*;

/// A bench whose source 0 has sent number 0 and an SPM.
fn ready() -> Bench {
    let mut bench = Bench::new();
    bench.odata(0, 0);
    bench.spm(0, 0, 0, 0);
    bench.seen();
    bench
}

#[test]
fn asks_for_a_gap_in_data_after_a_back_off() {
    let mut bench = ready();
    bench.odata(0, 3);
    assert!(bench.sent.is_empty());
    bench.pass(ms(51));
    // Not to the address that the SPM named, which may be anybody's.
    let to = SocketAddr::new(origin(0).1.ip(), PORT);
    assert_eq!(bench.sent, [(To::Host(to), vec![1, 2])]);
    let statistics = bench.report(0).statistics;
    assert_eq!((statistics.naks, statistics.requested), (1, 2));
}

#[test]
fn asks_for_what_a_lead_tells() {
    let mut bench = ready();
    bench.spm(0, 1, 0, 2);
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[1, 2]]);
}

#[test]
fn asks_for_what_a_confirmation_tells_and_waits_for_its_numbers() {
    let mut bench = ready();
    bench.ncf(0, &[2, 3]);
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[1]]);
    bench.pass(ms(200));
    let mut asked = bench.asked().concat();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked, [1, 2, 3]);
}

#[test]
fn back_offs_are_spread_over_50_ms() {
    let mut bench = ready();
    let times = (1..200).map(|step| {
        bench.odata(0, 2 * step);
        let mut time = 0;
        while bench.sent.is_empty() {
            bench.pass(ms(1));
            time += 1;
        }
        assert_eq!(bench.asked(), [[2 * step - 1]]);
        bench.odata(0, 2 * step - 1);
        time
    });
    let times: Vec<u64> = times.collect();
    assert!(times.iter().all(|time| (1..=50).contains(time)), "{times:?}");
    assert!((0..5).all(|part| times.iter().any(|time| (time - 1) / 10 == part)), "{times:?}");
}

#[test]
fn a_list_has_at_most_63_numbers() {
    let mut bench = ready();
    bench.odata(0, 81);
    bench.pass(ms(51));
    let asked = bench.asked();
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [63, 17]);
    assert_eq!(asked.concat(), (1..81).collect::<Vec<_>>());
}

#[test]
fn a_long_gap_is_asked_for_in_portions() {
    let config = ReceiverConfig { window: 3000, ..config() };
    let mut bench = Bench::with(config);
    bench.odata(0, 0);
    bench.spm(0, 0, 0, 0);
    bench.odata(0, 2501);
    bench.pass(ms(51));
    let first = bench.asked();
    assert!(first.len() >= 16 && first.iter().take(16).all(|list| list.len() == 63));
    bench.pass(ms(100));
    let all = [first, bench.asked()].concat().concat();
    assert_eq!(all, (1..2501).collect::<Vec<_>>());
}

#[test]
fn a_confirmation_suppresses_the_request() {
    let mut bench = ready();
    bench.odata(0, 4);
    bench.ncf(0, &[1, 3]);
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[2]]);
    for number in [1, 3, 2] {
        bench.rdata(0, number);
    }
    assert_eq!(bench.seen(), "0:1 0:2 0:3 0:4");
    bench.pass(ms(2000));
    assert!(bench.asked().is_empty());
    assert_eq!(bench.report(0).statistics.repairs, 3);
}

#[test]
fn the_rest_of_a_gap_is_still_asked_for() {
    for (came, rest) in [(1, [2, 3]), (2, [1, 3]), (3, [1, 2])] {
        let mut bench = ready();
        bench.odata(0, 4);
        bench.odata(0, came);
        bench.pass(ms(51));
        assert_eq!(bench.asked(), [rest]);
        let mut bench = ready();
        bench.odata(0, 3);
        bench.odata(0, came.min(2));
        bench.pass(ms(51));
        assert_eq!(bench.asked(), [[3 - came.min(2)]]);
    }
}

#[test]
fn a_confirmation_for_another_group_counts_nothing() {
    let mut bench = ready();
    bench.odata(0, 2);
    let group = IpAddr::from([239, 192, 1, 2]);
    let request = Request { first: Sequence(1), source: nla(0), group, more: More::none() };
    bench.packet(origin(0), Body::Ncf(request));
    bench.pass(ms(51));
    assert_eq!(bench.asked(), [[1]]);
}

#[test]
fn the_50th_request_without_a_confirmation_is_the_last() {
    let mut bench = ready();
    bench.odata(0, 2);
    let mut requests = 0;
    while bench.seen.is_empty() {
        bench.pass(ms(1));
        requests += bench.asked().len();
    }
    assert_eq!(requests, 50);
    let elapsed = bench.receiver.statistics().reception;
    assert_eq!((elapsed.naks, elapsed.lost), (50, 1));
    assert_eq!(bench.seen(), "0!1x1 0:2");
    bench.pass(ms(20_000));
    bench.rdata(0, 1);
    assert_eq!((bench.seen(), bench.asked()), (String::new(), vec![]));
}

#[test]
fn the_50th_confirmation_without_data_is_the_last() {
    let mut bench = ready();
    bench.odata(0, 2);
    let (mut requests, start) = (0, bench.now);
    while bench.seen.is_empty() {
        bench.pass(ms(1));
        for list in bench.asked() {
            requests += 1;
            bench.ncf(0, &list);
        }
    }
    assert_eq!((requests, bench.seen()), (50, "0!1x1 0:2".into()));
    let time = bench.now - start;
    assert!(time >= ms(50 * 200) && time <= ms(50 * 252), "{time:?}");
}

#[test]
fn confirmations_alone_do_not_keep_a_number_waiting() {
    let mut bench = ready();
    bench.odata(0, 2);
    bench.ncf(0, &[1]);
    for _ in 0..13 {
        bench.pass(ms(20));
        bench.ncf(0, &[1]);
        bench.sent.clear();
    }
    bench.pass(ms(300));
    assert_eq!(bench.asked(), [[1]], "the first wait has failed, and so has the second");
}

#[test]
fn numbers_that_only_a_confirmation_named_are_forgotten_and_not_lost() {
    let mut bench = ready();
    bench.ncf(0, &[1, 2]);
    bench.pass(ms(13_000));
    assert_eq!((bench.seen(), bench.report(0).missing), (String::new(), 0));
    // An SPM that does not know them ends it at once.
    bench.ncf(0, &[5]);
    assert_eq!(bench.report(0).missing, 5);
    bench.spm(0, 1, 0, 0);
    assert_eq!((bench.report(0).missing, bench.receiver.memory()), (0, 0));
    bench.odata(0, 1);
    assert_eq!(bench.seen(), "0:1");
}

#[test]
fn naks_go_to_the_packets_address_whatever_an_spm_names() {
    let mut bench = Bench::new();
    bench.odata(0, 0);
    bench.odata(0, 2);
    bench.pass(ms(51));
    let (_, mut to) = origin(0);
    to.set_port(PORT);
    let naks: Vec<_> = bench.sent.drain(..).filter(|(_, numbers)| !numbers.is_empty()).collect();
    assert_eq!(naks, [(To::Host(to), vec![1])]);
    // An address that is none for a host changes nothing.
    bench.spm_with(0, [0, 0, 2], GROUP, false);
    bench.pass(ms(251));
    assert_eq!(bench.sent.pop_front(), Some((To::Host(to), vec![1])));
    assert_eq!(bench.report(0).statistics.malformed, 1);
}

/// The times, in ms since the start, at which a pair of SPMRs was sent within `span`.
fn inquiries(bench: &mut Bench, span: u64) -> Vec<u64> {
    let (_, from) = origin(0);
    let mut times = Vec::new();
    for time in 1..=span {
        bench.pass(ms(1));
        if !bench.sent.is_empty() {
            let sent: Vec<_> = bench.sent.drain(..).collect();
            assert_eq!(sent, [(To::GroupNear, vec![]), (To::Host(from), vec![])]);
            times.push(time);
        }
    }
    times
}

#[test]
fn asks_for_an_spm_again_and_again_but_not_for_ever() {
    let mut bench = Bench::new();
    bench.odata(0, 0);
    assert_eq!(inquiries(&mut bench, 20_000), [25, 75, 175, 375, 775, 1575, 3175, 5175]);
}

#[test]
fn an_spm_ends_the_inquiry() {
    let mut bench = Bench::new();
    bench.odata(0, 0);
    assert_eq!(inquiries(&mut bench, 100), [25, 75]);
    bench.spm(0, 0, 0, 0);
    assert!(inquiries(&mut bench, 10_000).is_empty());
}

#[test]
fn an_spmr_of_another_receiver_takes_the_place_of_ours() {
    let mut bench = Bench::new();
    bench.odata(0, 0);
    bench.pass(ms(20));
    let (tsi, _) = origin(0);
    bench.packet((tsi, SocketAddr::from(([10, 0, 9, 9], 1))), Body::Spmr);
    assert_eq!(inquiries(&mut bench, 30), [25]);
}
