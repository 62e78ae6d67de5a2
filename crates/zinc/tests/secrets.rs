//! Mistakes in keys, certificates, passwords and users: each is told with the argument, the file and the remedy, wherever
//! it stands, and no secret is shown.

mod common;

use common::{ANY, folder, friends, keys, option, private, users, zinc};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const FREE: &str = "tcp://127.0.0.1:*";

/// A name that could be the text of a key.
const LIKE_A_KEY: &str = "this-name-has-as-many-signs-as-a-key.key";

/// A folder with everything that can be wrong, and what must not be shown.
struct Stock {
    folder: PathBuf,
    secrets: Vec<String>,
}

/// Arguments of which the first is wrong, and what is said of it.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a str);

impl Stock {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let at = |name: &str| folder.join(name);
        let (secret, public) = keys(&folder, "good");
        let secrets = vec![value(&secret, "secret-key"), "sesame".to_owned()];
        fs::copy(&secret, at("exposed.key_secret")).unwrap();
        fs::set_permissions(at("exposed.key_secret"), fs::Permissions::from_mode(0o644)).unwrap();
        let damaged = fs::read_to_string(&public).unwrap().replace("public-key = \"", "public-key = \"~");
        fs::write(at("damaged.key"), &damaged).unwrap();
        fs::write(at(LIKE_A_KEY), &damaged).unwrap();
        let damaged = fs::read_to_string(&secret).unwrap().replace("secret-key = \"", "secret-key = \"~");
        private(&at("damaged.key_secret"), &damaged);
        let (other, _) = keys(&folder, "other");
        let mixed = fs::read_to_string(&secret).unwrap().replace(&secrets[0], &value(&other, "secret-key"));
        private(&at("mixed.key_secret"), &mixed);
        fs::write(at("notes"), "no certificate\n").unwrap();
        for (name, file) in [("damaged", "damaged.key"), ("secret", "good.key_secret"), ("fine", "good.key")]
        {
            friends(&folder, &format!("{name}-friends"), &at(file).display().to_string());
        }
        users(&folder, "alice", "sesame");
        private(&at("password"), "sesame\n");
        private(&at("empty"), "\n");
        private(&at("long"), &"sesame".repeat(50));
        fs::write(at("open"), "sesame\n").unwrap();
        fs::set_permissions(at("open"), fs::Permissions::from_mode(0o644)).unwrap();
        Self { folder, secrets }
    }

    /// Runs a command that has to fail for wrong usage, and returns what it says.
    fn fail(&self, arguments: &[String]) -> String {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = zinc(&arguments).current_dir(&self.folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(self.secrets.iter().all(|secret| !said.contains(secret)), "{arguments:?}: {said}");
        said
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.folder.join(name), text).unwrap();
        name.to_owned()
    }

    /// The mistake on the command line, in a profile, and in a part of a proxy's file.
    fn check(&self, (settings, says): &Row<'_>) {
        let wrong = settings[0].0;
        let flags: Vec<String> = settings.iter().map(|(key, value)| option(key, *value)).collect();
        let lines: String = settings.iter().map(|(key, value)| format!("{key} = '{value}'\n")).collect();
        let profile = self.write("profile.toml", &lines);
        let sides = format!("kind = 'queue'\nfront = ['{FREE}']\nback = ['{FREE}']\n");
        let config = self.write("proxy.toml", &format!("{sides}[security.back]\n{lines}"));
        let secure = option("secure", profile);
        let proxy = ["proxy", "queue", FREE, FREE].map(str::to_owned);
        let pull = ["pull", ANY].map(str::to_owned);
        for (arguments, names) in [
            ([&pull[..], &flags].concat(), format!("--{wrong}: ")),
            ([&proxy[..], &flags].concat(), format!("--{wrong}: ")),
            ([&["top".to_owned(), FREE.to_owned()], &flags[..]].concat(), format!("--{wrong}: ")),
            ([&pull[..], &[secure]].concat(), format!("profile.toml: {wrong}: ")),
            (
                vec!["proxy".into(), option("config", config.clone())],
                format!("proxy.toml: security.back.{wrong}: "),
            ),
            (vec!["auth".into(), config], format!("proxy.toml: security.back.{wrong}: ")),
        ] {
            let said = self.fail(&arguments);
            assert!(said.contains(&names) && said.contains(says), "{arguments:?}: {said}");
        }
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// The value of a line in a certificate.
fn value(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().find(|line| line.contains(name)).unwrap().split('"').nth(1).unwrap().to_owned()
}

#[test]
fn keys_that_cannot_be_used() {
    let stock = Stock::new("secrets-keys");
    let secret = stock.secrets[0].clone();
    for key in ["curve-server", "curve-key"] {
        let also: &[(&str, &str)] =
            if key == "curve-key" { &[("curve-server-key", "good.key")] } else { &[] };
        for (file, says) in [
            ("none", "none: No such file or directory (os error 2); check the path: zinc keygen NAME makes"),
            (".", "Is a directory (os error 21); a certificate is meant"),
            ("good.key", "there is no secret-key; give the file with the secret key, NAME.key_secret"),
            ("exposed.key_secret", "others can read this secret key: chmod 600 "),
            (
                "damaged.key_secret",
                "secret-key: a key has 40 signs of Z85, or 32 bytes; this has 41; the file is damaged",
            ),
            ("mixed.key_secret", "the public key does not belong to the secret one; the file is damaged"),
            ("notes", "there is no public-key; this is no certificate: zinc keygen NAME makes one"),
            (&secret, "this is a key, and a file is meant: here others can see a secret"),
        ] {
            stock.check(&(&[&[(key, file)], also].concat(), says));
        }
    }
    let unlike = format!("{}~", &secret[1..]);
    assert!(LIKE_A_KEY.parse::<zincmq::security::PublicKey>().is_ok());
    let rows: [Row<'_>; 8] = [
        (
            &[("curve-server-key", "nonsense")],
            "\"nonsense\" is neither a public key (40 signs of Z85) nor a file",
        ),
        (&[("curve-server-key", &unlike)], "this text of 40 signs is neither a public key"),
        (
            &[("curve-server-key", "damaged.key")],
            "public-key: a key has 40 signs of Z85, or 32 bytes; this has 41",
        ),
        (
            &[("curve-server-key", LIKE_A_KEY)],
            "public-key: a key has 40 signs of Z85, or 32 bytes; this has 41",
        ),
        (&[("curve-server-key", "good.key_secret")], "holds a secret key, and a public one is meant: give "),
        (
            &[("curve-server-key", "exposed.key_secret")],
            "holds a secret key, and a public one is meant: give ",
        ),
        (&[("curve-server-key", "notes")], "there is no public-key; this is no certificate"),
        (&[("curve-server-key", ".")], "Is a directory"),
    ];
    rows.iter().for_each(|row| stock.check(row));
    for (directory, says) in [
        (
            "none",
            "none: No such file or directory (os error 2); a directory with the clients' NAME.key files is meant",
        ),
        ("notes", "Not a directory"),
        ("damaged-friends", "friend.key: public-key: a key has 40 signs"),
        ("secret-friends", "friend.key holds a secret key, and a public one is meant: give NAME.key"),
    ] {
        stock.check(&(&[("curve-clients", directory), ("curve-server", "good.key_secret")], says));
    }
}

#[test]
fn passwords_and_users_that_cannot_be_used() {
    let stock = Stock::new("secrets-passwords");
    for (file, says) in [
        (
            "none",
            "none: No such file or directory (os error 2); a file is meant whose first line is the password",
        ),
        (".", "Is a directory"),
        ("open", "open: others can read this password: chmod 600 "),
        ("empty", "empty: the first line, the password, is empty"),
        ("long", "long: the first line, the password, is longer than 255 bytes"),
    ] {
        stock.check(&(&[("plain-password-file", file), ("plain-user", "alice")], says));
    }
    stock.check(&(&[("plain-user", ""), ("plain-password-file", "password")], "the name is empty"));
    let long = "a".repeat(256);
    stock.check(&(&[("plain-user", &long), ("plain-password-file", "password")], "longer than 255 bytes"));
    for (file, says) in [
        (
            "none",
            "none: No such file or directory (os error 2); zinc keygen --password NAME >> FILE makes it",
        ),
        (
            "open",
            "open, line 1: a user is name:hash, with a hash that begins with $argon2; zinc keygen --password",
        ),
    ] {
        stock.check(&(&[("plain-users", file)], says));
    }
}

/// Clap tells of these on the command line.
#[test]
fn files_in_which_arguments_do_not_go_together() {
    let stock = Stock::new("secrets-together");
    for (lines, says) in [
        ("curve-server = 'good.key_secret'\nplain-users = 'users'", "a socket is secured in one way only"),
        ("curve-key = 'good.key_secret'", "curve-key: it needs "),
        ("curve-clients = 'fine-friends'", "curve-clients: it needs "),
        ("plain-user = 'alice'", "plain-user: it needs "),
        ("plain-password-file = 'password'", "plain-password-file: it needs "),
        ("curve-sever = 'good.key_secret'", "unknown field `curve-sever`"),
        ("curve-server = 5", "invalid type: integer `5`"),
        ("curve-server = good", "string values must be quoted"),
        ("\n\nplain-password = 'sesame'", "unknown field `plain-password`, expected one of "),
    ] {
        let profile = stock.write("profile.toml", lines);
        let said = stock.fail(&["pull".into(), ANY.into(), option("secure", profile)]);
        assert!(said.contains("profile.toml") && said.contains(says), "{lines}: {said}");
        let sides = format!("kind = 'queue'\nfront = ['{FREE}']\nback = ['{FREE}']");
        let config = stock.write("proxy.toml", &format!("{sides}\n[security.stats]\n{lines}"));
        let said = stock.fail(&["proxy".into(), option("config", config)]);
        assert!(said.contains("proxy.toml") && said.contains(says), "{lines}: {said}");
    }
    for lines in ["plain-server = true", "domain = 'here'"] {
        let profile = stock.write("profile.toml", lines);
        let said = stock.fail(&["pull".into(), ANY.into(), option("secure", profile)]);
        assert!(
            said.contains("profile.toml: plain-server and domain are for the sockets of zinc proxy"),
            "{said}"
        );
    }
    let profile = stock.write("profile.toml", "\n\nplain-password = 'sesame'");
    let said = stock.fail(&["pull".into(), ANY.into(), option("secure", profile)]);
    assert!(said.starts_with("zinc: profile.toml, line 3: unknown field"), "{said}");
    let said = stock.fail(&["pull".into(), ANY.into(), option("secure", "none")]);
    assert!(said.contains("none: No such file or directory (os error 2); --secure takes a file"), "{said}");
}

/// Everybody can see a command line.
#[test]
fn secrets_are_no_options() {
    let stock = Stock::new("secrets-options");
    for (name, value, says) in [
        ("curve_secretkey", &*stock.secrets[0], "with --curve-server FILE or --curve-key FILE"),
        ("PLAIN_PASSWORD", "sesame", "with --plain-password-file FILE"),
    ] {
        let says = format!("{name} is a secret, which others can see here: keep it in a file, {says}");
        let flag = option("option", format!("{name}={value}"));
        let output = zinc(&["pull", ANY, &flag]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(&says), "{said}");
        let sides = format!("kind = 'queue'\nfront = ['{FREE}']\nback = ['{FREE}']");
        let config = stock.write("proxy.toml", &format!("{sides}\noptions = {{ {name} = '{value}' }}\n"));
        let said = stock.fail(&["proxy".into(), option("config", config)]);
        assert!(said.contains("proxy.toml, line 4: ") && said.contains(&says), "{said}");
    }
}

#[test]
fn a_stream_is_not_secured() {
    let stock = Stock::new("secrets-stream");
    for command in [vec!["stream".to_owned()], vec!["monitor".to_owned(), "stream".to_owned()]] {
        let said = stock
            .fail(&[&command[..], &[ANY.to_owned(), option("curve-server", "good.key_secret")]].concat());
        assert!(said.contains("a STREAM socket speaks plain TCP, which has no security"), "{said}");
    }
}

/// What is passed over is said, and is no mistake.
#[test]
fn a_directory_may_have_other_files() {
    let stock = Stock::new("secrets-directory");
    let friends = Path::new("fine-friends");
    fs::write(stock.folder.join(friends).join("README"), "friends of ours\n").unwrap();
    fs::create_dir(stock.folder.join("nobody")).unwrap();
    for (directory, says) in [
        ("fine-friends", "zinc: fine-friends/README is passed over: there is no public-key in it\n"),
        ("nobody", "zinc: nobody has no certificate yet: nobody is let in until there is one\n"),
    ] {
        let flags = [option("curve-server", "good.key_secret"), option("curve-clients", directory)];
        let pull = ["pull", ANY, "--timeout=0.01", &flags[0], &flags[1]];
        let output = zinc(&pull).current_dir(&stock.folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.contains(says)), (Some(124), true), "{said}");
    }
}
