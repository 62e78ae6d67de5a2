//! The command as a user has it: processes, pipes and exit codes.

mod common;

use common::{ANY, PATIENCE, Server, assert_ends, folder, run, zinc};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

#[test]
fn lines_pushed_are_lines_pulled() {
    let lines: String = (0..5000).map(|number| format!("line {number}\n")).collect();
    let pull = Server::start(&["pull", ANY, "--count=5000", PATIENCE], 1);
    assert_ends(&run(&["push", &pull.endpoints[0], PATIENCE], &lines), 0, "");
    assert_eq!(pull.end(0), lines);
}

#[test]
fn a_count_ends_the_sender_too_and_files_follow_each_other() {
    let folder = folder("lines");
    let (one, two) = (folder.join("one"), folder.join("two"));
    std::fs::write(&one, "1\n2").unwrap();
    std::fs::write(&two, "3\n4\n5\n").unwrap();
    let pull = Server::start(&["pull", "--bind", "tcp://127.0.0.1:*", "--count=4", PATIENCE], 1);
    let mut push = zinc(&["push", &pull.endpoints[0], "--count=4", PATIENCE]);
    push.arg("--file").arg(&one).arg("--file").arg(&two);
    assert_ends(&push.output().unwrap(), 0, "");
    assert_eq!(pull.end(0), "1\n2\n3\n4\n");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn requests_get_their_replies() {
    let rep = Server::start(&["rep", ANY, "--count=2", PATIENCE], 1);
    assert_ends(&run(&["req", &rep.endpoints[0], PATIENCE], "a\nb\n"), 0, "a\nb\n");
    assert_eq!(rep.end(0), "a\nb\n");

    let rep = Server::start(&["rep", ANY, "--reply=two|parts", "--multipart=|", "--count=1", PATIENCE], 1);
    assert_ends(&run(&["req", &rep.endpoints[0], PATIENCE], "question"), 0, "two\tparts\n");
    assert_eq!(rep.end(0), "question\n");
}

#[test]
fn subscribers_get_their_topics() {
    let arguments = ["pub", ANY, "--subscriptions=2", "--multipart= ", PATIENCE];
    let mut publisher = Server::start(&arguments, 1);
    let endpoint = publisher.endpoints[0].clone();
    let subscribe = ["sub", &endpoint, "--subscribe=a", "--subscribe=b", "--count=3", PATIENCE];
    let sub = zinc(&subscribe).spawn().unwrap();
    publisher.say("a 1\nc 2\nb 3\nbb 4\n");
    assert_eq!(publisher.end(0), "");
    assert_ends(&sub.wait_with_output().unwrap(), 0, "a\t1\nb\t3\nbb\t4\n");

    let mut publisher = Server::start(&["pub", ANY, "--subscriptions=1", "--topic=news", PATIENCE], 1);
    let endpoint = publisher.endpoints[0].clone();
    let sub = zinc(&["sub", &endpoint, "--count=1", PATIENCE]).spawn().unwrap();
    publisher.say("of today\n");
    assert_eq!(publisher.end(0), "");
    assert_ends(&sub.wait_with_output().unwrap(), 0, "news\tof today\n");
}

#[test]
fn parts_and_hexadecimal_digits() {
    let pull = Server::start(&["pull", ANY, "--hex", "--multipart=:", "--count=2", PATIENCE], 1);
    let endpoint = &pull.endpoints[0];
    assert_ends(&run(&["push", endpoint, "--multipart=, ", PATIENCE], "a, , ÿ"), 0, "");
    assert_ends(&run(&["push", endpoint, "--hex", PATIENCE], "00FF\n"), 0, "");
    assert_eq!(pull.end(0), "61::c3bf\n00ff\n");
}

#[test]
fn peers_talk_both_ways() {
    let mut left = Server::start(&["pair", ANY, "--count=2", PATIENCE], 1);
    left.say("to the right\n");
    let right = run(&["pair", &left.endpoints[0], "--count=1", PATIENCE], "to the left\nand more\n");
    assert_ends(&right, 0, "to the right\n");
    assert_eq!(left.end(0), "to the left\nand more\n");
}

#[test]
fn a_router_answers_by_name() {
    let mut router = Server::start(&["router", ANY, "--multipart=|", PATIENCE], 1);
    let arguments = ["dealer", &router.endpoints[0], "--option=routing_id=bob", "--count=1", PATIENCE];
    let mut dealer = zinc(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    dealer.stdin.take().unwrap().write_all(b"hello\n").unwrap();
    let mut stdout = BufReader::new(router.child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "bob|hello\n");
    // The second line has no body: a slip of who types is no end.
    router.say("nobody|lost\nbob\nbob|welcome\n");
    assert_ends(&dealer.wait_with_output().unwrap(), 0, "welcome\n");
    router.interrupt();
    router.end(0);
}

/// Written as an address of IPv6, an endpoint needs no option.
#[test]
fn ipv6_addresses_are_understood() {
    let pull = Server::start(&["pull", "@tcp://[::1]:*", "--count=1", PATIENCE], 1);
    let endpoint = &pull.endpoints[0];
    assert!(endpoint.starts_with("tcp://[::1]:"), "{endpoint}");
    let said = String::from_utf8(run(&["doctor", endpoint, "--type=push"], "").stdout).unwrap();
    assert!(said.contains("needs the option ipv6=1") && said.contains("which talks to your PUSH"), "{said}");
    assert_ends(&run(&["push", endpoint, "-m=there", PATIENCE], ""), 0, "");
    assert_eq!(pull.end(0), "there\n");
    // The other endpoints of the same socket are what they were.
    let pull = Server::start(&["pull", "@tcp://[::1]:*", "@tcp://*:*", "--count=1", PATIENCE], 2);
    assert!(pull.endpoints[1].starts_with("tcp://0.0.0.0:"), "{:?}", pull.endpoints);
    pull.interrupt();
    pull.end(0);
}

/// A routing id may hold anything: the separator, the end of a line, bytes that are no text.
#[test]
fn routing_ids_that_are_no_text_are_read_back() {
    for (id, shown) in [("a|\nb", r"\x617c0a62"), ("\u{1B}[31m", r"\x1b5b33316d"), (r"\x", r"\x5c78")] {
        let mut router = Server::start(&["router", ANY, "--multipart=|", PATIENCE], 1);
        let dealer = ["dealer", &router.endpoints[0], "--routing-id", id, "-m=hello", "--count=1", PATIENCE];
        let dealer = zinc(&dealer).spawn().unwrap();
        let mut stdout = BufReader::new(router.child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{shown}|hello\n"));
        router.say(&format!("{shown}|welcome\n"));
        assert_ends(&dealer.wait_with_output().unwrap(), 0, "welcome\n");
        router.interrupt();
        router.end(0);
    }
    // An id that the router has given.
    let mut router = Server::start(&["router", ANY, "--envelope", PATIENCE], 1);
    let req = zinc(&["req", &router.endpoints[0], "-m=question", PATIENCE]).spawn().unwrap();
    let mut stdout = BufReader::new(router.child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let (id, body) = line.split_once('\t').unwrap();
    assert!(id.starts_with(r"\x00") && body == "question\n", "{line:?}");
    router.interrupt();
    router.end(0);
    drop(req);
}

/// Where no terminal shows them, bodies are what was sent.
#[test]
fn bodies_pass_as_they_are() {
    let pull = Server::start(&["pull", ANY, "--count=1", PATIENCE], 1);
    assert_ends(&run(&["push", &pull.endpoints[0], "-m=\u{1B}[31m\u{9B}", PATIENCE], ""), 0, "");
    assert_eq!(pull.end(0), "\u{1B}[31m\u{9B}\n");
}

#[test]
fn proxies_join_two_sides() {
    let queue = Server::start(&["proxy", "queue", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*"], 2);
    let rep = zinc(&["rep", &queue.endpoints[1], "--count=2", PATIENCE]).spawn().unwrap();
    assert_ends(&run(&["req", &queue.endpoints[0], PATIENCE], "a\nb\n"), 0, "a\nb\n");
    assert_ends(&rep.wait_with_output().unwrap(), 0, "a\nb\n");
    queue.interrupt();
    assert_eq!(queue.end(0), "");

    let streamer = Server::start(&["proxy", "streamer", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*"], 2);
    let pull = zinc(&["pull", &streamer.endpoints[1], "--count=2", PATIENCE]).spawn().unwrap();
    assert_ends(&run(&["push", &streamer.endpoints[0], PATIENCE], "a\nb\n"), 0, "");
    assert_ends(&pull.wait_with_output().unwrap(), 0, "a\nb\n");
    streamer.interrupt();
    assert_eq!(streamer.end(0), "");
}

#[test]
fn a_forwarder_passes_subscriptions_up() {
    let forwarder = Server::start(&["proxy", "forwarder", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*"], 2);
    let mut publisher = zinc(&["pub", &forwarder.endpoints[0], "--subscriptions=1", PATIENCE]);
    let mut publisher = publisher.stdin(Stdio::piped()).spawn().unwrap();
    let arguments = ["sub", &forwarder.endpoints[1], "--subscribe=a", "--count=1", PATIENCE];
    let sub = zinc(&arguments).spawn().unwrap();
    publisher.stdin.take().unwrap().write_all(b"b\nabc\n").unwrap();
    assert_ends(&sub.wait_with_output().unwrap(), 0, "abc\n");
    assert_ends(&publisher.wait_with_output().unwrap(), 0, "");
    forwarder.interrupt();
    assert_eq!(forwarder.end(0), "");
}

#[test]
fn a_capture_sees_what_passes() {
    let free = "tcp://127.0.0.1:*";
    let streamer = Server::start(&["proxy", "streamer", free, free, "--capture", free], 3);
    let mut capture = zinc(&["sub", &streamer.endpoints[2], "--count=1", PATIENCE]).spawn().unwrap();
    let mut pull = Server::start(&["pull", &streamer.endpoints[1]], 0);
    // Until the subscription has arrived.
    while capture.try_wait().unwrap().is_none() {
        assert_ends(&run(&["push", &streamer.endpoints[0], PATIENCE], "seen\n"), 0, "");
    }
    assert_ends(&capture.wait_with_output().unwrap(), 0, "seen\n");
    // An interrupt before it has begun would be the end of it.
    pull.child.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
    for server in [pull, streamer] {
        server.interrupt();
        server.end(0);
    }
}

#[test]
fn waiting_in_vain_ends_with_124() {
    for (arguments, what) in [
        (&["pull", "@tcp://127.0.0.1:*"][..], "no message came"),
        (&["push", "@tcp://127.0.0.1:*"], "nobody took the message"),
        (&["push", "tcp://127.0.0.1:1"], "not all messages have gone out"),
        (&["req", "tcp://127.0.0.1:1"], "no reply came"),
        (&["rep", "@tcp://127.0.0.1:*"], "no request came"),
        (&["pub", "@tcp://127.0.0.1:*", "--subscriptions=1"], "not enough subscriptions came"),
        (&["dealer", "tcp://127.0.0.1:1"], "nothing came or went"),
        (&["req", "@tcp://127.0.0.1:*"], "nobody took the request"),
    ] {
        let output = run(&[arguments, &["--timeout=0.2"]].concat(), "line\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(124), "{arguments:?}: {stderr}");
        assert!(stderr.contains(&format!("timeout: {what} within 0.2 s")), "{arguments:?}: {stderr}");
    }
}

/// A timeout may be set as an option, too.
#[test]
fn a_timeout_names_the_time_that_was_waited() {
    for (arguments, expected) in [
        (&["pull", ANY, "--option=rcvtimeo=200"][..], "no message came within 0.2 s"),
        (&["push", ANY, "--option=sndtimeo=100"], "nobody took the message within 0.1 s"),
        (&["req", "tcp://127.0.0.1:1", "--option=rcvtimeo=150"], "no reply came within 0.15 s"),
        (&["pull", ANY, "--timeout=60", "--option=rcvtimeo=200"], "no message came within 0.2 s"),
    ] {
        let output = run(arguments, "line\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(124), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
}

#[test]
fn an_endpoint_in_use_is_a_failure() {
    let pull = Server::start(&["pull", ANY], 1);
    let output = run(&["pull", "--bind", &pull.endpoints[0]], "");
    assert_ends(&output, 1, "");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains(&pull.endpoints[0]) && stderr.contains("in use"), "{stderr}");
    pull.interrupt();
    assert_eq!(pull.end(0), "");
}

#[test]
fn an_interrupt_ends_what_waits() {
    for command in ["pull", "push", "rep", "pair", "xsub"] {
        let server = Server::start(&[command, ANY, PATIENCE], 1);
        server.interrupt();
        // Its input is still open.
        let Server { mut child, stderr: _stderr, .. } = server;
        let stdin = child.stdin.take();
        assert_ends(&child.wait_with_output().unwrap(), 0, "");
        drop(stdin);
    }
}

/// timeout(1) signals twice, and people press Ctrl-C again.
#[test]
fn interrupts_one_after_the_other_end_as_one_does() {
    let mut publisher = zinc(&["pub", ANY, "--rate=1000"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(publisher.stderr.take().unwrap()).read_line(&mut said).unwrap();
    let endpoint = said.trim().strip_prefix("zinc: bound to ").unwrap();
    for arguments in [
        &["sub", "@tcp://127.0.0.1:*", endpoint][..],
        &["pull", ANY],
        &["router", ANY],
        &["rep", ANY],
        &["monitor", "sub", "@tcp://127.0.0.1:*", endpoint],
        &["monitor", "push", ANY],
    ] {
        for _ in 0..10 {
            let mut server = Server::start(arguments, 1);
            while server.child.try_wait().unwrap().is_none() {
                server.interrupt();
            }
            let mut said = String::new();
            server.stderr.read_to_string(&mut said).unwrap();
            assert_eq!((server.child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{arguments:?}");
        }
    }
    publisher.kill().unwrap();
    publisher.wait().unwrap();
}

#[test]
fn an_interrupt_ends_top_while_nobody_answers() {
    for arguments in [&["top", "tcp://127.0.0.1:1"][..], &["top", "tcp://127.0.0.1:1", "--json"]] {
        let top = Server::start(arguments, 0);
        // It may come before anybody watches for it.
        top.await_signals();
        top.interrupt();
        assert_eq!(top.end(0), "");
    }
}

#[test]
fn a_reader_that_leaves_ends_the_output_silently() {
    let mut pull = Server::start(&["pull", ANY], 1);
    drop(pull.child.stdout.take());
    // One message: a second might find nobody there any more.
    assert_ends(&run(&["push", &pull.endpoints[0], PATIENCE], "a\n"), 0, "");
    let mut said = String::new();
    pull.stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    assert!(pull.child.wait().unwrap().success());
}

#[test]
fn the_demonstration_succeeds() {
    let output = run(&["demo", "--seconds=1", "--clients=3", "--workers=2"], "");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for expected in ["3 clients, a broker and 2 workers", "requests/s", "p99.9", "OK: "] {
        assert!(stdout.contains(expected), "{stdout}");
    }
}

#[test]
fn a_measurement_has_a_table() {
    for transport in ["tcp", "ipc", "inproc"] {
        let output = run(&["bench", "--transport", transport, "--seconds=0.1", "--size=8"], "");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        for expected in ["messages/s", "MB/s", "CPU us", "round trips/s", "p99"] {
            assert!(stdout.contains(expected), "{stdout}");
        }
    }
}

#[test]
fn curves_are_drawn_and_json_printed() {
    let folder = folder("curves");
    let svg = folder.join("bench.svg");
    let mut bench =
        zinc(&["bench", "--transport=inproc,ipc", "--size=8,1K", "--seconds=0.05", "--json", "--svg"]);
    let output = bench.arg(&svg).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let measured: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(measured.len(), 8);
    assert!(measured.iter().all(|row| row["per_second"].as_f64().unwrap() > 0.0), "{lines}");
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("inproc") && svg.contains("latency"), "{svg}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn json_lines_carry_every_byte() {
    let pull = Server::start(&["pull", ANY, "--json", "--count=3", PATIENCE], 1);
    let lines = "[\"a\", {\"hex\": \"00ff\"}]\n\"text\"\n{\"parts\": [\"\"]}\n";
    assert_ends(&run(&["push", &pull.endpoints[0], "--json", PATIENCE], lines), 0, "");
    let expected = "{\"parts\":[\"a\",{\"hex\":\"00ff\"}]}\n{\"parts\":[\"text\"]}\n{\"parts\":[\"\"]}\n";
    assert_eq!(pull.end(0), expected);
}

#[test]
fn messages_of_the_command_line_are_repeated_up_to_the_count() {
    let pull = Server::start(&["pull", ANY, "--eof", PATIENCE], 1);
    let push = ["push", &pull.endpoints[0], "-m=a", "-m=b", "--count=5", PATIENCE];
    assert_ends(&run(&push, ""), 0, "");
    assert_ends(&run(&["push", &pull.endpoints[0], "--eof", "-m=end", PATIENCE], ""), 0, "");
    assert_eq!(pull.end(0), "a\nb\na\nb\na\nend\n");
}

#[test]
fn a_rate_is_kept() {
    let pull = Server::start(&["pull", ANY, "--count=11", PATIENCE], 1);
    let began = std::time::Instant::now();
    let push = ["push", &pull.endpoints[0], "-m=x", "--count=11", "--rate=50", PATIENCE];
    assert_ends(&run(&push, ""), 0, "");
    let took = began.elapsed().as_secs_f64();
    assert!(took >= 0.2, "11 messages at 50 a second take a fifth of a second, not {took} s");
    assert_eq!(pull.end(0), "x\n".repeat(11));
}

#[test]
fn envelopes_are_put_on_and_taken_off() {
    let rep = Server::start(&["rep", ANY, "--count=2", PATIENCE], 1);
    let dealer = ["dealer", &rep.endpoints[0], "--envelope", "-m=a", "-m=b", "--count=2", PATIENCE];
    assert_ends(&run(&dealer, ""), 0, "a\nb\n");
    assert_eq!(rep.end(0), "a\nb\n");

    let arguments = ["router", ANY, "--to=bob", "--envelope", "--count=1", "--multipart=|", PATIENCE];
    let mut router = Server::start(&arguments, 1);
    let req =
        zinc(&["req", &router.endpoints[0], "--routing-id=bob", "-m=question", PATIENCE]).spawn().unwrap();
    let mut stdout = BufReader::new(router.child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "bob|question\n");
    router.say("answer\n");
    assert_ends(&req.wait_with_output().unwrap(), 0, "answer\n");
    router.end(0);
}

#[test]
fn a_request_is_asked_again_when_its_server_was_slow() {
    let mut silent = Server::start(&["router", ANY, "--json"], 1);
    let req = ["req", &silent.endpoints[0], "-m=hello", "--timeout=0.3", "--retries=2"];
    let output = run(&req, "");
    assert_eq!(output.status.code(), Some(124));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.matches("asking again").count(), 2, "{said}");
    let mut stdout = BufReader::new(silent.child.stdout.take().unwrap());
    for _ in 0..3 {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.contains("\"hello\""), "{line}");
    }
    silent.interrupt();
    silent.end(0);
}

/// Those that were given up before anybody was there are not sent afterwards.
#[test]
fn requests_that_nobody_took_are_not_repeated() {
    let folder = folder("retries");
    let endpoint = format!("ipc://{}", folder.join("server").display());
    let req = ["req", &endpoint, "-m=transfer", "--timeout=0.3", "--retries=1000"];
    let mut req = zinc(&req).spawn().unwrap();
    let mut notes = BufReader::new(req.stderr.take().unwrap()).lines();
    (0..3).for_each(|_| assert!(notes.next().unwrap().unwrap().contains("asking again")));
    let rep = Server::start(&["rep", "--bind", &endpoint], 0);
    assert_ends(&req.wait_with_output().unwrap(), 0, "transfer\n");
    // Nothing but what was asked after these three.
    let most = 1 + notes.count();
    rep.interrupt();
    let executed = rep.end(0);
    assert!((1..=most).contains(&executed.lines().count()), "more than {most}: {executed}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn streams_speak_to_plain_tcp() {
    let mut server = Server::start(&["stream", ANY, "--json", PATIENCE], 1);
    let address = server.endpoints[0].strip_prefix("tcp://").unwrap().to_owned();
    let mut peer = std::net::TcpStream::connect(address).unwrap();
    peer.write_all(b"hello").unwrap();
    let mut stdout = BufReader::new(server.child.stdout.take().unwrap());
    let mut lines = (0..2).map(|_| {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        serde_json::from_str::<serde_json::Value>(&line).unwrap()["parts"].clone()
    });
    let (opened, data) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!((&opened[0], opened[1].as_str(), data[1].as_str()), (&data[0], Some(""), Some("hello")));
    server.say(&format!("[{}, \"world\"]\n", data[0]));
    let mut answer = [0; 5];
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"world");
    server.interrupt();
    server.end(0);
}

#[test]
fn manual_pages_and_completions_are_made() {
    let folder = folder("man");
    let output = zinc(&["man", "--dir"]).arg(&folder).output().unwrap();
    assert_ends(&output, 0, "");
    for page in ["zinc.1", "zinc-push.1", "zinc-proxy.1", "zinc-doctor.1"] {
        let text = std::fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".TH") && text.contains("Examples"), "{page}: {text}");
    }
    std::fs::remove_dir_all(folder).unwrap();
    assert!(String::from_utf8_lossy(&run(&["man", "top"], "").stdout).contains("zinc top"));
    for (shell, expected) in [("bash", "complete"), ("zsh", "#compdef zinc"), ("fish", "complete -c zinc")] {
        let output = run(&["completions", shell], "");
        assert!(String::from_utf8_lossy(&output.stdout).contains(expected), "{shell}");
    }
}

#[test]
fn every_command_has_help_with_examples() {
    let help = String::from_utf8(run(&["--help"], "").stdout).unwrap();
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let names: Vec<&str> =
        commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names.into_iter().filter(|name| !["", "help", "demo"].contains(name)) {
        let output = run(&[name, "--help"], "");
        assert!(String::from_utf8_lossy(&output.stdout).contains("Example"), "{name}");
    }
}
