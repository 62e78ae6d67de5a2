//! `zinc auth`: who comes in by a file of rules, what is told of it, and what is said of mistakes in the file.

mod common;

use common::{PATIENCE, Server, assert_ends, folder, friends, keys, option, private, run, said, users, zinc};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const FREE: &str = "tcp://127.0.0.1:*";

/// A folder with the keys of a broker and of two clients, of whom one is a friend, and a user.
struct Stock {
    folder: PathBuf,
    broker: String,
    alice: String,
    eve: String,
    bob: [String; 2],
}

impl Stock {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let (_, broker) = keys(&folder, "broker");
        let (alice, public) = keys(&folder, "alice");
        let (eve, _) = keys(&folder, "eve");
        friends(&folder, "friends", &public);
        users(&folder, "bob", "sesame");
        let password = private(&folder.join("password"), "sesame\n");
        let bob = [option("plain-user", "bob"), option("plain-password-file", password)];
        Self { folder, broker: option("curve-server-key", broker), alice, eve, bob }
    }

    fn write(&self, text: &str) -> String {
        let path = self.folder.join("auth.toml");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// A streamer with these lines behind its endpoints.
    fn start(&self, rest: &str) -> Server {
        Server::start(&["auth", &self.write(&streamer(rest))], 2)
    }

    /// Pushes as the owner of this key.
    fn push(&self, endpoint: &str, key: &str, patience: &str) -> Option<i32> {
        let key = option("curve-key", key);
        run(&["push", endpoint, "-m=passed", patience, &self.broker, &key], "").status.code()
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

fn streamer(rest: &str) -> String {
    format!("kind = 'streamer'\nfront = ['{FREE}']\nback = ['{FREE}']\n{rest}")
}

/// The book's page, as far as it is a file with this comment at its beginning.
fn from_the_book(first_line: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/src/security.md");
    let page = fs::read_to_string(page).unwrap();
    let block = page.split("```toml\n").find(|block| block.starts_with(first_line));
    block.unwrap_or_else(|| panic!("no {first_line}")).split("```").next().unwrap().to_owned()
}

/// As the book has it, but for the ports.
#[test]
fn the_book_s_file_lets_in_whom_it_names() {
    let stock = Stock::new("auth-book");
    let mut text = from_the_book("# auth.toml");
    for port in ["tcp://*:5559", "tcp://*:5560"] {
        assert!(text.contains(port), "{text}");
        text = text.replace(port, FREE);
    }
    let mut auth = Server::start(&["auth", &stock.write(&text)], 2);
    let [front, back] = &auth.endpoints.clone()[..] else { panic!() };
    let rep = ["rep", back, "--count=1", "--reply=world", PATIENCE, &stock.bob[0], &stock.bob[1]];
    let rep = zinc(&rep).spawn().unwrap();
    assert_eq!(said(&mut auth), "zinc: admitted 127.0.0.1 at workers: the password of bob (PLAIN)\n");
    let ask = |key: &str, patience: &str| {
        run(&["req", front, "-m=hello", patience, "--linger=0", &stock.broker, &option("curve-key", key)], "")
    };
    assert_ends(&ask(&stock.alice, PATIENCE), 0, "world\n");
    assert_eq!(said(&mut auth), "zinc: admitted 127.0.0.1 at front: the key of alice (CURVE)\n");
    assert_eq!(rep.wait_with_output().unwrap().stdout, b"hello\n");
    assert_eq!(ask(&stock.eve, "--timeout=1").status.code(), Some(124));
    let refused = said(&mut auth);
    assert!(refused.starts_with("zinc: refused 127.0.0.1 at front: the key "), "{refused}");
    assert!(refused.ends_with(" is not known\n"), "{refused}");

    // Another password: neither it nor the right one is shown.
    let wrong = private(&stock.folder.join("wrong"), "Sesame\n");
    let wrong = option("plain-password-file", wrong);
    assert_eq!(run(&["rep", back, "--timeout=1", &stock.bob[0], &wrong], "").status.code(), Some(124));
    assert_eq!(said(&mut auth), "zinc: refused 127.0.0.1 at workers: bob: wrong password\n");
    auth.interrupt();
    auth.end(0);
}

#[test]
fn addresses_are_judged_before_keys() {
    let stock = Stock::new("auth-addresses");
    let secure =
        "[security.front]\ncurve-server = 'broker.key_secret'\n[domains.front]\ncertificates = 'friends'\n";
    for (rule, says) in [
        ("deny = ['127.0.0.0/8']", "the address 127.0.0.1 is denied"),
        ("allow = ['192.0.2.1', '2001:db8::/32']", "the address 127.0.0.1 is not among those allowed"),
        ("allow = ['127.0.0.1']\ndeny = ['127.0.0.0/30']", "the address 127.0.0.1 is denied"),
    ] {
        let mut auth = stock.start(&format!("{secure}{rule}\n"));
        let front = auth.endpoints[0].clone();
        assert!(matches!(stock.push(&front, &stock.alice, "--timeout=1"), Some(1 | 124)));
        assert_eq!(said(&mut auth), format!("zinc: refused 127.0.0.1 at front: {says}\n"));
        auth.interrupt();
        auth.end(0);
    }
    // Without security an address is all that there is to judge.
    for (rule, decision) in [
        (
            "allow = ['127.0.0.1']",
            "admitted 127.0.0.1 at back: the address, for nothing else is asked (NULL)",
        ),
        ("deny = ['127.0.0.1']", "refused 127.0.0.1 at back: the address 127.0.0.1 is denied"),
    ] {
        let mut auth = stock.start(&format!("[domains.back]\n{rule}\n"));
        let pull = Server::start(&["pull", &auth.endpoints[1]], 0);
        assert_eq!(said(&mut auth), format!("zinc: {decision}\n"));
        for server in [pull, auth] {
            server.interrupt();
            server.finish();
        }
    }
}

#[test]
fn certificates_are_read_again() {
    let stock = Stock::new("auth-again");
    let rest =
        "[security.front]\ncurve-server = 'broker.key_secret'\n[domains.front]\ncertificates = 'friends'\n";
    let mut auth = stock.start(rest);
    let [front, back] = &auth.endpoints.clone()[..] else { panic!() };
    let pull = zinc(&["pull", back, "--count=1", PATIENCE]).spawn().unwrap();
    assert!(matches!(stock.push(front, &stock.eve, "--timeout=1"), Some(1 | 124)));
    assert!(said(&mut auth).contains("is not known"));
    fs::copy(stock.folder.join("eve.key"), stock.folder.join("friends/eve.key")).unwrap();
    // The directory is looked at again after a moment.
    let until = Instant::now() + Duration::from_secs(30);
    while stock.push(front, &stock.eve, "--timeout=1") != Some(0) {
        assert!(Instant::now() < until);
    }
    assert_ends(&pull.wait_with_output().unwrap(), 0, "passed\n");
    auth.interrupt();
    let (_, log) = auth.finish();
    assert!(log.contains("zinc: admitted 127.0.0.1 at front: the key of eve (CURVE)\n"), "{log}");
}

/// A peer's own words make no lines in the log.
#[test]
fn a_name_cannot_forge_a_decision() {
    let stock = Stock::new("auth-forged");
    let rest = "[security.front]\nplain-server = true\n[domains.front]\nusers = 'users'\n";
    let mut auth = stock.start(rest);
    let name = option("plain-user", "x\nzinc: admitted 127.0.0.1 at front: the password of x (PLAIN)");
    let output = run(&["push", &auth.endpoints[0], "-m=x", "--timeout=1", &name, &stock.bob[1]], "");
    assert!(matches!(output.status.code(), Some(1 | 124)), "{output:?}");
    let line = said(&mut auth);
    assert!(line.starts_with("zinc: refused 127.0.0.1 at front: x\\x0azinc: admitted"), "{line}");
    auth.interrupt();
    auth.end(0);
}

#[test]
fn each_mistake_in_the_file_is_told() {
    let stock = Stock::new("auth-mistakes");
    let curve = "[security.front]\ncurve-server = 'broker.key_secret'\n";
    let plain = "[security.front]\nplain-server = true\n";
    let in_domain = |secure: &str, rules: &str| streamer(&format!("{secure}[domains.front]\n{rules}\n"));
    for (text, says) in [
        (String::new(), "front is missing: write front = [\"tcp://*:5559\"]"),
        (format!("front = ['{FREE}']"), "back is missing: write back = [\"tcp://127.0.0.1:5560\"]"),
        (format!("front = ['{FREE}']\nback = ['{FREE}']"), "kind is missing: write kind = \"queue\""),
        (streamer(""), "nobody is judged: write which peers may come in, in [domains.front]"),
        (streamer(curve), "nobody is judged"),
        (streamer("fornt = []"), "auth.toml, line 4: "),
        (streamer("fornt = []"), "unknown field `fornt`, expected one of"),
        (in_domain(curve, "certficates = 'friends'"), "unknown field `certficates`, expected one of `allow`"),
        (
            in_domain(curve, "allow = ['10.0.0.0/33']"),
            "\"10.0.0.0/33\" is no address: write 192.0.2.7, 192.0.2.0/24",
        ),
        (in_domain(curve, "deny = ['localhost']"), "\"localhost\" is no address"),
        (in_domain(curve, "certificates = 'none'"), "domains.front.certificates: "),
        (
            in_domain(curve, "certificates = 'none'"),
            "none: No such file or directory (os error 2); a directory",
        ),
        (in_domain(plain, "users = 'none'"), "domains.front.users: "),
        (in_domain(plain, "users = 'password'"), "password, line 1: a user is name:hash"),
        (
            in_domain(curve, "allow = ['127.0.0.1']"),
            "security.front.curve-server: nobody is let in: write certificates",
        ),
        (
            in_domain(plain, "allow = ['127.0.0.1']"),
            "security.front.plain-server: nobody is let in: write users",
        ),
        (
            in_domain(curve, "users = 'users'\nany-key = true"),
            "domains.front.users: this is for PLAIN, which front does not speak",
        ),
        (
            in_domain(plain, "users = 'users'\nany-key = true"),
            "domains.front.any-key: this is for CURVE, which front does not",
        ),
        (
            in_domain("", "certificates = 'friends'"),
            "write curve-server = \"NAME.key_secret\" in [security.front]",
        ),
        (
            streamer("[domains.fornt]\nallow = []"),
            "domains.fornt: no socket has this domain; there are front, back:",
        ),
        (
            streamer(&format!("{curve}domain = 'public'")),
            "security.front.domain: there are no rules of this name: write [domains.public]",
        ),
        (
            in_domain("[security.front]\ncurve-server-key = 'broker.key'\n", "allow = []"),
            "domains.front: front is secured as a client, which judges nobody",
        ),
    ] {
        let path = stock.write(&text);
        let output = run(&["auth", &path], "");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}: {stderr}");
        assert!(stderr.contains(&path) && stderr.contains(says), "{text}: {stderr}");
    }
    let output = run(&["auth", "/nowhere/at/all"], "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains("cannot read /nowhere/at/all"), "{stderr}");
}
