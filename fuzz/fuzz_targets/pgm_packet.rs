//! Packets of PGM: those are read that a parser finds right, and what was read is written as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pgm::{Body, Packet, Sequence};
use std::net::IpAddr;
use zincmq_fuzz::datagram::{self, encoded, sign};

/// The flag of a packet with options.
const OPTIONS: u8 = 1;

fuzz_target!(|data: &[u8]| {
    check(data);
    let mut signed = data.to_vec();
    sign(&mut signed);
    check(&signed);
    let was_data =
        matches!(Packet::decode(&signed), Ok(Packet { body: Body::Odata(_) | Body::Rdata(_), .. }));
    pgm::make_repair(&mut signed, Sequence(7));
    // The trail may come after the number of the data.
    let repair = Packet::decode(&signed);
    assert!(!was_data || !matches!(repair, Err(error) if error == pgm::PacketError::Checksum));
});

fn check(bytes: &[u8]) {
    let read = Packet::decode(bytes);
    assert_eq!(read.is_ok(), datagram::is_packet(bytes), "{read:?}");
    if let Ok(packet) = read {
        let written = encoded(&packet);
        let again = Packet::decode(&written);
        assert_eq!(again, Ok(packet));
        assert_eq!(encoded(&again.unwrap()), written);
        if bytes[5] & OPTIONS == 0 {
            assert_eq!(meaning(bytes, &packet.body), meaning(&written, &packet.body));
        }
    }
}

/// A packet without options, and without what has no meaning in it.
fn meaning(bytes: &[u8], body: &Body<'_>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // Flags, and the checksum, which may be missing.
    bytes[5..8].fill(0);
    let length = |address: IpAddr| if address.is_ipv4() { 8 } else { 20 };
    let unused = match body {
        Body::Odata(_) | Body::Rdata(_) => return bytes,
        Body::Spm(spm) => vec![14, 30, 28 + length(spm.nla)],
        Body::Nak(request) | Body::Ncf(request) => {
            let group = 20 + length(request.source);
            vec![14, 22, group + 2, group + length(request.group)]
        }
        Body::Spmr => vec![14, 16],
    };
    let (end, unused) = unused.split_last().expect("an end");
    bytes.truncate(*end);
    unused.iter().for_each(|at| bytes[*at..at + 2].fill(0));
    bytes
}
