use super::options::Options;
use super::{Body, Data, Packet, PacketError, Request, Spm, Tsi};
use super::{IPV4, IPV6, NAK, NCF, ODATA, OPTIONS, PARITY, RDATA, SPM, SPMR, is_upstream};
use crate::{Sequence, checksum};
use std::net::IpAddr;

pub(super) fn packet(bytes: &[u8]) -> Result<Packet<'_>, PacketError> {
    let mut reader = Reader { bytes, at: 0 };
    let [sender, receiver] = [reader.u16()?, reader.u16()?];
    let [kind, flags] = reader.take()?;
    let checksum = reader.u16()?;
    let gsi = reader.take()?;
    let length = reader.u16()?;
    if flags & PARITY != 0 || !matches!(kind, SPM | ODATA | RDATA | NAK | NCF | SPMR) {
        return Err(PacketError::Unsupported { kind, flags });
    }
    match checksum {
        0 if matches!(kind, ODATA | RDATA) => return Err(PacketError::Unchecked),
        0 => {}
        // The sum of a packet and its own complement.
        _ if checksum::sum(bytes) != u16::MAX => return Err(PacketError::Checksum),
        _ => {}
    }
    let (own, port) = if is_upstream(kind) { (receiver, sender) } else { (sender, receiver) };
    let has_options = flags & OPTIONS != 0;
    let body = match kind {
        SPM => Body::Spm(spm(&mut reader, has_options)?),
        ODATA => Body::Odata(data(&mut reader, has_options, length)?),
        RDATA => Body::Rdata(data(&mut reader, has_options, length)?),
        NAK => Body::Nak(request(&mut reader, has_options)?),
        NCF => Body::Ncf(request(&mut reader, has_options)?),
        _ => Body::Spmr,
    };
    Ok(Packet { tsi: Tsi { gsi, port: own }, port, body })
}

fn spm(reader: &mut Reader<'_>, has_options: bool) -> Result<Spm, PacketError> {
    let sequence = reader.sequence()?;
    let trail = reader.sequence()?;
    let lead = reader.sequence()?;
    // One less is an empty window.
    check_window(trail, lead, lead.next().since(trail))?;
    let nla = reader.address()?;
    let fin = reader.options(has_options)?.fin;
    Ok(Spm { sequence, trail, lead, nla, fin })
}

fn data<'a>(reader: &mut Reader<'a>, has_options: bool, length: u16) -> Result<Data<'a>, PacketError> {
    let sequence = reader.sequence()?;
    let trail = reader.sequence()?;
    check_window(trail, sequence, sequence.since(trail))?;
    if reader.options(has_options)?.fragment {
        return Err(PacketError::Fragment);
    }
    let payload = reader.rest();
    if payload.len() != usize::from(length) {
        return Err(PacketError::Length { said: length, found: payload.len() });
    }
    Ok(Data { sequence, trail, payload })
}

fn request<'a>(reader: &mut Reader<'a>, has_options: bool) -> Result<Request<'a>, PacketError> {
    let first = reader.sequence()?;
    let source = reader.address()?;
    let group = reader.address()?;
    let more = reader.options(has_options)?.list;
    Ok(Request { first, source, group, more })
}

/// Ends that are half the circle apart, or more, are in no order.
const fn check_window(trail: Sequence, lead: Sequence, apart: i32) -> Result<(), PacketError> {
    if apart < 0 || apart == i32::MAX { Err(PacketError::Window { trail, lead }) } else { Ok(()) }
}

/// The bytes of a packet, and the place up to which they are read.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], PacketError> {
        let short = PacketError::Short { needed: self.at + N, found: self.bytes.len() };
        let taken = self.rest().first_chunk().ok_or(short)?;
        self.at += N;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, PacketError> {
        self.take().map(u16::from_be_bytes)
    }

    fn sequence(&mut self) -> Result<Sequence, PacketError> {
        Ok(Sequence(u32::from_be_bytes(self.take()?)))
    }

    /// An address with its family in front.
    fn address(&mut self) -> Result<IpAddr, PacketError> {
        let at = self.at;
        let family = self.u16()?;
        let _reserved = self.u16()?;
        match family {
            IPV4 => self.take::<4>().map(IpAddr::from),
            IPV6 => self.take::<16>().map(IpAddr::from),
            _ => Err(PacketError::Family { at, family }),
        }
    }

    fn options(&mut self, are_there: bool) -> Result<Options<'a>, PacketError> {
        let options = if are_there { Options::read(self.bytes, self.at)? } else { Options::NONE };
        self.at += options.length;
        Ok(options)
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }
}
