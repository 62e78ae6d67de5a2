use super::options::{FIN, LAST, LENGTH, LIST, PLAIN};
use super::{Body, Data, Packet, Request, Spm};
use super::{DATA_HEADER, IPV4, IPV6, NETWORK, OPTIONS, RDATA, is_upstream};
use crate::{Sequence, checksum};
use std::net::IpAddr;

/// Where things are in a packet.
const KIND: usize = 4;
const CHECKSUM: usize = 6;
const TRAIL: usize = 20;

pub(super) fn packet(packet: &Packet<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    let (kind, own, port) = (packet.body.kind(), packet.tsi.port, packet.port);
    let (sender, receiver) = if is_upstream(kind) { (port, own) } else { (own, port) };
    let payload = payload(&packet.body);
    word(out, sender);
    word(out, receiver);
    out.extend([kind, flags(&packet.body)]);
    word(out, 0);
    out.extend(packet.tsi.gsi);
    word(out, payload.len() as u16);
    match &packet.body {
        Body::Spm(it) => spm(it, out),
        Body::Odata(it) | Body::Rdata(it) => {
            number(out, it.sequence);
            number(out, it.trail);
            out.extend_from_slice(payload);
        }
        Body::Nak(it) | Body::Ncf(it) => request(it, out),
        Body::Spmr => {}
    }
    let written = out.get_mut(start..).unwrap_or_default();
    let checksum = checksum::of_sum(checksum::sum(written));
    put(written, CHECKSUM, checksum);
}

/// Makes an encoded data packet one that is sent again: an RDATA, with the oldest packet that the source has now.
/// Bytes that are no whole header of a data packet stay as they are.
pub fn make_repair(packet: &mut [u8], trail: Sequence) {
    let Some(header) = packet.first_chunk_mut::<DATA_HEADER>() else { return };
    let [trail_high, trail_low] = [(trail.0 >> 16) as u16, trail.0 as u16];
    let changes =
        [(KIND, u16::from_be_bytes([RDATA, header[KIND + 1]])), (TRAIL, trail_high), (TRAIL + 2, trail_low)];
    // The payload need not be summed again.
    let mut checksum = put(header, CHECKSUM, 0);
    for (at, to) in changes {
        checksum = checksum::changed(checksum, put(header, at, to), to);
    }
    put(header, CHECKSUM, checksum);
}

/// The payload, as much of it as the header can tell.
fn payload<'a>(body: &Body<'a>) -> &'a [u8] {
    match body {
        Body::Odata(Data { payload, .. }) | Body::Rdata(Data { payload, .. }) => {
            payload.get(..usize::from(u16::MAX)).unwrap_or(payload)
        }
        _ => &[],
    }
}

const fn flags(body: &Body<'_>) -> u8 {
    match body {
        Body::Spm(Spm { fin: true, .. }) => OPTIONS,
        Body::Nak(Request { more, .. }) | Body::Ncf(Request { more, .. }) if !more.is_empty() => {
            OPTIONS | NETWORK
        }
        _ => 0,
    }
}

fn spm(spm: &Spm, out: &mut Vec<u8>) {
    number(out, spm.sequence);
    number(out, spm.trail);
    number(out, spm.lead);
    address(out, spm.nla);
    if spm.fin {
        option(out, FIN, 0, 0);
    }
}

fn request(request: &Request<'_>, out: &mut Vec<u8>) {
    number(out, request.first);
    address(out, request.source);
    address(out, request.group);
    if !request.more.is_empty() {
        option(out, LIST, request.more.extra, 4 * request.more.len());
        request.more.iter().for_each(|sequence| number(out, sequence));
    }
}

/// The only option of a packet, with a body of `length` bytes (at most 248), which follows.
fn option(out: &mut Vec<u8>, kind: u8, extra: u8, length: usize) {
    let own = PLAIN + length;
    out.extend([LENGTH, PLAIN as u8]);
    word(out, (PLAIN + own) as u16);
    out.extend([kind | LAST, own as u8, extra, 0]);
}

fn address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            word(out, IPV4);
            word(out, 0);
            out.extend(address.octets());
        }
        IpAddr::V6(address) => {
            word(out, IPV6);
            word(out, 0);
            out.extend(address.octets());
        }
    }
}

fn number(out: &mut Vec<u8>, sequence: Sequence) {
    out.extend(sequence.0.to_be_bytes());
}

fn word(out: &mut Vec<u8>, word: u16) {
    out.extend(word.to_be_bytes());
}

/// Overwrites a word, and gives what was there.
fn put(packet: &mut [u8], at: usize, word: u16) -> u16 {
    let Some(place) = packet.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) else { return word };
    u16::from_be_bytes(std::mem::replace(place, word.to_be_bytes()))
}
