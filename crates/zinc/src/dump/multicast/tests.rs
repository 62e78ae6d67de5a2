use super::*;
use pgm::{More, Request, Sequence, Spm};
use std::net::Ipv4Addr;

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 192, 1, 1));

const fn tsi(port: u16) -> Tsi {
    Tsi { gsi: *b"source", port }
}

/// What a packet says from a source to its group; without UDP unless there is a port.
fn hear(sources: &mut Sources, source: IpAddr, port: Option<u16>, body: Body<'_>) -> Vec<String> {
    let mut payload = Vec::new();
    Packet { tsi: tsi(7), port: 5555, body }.encode(&mut payload);
    say_all(sources, source, GROUP, port, payload)
}

fn say_all(
    sources: &mut Sources,
    source: IpAddr,
    destination: IpAddr,
    port: Option<u16>,
    payload: Vec<u8>,
) -> Vec<String> {
    let ports = port.map(|port| [40_000, port]);
    let spoken = sources.take(&Datagram { time: 0.0, source, destination, ports, payload });
    spoken.iter().map(told).collect()
}

fn told(spoken: &Spoken) -> String {
    let number = match spoken.place.unwrap().party {
        Some(Party::Source(number)) => number.to_string(),
        _ => "?".to_owned(),
    };
    let event = match &spoken.event {
        Event::Multicast(told) => told.as_text().split(' ').next().unwrap().to_owned(),
        Event::Frame { more, start, .. } => {
            format!("{}{}", String::from_utf8_lossy(start), if *more { "+" } else { "" })
        }
        Event::Lost { first, count } => format!("lost {first}+{count}"),
        Event::Malformed(reason) => reason.clone(),
        other => format!("{other:?}"),
    };
    format!("{number} {event}")
}

const fn odata(sequence: u32, payload: &[u8]) -> Body<'_> {
    Body::Odata(Data { sequence: Sequence(sequence), trail: Sequence(0), payload })
}

#[test]
fn messages_follow_the_packet_that_completes_them() {
    let mut sources = Sources::new(4);
    let mut hear = |body| hear(&mut sources, SOURCE, None, body);
    assert_eq!(hear(odata(0, b"\0\0\x02\x01a\x04\0bc")), ["1 ODATA"]);
    assert_eq!(hear(odata(2, b"\0\0\x06\0after")), ["1 ODATA"]);
    assert_eq!(hear(odata(2, b"\0\0\x06\0after")), ["1 ODATA"]);
    let repair = Data { sequence: Sequence(1), trail: Sequence(0), payload: b"\0\x01d\x02\0e" };
    assert_eq!(hear(Body::Rdata(repair)), ["1 RDATA", "1 a+", "1 bcd", "1 e", "1 afte"]);
    assert_eq!(hear(odata(4, b"\0\0\x02\0x")), ["1 ODATA"]);
    let spm = Spm { sequence: Sequence(1), trail: Sequence(4), lead: Sequence(4), nla: SOURCE, fin: false };
    assert_eq!(hear(Body::Spm(spm)), ["1 SPM", "1 lost 3+1", "1 x"]);
    assert_eq!(
        hear(odata(5, b"\0\x05z")),
        ["1 ODATA", "1 the first message is said to begin at byte 5 of 1"]
    );
    assert_eq!(hear(odata(7, b"\0\0\x02\0y")), ["1 ODATA"]);
    let end: Vec<String> = sources.end().iter().map(told).collect();
    assert_eq!(end, ["1 lost 6+1", "1 y"]);
    assert_eq!(sources.counts(), (8, 0));
}

#[test]
fn a_port_is_looked_at_once_a_packet_proves_it() {
    let mut sources = Sources::new(4);
    let mut say = |port, payload: &[u8]| say_all(&mut sources, SOURCE, GROUP, Some(port), payload.to_vec());
    let packet = |body| {
        let mut bytes = Vec::new();
        Packet { tsi: tsi(7), port: 5555, body }.encode(&mut bytes);
        bytes
    };
    let data = packet(odata(0, b"\0\0\x02\0a"));
    let mut damaged = data.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut unproven = packet(Body::Spmr);
    unproven[CHECKSUM].fill(0);
    assert_eq!(say(5555, &damaged), [""; 0]);
    assert_eq!(say(5555, &unproven), [""; 0]);
    assert_eq!(say(5556, &data), [""; 0], "the packet names another port");
    assert_eq!(say(5555, &data), ["1 ODATA", "1 a"]);
    assert_eq!(say(5555, &damaged), ["? the checksum is wrong"]);
    assert_eq!(say(5555, &unproven), ["1 SPMR"]);
    assert_eq!(say(5555, b"no packet"), ["? the packet has 9 bytes where at least 14 are needed"]);
    assert_eq!(say(5556, b"no packet"), [""; 0]);
    assert_eq!(sources.counts(), (4, 4));
}

#[test]
fn requests_belong_to_the_source_that_they_name() {
    let mut sources = Sources::new(4);
    let other = IpAddr::from([10, 0, 0, 2]);
    // Two processes of libzmq may well be of the same session.
    assert_eq!(hear(&mut sources, SOURCE, None, odata(0, b"\0\0\x02\0a")), ["1 ODATA", "1 a"]);
    assert_eq!(hear(&mut sources, other, None, odata(9, b"\0\0\x02\0b")), ["2 ODATA", "2 b"]);
    let request = Request { first: Sequence(1), source: other, group: GROUP, more: More::none() };
    let receiver = IpAddr::from([10, 0, 0, 3]);
    let mut nak = Vec::new();
    Packet { tsi: tsi(7), port: 5555, body: Body::Nak(request) }.encode(&mut nak);
    assert_eq!(say_all(&mut sources, receiver, other, None, nak), ["2 NAK"]);
    let mut question = Vec::new();
    Packet { tsi: tsi(7), port: 5555, body: Body::Spmr }.encode(&mut question);
    assert_eq!(say_all(&mut sources, receiver, GROUP, None, question.clone()), ["1 SPMR"]);
    assert_eq!(say_all(&mut sources, receiver, other, None, question), ["2 SPMR"]);
}
