//! TCP segments, and datagrams that may be multicast, out of a capture, in the order in which they were seen.

use crate::dump::spoken::End;
use crate::failure::Failure;
use etherparse::{EtherType, IpNumber, LaxNetSlice, LaxSlicedPacket, TcpSlice, TransportSlice};
use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{Linktype, PcapBlockOwned, PcapError, create_reader};
use std::io::Read;
use std::net::{IpAddr, SocketAddr};

/// Room for the largest packet that is looked at.
const ROOM: usize = 4 << 20;

/// How pcap begins: both orders of bytes, micro- and nanoseconds.
const PCAP: [[u8; 4]; 4] =
    [[0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0xc3, 0xd4], [0x4d, 0x3c, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d]];
const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// Of pcapng's first block, whose length and order of bytes these tell.
const SECTION: u64 = 12;

/// Whether these first bytes are those of a capture.
pub(super) fn is_capture(start: &[u8]) -> bool {
    start.first_chunk::<4>().is_some_and(|magic| *magic == PCAPNG || PCAP.contains(magic))
}

/// How many more bytes the header has; none if it is there, or this is no capture.
pub(super) fn header_left(start: &[u8]) -> Option<u64> {
    let have = start.len() as u64;
    let length = match start.first_chunk::<4>() {
        None => 4,
        Some(&PCAPNG) => section_length(start).unwrap_or(SECTION),
        Some(magic) if PCAP.contains(magic) => 24,
        Some(_) => 0,
    };
    length.checked_sub(have).filter(|left| *left > 0)
}

/// The length of pcapng's first block, within reason.
fn section_length(start: &[u8]) -> Option<u64> {
    let length = *start.get(4..8)?.first_chunk::<4>()?;
    let little_endian = *start.get(8..12)? == [0x4d, 0x3c, 0x2b, 0x1a];
    let length = if little_endian { u32::from_le_bytes(length) } else { u32::from_be_bytes(length) };
    Some(u64::from(length).clamp(SECTION, 64 << 10))
}

/// One packet of the network.
#[derive(Debug)]
pub(super) enum Seen {
    Segment(Segment),
    Datagram(Datagram),
    /// A part of a multicast datagram: such are not put together.
    Fragment,
}

/// A packet of UDP, or of PGM in IP.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    pub(super) time: f64,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// Of UDP: of the source, and of the destination.
    pub(super) ports: Option<[u16; 2]>,
    pub(super) payload: Vec<u8>,
}

impl Datagram {
    pub(super) fn from(&self) -> End {
        self.end(self.source, |[from, _]| from)
    }

    pub(super) fn to(&self) -> End {
        self.end(self.destination, |[_, to]| to)
    }

    fn end(&self, address: IpAddr, port: impl FnOnce([u16; 2]) -> u16) -> End {
        self.ports.map_or(End::Host(address), |ports| End::Socket(SocketAddr::new(address, port(ports))))
    }

    /// The ports at its ends, of UDP or of PGM, whose header begins with them as well.
    pub(super) fn any_ports(&self) -> [u16; 2] {
        let port = |at: usize| {
            let bytes = self.payload.get(at..at + 2).unwrap_or_default();
            bytes.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
        };
        self.ports.unwrap_or_else(|| [port(0), port(2)])
    }
}

/// One packet's part of a TCP stream.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Seconds since 1970.
    pub(super) time: f64,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) begins: bool,
    /// FIN or RST: nothing follows.
    pub(super) ends: bool,
    pub(super) payload: Vec<u8>,
}

pub(super) struct Capture<'a> {
    reader: Box<dyn PcapReaderIterator + Send + 'a>,
    interfaces: Vec<Interface>,
    nanoseconds: bool,
    cut_off: bool,
}

/// Where packets come from, and how their times are written.
struct Interface {
    link: Linktype,
    offset: u64,
    resolution: u64,
}

impl<'a> Capture<'a> {
    pub(super) fn new(input: impl Read + Send + 'a) -> Result<Self, Failure> {
        let reader = create_reader(ROOM, input).map_err(|error| broken(&error))?;
        Ok(Self { reader, interfaces: Vec::new(), nanoseconds: false, cut_off: false })
    }

    /// Whether it ended within a packet.
    pub(super) const fn is_cut_off(&self) -> bool {
        self.cut_off
    }

    /// The next packet of these kinds, or the end.
    pub(super) fn next(&mut self) -> Result<Option<Seen>, Failure> {
        loop {
            let exhausted = self.reader.reader_exhausted();
            match self.reader.next() {
                Ok((length, block)) => {
                    let seen = read(&block, &mut self.interfaces, &mut self.nanoseconds);
                    self.reader.consume(length);
                    if seen.is_some() {
                        return Ok(seen);
                    }
                    continue;
                }
                Err(PcapError::Eof) => return Ok(None),
                // The packets before are good all the same.
                Err(PcapError::Incomplete(_) | PcapError::UnexpectedEof) if exhausted => {
                    self.cut_off = true;
                    return Ok(None);
                }
                Err(PcapError::Incomplete(_)) => {}
                Err(error) => return Err(broken(&error)),
            }
            self.reader.refill().map_err(|error| broken(&error))?;
        }
    }
}

fn broken(error: &PcapError<&[u8]>) -> Failure {
    Failure::Failed(format!("the capture is damaged, or of no known kind: {error:?}"))
}

/// The packet of a block, if it holds one.
fn read(block: &PcapBlockOwned<'_>, interfaces: &mut Vec<Interface>, nanoseconds: &mut bool) -> Option<Seen> {
    match block {
        PcapBlockOwned::LegacyHeader(header) => {
            *nanoseconds = header.is_nanosecond_precision();
            interfaces.push(Interface { link: header.network, offset: 0, resolution: 1 });
            None
        }
        PcapBlockOwned::Legacy(packet) => {
            let parts = if *nanoseconds { 1e9 } else { 1e6 };
            let time = f64::from(packet.ts_sec) + f64::from(packet.ts_usec) / parts;
            dissect(interfaces.first()?.link, packet.data, time)
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => {
            interfaces.clear();
            None
        }
        PcapBlockOwned::NG(Block::InterfaceDescription(about)) => {
            let offset = about.ts_offset().cast_unsigned();
            let resolution = about.ts_resolution().unwrap_or(1_000_000);
            interfaces.push(Interface { link: about.linktype, offset, resolution });
            None
        }
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
            let interface = interfaces.get(packet.if_id as usize)?;
            let time = packet.decode_ts_f64(interface.offset, interface.resolution);
            dissect(interface.link, packet.data.get(..packet.caplen as usize)?, time)
        }
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
            dissect(interfaces.first()?.link, packet.data, 0.0)
        }
        PcapBlockOwned::NG(_) => None,
    }
}

fn dissect(link: Linktype, data: &[u8], time: f64) -> Option<Seen> {
    let ether_type =
        |at: usize| data.get(at..at + 2).map(|two| EtherType(u16::from_be_bytes([two[0], two[1]])));
    let packet = match link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(data).ok()?,
        // Loopback of BSD: four bytes that name the family.
        Linktype::NULL | Linktype(108) => LaxSlicedPacket::from_ip(data.get(4..)?).ok()?,
        Linktype::RAW | Linktype(12 | 14 | 228 | 229) => LaxSlicedPacket::from_ip(data).ok()?,
        // Linux "any", in both versions.
        Linktype::LINUX_SLL => LaxSlicedPacket::from_ether_type(ether_type(14)?, data.get(16..)?),
        Linktype(276) => LaxSlicedPacket::from_ether_type(ether_type(0)?, data.get(20..)?),
        _ => return None,
    };
    let (from, to): (IpAddr, IpAddr) = match packet.net.as_ref()? {
        LaxNetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        LaxNetSlice::Arp(_) => return None,
    };
    let datagram = |ports, payload: &[u8]| {
        let payload = payload.to_vec();
        Some(Seen::Datagram(Datagram { time, source: from, destination: to, ports, payload }))
    };
    match &packet.transport {
        Some(TransportSlice::Tcp(tcp)) => return Some(Seen::Segment(segment(tcp, from, to, time))),
        Some(TransportSlice::Udp(udp)) => {
            return datagram(Some([udp.source_port(), udp.destination_port()]), udp.payload());
        }
        _ => {}
    }
    let ip = packet.ip_payload()?;
    match ip.ip_number {
        IpNumber::UDP | IpNumber::PGM if ip.fragmented => to.is_multicast().then_some(Seen::Fragment),
        IpNumber::PGM => datagram(None, ip.payload),
        _ => None,
    }
}

fn segment(tcp: &TcpSlice<'_>, from: IpAddr, to: IpAddr, time: f64) -> Segment {
    Segment {
        time,
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        begins: tcp.syn(),
        ends: tcp.fin() || tcp.rst(),
        payload: tcp.payload().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TCP from port 1 to port 2 that says "hi", over IPv4.
    fn ip() -> Vec<u8> {
        let mut packet = b"\x45\0\0\x2A\0\0\0\0\x40\x06\0\0\x7F\0\0\x01\x7F\0\0\x01".to_vec();
        packet.extend(b"\0\x01\0\x02\0\0\0\x07\0\0\0\0\x50\x10\xFF\xFF\0\0\0\0hi");
        packet
    }

    fn of_tcp(seen: Seen) -> Segment {
        let Seen::Segment(segment) = seen else { panic!("{seen:?}") };
        segment
    }

    fn all(file: &[u8]) -> Vec<Segment> {
        let mut capture = Capture::new(file).unwrap();
        std::iter::from_fn(|| capture.next().unwrap().map(of_tcp)).collect()
    }

    /// A block of pcapng, with its length before and behind.
    fn block(kind: u32, body: &[u8]) -> Vec<u8> {
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        let length = (12 + body.len() as u32).to_le_bytes();
        [&kind.to_le_bytes()[..], &length, &body, &length].concat()
    }

    #[test]
    fn every_link_is_taken_off() {
        let behind = |header: &[u8]| [header, &ip()].concat();
        for (link, packet) in [
            (1, behind(b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\0")),
            (0, behind(b"\x02\0\0\0")),
            (101, ip()),
            (113, behind(b"\0\0\0\x01\0\x06\0\0\0\0\0\0\0\0\x08\0")),
            (276, behind(b"\x08\0\0\0\0\0\0\x01\0\x01\0\x06\0\0\0\0\0\0\0\0")),
        ] {
            let seen = dissect(Linktype(link), &packet, 1.5).unwrap_or_else(|| panic!("link {link}"));
            let segment = of_tcp(seen);
            assert_eq!((segment.from.to_string(), segment.to.port()), ("127.0.0.1:1".to_owned(), 2));
            assert_eq!((segment.sequence, &segment.payload[..], segment.time), (7, &b"hi"[..], 1.5));
            assert!((0..packet.len()).all(|end| {
                dissect(Linktype(link), &packet[..end], 0.0).is_none_or(|seen| of_tcp(seen).payload != b"hi")
            }));
        }
        assert!(dissect(Linktype(9999), &ip(), 0.0).is_none());
    }

    #[test]
    fn pcapng_is_read_with_its_own_clock() {
        let section = block(0x0A0D_0D0A, b"\x4D\x3C\x2B\x1A\x01\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
        // Times in milliseconds: option 9 is 3, one byte.
        let interface = block(1, b"\x65\0\0\0\0\0\0\0\x09\0\x01\0\x03\0\0\0\0\0\0\0");
        let mut packet = b"\0\0\0\0\0\0\0\0\xC4\x09\0\0".to_vec();
        [ip().len() as u32; 2].iter().for_each(|length| packet.extend(length.to_le_bytes()));
        packet.extend(ip());
        let file = [section, interface, block(6, &packet)].concat();
        let segments = all(&file);
        assert_eq!((segments.len(), segments[0].time, &segments[0].payload[..]), (1, 2.5, &b"hi"[..]));
        assert!(is_capture(&file));
        assert_eq!([0, 4, 12, 28].map(|have| header_left(&file[..have])), [Some(4), Some(8), Some(16), None]);
    }

    #[test]
    fn other_files_are_no_captures() {
        for start in [&b""[..], b"\xFF\0\0\0", b"text"] {
            assert!(!is_capture(start) && header_left(start) == (start.is_empty()).then_some(4));
        }
    }
}
