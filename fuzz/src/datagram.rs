//! Packets of PGM from an input, and a little parser of them.

use crate::input::Input;
use pgm::{Body, Data, More, Packet, Request, Sequence, Spm, Tsi};
use std::net::IpAddr;

pub const PORT: u16 = 5555;
pub const GROUP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(239, 192, 1, 1));

/// The session of source number `source`.
pub fn tsi(source: u8) -> Tsi {
    Tsi { gsi: [0, 1, 2, 3, 4, 5], port: 1000 + u16::from(source) }
}

/// The address of source number `source`.
pub fn address(source: u8) -> IpAddr {
    [10, 0, 0, source].into()
}

/// Writes the right checksum, which no fuzzer finds.
pub fn sign(packet: &mut [u8]) {
    if packet.len() >= 8 {
        packet[6..8].fill(0);
        let sum = sum(packet);
        packet[6..8].copy_from_slice(&(0xffff - sum).to_be_bytes());
    }
}

/// Less than 0xffff.
fn sum(packet: &[u8]) -> u16 {
    let words =
        packet.chunks(2).map(|pair| u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u64::from(*low)));
    (words.sum::<u64>() % 0xffff) as u16
}

pub fn encoded(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(&mut bytes);
    bytes
}

/// Whether these bytes are a packet, read slowly.
pub fn is_packet(bytes: &[u8]) -> bool {
    parse(bytes).is_some()
}

fn parse(bytes: &[u8]) -> Option<()> {
    let word = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let (kind, flags) = (*bytes.get(4)?, *bytes.get(5)?);
    let length = word(14)?;
    let is_data = kind == 4 || kind == 5;
    let checked = word(6)? != 0;
    if flags & 0xc0 != 0 || !checked && is_data || checked && sum(bytes) != 0 {
        return None;
    }
    let address = |at: usize| {
        let end = at + if word(at)? == 1 { 8 } else { 20 };
        (word(at)? < 3 && word(at)? > 0 && bytes.len() >= end).then_some(end)
    };
    let fixed = match kind {
        0 => {
            let packets = number(24)?.wrapping_add(1).wrapping_sub(number(20)?);
            address(28).filter(|_| packets < 0x7fff_ffff)?
        }
        4 | 5 => (number(16)?.wrapping_sub(number(20)?) < 0x7fff_ffff).then_some(24)?,
        8 | 10 => address(address(20)?)?,
        12 => return Some(()),
        _ => return None,
    };
    let (options, fragment) = if flags & 1 == 0 { (0, false) } else { options(&bytes[fixed..])? };
    (!is_data || !fragment && bytes.len() - fixed - options == usize::from(length)).then_some(())
}

/// The bytes of all options, and whether one is of a fragment.
fn options(bytes: &[u8]) -> Option<(usize, bool)> {
    let [0, 4, high, low, ..] = *bytes else { return None };
    let total = usize::from(high) << 8 | usize::from(low);
    let mut rest = bytes.get(4..total)?;
    let mut fragment = false;
    for _ in 0..16 {
        if rest.is_empty() {
            return Some((total, fragment));
        }
        let [kind, own, _, _, ..] = *rest else { return None };
        let own = usize::from(own);
        if own < 4 || own > rest.len() || kind & 0x7f == 2 && !own.is_multiple_of(4) {
            return None;
        }
        fragment |= kind & 0x7f == 1;
        if kind & 0x80 != 0 {
            return Some((total, fragment));
        }
        rest = &rest[own..];
    }
    None
}

/// A packet of one of the sources, about where its numbers are. The payload tells the number of its data, and a length.
pub struct Drawn {
    pub source: u8,
    bytes: Vec<u8>,
}

impl Drawn {
    /// One to receivers, whose numbers are around `base` of its source.
    pub fn downstream(input: &mut Input<'_>, base: impl Fn(u8) -> Sequence) -> Self {
        let kind = input.byte();
        let source = input.byte() % 4;
        let base = base(source);
        let sequence = near(base, input);
        let trail = base.minus(u32::from(input.byte()));
        let detail = input.byte();
        let payload = payload(sequence, usize::from(detail));
        let data = Data { sequence, trail, payload: &payload };
        let more: Vec<Sequence> = (0..u32::from(detail % 63)).map(|count| sequence.plus(count + 1)).collect();
        let request =
            Request { first: sequence, source: address(source), group: GROUP, more: More::of(&more) };
        let number = base.plus(u32::from(detail >> 1));
        let spm = Spm { sequence: number, trail, lead: sequence, nla: address(source), fin: detail & 1 != 0 };
        let body = match kind % 6 {
            0 => Body::Odata(data),
            1 => Body::Rdata(data),
            2 => Body::Spm(spm),
            3 => Body::Ncf(request),
            4 => Body::Nak(request),
            _ => Body::Spmr,
        };
        Self { source, bytes: encoded(&Packet { tsi: tsi(source), port: PORT, body }) }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A number near `base`, or somewhere.
fn near(base: Sequence, input: &mut Input<'_>) -> Sequence {
    match input.byte() {
        255 => base.plus(input.word() as u32),
        254 => base.plus((input.word() as u32) << 16),
        253 => base.minus(input.word() as u32),
        near => base.plus(u32::from(near)).minus(if near > 200 { 252 } else { 0 }),
    }
}

/// Data that says its number, as often as it fits.
pub fn payload(sequence: Sequence, length: usize) -> Vec<u8> {
    sequence.0.to_be_bytes().into_iter().cycle().take(length).collect()
}
