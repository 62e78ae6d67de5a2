//! A proxy with everything it can have: several endpoints, capture, steering, statistics for all readers.

mod common;

use common::{ANY, PATIENCE, Server, assert_ends, folder, run, zinc};
use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

const FREE: &str = "tcp://127.0.0.1:*";

/// What a scraper gets at this path.
fn get(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn each_side_has_several_endpoints() {
    let arguments = ["proxy", "streamer", FREE, FREE, "--front", FREE, "--back", FREE];
    let streamer = Server::start(&arguments, 4);
    let [front, other_front, back, other_back] = &streamer.endpoints[..] else { panic!() };
    for (front, back) in [(front, back), (other_front, other_back)] {
        let pull = zinc(&["pull", back, "--count=1", PATIENCE]).spawn().unwrap();
        assert_ends(&run(&["push", front, "-m=passed", PATIENCE], ""), 0, "");
        assert_ends(&pull.wait_with_output().unwrap(), 0, "passed\n");
    }
    streamer.interrupt();
    assert_eq!(streamer.end(0), "");
}

#[test]
fn a_file_tells_everything() {
    let folder = folder("config");
    let path = folder.join("proxy.toml");
    let config = format!(
        "kind = \"queue\"\nfront = [\"{FREE}\"]\nback = [\"{FREE}\", \"{FREE}\"]\ncontrol = \"{FREE}\"\n\
         stats = \"{FREE}\"\nprometheus = \"127.0.0.1:0\"\nevery = 60\njson = true\noptions = {{ sndhwm = 7 }}\n"
    );
    std::fs::write(&path, config).unwrap();
    let mut proxy = Server::start(&["proxy", "--config", path.to_str().unwrap()], 6);
    let [front, back, _, control, stats, metrics] = &proxy.endpoints[..] else { panic!() };
    let rep = zinc(&["rep", back, "--count=1", PATIENCE]).spawn().unwrap();
    assert_ends(&run(&["req", front, "-m=hello", PATIENCE], ""), 0, "hello\n");
    assert_ends(&rep.wait_with_output().unwrap(), 0, "hello\n");

    let top: serde_json::Value = serde_json::from_slice(&run(&["top", stats, "--json"], "").stdout).unwrap();
    let router = top["sockets"].as_array().unwrap().iter().find(|socket| socket["type"] == "ROUTER").unwrap();
    assert_eq!(
        (&router["received"], &router["sent"], &router["bound"][0]),
        (&1.into(), &1.into(), &(**front).into())
    );
    let once = String::from_utf8(run(&["top", stats, "--once", "--every=0.01"], "").stdout).unwrap();
    assert!(once.contains("watched for") && once.contains("ROUTER\t") && once.contains("DEALER\t"), "{once}");

    assert!(metrics.starts_with("http://127.0.0.1:"));
    assert_ends(&run(&["req", control, "-m=TERMINATE", PATIENCE], ""), 0, "\n");
    let mut last = String::new();
    proxy.stderr.read_line(&mut last).unwrap();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    let sides: Vec<&serde_json::Value> =
        last["sockets"].as_array().unwrap().iter().map(|socket| &socket["side"]).collect();
    assert_eq!(sides, ["frontend", "backend"]);
    assert_eq!(last["sockets"][0]["received"], 1);
    proxy.end(0);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn it_pauses_and_goes_on() {
    let proxy = Server::start(&["proxy", "streamer", FREE, FREE, "--control", FREE], 3);
    let [front, back, control] = &proxy.endpoints[..] else { panic!() };
    let mut pull = zinc(&["pull", back, "--count=1", PATIENCE]).spawn().unwrap();
    assert_ends(&run(&["req", control, "-m=PAUSE", PATIENCE], ""), 0, "\n");
    assert_ends(&run(&["push", front, "-m=late", PATIENCE], ""), 0, "");
    let statistics = run(&["req", control, "-m=STATISTICS", PATIENCE], "").stdout;
    assert_eq!(statistics, [[0; 8]; 8].join(&b'\t').into_iter().chain([b'\n']).collect::<Vec<u8>>());
    assert!(pull.try_wait().unwrap().is_none());
    let statistics = run(&["req", control, "-m=STATISTICS JSON", PATIENCE], "").stdout;
    let none = r#"{"received":0,"received_bytes":0,"sent":0,"sent_bytes":0}"#;
    assert_eq!(
        String::from_utf8(statistics).unwrap(),
        format!("{{\"frontend\":{none},\"backend\":{none}}}\n")
    );
    let unknown = String::from_utf8(run(&["req", control, "-m=BOGUS", PATIENCE], "").stdout).unwrap();
    assert!(unknown.starts_with("there is no command \"BOGUS\", but PAUSE, RESUME, "), "{unknown}");
    assert_ends(&run(&["req", control, "-m=RESUME", PATIENCE], ""), 0, "\n");
    assert_ends(&pull.wait_with_output().unwrap(), 0, "late\n");
    let passed = run(&["req", control, "-m=STATISTICS JSON", PATIENCE], "").stdout;
    let passed: serde_json::Value = serde_json::from_slice(&passed).unwrap();
    assert_eq!((&passed["frontend"]["received"], &passed["backend"]["sent_bytes"]), (&1.into(), &4.into()));
    proxy.interrupt();
    proxy.end(0);
}

#[test]
fn prometheus_reads_the_numbers() {
    let arguments = ["proxy", "forwarder", FREE, FREE, "--capture", FREE, "--prometheus", "127.0.0.1:0"];
    let proxy = Server::start(&arguments, 4);
    let metrics = proxy.endpoints[3].strip_prefix("http://").unwrap();
    let address = metrics.strip_suffix("/metrics").unwrap();
    let mut sub = zinc(&["sub", &proxy.endpoints[1], "--count=3", PATIENCE]).spawn().unwrap();
    let publish = ["pub", &proxy.endpoints[0], "--subscriptions=1", "-m=abc", "--count=3", PATIENCE];
    assert_ends(&run(&publish, ""), 0, "");
    assert!(sub.wait().unwrap().success());

    let (head, body) = get(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("text/plain; version=0.0.4"), "{head}");
    let scrape = prometheus_parse::Scrape::parse(body.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let value = |name: &str, side: &str| {
        let mut found = scrape
            .samples
            .iter()
            .filter(|sample| sample.metric == name && sample.labels.get("side") == Some(side));
        match found.next().map(|sample| &sample.value) {
            Some(prometheus_parse::Value::Counter(value) | prometheus_parse::Value::Gauge(value)) => *value,
            other => panic!("{name} of {side}: {other:?} in {body}"),
        }
    };
    assert_eq!(value("zincmq_messages_received_total", "frontend"), 3.0);
    assert_eq!(value("zincmq_messages_sent_total", "backend"), 3.0);
    assert_eq!(value("zincmq_messages_queued", "backend"), 0.0);
    assert_eq!(value("zincmq_messages_waiting", "frontend"), 0.0);
    assert_eq!(value("zincmq_messages_discarded_total", "frontend"), 0.0);
    assert_eq!(value("zincmq_peers", "capture"), 0.0);
    assert_eq!(value("zincmq_multicast_lost_total", "frontend"), 0.0);
    assert_eq!(scrape.docs.len(), 23);

    assert!(get(address, "GET /other HTTP/1.1\r\n\r\n").0.starts_with("HTTP/1.1 404"));
    assert!(get(address, "POST /metrics HTTP/1.1\r\n\r\n").0.starts_with("HTTP/1.1 405"));
    proxy.interrupt();
    proxy.end(0);
}

/// Nothing wakes the capture's socket but the question.
#[test]
fn the_capture_has_its_numbers() {
    let arguments = ["proxy", "streamer", FREE, FREE, "--capture", FREE, "--prometheus", "127.0.0.1:0"];
    let proxy = Server::start(&arguments, 4);
    let [front, back, capture, metrics] = &proxy.endpoints[..] else { panic!() };
    let address = metrics.strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap();
    let scraped = |metric: &str, is_so: fn(u64) -> bool| {
        let name = format!("zincmq_{metric}{{side=\"capture\",type=\"PUB\"}} ");
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let (_, body) = get(address, "GET /metrics HTTP/1.1\r\n\r\n");
            let value = body.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok());
            if value.is_some_and(is_so) {
                return;
            }
            assert!(Instant::now() < until, "{name}{value:?}");
        }
    };
    let mut sub = zinc(&["sub", capture, "--count=1", PATIENCE]).spawn().unwrap();
    scraped("peers", |peers| peers == 1);
    let pull = Server::start(&["pull", back], 0);
    // Until the subscription has arrived.
    while sub.try_wait().unwrap().is_none() {
        assert_ends(&run(&["push", front, "-m=x", PATIENCE], ""), 0, "");
    }
    assert_ends(&sub.wait_with_output().unwrap(), 0, "x\n");
    scraped("messages_sent_total", |sent| sent > 0);
    for server in [pull, proxy] {
        server.interrupt();
        server.end(0);
    }
}

/// More of them than are kept: some silent, some in the middle of a request.
#[test]
fn silent_connections_hold_up_no_scraper() {
    let proxy = Server::start(&["proxy", "streamer", FREE, FREE, "--prometheus", "127.0.0.1:0"], 3);
    let metrics = proxy.endpoints[2].strip_prefix("http://").unwrap();
    let address = metrics.strip_suffix("/metrics").unwrap();
    let mut silent = Vec::new();
    for number in 0..300 {
        let mut stream = TcpStream::connect(address).unwrap();
        if number % 2 == 0 {
            stream.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
        }
        silent.push(stream);
        if number % 100 == 99 {
            let began = Instant::now();
            let (head, _) = get(address, "GET /metrics HTTP/1.1\r\n\r\n");
            assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
            // One after the other they would take a second each.
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        }
    }
    for mut stream in silent {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // It ends, whichever way.
        let ended = stream.read(&mut [0]);
        assert!(
            matches!(&ended, Ok(0)) || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
        );
    }
    proxy.interrupt();
    proxy.end(0);
}

#[test]
fn a_termination_ends_it_with_a_report_of_everything() {
    let mut proxy = Server::start(&["proxy", "streamer", FREE, FREE, "--every=3600"], 2);
    let pull = zinc(&["pull", &proxy.endpoints[1], "--count=1", PATIENCE]).spawn().unwrap();
    assert_ends(&run(&["push", &proxy.endpoints[0], "-m=passed", PATIENCE], ""), 0, "");
    assert_ends(&pull.wait_with_output().unwrap(), 0, "passed\n");
    let kill = Command::new("kill").args(["-TERM", &proxy.child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let mut last = String::new();
    proxy.stderr.read_line(&mut last).unwrap();
    assert!(
        last.starts_with("zinc: frontend: ") && last.contains(" peers, in 1 (") && last.contains("out 1 ("),
        "{last}"
    );
    proxy.end(0);
}

#[test]
fn a_port_in_use_is_named() {
    let pull = Server::start(&["pull", ANY], 1);
    let address = pull.endpoints[0].strip_prefix("tcp://").unwrap();
    let output = run(&["proxy", "streamer", FREE, FREE, "--prometheus", address], "");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains(&format!("cannot serve metrics at {address}: Address already in use")),
        "{stderr}"
    );
    pull.interrupt();
    pull.end(0);
}
