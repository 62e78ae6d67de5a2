//! The ready ZAP handler: rules, files, domains.

mod common;

use common::*;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::time::Duration;
use zincmq::authenticator::{
    Authenticator, Certificate, CertificateError, Credentials, Decision, Rules, UsersError, hash_password,
};
use zincmq::security::Keypair;
use zincmq::{Context, Error, EventKind, Events, Pull, Push, option};

/// How a client presents itself.
enum Client<'a> {
    Nobody,
    User(&'a str, &'a str),
    Key(&'a Keypair),
}

/// The user that a client is taken for; none if it is refused.
fn admitted(context: &Context, server: &Keypair, domain: &str, client: &Client<'_>) -> Option<String> {
    let mut pull = Pull::new(context).unwrap();
    let mut push = Push::new(context).unwrap();
    pull.set(option::LINGER, Duration::ZERO).unwrap();
    push.set(option::LINGER, Duration::ZERO).unwrap();
    pull.set(option::ZAP_DOMAIN, domain).unwrap();
    match client {
        Client::Nobody => {}
        Client::User(user, password) => {
            pull.plain_server().unwrap();
            push.plain_client(user, *password).unwrap();
        }
        Client::Key(keys) => {
            pull.curve_server(server).unwrap();
            push.curve_client(keys, server.public).unwrap();
        }
    }
    let mut monitor = pull.monitor(Events::ALL);
    push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    loop {
        match monitor.recv_timeout(PATIENCE).unwrap() {
            event if event.kind == EventKind::HandshakeFailedAuth => {
                assert_eq!(event.value, 400);
                return None;
            }
            event if event.kind == EventKind::HandshakeSucceeded => break,
            _ => {}
        }
    }
    push.send("hello").unwrap();
    let message = pull.recv_timeout(PATIENCE).unwrap();
    Some(String::from_utf8(message.metadata("User-Id").unwrap().to_vec()).unwrap())
}

/// A directory of this test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zincmq-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn keypair() -> Keypair {
    Keypair::generate().unwrap()
}

#[test]
fn users_keys_addresses_and_domains() {
    let context = Context::new();
    let (server, alice, bob) = (keypair(), keypair(), keypair());
    let elsewhere = Rules::new().deny("127.0.0.0/8".parse().unwrap()).any_key();
    let anybody = Rules::new().any_key().allow("127.0.0.1".parse().unwrap());
    let nearby = Rules::new().allow("10.0.0.0/8".parse().unwrap());
    let (tell, told) = channel();
    let rules = Rules::new()
        .user("carol", "sesame")
        .key(alice.public, "alice")
        .domain("elsewhere", elsewhere)
        .domain("anybody", anybody)
        .domain("nearby", nearby)
        .on_decision(move |request, decision| _ = tell.send((format!("{request:?}"), decision.clone())));
    let _authenticator = Authenticator::start(&context, rules).unwrap();
    let user = |name: &str| Some(name.to_owned());
    for (domain, client, expected) in [
        ("here", Client::Nobody, user("")),
        ("here", Client::User("carol", "sesame"), user("carol")),
        ("here", Client::User("carol", "Sesame"), None),
        ("here", Client::User("dave", "sesame"), None),
        ("here", Client::Key(&alice), user("alice")),
        ("here", Client::Key(&bob), None),
        ("elsewhere", Client::Key(&alice), None),
        ("elsewhere", Client::Nobody, None),
        ("anybody", Client::Key(&bob), Some(bob.public.to_string())),
        ("anybody", Client::User("carol", "sesame"), None),
        ("nearby", Client::Nobody, None),
    ] {
        assert_eq!(admitted(&context, &server, domain, &client), expected, "{domain}");
    }
    let told: Vec<_> = told.try_iter().collect();
    assert_eq!(told.len(), 11, "each decision");
    assert!(!format!("{told:?}").contains("esame"), "{told:?}");
    assert_eq!(told[2].1, Decision::Refused { reason: "carol: wrong password".to_owned() });
}

#[test]
fn the_program_judges_first() {
    let context = Context::new();
    let server = keypair();
    let rules = Rules::new().user("alice", "sesame").judge(|request| match &request.credentials {
        Credentials::Plain { user, .. } if user == "bob" => {
            Some(Decision::Admitted { user: "robert".to_owned() })
        }
        Credentials::Plain { user, .. } if user == "mallory" => {
            Some(Decision::Refused { reason: "not you".to_owned() })
        }
        _ => None,
    });
    let _authenticator = Authenticator::start(&context, rules).unwrap();
    for (user, expected) in [("alice", Some("alice")), ("bob", Some("robert")), ("mallory", None)] {
        let found = admitted(&context, &server, "", &Client::User(user, "sesame"));
        assert_eq!(found.as_deref(), expected);
    }
}

#[test]
fn a_judge_that_panics_lets_nobody_in() {
    let context = Context::new();
    let server = keypair();
    let rules = Rules::new().user("alice", "sesame").judge(|request| match &request.credentials {
        Credentials::Plain { user, .. } if user == "bob" => panic!("a fault of the program's own"),
        _ => None,
    });
    let _authenticator = Authenticator::start(&context, rules).unwrap();
    let mut pull = Pull::new(&context).unwrap();
    pull.plain_server().unwrap();
    let mut monitor = pull.monitor(Events::ALL);
    let mut push = Push::new(&context).unwrap();
    push.plain_client("bob", "sesame").unwrap();
    push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    assert_eq!(await_event(&mut monitor, EventKind::HandshakeFailedAuth).value, 500);
    assert!(admitted(&context, &server, "", &Client::User("alice", "sesame")).is_some());
}

#[test]
fn users_of_a_file_that_changes() {
    let context = Context::new();
    let (server, folder) = (keypair(), Folder::new("users"));
    let file = folder.file("users");
    let line = |user: &str, password: &str| format!("{user}:{}\n", hash_password(&password.into()).unwrap());
    fs::write(&file, format!("# who may come\n\n{}", line("alice", "one"))).unwrap();
    let _authenticator = Authenticator::start(&context, Rules::new().users_from(&file).unwrap()).unwrap();
    let try_user =
        |user: &str, password: &str| admitted(&context, &server, "", &Client::User(user, password)).is_some();
    assert!(try_user("alice", "one") && !try_user("alice", "two") && !try_user("bob", "one"));
    fs::write(&file, format!("{}{}", line("alice", "two"), line("bob", "three"))).unwrap();
    until("the file is read again", || try_user("bob", "three"));
    assert!(!try_user("alice", "one") && try_user("alice", "two"));
    fs::remove_file(&file).unwrap();
    until("the file is missed", || !try_user("bob", "three"));
    assert!(!try_user("bob", "three"), "and stays so");

    fs::write(&file, "alice:secret\n").unwrap();
    let error = Rules::new().users_from(&file).unwrap_err();
    assert!(matches!(&error, UsersError::Line { line: 1, .. }), "{error}");
    let error = Rules::new().users_from(folder.file("nothing")).unwrap_err();
    assert!(error.to_string().contains("nothing: "), "{error}");
}

#[test]
fn certificates_of_a_directory_that_changes() {
    let context = Context::new();
    let (server, alice, bob, folder) = (keypair(), keypair(), keypair(), Folder::new("certificates"));
    Certificate::public_of(&alice, "alice").write(folder.file("alice.key")).unwrap();
    fs::write(folder.file("nonsense.key"), "curve\n    public-key = \"nonsense\"\n").unwrap();
    let rules = Rules::new().certificates(&folder.0).unwrap();
    let _authenticator = Authenticator::start(&context, rules).unwrap();
    let try_key = |keys: &Keypair| admitted(&context, &server, "", &Client::Key(keys));
    assert_eq!(try_key(&alice).as_deref(), Some("alice"));
    assert_eq!(try_key(&bob), None);
    // As czmq writes it, and pyzmq.
    let text = format!(
        "#   ****  Generated on 2026-01-01 by CZMQ  ****\n#   ZeroMQ CURVE Public Certificate\n\nmetadata\ncurve\n    \
         public-key = \"{}\"\n",
        bob.public
    );
    fs::write(folder.file("bob.txt"), text).unwrap();
    until("the new certificate is read", || try_key(&bob) == Some(bob.public.to_string()));
    fs::remove_file(folder.file("alice.key")).unwrap();
    until("the old certificate is forgotten", || try_key(&alice).is_none());
    assert!(Rules::new().certificates(folder.file("nothing")).is_err());
}

#[test]
fn certificates_are_written_and_read() {
    use std::os::unix::fs::PermissionsExt;
    let (keys, folder) = (keypair(), Folder::new("written"));
    let (public, secret) = (folder.file("me.key"), folder.file("me.key_secret"));
    Certificate::public_of(&keys, "me \"too\"").write(&public).unwrap();
    Certificate::secret_of(&keys, "").write(&secret).unwrap();
    let read = Certificate::read(&public).unwrap();
    assert_eq!(
        (read.public, read.secret.as_ref(), read.property("name")),
        (keys.public, None, Some("me 'too'"))
    );
    assert_eq!(Certificate::read_keypair(&secret).unwrap(), keys);
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);

    let error = Certificate::read_keypair(&public).unwrap_err();
    assert!(matches!(error, CertificateError::NoKey { name: "secret-key", .. }), "{error}");
    let error = Certificate::secret_of(&keys, "").write(&secret).unwrap_err();
    assert!(matches!(error, CertificateError::Io { .. }), "nothing is overwritten: {error}");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Certificate::read(&secret).unwrap_err();
    assert!(matches!(error, CertificateError::Exposed { .. }), "{error}");
    assert!(!format!("{error} {read:?}").contains(keys.secret.to_z85().reveal()));

    let other = folder.file("other");
    for (text, says) in [
        (String::new(), "no public-key"),
        ("curve\n    public-key = \"short\"\n".to_owned(), "this has 5"),
        (format!("curve\n    public-key = \"{}\"\n", " ".repeat(40)), "Z85"),
        (
            format!(
                "curve\n    public-key = \"{}\"\n    secret-key = \"{}\"\n",
                keypair().public,
                keys.secret.to_z85().reveal()
            ),
            "does not belong",
        ),
        ("x".repeat(70_000), "too long"),
    ] {
        fs::write(&other, text).unwrap();
        let error = Certificate::read(&other).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("other"), "{error}");
    }
}

#[test]
fn a_context_has_one_authenticator() {
    let context = Context::new();
    let first = Authenticator::start(&context, Rules::new()).unwrap();
    let error = Authenticator::start(&context, Rules::new()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    drop(first);
    Authenticator::start(&context, Rules::new()).unwrap();
}
