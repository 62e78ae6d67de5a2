use super::*;
use crate::make_repair;

/// An ODATA with number 9, of a source that has 7 to 9.
const DATA: &[u8] =
    b"\x2a\xcf\x15\xb3\x04\0\0\0\xb7\xc6\xd1\xbc\x03\x8a\0\x05\0\0\0\x09\0\0\0\x07\0\0\x01\x02\x03";
/// An SPM.
const PATH: &[u8] =
    b"\x2a\xcf\x15\xb3\0\0\0\0\xb7\xc6\xd1\xbc\x03\x8a\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\x01\0\0\x7f\0\0\x01";

/// A packet with other bytes from `at` on, and the right checksum.
fn with(packet: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    packet.resize(packet.len().max(at + bytes.len()), 0);
    packet[at..at + bytes.len()].copy_from_slice(bytes);
    packet[6..8].fill(0);
    let checksum = crate::checksum::of_sum(crate::checksum::sum(&packet));
    packet[6..8].copy_from_slice(&checksum.to_be_bytes());
    packet
}

/// A packet with options in place of what is from `at` on, followed by `rest`.
fn with_options(packet: &[u8], at: usize, options: &[u8], rest: &[u8]) -> Vec<u8> {
    let packet = with(&packet[..at], 5, &[1]);
    with(&packet, at, &[options, rest].concat())
}

fn error(bytes: &[u8]) -> PacketError {
    Packet::decode(bytes).expect_err("a malformed packet")
}

#[test]
fn data_needs_a_checksum_and_others_do_not() {
    assert!(Packet::decode(&with(DATA, 0, &[])).is_ok());
    assert_eq!(error(DATA), PacketError::Unchecked);
    assert!(Packet::decode(PATH).is_ok());
    let mut changed = with(PATH, 0, &[]);
    assert!(Packet::decode(&changed).is_ok());
    changed[20] ^= 1;
    assert_eq!(error(&changed), PacketError::Checksum);
}

#[test]
fn the_length_of_data_is_what_the_header_says() {
    for said in [4, 6] {
        let found = PacketError::Length { said, found: 5 };
        assert_eq!(error(&with(DATA, 14, &said.to_be_bytes())), found);
    }
    let empty = with(&with(DATA, 14, &[0, 0])[..DATA_HEADER], 0, &[]);
    let Body::Odata(data) = Packet::decode(&empty).unwrap().body else { panic!("an ODATA") };
    assert_eq!(data.payload, b"");
}

#[test]
fn a_cut_packet_tells_how_much_it_needs() {
    assert_eq!(error(&DATA[..3]), PacketError::Short { needed: 4, found: 3 });
    assert_eq!(error(&with(&DATA[..22], 0, &[])), PacketError::Short { needed: 24, found: 22 });
    assert_eq!(error(&PATH[..35]), PacketError::Short { needed: 36, found: 35 });
}

#[test]
fn other_types_and_parity_are_not_supported() {
    for kind in (0..=255).filter(|kind| !matches!(*kind, SPM | ODATA | RDATA | NAK | NCF | SPMR)) {
        assert_eq!(error(&with(DATA, 4, &[kind])), PacketError::Unsupported { kind, flags: 0 });
    }
    for flags in [0x80, 0x40] {
        assert_eq!(error(&with(DATA, 5, &[flags])), PacketError::Unsupported { kind: ODATA, flags });
    }
}

#[test]
fn the_ends_of_a_window_are_in_order() {
    let [trail, lead] = [10, 9].map(Sequence);
    assert_eq!(error(&with(DATA, 20, &10_u32.to_be_bytes())), PacketError::Window { trail, lead });
    // Just so far apart that the order is known, and not any more.
    let trail = Sequence(9).minus(i32::MAX as u32 - 1);
    assert!(Packet::decode(&with(DATA, 20, &trail.0.to_be_bytes())).is_ok());
    let trail = trail.minus(1);
    assert_eq!(error(&with(DATA, 20, &trail.0.to_be_bytes())), PacketError::Window { trail, lead });

    let window = |trail: u32, lead: u32| with(PATH, 20, &[trail.to_be_bytes(), lead.to_be_bytes()].concat());
    for (trail, lead) in [(0, u32::MAX), (u32::MAX, 0), (5, 5), (5, 4)] {
        assert!(Packet::decode(&window(trail, lead)).is_ok(), "{trail} to {lead}");
    }
    let [trail, lead] = [5, 3].map(Sequence);
    assert_eq!(error(&window(5, 3)), PacketError::Window { trail, lead });
}

#[test]
fn an_address_is_of_a_known_family() {
    assert_eq!(error(&with(PATH, 28, &[0, 3])), PacketError::Family { at: 28, family: 3 });
    let long = with(&with(PATH, 28, &[0, 2]), 32, &[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    let Body::Spm(spm) = Packet::decode(&long).unwrap().body else { panic!("an SPM") };
    assert_eq!(spm.nla, "fd00::9".parse::<IpAddr>().unwrap());
}

#[test]
fn options_are_skipped_or_read() {
    let fin = |options: &[u8]| match Packet::decode(&with_options(PATH, 36, options, &[])).unwrap().body {
        Body::Spm(spm) => spm.fin,
        other => panic!("{other:?}"),
    };
    assert!(fin(&[0, 4, 0, 8, 0x8e, 4, 0, 0]));
    assert!(fin(&[0, 4, 0, 8, 0x0e, 4, 0, 0]), "without the mark on the last one");
    assert!(fin(&[0, 4, 0, 13, 0x11, 5, 0, 0, 9, 0x8e, 4, 0, 0]), "after an unknown one");
    assert!(!fin(&[0, 4, 0, 12, 0x91, 4, 0, 0, 0x8e, 4, 0, 0]), "behind the last one");
    assert!(!fin(&[0, 4, 0, 4]), "no other option");

    let data = with_options(DATA, 24, &[0, 4, 0, 8, 0x91, 4, 0, 0], &DATA[24..]);
    let Body::Odata(data) = Packet::decode(&data).unwrap().body else { panic!("an ODATA") };
    assert_eq!(data.payload, [0, 0, 1, 2, 3]);
}

#[test]
fn malformed_options_are_refused() {
    let many = [&[0, 4, 0, 72][..], &[0x11, 4, 0, 0].repeat(17)].concat();
    let cases: [(&[u8], usize); 10] = [
        (&[], 36),
        (&[0, 4, 0], 36),
        (&[1, 4, 0, 8, 0x8e, 4, 0, 0], 36),
        (&[0, 5, 0, 8, 0x8e, 4, 0, 0], 36),
        (&[0, 4, 0, 3], 36),
        (&[0, 4, 0, 9, 0x8e, 4, 0, 0], 36),
        (&[0, 4, 0, 7, 0x8e, 4, 0], 40),
        (&[0, 4, 0, 8, 0x8e, 3, 0, 0], 40),
        (&[0, 4, 0, 8, 0x8e, 5, 0, 0], 40),
        (&many, 36 + 4 + 16 * 4),
    ];
    for (options, at) in cases {
        assert_eq!(error(&with_options(PATH, 36, options, &[])), PacketError::Option { at }, "{options:?}");
    }
}

#[test]
fn a_list_has_whole_numbers() {
    let more = Request::decode_list(&[0, 4, 0, 16, 0x82, 12, 0xff, 0, 0, 0, 0, 5, 0, 0, 0, 6]);
    assert_eq!(more.unwrap(), [5, 6].map(Sequence));
    let broken = Request::decode_list(&[0, 4, 0, 15, 0x82, 11, 0xff, 0, 0, 0, 0, 5, 0, 0, 0]);
    assert_eq!(broken.unwrap_err(), PacketError::Option { at: 40 });
}

impl Request<'_> {
    fn decode_list(options: &[u8]) -> Result<Vec<Sequence>, PacketError> {
        let addresses = [0, 0, 0, 4, 0, 1, 0, 0, 127, 0, 0, 1, 0, 1, 0, 0, 239, 0, 0, 1];
        let packet = with(&with(&PATH[..16], 4, &[NAK]), 16, &addresses);
        match Packet::decode(&with_options(&packet, 36, options, &[]))?.body {
            Body::Nak(request) => Ok(request.more.iter().collect()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn fragments_are_refused() {
    let options = [0, 4, 0, 20, 0x81, 16, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 5];
    assert_eq!(error(&with_options(DATA, 24, &options, &DATA[24..])), PacketError::Fragment);
}

#[test]
fn more_than_a_packet_can_tell_is_cut() {
    let tsi = Tsi { gsi: [1; 6], port: 2 };
    let mut out = Vec::new();
    let data = Data { sequence: Sequence(3), trail: Sequence(3), payload: &[7; 70_000] };
    Packet { tsi, port: 5, body: Body::Odata(data) }.encode(&mut out);
    let Body::Odata(read) = Packet::decode(&out).unwrap().body else { panic!("an ODATA") };
    assert_eq!(read.payload, &data.payload[..65_535]);

    let numbers: Vec<_> = (0..100).map(Sequence).collect();
    assert!(More::of(&numbers).iter().eq((0..62).map(Sequence)));
}

#[test]
fn a_repair_of_something_else_is_left_alone() {
    for length in 0..DATA_HEADER {
        let mut bytes = DATA[..length].to_vec();
        make_repair(&mut bytes, Sequence(1));
        assert_eq!(bytes, DATA[..length]);
    }
}

#[test]
fn a_session_has_a_readable_name() {
    let tsi = Tsi { gsi: [0xb7, 0xc6, 0xd1, 0xbc, 0x03, 0x8a], port: 10959 };
    assert_eq!(tsi.to_string(), "b7c6d1bc038a.10959");
}
