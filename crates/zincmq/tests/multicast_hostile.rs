//! Whoever can send to a group can send anything to it, or to its publishers. Nothing of that ends a process or takes
//! memory without bound, and the streams of others go on undisturbed.
#![cfg(target_os = "linux")]

mod common;
mod group;

use group::{Honest, Stranger, seal, with_option};
use pgm::{Body, Data, Sequence, Spm, Tsi};
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Memory is a matter of the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A message of three bytes, as it is in a payload.
const ABC: &[u8] = b"\0\0\x04\0abc";

type Datagrams = Vec<Vec<u8>>;

/// Each takes part in what a source of its own sends.
fn surprises(stranger: &mut Stranger) -> Vec<(&'static str, Datagrams)> {
    let tsi = stranger.session();
    let data = |number, payload: &[u8]| stranger.data(tsi, number, payload);
    let stream =
        |payloads: &[&[u8]]| (0..).zip(payloads).map(|(number, payload)| data(number, payload)).collect();
    let fragment = |number: u32, offset: u32, size: u32| {
        let option =
            [&[0x81, 16, 0, 0], &0_u32.to_be_bytes()[..], &offset.to_be_bytes(), &size.to_be_bytes()];
        with_option(&data(number, ABC), &option.concat())
    };
    let spm = |trail, lead, nla| {
        let spm =
            Spm { sequence: Sequence(1), trail: Sequence(trail), lead: Sequence(lead), nla, fin: false };
        stranger.packet(tsi, Body::Spm(spm))
    };
    let here = Ipv4Addr::LOCALHOST.into();
    let far = |number, trail| Data { sequence: Sequence(number), trail: Sequence(trail), payload: ABC };
    let list = |option: &[u8]| {
        let (mut packet, size) =
            (stranger.packet(tsi, Body::Ncf(stranger.request(0, &[]))), 4 + option.len() as u16);
        packet[5] |= 3;
        packet.extend([&[0, 4], &size.to_be_bytes()[..], option].concat());
        seal(packet)
    };
    let long = [b"\0\0".as_slice(), &[0xFF; 9], b"\0endless"].concat();
    let parts = [b"\0\0".as_slice(), &b"\x02\x01x".repeat(400)].concat();
    vec![
        ("no payload", stream(&[b""])),
        ("no payload in the middle", stream(&[ABC, b"", ABC])),
        ("half an offset", stream(&[b"\0"])),
        ("half an offset in the middle", stream(&[ABC, b"\0", ABC])),
        ("an offset and nothing", stream(&[b"\0\0"])),
        ("a fragment", vec![fragment(0, 0, 7)]),
        ("fragments", vec![fragment(0, 0, 14), fragment(1, 7, 14)]),
        ("fragments of nothing", vec![fragment(0, 7, 0), fragment(1, u32::MAX, u32::MAX)]),
        ("an offset beyond the end", stream(&[b"\0\x05\x04\0abc", b"\x7F\xFFabc"])),
        ("an offset elsewhere", stream(&[b"\0\0\x09\0abc", b"\0\x02\x01\0abc", b"\0\0\0\0\0"])),
        ("an empty frame", stream(&[b"\0\0\0\0\0\0", ABC])),
        ("a frame of all memory", stream(&[&long, ABC])),
        ("a long frame of nothing", stream(&[&[0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0], ABC])),
        ("parts without end", (0..500).map(|number| data(number, &parts)).collect()),
        ("no beginning", (0..500).map(|number| data(number, &[0xFF; 1400])).collect()),
        (
            "a window of half of all numbers",
            vec![data(0, ABC), spm(0, 0x7FFF_FFFE, here), data(0x7FFF_FFF0, ABC)],
        ),
        ("a window that jumps", vec![spm(5, 9, here), spm(0x9000_0000, 0x8000_0000, here), spm(1, 0, here)]),
        (
            "data far ahead",
            vec![
                data(0, ABC),
                stranger.packet(tsi, Body::Odata(far(0x7000_0000, 0x7000_0000))),
                stranger.packet(tsi, Body::Rdata(far(0xF000_0000, 1))),
                stranger.packet(tsi, Body::Odata(far(5, 0xF000_0000))),
            ],
        ),
        ("an address that is none", vec![data(0, ABC), spm(0, 9, Ipv4Addr::BROADCAST.into()), data(5, ABC)]),
        (
            "an address of the other family",
            vec![data(0, ABC), spm(0, 9, "ff08::1".parse().unwrap()), data(5, ABC)],
        ),
        (
            "confirmations far ahead",
            vec![
                data(0, ABC),
                stranger.packet(tsi, Body::Ncf(stranger.request(0x7000_0000, &[Sequence(0xF000_0000); 62]))),
            ],
        ),
        (
            "lists without end",
            vec![list(&[0x82, 0, 0, 0]), list(&[0x02, 255, 0, 0]), list(&[0x02, 3]), list(&[])],
        ),
        (
            "options beyond the end",
            vec![
                with_option(&data(0, b""), &[0x0E, 200, 0, 0]),
                with_option(&data(0, b""), &[0x0E, 0]),
                seal([&data(0, b"")[..5], &[1], &data(0, b"")[6..], &[0, 4, 255, 255]].concat()),
            ],
        ),
        (
            "requests of others",
            vec![
                stranger.packet(tsi, Body::Nak(stranger.request(0, &[Sequence(1); 62]))),
                stranger.packet(tsi, Body::Spmr),
            ],
        ),
        ("nothing at all", vec![Vec::new(), vec![0], vec![0xFF; 1500], vec![0; 60_000]]),
    ]
}

#[test]
fn surprises_end_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut honest = Honest::new();
    let mut stranger = Stranger::new(&honest);
    let names: Vec<_> = surprises(&mut stranger).into_iter().map(|(name, _)| name).collect();
    // Each as the first that is heard of a source, and after something that is right.
    for (index, name) in names.iter().enumerate() {
        for after in [false, true] {
            println!("{name}, after something: {after}");
            let (_, datagrams) = surprises(&mut stranger).swap_remove(index);
            if after
                && let Some(first) = datagrams.iter().find_map(|datagram| pgm::Packet::decode(datagram).ok())
            {
                // A message before the surprise's own numbers.
                stranger.throw(&stranger.data(first.tsi, u32::MAX, ABC));
            }
            datagrams.iter().for_each(|datagram| stranger.throw(datagram));
            honest.is_undisturbed();
        }
    }
    let numbers = honest.numbers();
    assert!(numbers.malformed > 20, "{numbers:?}");
}

/// Every length, and many other bytes, of each kind of packet; with the right checksum and without.
#[test]
fn damaged_packets_end_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut honest = Honest::new();
    let mut stranger = Stranger::new(&honest);
    let mut state = 1_u32;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for round in 0..200 {
        let (_, datagrams) = surprises(&mut stranger).swap_remove(round % 25);
        for datagram in datagrams.iter().take(4).filter(|datagram| !datagram.is_empty()) {
            for length in (0..datagram.len().min(80)).step_by(1 + random(7)) {
                stranger.throw(&seal(datagram[..length].to_vec()));
            }
            for _ in 0..20 {
                let mut datagram = datagram.clone();
                // Not the session, which may not become the honest one's, and the header most of all.
                for _ in 0..=random(2) {
                    let place =
                        [4 + random(2), 16 + random(8), 24 + random(24), random(datagram.len())][random(4)];
                    if let Some(byte) = datagram.get_mut(place).filter(|_| !(8..14).contains(&place)) {
                        *byte = random(256) as u8;
                    }
                }
                stranger.throw(&seal(datagram));
            }
        }
        honest.is_undisturbed();
    }
}

#[test]
fn many_sources_take_bounded_memory() {
    /// As many as are kept at a time.
    const MOST: usize = 1024;
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut honest = Honest::new();
    let mut stranger = Stranger::new(&honest);
    // The beginning of a message that never ends, and then a gap.
    let begun = [b"\0\0\xFF\0\0\0\0\0\x0F\xFF\xFF\0".as_slice(), &[7; 1400]].concat();
    let mut before = None;
    for _ in 0..1000 {
        for _ in 0..10 {
            let tsi = stranger.session();
            stranger.throw(&stranger.data(tsi, 0, &begun));
            stranger.throw(&stranger.data(tsi, 50, &begun));
        }
        honest.is_undisturbed();
        // The kernel loses some where the reader is kept from its processor.
        if before.is_none() && honest.numbers().sources.len() == MOST {
            before = Some(memory());
        }
    }
    let (grown, numbers) = (memory().saturating_sub(before.unwrap()), honest.numbers());
    assert!(grown < 16 << 20, "{grown} bytes");
    assert!(numbers.sources.len() <= MOST, "{}", numbers.sources.len());
    assert!(numbers.received > 10_000, "{numbers:?}");
}

/// One source that is never done with anything.
#[test]
fn one_source_takes_bounded_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut honest = Honest::new();
    let mut stranger = Stranger::new(&honest);
    let before = memory();
    // Every second datagram is missing, for ever.
    let tsi = stranger.session();
    for round in 0..500 {
        for number in 0..40 {
            stranger.throw(&stranger.data(tsi, 80 * round + 2 * number, &[0xFF; 1400]));
        }
        honest.is_undisturbed();
    }
    let grown = memory().saturating_sub(before);
    // The window of 83,333 packets would hold more than what is sent here; 28 MB of it wait.
    assert!(grown < 80 << 20, "{grown} bytes");
}

#[test]
fn requests_without_end_disturb_no_publisher() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut honest = Honest::new();
    let stranger = Stranger::new(&honest);
    let tsi = honest.tsi();
    let other = Tsi { port: tsi.port ^ 1, ..tsi };
    let ahead: Vec<_> = (0..62).map(|number| Sequence(0x7000_0000 + number)).collect();
    let held: Vec<_> = (0..62).map(Sequence).collect();
    let mut wrong_group = stranger.request(0, &held);
    wrong_group.group = Ipv4Addr::new(239, 1, 1, 1).into();
    let mut wrong_source = stranger.request(0, &held);
    wrong_source.source = Ipv4Addr::new(10, 9, 9, 9).into();
    let requests = [
        stranger.packet(tsi, Body::Nak(stranger.request(0, &held))),
        stranger.packet(tsi, Body::Nak(stranger.request(0xF000_0000, &ahead))),
        stranger.packet(tsi, Body::Nak(wrong_group)),
        stranger.packet(tsi, Body::Nak(wrong_source)),
        stranger.packet(other, Body::Nak(stranger.request(0, &held))),
        stranger.packet(tsi, Body::Spmr),
        stranger.packet(tsi, Body::Ncf(stranger.request(0, &held))),
        stranger.data(tsi, 0, ABC),
        vec![0; 60_000],
        Vec::new(),
    ];
    let begin = Instant::now();
    for round in 0..500 {
        for request in requests.iter().cycle().take(20).skip(round % 2) {
            stranger.ask(request);
        }
        honest.is_undisturbed();
    }
    let numbers = honest.publisher.stats().multicast.remove(0);
    assert!(numbers.requests_received > 100, "{numbers:?}");
    // Repairs have a rate of their own, twice that of data; whoever asks gets no more. None is below 1000 bytes.
    let most = 2.0 * 12_500.0 * begin.elapsed().as_secs_f64() + 1000.0;
    assert!((numbers.repairs_sent as f64) < most, "{most}: {numbers:?}");
}

/// Resident bytes of this process.
fn memory() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
