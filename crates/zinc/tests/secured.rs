//! Security of the commands that open more sockets than one, or of another kind: proxies, statistics, measurements.

mod common;

use common::{
    ANY, PATIENCE, Server, assert_ends, folder, friends, keys, option, private, run, said, users, zinc,
};
use std::fs;
use std::process::Output;

const FREE: &str = "tcp://127.0.0.1:*";

/// Sends a message through a streamer, with these arguments for the one who pulls and the one who pushes.
fn pass(front: &str, back: &str, push: &[&str], pull: &[&str]) {
    let pull = zinc(&[&["pull", back, "--count=1", PATIENCE], pull].concat()).spawn().unwrap();
    assert_ends(&run(&[&["push", front, "-m=passed", PATIENCE], push].concat(), ""), 0, "");
    assert_ends(&pull.wait_with_output().unwrap(), 0, "passed\n");
}

/// A peer that is not let in.
fn assert_shut(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(1 | 124)), "{stderr}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn flags_secure_every_socket_of_a_proxy() {
    let folder = folder("secured-proxy");
    let (server, public) = keys(&folder, "server");
    let (client, client_public) = keys(&folder, "client");
    let friends = friends(&folder, "friends", &client_public);
    let secure = [option("curve-server", &server), option("curve-clients", &friends)];
    let sockets = ["proxy", "streamer", FREE, FREE, "--capture", FREE, "--control", FREE, "--stats", FREE];
    let mut proxy = Server::start(&[&sockets[..], &[&secure[0], &secure[1]]].concat(), 5);
    let [front, back, capture, control, stats] = &proxy.endpoints.clone()[..] else { panic!() };
    let (knows, has) = (option("curve-server-key", &public), option("curve-key", &client));
    let friend: &[&str] = &[&knows, &has];
    pass(front, back, friend, friend);
    let statistics = run(&[&["req", control, "-m=STATISTICS JSON", PATIENCE], friend].concat(), "");
    assert!(String::from_utf8_lossy(&statistics.stdout).contains("\"received\":1"), "{statistics:?}");
    let top = run(&[&["top", stats, "--json"], friend].concat(), "");
    assert!(String::from_utf8_lossy(&top.stdout).starts_with("{\"format\""), "{top:?}");
    let mut sub = zinc(&[&["sub", capture, "--count=1", PATIENCE], friend].concat()).spawn().unwrap();
    // Until the subscription has arrived.
    let pull = Server::start(&[&["pull", back], friend].concat(), 0);
    while sub.try_wait().unwrap().is_none() {
        assert_ends(&run(&[&["push", front, "-m=x", PATIENCE], friend].concat(), ""), 0, "");
    }
    assert_ends(&sub.wait_with_output().unwrap(), 0, "x\n");

    for (socket, place) in [("push", "front"), ("pull", "back"), ("sub", "capture"), ("req", "control")] {
        let endpoint = match place {
            "front" => front,
            "back" => back,
            "capture" => capture,
            _ => control,
        };
        // Whoever has no key is not even told why.
        let message: &[&str] = if matches!(socket, "push" | "req") { &["-m=x"] } else { &["--count=1"] };
        assert_shut(&run(&[&[socket, endpoint, "--timeout=0.3"], message].concat(), ""));
        assert_shut(&run(&[&[socket, endpoint, "--timeout=1", &knows], message].concat(), ""));
        let refused = said(&mut proxy);
        let start = format!("zinc: refused 127.0.0.1 at {place}: the key ");
        assert!(refused.starts_with(&start) && refused.ends_with(" is not known\n"), "{refused}");
    }
    assert_shut(&run(&["top", stats, "--json", "--timeout=0.3"], ""));
    for server in [pull, proxy] {
        server.interrupt();
        server.end(0);
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_secures_each_socket_of_a_proxy() {
    let folder = folder("secured-file");
    let (_, public) = keys(&folder, "server");
    let (client, client_public) = keys(&folder, "client");
    friends(&folder, "friends", &client_public);
    users(&folder, "alice", "sesame");
    let password = private(&folder.join("password"), "sesame\n");
    let config = folder.join("proxy.toml");
    // The paths count from the file.
    let text = format!(
        "kind = \"streamer\"\nfront = [\"{FREE}\"]\nback = [\"{FREE}\"]\ncapture = \"{FREE}\"\n\
         [security.all]\ncurve-server = \"server.key_secret\"\ncurve-clients = \"friends\"\n\
         [security.back]\nplain-users = \"users\"\n[security.capture]\n"
    );
    fs::write(&config, text).unwrap();
    let config = option("config", config.display().to_string());
    let mut proxy = Server::start(&["proxy", &config], 3);
    let [front, back, capture] = &proxy.endpoints.clone()[..] else { panic!() };
    let friend = [option("curve-server-key", &public), option("curve-key", &client)];
    let user = [option("plain-user", "alice"), option("plain-password-file", password)];
    let mut sub = zinc(&["sub", capture, "--count=1", PATIENCE]).spawn().unwrap();
    // Until the subscription has arrived.
    while sub.try_wait().unwrap().is_none() {
        pass(front, back, &[&friend[0], &friend[1]], &[&user[0], &user[1]]);
    }
    assert_ends(&sub.wait_with_output().unwrap(), 0, "passed\n");
    assert_shut(&run(&["push", front, "-m=x", "--timeout=1", &friend[0]], ""));
    assert!(said(&mut proxy).starts_with("zinc: refused 127.0.0.1 at front: the key "));
    proxy.interrupt();
    proxy.end(0);

    // The command line takes the place of all of it.
    let secure = option("curve-server", folder.join("server.key_secret").display().to_string());
    let proxy = Server::start(&["proxy", &config, &secure], 3);
    let [front, back, _] = &proxy.endpoints[..] else { panic!() };
    pass(front, back, &[&friend[0]], &[&friend[0]]);
    proxy.interrupt();
    proxy.end(0);
    fs::remove_dir_all(folder).unwrap();
}

/// An authenticator's socket is no side of the proxy.
#[test]
fn the_numbers_are_those_of_the_proxy_alone() {
    let folder = folder("secured-numbers");
    let (server, _) = keys(&folder, "server");
    let friends = friends(&folder, "friends", &keys(&folder, "client").1);
    let secure = [option("curve-server", &server), option("curve-clients", &friends)];
    let mut proxy =
        Server::start(&["proxy", "queue", FREE, FREE, "--every=0.01", "--json", &secure[0], &secure[1]], 2);
    let numbers: serde_json::Value = serde_json::from_str(&said(&mut proxy)).unwrap();
    let sides = numbers["sockets"].as_array().unwrap();
    assert_eq!(sides.iter().map(|side| &side["side"]).collect::<Vec<_>>(), ["frontend", "backend"]);
    proxy.interrupt();
    proxy.end(0);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_socket_s_statistics_are_as_secure_as_the_socket() {
    let folder = folder("secured-stats");
    let (server, public) = keys(&folder, "server");
    let (secret, known) = (option("curve-server", &server), option("curve-server-key", &public));
    let pull = Server::start(&["pull", ANY, "--stats", FREE, &secret], 2);
    // Statistics are opened before the socket.
    let stats = &pull.endpoints[0];
    let top = run(&["top", stats, "--json", &known], "");
    assert!(String::from_utf8_lossy(&top.stdout).contains("\"PULL\""), "{top:?}");
    assert_shut(&run(&["top", stats, "--json", "--timeout=0.3"], ""));
    // A client has nothing to show for itself there: zinc top needs no key.
    let push = Server::start(&["monitor", "push", "tcp://127.0.0.1:1", "--stats", FREE, &known], 1);
    let top = run(&["top", &push.endpoints[0], "--json"], "");
    assert!(String::from_utf8_lossy(&top.stdout).contains("\"PUSH\""), "{top:?}");
    for server in [pull, push] {
        server.interrupt();
        assert!(server.finish().0.status.success());
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_event_of_a_secured_socket_is_seen() {
    let folder = folder("secured-monitor");
    let (server, public) = keys(&folder, "server");
    let rep = Server::start(&["rep", ANY, &option("curve-server", &server)], 1);
    let watch = ["monitor", "req", &rep.endpoints[0], "--events=handshake-succeeded", "--count=1", PATIENCE];
    let key = option("curve-server-key", &public);
    let output = run(&[&watch[..], &[&key]].concat(), "");
    assert!(output.status.success() && !output.stdout.is_empty(), "{output:?}");
    rep.interrupt();
    rep.end(0);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn measurements_and_the_demonstration_are_secured_too() {
    let folder = folder("secured-bench");
    let (server, public) = keys(&folder, "server");
    let password = private(&folder.join("password"), "sesame\n");
    let profile = folder.join("profile.toml");
    fs::write(&profile, "plain-user = \"alice\"\nplain-password-file = \"password\"\n").unwrap();
    for secure in [
        vec![option("curve-server", &server)],
        vec![option("plain-user", "alice"), option("plain-password-file", &password)],
        vec![option("secure", profile.display().to_string())],
    ] {
        let secure: Vec<&str> = secure.iter().map(String::as_str).collect();
        let bench = ["bench", "--transport=tcp,ipc,inproc", "--seconds=0.05", "--json"];
        let output = run(&[&bench[..], &secure].concat(), "");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 6);
        let demo = ["demo", "--seconds=0.05", "--clients=2", "--workers=2"];
        let output = run(&[&demo[..], &secure].concat(), "");
        assert!(String::from_utf8_lossy(&output.stdout).contains("nothing was lost"), "{output:?}");
    }
    for command in ["bench", "demo"] {
        let output = run(&[command, &option("curve-server-key", &public)], "");
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("is both server and client"), "{output:?}");
    }
    fs::remove_dir_all(folder).unwrap();
}
