//! What looks at others: doctor, monitor, dump.

mod common;

use common::{
    ANY, DATA, FIN, PATIENCE, SYN, Server, assert_ends, assert_says, capture, dump, folder, run, zinc,
};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;

/// A TCP server that treats its connections like this, one after the other.
fn server(treat: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(|stream| treat(stream.unwrap())));
    format!("tcp://{address}")
}

#[test]
fn a_healthy_peer_is_introduced() {
    let pull = Server::start(&["router", ANY, "--routing-id=me"], 1);
    let endpoint = &pull.endpoints[0];
    let said = ["connected to 127.0.0.1", "ZMTP 3.1", "mechanism is NULL", "it is a ROUTER socket", "\"me\""];
    assert_says(&run(&["doctor", endpoint], ""), 0, &said);
    assert_says(&run(&["doctor", endpoint, "--type=req"], ""), 0, &["which talks to your REQ"]);
    let refused =
        ["which does not talk to a SUB", "a ROUTER talks to: REQ, DEALER, ROUTER; a SUB to: PUB, XPUB"];
    assert_says(&run(&["doctor", endpoint, "--type=sub"], ""), 1, &refused);
    let refused = ["its security mechanism is NULL, yours CURVE", "set no keys"];
    assert_says(&run(&["doctor", endpoint, "--mechanism=curve"], ""), 1, &refused);
    let json: Value = serde_json::from_slice(&run(&["doctor", endpoint, "--json"], "").stdout).unwrap();
    assert_eq!(
        (&json["ok"], &json["zmtp"], &json["socket_type"]),
        (&true.into(), &"3.1".into(), &"ROUTER".into())
    );
    pull.interrupt();
    assert_eq!(pull.end(0), "", "a visit of the doctor is no message");
}

/// Who watches the peer sees a connection that comes and goes.
#[test]
fn a_visit_is_no_failure() {
    for socket in ["rep", "router", "pull", "pub", "sub", "xpub", "xsub"] {
        let mut watch = Server::start(&["monitor", socket, ANY, "--json"], 1);
        let mut events = BufReader::new(watch.child.stdout.take().unwrap()).lines();
        let mut next = || {
            let event: Value = serde_json::from_str(&events.next().unwrap().unwrap()).unwrap();
            event["event"].as_str().unwrap().to_owned()
        };
        assert_eq!(next(), "listening");
        for own in [&[][..], &["--type=pub"], &["--type=req"]] {
            let output = run(&[&["doctor", &watch.endpoints[0], PATIENCE], own].concat(), "");
            assert!(String::from_utf8_lossy(&output.stdout).contains(&socket.to_uppercase()));
            for expected in ["accepted", "handshake-succeeded", "disconnected"] {
                assert_eq!(next(), expected, "{socket} {own:?}");
            }
        }
        watch.interrupt();
        watch.end(0);
    }
}

/// What these send goes to whoever is there.
#[test]
fn a_visit_takes_no_message() {
    for (sender, receiver) in
        [("push", "pull"), ("dealer", "dealer"), ("req", "rep"), ("pair", "pair"), ("pub", "sub")]
    {
        let watched: &[&str] = if sender == "pub" { &["--subscriptions=1"] } else { &[] };
        let mut server = Server::start(&[&[sender, ANY, "-m=kept", PATIENCE], watched].concat(), 1);
        for _ in 0..3 {
            run(&["doctor", &server.endpoints[0], PATIENCE], "");
        }
        let receive = [receiver, &server.endpoints[0], "--count=1", PATIENCE];
        let mut peer = zinc(&receive).stdin(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(peer.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "kept\n", "{sender}");
        peer.wait().unwrap();
        _ = server.child.kill();
        server.child.wait().unwrap();
    }
}

#[test]
fn an_ipc_peer_is_introduced_too() {
    let folder = folder("doctor");
    let path = folder.join("socket");
    let endpoint = format!("ipc://{}", path.display());
    assert_says(&run(&["doctor", &endpoint], ""), 1, &["does not exist", "is the other program running"]);
    let mut rep = zinc(&["rep", "--bind", &endpoint]).spawn().unwrap();
    assert_ends(&run(&["req", &endpoint, "-m=up", PATIENCE], ""), 0, "up\n");
    assert_says(&run(&["doctor", &endpoint], ""), 0, &["it is a REP socket, and talks to: REQ, DEALER"]);
    rep.kill().unwrap();
    rep.wait().unwrap();
    assert_says(&run(&["doctor", &endpoint], ""), 1, &["nobody listens", "is gone"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn failures_are_explained() {
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = folder("no-socket");
    let file = folder.join("file");
    std::fs::write(&file, "").unwrap();
    for (endpoint, expected) in [
        (format!("ipc://{}", file.display()), "is a file or directory, not a socket"),
        (format!("tcp://{refused}"), "refuses connections: nobody listens there"),
        ("tcp://no-such-host.invalid:5555".to_owned(), "the name no-such-host.invalid was not found"),
        ("tcp://*:5555".to_owned(), "* is for binding"),
        ("tcp://127.0.0.1:many".to_owned(), "is no address"),
        ("inproc://a".to_owned(), "inside one process only"),
        (server(|mut stream| _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n")), "it speaks SSH, not ZMTP"),
        (server(|mut stream| _ = stream.write_all(b"\x15\x03\x03\0\x02\x02\x46")), "it speaks TLS"),
        (server(drop), "it closes the connection without a word"),
        (
            server(|mut stream| _ = stream.write_all(b"hello there, this is it")),
            "it begins with \"hello there",
        ),
        (
            server(|mut stream| _ = stream.write_all(b"\xFF\0\0\0\0\0\0\0\x01\x7F\x01\x08")),
            "it speaks ZMTP 2.0: libzmq 3.x",
        ),
    ] {
        let output = run(&["doctor", &endpoint, "--timeout=2"], "");
        assert_says(&output, 1, &[expected, "wrong"]);
        assert_eq!(output.stderr, b"");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn silence_is_told_from_http() {
    let http = server(|mut stream| {
        // A web server waits for a whole line.
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(b"\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
            seen.extend_from_slice(&byte);
        }
        _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n");
    });
    assert_says(&run(&["doctor", &http, "--timeout=0.5"], ""), 1, &["it speaks HTTP, not ZMTP"]);
    let kept = std::sync::Mutex::new(Vec::new());
    let silent = server(move |stream| kept.lock().unwrap().push(stream));
    assert_says(&run(&["doctor", &silent, "--timeout=0.2"], ""), 1, &["says nothing", "ss -ltnp"]);
}

#[test]
fn another_mechanism_is_named() {
    let server = |mechanism: &'static [u8]| {
        server(move |mut stream| {
            let mut greeting = [0; 64];
            greeting[..12].copy_from_slice(b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\x01");
            greeting[12..12 + mechanism.len()].copy_from_slice(mechanism);
            greeting[32] = 1;
            _ = stream.write_all(&greeting);
            _ = stream.read(&mut [0; 64]);
        })
    };
    let (curve, plain) = (server(b"CURVE"), server(b"PLAIN"));
    let at = "the handshake fails at the greeting: its security mechanism is ";
    let advice =
        [&format!("{at}CURVE, yours NULL"), "--curve-server-key KEY", "--curve-key FILE", "curve_serverkey"];
    assert_says(&run(&["doctor", &curve], ""), 1, &advice);
    let advice = [&format!("{at}PLAIN, yours NULL"), "--plain-user NAME --plain-password-file FILE"];
    assert_says(&run(&["doctor", &plain], ""), 1, &advice);
    let advice = [&format!("{at}PLAIN, yours CURVE"), "--plain-user NAME --plain-password-file FILE"];
    assert_says(&run(&["doctor", &plain, "--mechanism=curve"], ""), 1, &advice);
    let known = ["its security mechanism is CURVE, as server", "only to those who have the keys"];
    assert_says(&run(&["doctor", &curve, "--mechanism=CURVE"], ""), 0, &known);
}

#[test]
fn events_are_printed_as_they_happen() {
    let mut watch = Server::start(&["monitor", "rep", ANY, "--json"], 1);
    let mut stdout = BufReader::new(watch.child.stdout.take().unwrap());
    let mut next = move || {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let listening = next();
    assert_eq!(
        (&listening["event"], &listening["local"]),
        (&"listening".into(), &(*watch.endpoints[0]).into())
    );
    let arguments =
        ["monitor", "req", &watch.endpoints[0], "--events=handshake-succeeded", "--count=1", PATIENCE];
    assert_says(&run(&arguments, ""), 0, &["handshake-succeeded"]);
    for expected in ["accepted", "handshake-succeeded", "disconnected"] {
        assert_eq!(next()["event"], expected);
    }
    watch.interrupt();
    watch.end(0);
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["monitor", "push", &format!("tcp://{refused}"), "--events=connected", "--timeout=0.3"];
    let output = run(&arguments, "");
    assert_ends(&output, 124, "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no such event came"));
}

#[test]
fn who_looks_on_ends_when_nobody_reads() {
    let mut watch = Server::start(&["monitor", "rep", ANY], 1);
    drop(watch.child.stdout.take());
    // It notices with the next event.
    while watch.child.try_wait().unwrap().is_none() {
        run(&["doctor", &watch.endpoints[0]], "");
    }
    watch.end(0);

    let mut dump = zinc(&["dump"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(dump.stdout.take());
    let mut said = greeting();
    said.extend(b"\0\x01x".repeat(100_000));
    // It may end before it has read everything.
    _ = dump.stdin.take().unwrap().write_all(&said);
    let output = dump.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

fn greeting() -> Vec<u8> {
    let mut greeting = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\x01NULL".to_vec();
    greeting.resize(64, 0);
    greeting
}

#[test]
fn a_capture_is_decoded_in_order() {
    let (ready, body) = (b"\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x04PUSH", b"\x01\x03one\x00\x05three");
    let mut said = greeting();
    said.extend_from_slice(ready);
    said.extend_from_slice(body);
    let (first, second) = said.split_at(70);
    let file = capture(&[
        (5000, 5555, 99, SYN, b""),
        (5555, 5000, 999, SYN, b""),
        // Late, twice, and after its successor.
        (5000, 5555, 170, DATA, second),
        (5000, 5555, 100, DATA, first),
        (5000, 5555, 100, DATA, first),
        (5555, 5000, 1000, DATA, &greeting()),
        (6000, 22, 5, SYN, b""),
        (6000, 22, 6, DATA, b"SSH-2.0-x"),
        (5000, 5555, 100 + said.len() as u32, FIN, b""),
        (5555, 5000, 1064, FIN, b""),
        (5000, 5555, 101 + said.len() as u32, DATA, b""),
    ]);
    let expected = [
        "#1 10.0.0.1:5000 > 10.0.0.2:5555",
        "greeting   ZMTP 3.1, NULL",
        "READY      Socket-Type=\"PUSH\"",
        "frame+     3 bytes  \"one\"",
        "frame      5 bytes  \"three\"",
        "end",
    ];
    let output = dump(&[], &file);
    assert_says(&output, 0, &expected);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("1 connections decoded, 1 others passed over"), "{stderr}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("SSH"));

    let json = String::from_utf8(dump(&["--json", "--port=5555", "--bytes=2"], &file).stdout).unwrap();
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let frame = events.iter().find(|event| event["event"] == "frame").unwrap();
    assert_eq!((&frame["body"], &frame["size"], &frame["cut"]), (&"on".into(), &3.into(), &true.into()));
    assert_eq!(frame["time"], 7.25);
    assert_ends(&dump(&["--port=80"], &file), 0, "");
}

#[test]
fn what_is_missing_in_a_capture_is_said() {
    let mut said = greeting();
    said.extend_from_slice(b"\0\x05three");
    let file = capture(&[
        (5000, 5555, 99, SYN, b""),
        (5000, 5555, 100, DATA, &said),
        (5000, 5555, 200, DATA, b"more"),
        (5555, 5000, 1, DATA, b"\0\x01a"),
    ]);
    let expected = ["frame      5 bytes", "29 bytes are missing", "begins in the middle of this stream"];
    assert_says(&dump(&[], &file), 0, &expected);
    assert_says(&dump(&[], &file[..file.len() - 3]), 0, &["29 bytes are missing"]);
    let output = dump(&[], b"\xD4\xC3\xB2\xA1garbage that is no capture at all");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the capture is cut off before its first"));
}

#[test]
fn what_is_no_zmtp_is_a_failure() {
    let with_noise = [&greeting()[..], b"\x06\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"].concat();
    for input in [&b"root:x:0:0:root:/root:/bin/bash\n"[..], b"\x1F\x8B\x08\0\0\0\0\0", &with_noise] {
        for form in [&[][..], &["--json"]] {
            let output = dump(form, input);
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{stderr}");
            assert!(stderr.contains("the standard input is neither a capture"), "{stderr}");
        }
    }
    let others =
        [(6000, 22, 5, SYN, &b""[..]), (6000, 22, 6, DATA, b"SSH-2.0-x"), (5000, 5555, 9, DATA, b"\0\x01a")];
    let output = dump(&[], &capture(&others));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("0 connections decoded, 2 others") && stderr.contains("no connection in it"));
    assert_ends(&dump(&[], &capture(&[])), 0, "");
}

#[test]
fn bytes_of_one_direction_are_decoded() {
    let mut said = greeting();
    said.extend_from_slice(b"\x04\x08\x04PING\0\x0Ax\0\x03abc\0");
    assert_says(
        &dump(&[], &said),
        0,
        &["greeting   ZMTP 3.1, NULL", "frame      3 bytes  \"abc\"", "cut off", "end"],
    );
    assert_says(&dump(&[], b""), 0, &["end"]);
}
