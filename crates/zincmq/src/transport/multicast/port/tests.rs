//! Ports on the loopback interface.

use super::*;
use crate::socket_type::SocketType;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(30);

/// An address of its own: what is sent to a group reaches every process of the machine.
fn own(host: &str, group: &str) -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let group = match group {
        "v4" => format!("239.199.{high}.{low}"),
        _ => format!("[ff01::{high}:{low}]"),
    };
    format!("{host};{group}:{}", 30_000 + number)
}

fn open(kind: Encapsulation, address: &str, role: Role, ipv6: bool) -> Result<Port, BindError> {
    let options = Options { ipv6, ..Options::new(SocketType::Pub) };
    Port::open(kind, &Address::parse(kind, address, &options)?, &options, role)
}

/// Receives so many packets.
fn receive(port: &mut Port, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
    let (mut packets, end) = (Vec::new(), Instant::now() + LONG);
    while packets.len() < count {
        match port.receive(&mut |from, bytes| packets.push((from, bytes.to_vec()))) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                assert!(Instant::now() < end, "{} of {count} came", packets.len());
                std::thread::yield_now();
            }
        }
    }
    packets
}

fn send(port: &mut Port, to: Destination, packets: &[Vec<u8>]) {
    let mut at = 0;
    while let Some(rest) = packets.get(at..).filter(|rest| !rest.is_empty()) {
        at += port.send(rest.iter().map(|packet| (to, &packet[..]))).unwrap_or(0);
    }
    assert_eq!(port.lost(), 0);
}

/// Packets of many sizes, runs of the greatest among them.
fn packets() -> Vec<Vec<u8>> {
    let size = |number: usize| if number % 50 < 40 { 1452 } else { number % 1452 + 1 };
    (0..200).map(|number| vec![number as u8; size(number)]).collect()
}

#[test]
fn packets_of_a_source_reach_all_receivers_as_they_were() {
    for cuts in [true, false] {
        let address = own("127.0.0.1", "v4");
        let open = |role| open(Encapsulation::Udp, &address, role, false).unwrap();
        let (mut source, mut receivers) = (open(Role::Send), [open(Role::Receive), open(Role::Receive)]);
        if cuts {
            source.expect(1452);
        }
        send(&mut source, Destination::Group, &packets());
        for receiver in &mut receivers {
            let received = receive(receiver, 200);
            assert!(received.iter().all(|(from, _)| from.ip() == source.interface()));
            assert_eq!(received.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), packets());
        }
    }
}

#[test]
fn a_source_hears_those_who_ask_it_though_another_has_all_of_the_port() {
    let address = own("127.0.0.1", "v4");
    let mut source = open(Encapsulation::Udp, &address, Role::Send, false).unwrap();
    let mut receiver = open(Encapsulation::Udp, &address, Role::Receive, false).unwrap();
    // As libzmq opens it.
    let other = Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    other.set_reuse_address(true).unwrap();
    other.set_reuse_port(true).unwrap();
    other.bind(&SocketAddr::from(([0, 0, 0, 0], source.number())).into()).unwrap();
    let host = SocketAddr::new(source.interface(), source.number());
    let asked: Vec<_> = (0..50).map(|number| vec![number; 36]).collect();
    send(&mut receiver, Destination::Host(host), &asked);
    let heard = receive(&mut source, 50);
    assert_eq!(heard.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), asked);
}

#[test]
fn other_groups_at_the_port_are_not_heard() {
    let address = own("127.0.0.1", "v4");
    let (_, port) = address.rsplit_once(':').unwrap();
    let other = format!("127.0.0.1;239.198.0.1:{port}");
    let open = |address: &str, role| open(Encapsulation::Udp, address, role, false).unwrap();
    let (mut source, mut foreign) = (open(&address, Role::Send), open(&other, Role::Send));
    let (mut receiver, mut both) = (
        open(&address, Role::Receive),
        open(&format!("{},239.198.0.1:{port}", address.rsplit_once(':').unwrap().0), Role::Receive),
    );
    send(&mut foreign, Destination::Group, &[vec![1]]);
    send(&mut source, Destination::Group, &[vec![2]]);
    let mut heard: Vec<_> = receive(&mut both, 2).into_iter().map(|(_, packet)| packet).collect();
    heard.sort();
    assert_eq!(heard, [[1], [2]]);
    assert_eq!(receive(&mut receiver, 1)[0].1, [2]);
}

#[test]
fn packets_go_over_ipv6() {
    let address = own("[::1]", "v6");
    let opened = (
        open(Encapsulation::Udp, &address, Role::Send, true),
        open(Encapsulation::Udp, &address, Role::Receive, true),
    );
    let (Ok(mut source), Ok(mut receiver)) = opened else {
        return println!("skipped: no IPv6 on the loopback interface: {opened:?}");
    };
    source.expect(1432);
    let one = [(Destination::Group, &[0; 9][..])];
    if source.send(one.into_iter()).is_err() || source.lost() > 0 {
        return println!("skipped: no route for multicast over IPv6 on the loopback interface");
    }
    assert_eq!(receive(&mut receiver, 1)[0].1, [0; 9]);
    let packets: Vec<_> = (0..100).map(|number| vec![number; 1432]).collect();
    send(&mut source, Destination::Group, &packets);
    let received = receive(&mut receiver, 100);
    assert!(received.iter().all(|(from, _)| from.ip() == source.interface()));
    assert_eq!(received.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), packets);
    let host = SocketAddr::new(source.interface(), source.number());
    send(&mut receiver, Destination::Host(host), &[vec![7; 60]]);
    assert_eq!(receive(&mut source, 1)[0].1, [7; 60]);
}

#[test]
fn raw_packets_come_without_headers() {
    let address = own("127.0.0.1", "v4");
    let mut source = match open(Encapsulation::Raw, &address, Role::Send, false) {
        Ok(source) => source,
        Err(error) => {
            assert_eq!(error.errno(), Errno::PERM.raw_os_error(), "{error}");
            return println!("skipped: raw sockets take CAP_NET_RAW");
        }
    };
    let mut receiver = open(Encapsulation::Raw, &address, Role::Receive, false).unwrap();
    send(&mut source, Destination::Group, &packets());
    let received = receive(&mut receiver, 200);
    assert_eq!(received.into_iter().map(|(_, packet)| packet).collect::<Vec<_>>(), packets());
    let host = SocketAddr::new(source.interface(), source.number());
    send(&mut receiver, Destination::Host(host), &[vec![7; 36]]);
    assert_eq!(receive(&mut source, 1)[0].1, [7; 36]);
}
