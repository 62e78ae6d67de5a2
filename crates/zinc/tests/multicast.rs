//! Multicast: what dump shows of it, and who takes part in it on the loopback interface.

mod common;

use common::{ANY, PATIENCE, Server, assert_ends, assert_says, dump, run, zinc};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::Child;

const REPAIRED: &[u8] = include_bytes!("data/pgm/05-loss-burst.rcv.pcap");
const RAW: &[u8] = include_bytes!("data/pgm/09-raw-pgm-loss.rcv.pcap");
const IPV6: &[u8] = include_bytes!("data/pgm/14-ipv6.rcv.pcap");

/// Headers of a capture, and of a packet in it.
const CAPTURE: usize = 24;
const PACKET: usize = 16;

/// The packets of a capture.
fn packets(capture: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut packets) = (&capture[CAPTURE..], Vec::new());
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (packet, more) = rest.split_at(PACKET + length);
        packets.push(packet);
        rest = more;
    }
    packets
}

/// The events of this kind in a dump.
fn events(capture: &[u8], kind: &str) -> Vec<Value> {
    let output = dump(&["--json"], capture);
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let all = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|event| event["event"] == kind).collect()
}

/// The numbers with which the messages in these captures begin.
fn messages(capture: &[u8]) -> Vec<u32> {
    let bodies = events(capture, "frame").into_iter().map(|event| event["body"].as_str().unwrap().to_owned());
    bodies.map(|body| body[..8].parse().unwrap()).collect()
}

#[test]
fn a_dump_shows_packets_and_messages_in_order() {
    for (capture, count) in [(REPAIRED, 20), (RAW, 12), (IPV6, messages(IPV6).len() as u32)] {
        assert_eq!(messages(capture), (0..count).collect::<Vec<_>>());
        assert!(count > 3);
    }
    let lines = [
        "*1 10.77.0.1:56330 > 239.192.1.1:5555  SPM        session=b7c6d1bc038a.11923 number=0 window=empty source=10.77.0.1\n",
        "ODATA      session=b7c6d1bc038a.11923 number=7 trail=0 bytes=24 offset=0\n",
        "*1 10.77.0.2:44553 > 10.77.0.1:5555  NAK        session=b7c6d1bc038a.11923 numbers=3..6 source=10.77.0.1 group=239.192.1.1\n",
        "NCF        session=b7c6d1bc038a.11923 numbers=3..6 source=10.77.0.1 group=239.192.1.1\n",
        "RDATA      session=b7c6d1bc038a.11923 number=3 trail=0 bytes=24 offset=0 repair\n",
        "frame      20 bytes  \"00000009.JJJJJJJJJJJ\"\n",
        "RDATA      session=b7c6d1bc038a.11923 number=3 trail=0 bytes=24 offset=0 repair again\n",
        "number=10 window=0..19 source=10.77.0.1 FIN: the session ends\n",
    ];
    let output = dump(&[], REPAIRED);
    assert_says(&output, 0, &lines);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "zinc: 40 packets of 1 multicast sources decoded, 0 other datagrams passed over\n");
    assert_says(&dump(&[], RAW), 0, &["*1 10.77.0.1 > 239.192.1.1  SPM", "*1 10.77.0.2 > 10.77.0.1  NAK"]);
    assert_says(&dump(&[], IPV6), 0, &["[fd00:77::1]:41198 > [ff08::1]:5555  ODATA"]);
    assert_ends(&dump(&["--port=80"], REPAIRED), 0, "");
    for file in [RAW, REPAIRED] {
        assert_says(&dump(&["--port=5555"], file), 0, &["ODATA"]);
    }
}

#[test]
fn a_dump_has_the_same_for_programs() {
    let packets = events(REPAIRED, "multicast");
    let kind = |kind: &'static str| packets.iter().filter(move |packet| packet["type"] == kind);
    let spm = kind("SPM").next_back().unwrap();
    assert_eq!((&spm["lead"], &spm["fin"], &spm["source"]), (&19.into(), &true.into(), &1.into()));
    assert_eq!(kind("NAK").next().unwrap()["numbers"], Value::from(vec![3, 4, 5, 6]));
    let repairs: Vec<&Value> = kind("RDATA").collect();
    assert!(repairs.iter().all(|packet| packet["repair"] == true));
    assert_eq!(repairs.iter().filter(|packet| packet["again"] == true).count(), 1);
    assert_eq!(kind("ODATA").next().unwrap()["offset"], 0);
}

#[test]
fn a_dump_shows_what_is_missing() {
    // Without what was sent again.
    let packets = packets(REPAIRED);
    let kept = packets.iter().filter(|packet| packet.get(PACKET + 46) != Some(&5));
    let capture: Vec<u8> =
        [&REPAIRED[..CAPTURE]].into_iter().chain(kept.copied()).flatten().copied().collect();
    assert_says(
        &dump(&[], &capture),
        0,
        &["gap        4 datagrams from 3 on are missing, with all messages that had a part in them"],
    );
    let gaps = events(&capture, "gap");
    let told = gaps.iter().map(|gap| (gap["first"].as_u64().unwrap(), gap["datagrams"].as_u64().unwrap()));
    assert_eq!(told.collect::<Vec<_>>(), [(3, 4), (13, 4)]);
    assert_eq!(messages(&capture), [0, 1, 2, 7, 8, 9, 10, 11, 12, 17, 18, 19]);
    // One byte is not what it was.
    let mut damaged = REPAIRED.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    assert_says(
        &dump(&[], &damaged),
        0,
        &["? 10.77.0.1:56330 > 239.192.1.1:5555  malformed: the checksum is wrong"],
    );
    assert_says(&dump(&[], &REPAIRED[..REPAIRED.len() - 3]), 0, &["00000019"]);
}

/// An endpoint of its own on the loopback interface: the group is this process's, and the port was free.
fn endpoint(group: u8) -> String {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("epgm://127.0.0.1;239.{}.{high}.{low}:{port}", 100 + group)
}

/// Publishes again and again until it is dropped: who comes late hears it too.
struct Publisher(Child);

impl Publisher {
    fn start(endpoint: &str) -> Self {
        let fast = ["--option=rate=10000", "--count=1000000", "--rate=200"];
        Self(zinc(&[&["pub", endpoint, "-m=news of the day"], &fast[..]].concat()).spawn().unwrap())
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_group_is_published_to_and_subscribed_to() {
    let endpoint = endpoint(1);
    let _publisher = Publisher::start(&format!("@{endpoint}"));
    for place in [endpoint.clone(), format!("@{endpoint}"), format!(">{endpoint}")] {
        let heard = run(&["sub", &place, "--subscribe=news", "--count=3", PATIENCE], "");
        assert_ends(&heard, 0, &"news of the day\n".repeat(3));
    }
    assert_ends(
        &run(&["xsub", &endpoint, "--subscribe=news", "--count=1", PATIENCE], ""),
        0,
        "news of the day\n",
    );
    let deaf = run(&["sub", &endpoint, "--subscribe=olds", "--count=1", "--timeout=0.3"], "");
    assert_ends(&deaf, 124, "");
}

#[test]
fn what_cannot_be_is_refused() {
    for (arguments, code, expected) in [
        (
            &["push", "epgm://127.0.0.1;239.192.1.1:5555", "-m=x"][..],
            2,
            "a PUSH socket does not speak multicast",
        ),
        (&["sub", "epgm://127.0.0.1;10.0.0.1:5555"], 2, "a group is not a multicast address"),
        (&["sub", "epgm://127.0.0.1;239.192.1.1"], 2, "there is no port"),
        (&["sub", "epgm://nosuchdevice;239.192.1.1:5555"], 2, "no such interface"),
        (
            &["pub", "epgm://127.0.0.1;239.192.1.1:5555", "--subscriptions=1", "-m=x"],
            2,
            "would wait for ever",
        ),
        (&["sub", "127.0.0.1;239.192.1.1:5555"], 2, "did you mean epgm://127.0.0.1;239.192.1.1:5555?"),
        (&["sub", "norm://127.0.0.1;239.192.1.1:5555"], 2, "there are tcp, ipc, epgm and pgm"),
        (
            &["pub", "epgm://127.0.0.1;239.192.1.1:5555", "-m=x", "--option=rate=1"],
            2,
            "a rate of 125 bytes a second",
        ),
    ] {
        let output = run(arguments, "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn a_monitor_tells_of_sources() {
    let endpoint = endpoint(2);
    let mut watch = zinc(&["monitor", "sub", &endpoint, "--json"]).spawn().unwrap();
    let mut events = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&events.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["event"], "connected");
    assert_ends(&run(&["pub", &endpoint, "-m=x", PATIENCE], ""), 0, "");
    let joined = next();
    let source = joined["remote"].as_str().unwrap();
    assert_eq!(joined["event"], "source-joined");
    assert!(source.starts_with("epgm://127.0.0.1/"), "{source}");
    let finished = next();
    assert_eq!((&finished["event"], &finished["remote"]), (&"source-finished".into(), &source.into()));
    watch.kill().unwrap();
    watch.wait().unwrap();
}

#[test]
fn the_doctor_introduces_sources() {
    let endpoint = endpoint(3);
    let doctor = |more: &[&str]| run(&[&["doctor", &endpoint], more].concat(), "");
    let alone = doctor(&["--timeout=0.2"]);
    assert_says(
        &alone,
        1,
        &["took part: interface 127.0.0.1, group 239.", "nobody was heard within 0.2 s", "tcpdump"],
    );
    let _publisher = Publisher::start(&endpoint);
    // A loaded machine may take its time to start the publisher.
    assert_ends(&run(&["sub", &endpoint, "--count=1", PATIENCE], ""), 0, "news of the day\n");
    let said =
        ["source 127.0.0.1, session ", "can send ", " of them after 0 requests", "messages came within 2 s"];
    assert_says(&doctor(&["--timeout=2"]), 0, &said);
    let json: Value = serde_json::from_slice(&doctor(&["--timeout=2", "--json"]).stdout).unwrap();
    assert_eq!((&json["ok"], &json["interface"]), (&true.into(), &"127.0.0.1".into()));
    assert_eq!((&json["lost"], json["sources"].as_array().unwrap().len()), (&0.into(), 1));
    assert!(json["messages"].as_u64().unwrap() > 0 && json["sources"][0]["datagrams"].as_u64().unwrap() > 0);
    assert_says(&doctor(&["--type=push"]), 1, &["a PUSH socket does not speak multicast"]);
    assert_says(&doctor(&["--mechanism=curve"]), 1, &["multicast has no security"]);
    let wrong = run(&["doctor", "epgm://nosuchdevice;239.1.1.1:5555"], "");
    assert_says(&wrong, 1, &["no such interface", "ip -br address"]);
}

#[test]
fn a_forwarder_passes_messages_into_a_group_and_out_of_it() {
    let group = endpoint(4);
    let into = Server::start(&["proxy", "forwarder", ANY, &group], 1);
    let out =
        Server::start(&["proxy", "forwarder", &format!(">{group}"), ANY, "--stats", "tcp://127.0.0.1:*"], 2);
    let mut sub = zinc(&["sub", &out.endpoints[0], "--subscribe=a", "--count=1", PATIENCE]).spawn().unwrap();
    // Until the subscription has arrived, and the group is joined.
    while sub.try_wait().unwrap().is_none() {
        let send = ["pub", &into.endpoints[0], "--subscriptions=1", "-m=abc", PATIENCE];
        assert_ends(&run(&send, ""), 0, "");
    }
    assert_ends(&sub.wait_with_output().unwrap(), 0, "abc\n");
    let table = run(&["top", &out.endpoints[1], "--once", "--every=0.1", PATIENCE], "");
    assert_says(&table, 0, &["MULTICAST\tWINDOW", &group, "  from 127.0.0.1/"]);
    let json: Value =
        serde_json::from_slice(&run(&["top", &out.endpoints[1], "--json", PATIENCE], "").stdout).unwrap();
    let sockets = json["sockets"].as_array().unwrap();
    let groups: Vec<&Value> =
        sockets.iter().flat_map(|socket| socket["multicast"].as_array().unwrap()).collect();
    assert_eq!(
        (groups.len(), &groups[0]["endpoint"], &groups[0]["lost"]),
        (1, &Value::from(&*group), &0.into())
    );
    assert!(groups[0]["received"].as_u64().unwrap() > 0);
    for proxy in [into, out] {
        proxy.interrupt();
        proxy.end(0);
    }
}
