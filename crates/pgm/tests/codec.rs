//! Any packet is read as it was written, and any bytes are read without a panic.

use pgm::{Body, Data, More, Packet, Request, Sequence, Spm, Tsi};
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::IpAddr;

/// What a packet is made from; the packet borrows from it.
#[derive(Clone, Debug)]
struct Parts {
    kind: usize,
    tsi: Tsi,
    port: u16,
    numbers: [u32; 2],
    apart: u32,
    addresses: [IpAddr; 2],
    fin: bool,
    payload: Vec<u8>,
    more: Vec<Sequence>,
}

impl Parts {
    fn packet(&self) -> Packet<'_> {
        let [sequence, trail] = self.numbers.map(Sequence);
        let lead = trail.plus(self.apart);
        let [source, group] = self.addresses;
        let data = Data { sequence: lead, trail, payload: &self.payload };
        let request = Request { first: sequence, source, group, more: More::of(&self.more) };
        let body = match self.kind {
            0 => Body::Spm(Spm { sequence, trail, lead: lead.minus(1), nla: source, fin: self.fin }),
            1 => Body::Odata(data),
            2 => Body::Rdata(data),
            3 => Body::Nak(request),
            4 => Body::Ncf(request),
            _ => Body::Spmr,
        };
        Packet { tsi: self.tsi, port: self.port, body }
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let tsi = any::<([u8; 6], u16)>().prop_map(|(gsi, port)| Tsi { gsi, port });
    let sequences = vec(any::<u32>().prop_map(Sequence), 0..=Request::MAX_MORE);
    let apart = prop_oneof![0..100_u32, 0..0x7fff_ffff_u32];
    let names = (tsi, any::<u16>(), any::<[IpAddr; 2]>());
    (0..6_usize, names, any::<[u32; 2]>(), apart, any::<bool>(), vec(any::<u8>(), 0..300), sequences)
        .prop_map(|(kind, (tsi, port, addresses), numbers, apart, fin, payload, more)| Parts {
            kind,
            tsi,
            port,
            numbers,
            apart,
            addresses,
            fin,
            payload,
            more,
        })
}

fn encoded(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(&mut bytes);
    bytes
}

/// Writes the checksum anew, the slow way.
fn sign(bytes: &mut [u8]) {
    let Some(checksum) = bytes.get_mut(6..8) else { return };
    checksum.fill(0);
    let words =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let sum = words.sum::<u32>() % 0xffff;
    bytes[6..8].copy_from_slice(&(0xffff - sum as u16).to_be_bytes());
}

proptest! {
    #[test]
    fn what_is_written_is_read(parts in parts()) {
        let packet = parts.packet();
        let mut bytes = encoded(&packet);
        prop_assert_eq!(Packet::decode(&bytes), Ok(packet));
        let before = bytes.clone();
        sign(&mut bytes);
        prop_assert_eq!(bytes, before);
    }

    #[test]
    fn a_repair_is_as_if_written_so(mut parts in parts(), old_trail: u32) {
        parts.kind = 2;
        let repair = encoded(&parts.packet());
        let Body::Rdata(data) = parts.packet().body else { unreachable!() };
        let body = Body::Odata(Data { trail: Sequence(old_trail), ..data });
        let mut bytes = encoded(&Packet { body, ..parts.packet() });
        pgm::make_repair(&mut bytes, data.trail);
        prop_assert_eq!(bytes, repair);
    }

    #[test]
    fn a_cut_packet_is_refused(parts in parts(), end: prop::sample::Index) {
        let bytes = encoded(&parts.packet());
        let end = end.index(bytes.len());
        let mut cut = bytes[..end].to_vec();
        prop_assert!(Packet::decode(&cut).is_err());
        sign(&mut cut);
        prop_assert!(Packet::decode(&cut).is_err());
    }

    #[test]
    fn any_bytes_are_survived(mut bytes in vec(any::<u8>(), 0..200), kind in 0..16_u8, flags in 0..4_u8, signed: bool) {
        if signed && bytes.len() > 8 {
            bytes[4] = kind;
            bytes[5] = flags;
            sign(&mut bytes);
        }
        check(&mut bytes);
    }

    #[test]
    fn any_change_is_survived(
        parts in parts(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        tail in vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = encoded(&parts.packet());
        bytes.extend(tail);
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        sign(&mut bytes);
        check(&mut bytes);
    }
}

/// What could be read is read as the same again, once it was written.
fn check(bytes: &mut [u8]) {
    if let Ok(packet) = Packet::decode(bytes) {
        assert_eq!(Packet::decode(&encoded(&packet)), Ok(packet));
    }
    pgm::make_repair(bytes, Sequence(7));
}
