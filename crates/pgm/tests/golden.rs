//! Packets that libzmq 4.3.4 and OpenPGM 5.3.128 sent. Each is read, and written again byte for byte.
//!
//! This holds also for the byte of a list that OpenPGM does not set: what was read keeps it.

use pgm::{Body, Data, Packet, Request, Sequence, Spm};
use std::net::IpAddr;

/// A kind, such as `epgm ipv4 NAK +OPT_NAK_LIST(3)`, with a packet of that kind.
fn packets() -> Vec<(&'static str, Vec<u8>)> {
    let lines = include_str!("data/golden-packets.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| packet(line).unwrap_or_else(|| panic!("no packet: {line}"))).collect()
}

fn packet(line: &'static str) -> Option<(&'static str, Vec<u8>)> {
    let fields: Vec<&str> = line.split(" | ").collect();
    let [kind, _capture, _frame, length, hex] = fields[..] else { return None };
    let (digits, _) = hex.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = digits.iter().map(byte).collect::<Option<_>>()?;
    (length.parse() == Ok(bytes.len())).then_some((kind, bytes))
}

#[test]
fn every_packet_is_read_and_written_again() {
    let packets = packets();
    assert_eq!(packets.len(), 52);
    for (kind, bytes) in packets {
        let packet = Packet::decode(&bytes).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(packet.port, 5555, "{kind}");
        assert_eq!(packet.tsi.gsi, [0xb7, 0xc6, 0xd1, 0xbc, 0x03, 0x8a], "{kind}");
        assert_ne!(packet.tsi.port, 5555, "{kind}");
        check(kind, &packet.body);
        // Whatever is in the buffer before stays.
        let mut out = vec![0xaa; 3];
        packet.encode(&mut out);
        assert_eq!((&out[..3], &out[3..]), (&[0xaa; 3][..], &bytes[..]), "{kind}");
    }
}

/// That a packet says what its kind tells.
fn check(kind: &str, body: &Body<'_>) {
    let [source, group]: [IpAddr; 2] = match kind.contains("ipv6") {
        true => ["fd00:77::1", "ff08::1"].map(|address| address.parse().unwrap()),
        false => ["10.77.0.1", "239.192.1.1"].map(|address| address.parse().unwrap()),
    };
    let (_encapsulation, what) = kind.split_once(" ipv").unwrap();
    match *body {
        Body::Spm(Spm { nla, fin, trail, lead, .. }) => {
            assert!(what.contains("SPM") && !what.contains("SPMR"));
            assert_eq!((nla, fin), (source, what.contains("FIN")), "{kind}");
            assert_eq!(lead.next() == trail, what.contains("empty"), "{kind}");
        }
        Body::Odata(data) => payload(what, "ODATA", &data),
        Body::Rdata(data) => payload(what, "RDATA", &data),
        Body::Nak(asked) => request(what, "NAK", &asked, source, group),
        Body::Ncf(asked) => request(what, "NCF", &asked, source, group),
        Body::Spmr => assert!(what.contains("SPMR")),
    }
}

fn payload(what: &str, name: &str, data: &Data<'_>) {
    assert!(what.contains(name));
    assert!(!data.sequence.is_before(data.trail));
    let offset = u16::from_be_bytes([data.payload[0], data.payload[1]]);
    assert_eq!(data.payload.len() == 1428, what.contains("full-size"));
    assert_eq!(offset == 0xffff, what.contains("offset=ffff"));
}

fn request(what: &str, name: &str, request: &Request<'_>, source: IpAddr, group: IpAddr) {
    assert!(what.contains(name));
    assert_eq!((request.source, request.group), (source, group));
    let more = what.split_once("LIST(").map_or(0, |(_, more)| more.trim_end_matches(')').parse().unwrap());
    let sequences: Vec<Sequence> = request.sequences().collect();
    assert_eq!(sequences.len(), 1 + more);
    assert!(sequences.windows(2).all(|pair| pair[0].next() == pair[1]));
    assert_eq!(request.more.len(), more);
}

#[test]
fn a_data_packet_becomes_a_repair() {
    let packets = packets();
    for (_, mut bytes) in packets.into_iter().filter(|(kind, _)| kind.contains("ODATA")) {
        let Body::Odata(data) = Packet::decode(&bytes).unwrap().body else { panic!("an ODATA") };
        let (sequence, payload) = (data.sequence, data.payload.to_vec());
        pgm::make_repair(&mut bytes, sequence);
        let repair = Data { sequence, trail: sequence, payload: &payload };
        assert_eq!(Packet::decode(&bytes).unwrap().body, Body::Rdata(repair));
    }
}

#[test]
fn a_packet_with_any_bit_turned_is_refused() {
    for (kind, bytes) in packets().into_iter().filter(|(_, bytes)| bytes.len() < 200) {
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Packet::decode(&bytes).is_err(), "{kind}, bit {bit}");
        }
    }
}
