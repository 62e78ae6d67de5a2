//! Keys, passwords, and who is let in.

mod common;

use common::{
    ANY, PATIENCE, Server, assert_ends, folder, friends, keys, option, private, run, said, users, zinc,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn curve_from_end_to_end() {
    let folder = folder("curve");
    let (server, server_public) = keys(&folder, "server");
    let (client, client_public) = keys(&folder, "client");
    let (stranger, _) = keys(&folder, "stranger");
    let friends = friends(&folder, "friends", &client_public);

    // Whoever knows the server's key, by a file or as text.
    let key = fs::read_to_string(&server_public).unwrap();
    let key = key.split('"').nth(3).unwrap().to_owned();
    for known in [&server_public, &key] {
        let pull = Server::start(&["pull", ANY, "--count=2", PATIENCE, &option("curve-server", &server)], 1);
        let push = ["push", &pull.endpoints[0], "-m", "one", PATIENCE, &option("curve-server-key", known)];
        assert_ends(&run(&push, ""), 0, "");
        assert_ends(&run(&[&push[..], &[&option("curve-key", &client)]].concat(), ""), 0, "");
        assert_eq!(pull.end(0), "one\none\n");
    }

    // Those whose keys are in a directory.
    let clients = option("curve-clients", &friends);
    let pull =
        Server::start(&["pull", ANY, "--count=1", PATIENCE, &option("curve-server", &server), &clients], 1);
    let push = |client: &str| {
        let key = option("curve-key", client);
        let server = option("curve-server-key", &server_public);
        run(&["push", &pull.endpoints[0], "-m", "one", "--timeout=5", &server, &key], "").status.code()
    };
    // The message was queued before the refusal, or had nobody to go to.
    assert!(matches!(push(&stranger), Some(1 | 124)));
    assert_eq!(push(&client), Some(0));
    let mut pull = pull;
    let said = said(&mut pull);
    assert!(
        said.starts_with("zinc: refused 127.0.0.1: the key ") && said.ends_with(" is not known\n"),
        "{said}"
    );
    assert_eq!(pull.end(0), "one\n");

    // In a file.
    let profile = folder.join("profile.toml");
    fs::write(&profile, format!("curve-server = {server:?}\ncurve-clients = {friends:?}\n")).unwrap();
    let secure = option("secure", profile.display().to_string());
    let pull = Server::start(&["pull", ANY, "--count=1", PATIENCE, &secure], 1);
    let push = [
        "push",
        &pull.endpoints[0],
        "-m",
        "one",
        PATIENCE,
        &option("curve-server-key", &key),
        &option("curve-key", &client),
    ];
    assert_ends(&run(&push, ""), 0, "");
    assert_eq!(pull.end(0), "one\n");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn plain_from_end_to_end() {
    let folder = folder("plain");
    let users = users(&folder, "alice", "sesame");
    let (right, wrong) =
        (private(&folder.join("right"), "sesame\n"), private(&folder.join("wrong"), "Sesame\n"));
    let rep =
        Server::start(&["rep", ANY, "--reply=pong", "--count=1", PATIENCE, &option("plain-users", users)], 1);
    let ask = |user: &str, password: &str, seconds: &str| {
        let (user, file) = (option("plain-user", user), option("plain-password-file", password));
        run(&["req", &rep.endpoints[0], "-m", "ping", seconds, "--linger=0", &user, &file], "")
    };
    assert_eq!(ask("alice", &wrong, "--timeout=1").status.code(), Some(124));
    assert_eq!(ask("bob", &right, "--timeout=1").status.code(), Some(124));
    assert_ends(&ask("alice", &right, PATIENCE), 0, "pong\n");
    assert_eq!(rep.end(0), "ping\n");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn mistakes_are_told() {
    let folder = folder("mistakes-security");
    let (secret, public) = keys(&folder, "me");
    let open = folder.join("open");
    fs::write(&open, "sesame\n").unwrap();
    let exposed = folder.join("exposed");
    fs::copy(&secret, &exposed).unwrap();
    fs::set_permissions(&exposed, fs::Permissions::from_mode(0o644)).unwrap();
    let profile = folder.join("profile");
    fs::write(&profile, "curve-server-key = 5\n").unwrap();
    let path = |path: &Path| path.display().to_string();
    for (arguments, code, says) in [
        (vec![option("curve-server", "/no/such/file")], 2, "/no/such/file: No such file"),
        (vec![option("curve-server", &public)], 2, "there is no secret-key"),
        (vec![option("curve-server", path(&exposed))], 2, "others can read this secret key: chmod 600"),
        (
            vec![option("curve-server-key", "nonsense")],
            2,
            "neither a public key (40 signs of Z85) nor a file",
        ),
        (vec![option("curve-key", &secret)], 2, "--curve-server-key"),
        (vec![option("curve-clients", path(&folder))], 2, "--curve-server"),
        (
            vec![option("curve-server", &secret), option("curve-clients", "/no/such")],
            2,
            "/no/such: No such file",
        ),
        (
            vec![option("curve-server", &secret), option("curve-server-key", &public)],
            2,
            "cannot be used with",
        ),
        (vec![option("plain-user", "me")], 2, "--plain-password-file"),
        (
            vec![option("plain-user", "me"), option("plain-password-file", path(&open))],
            2,
            "others can read this password",
        ),
        (vec![option("plain-users", path(&open))], 2, "line 1: a user is name:hash"),
        (vec![option("secure", path(&profile))], 2, "profile, line 1: "),
        (vec![option("secure", path(&profile)), option("curve-server", &secret)], 2, "cannot be used with"),
        (vec![option("secure", "/no/such")], 2, "/no/such: No such file"),
    ] {
        let output = zinc(&["pull", ANY]).args(&arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(!said.contains(&fs::read_to_string(&secret).unwrap()[20..]), "{said}");
    }
    let again = run(&["keygen", folder.join("me").to_str().unwrap()], "");
    assert_eq!(again.status.code(), Some(1), "nothing is overwritten");
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists"), "{again:?}");
    assert_eq!(run(&["keygen", "--password", "a:b"], "x\n").status.code(), Some(2));
    assert_eq!(run(&["keygen", "--password", "a"], "\n").status.code(), Some(1));
    fs::remove_dir_all(folder).unwrap();
}
