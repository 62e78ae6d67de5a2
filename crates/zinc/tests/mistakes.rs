//! Every likely mistake on the command line, the exit code that it has, and what is said of it.

mod common;

use common::{ANY, folder, run};

/// Arguments, exit code, and what the message says.
type Mistake<'a> = (&'a [&'a str], i32, &'a str);

fn check(mistakes: &[Mistake<'_>]) {
    for (arguments, code, message) in mistakes {
        let output = run(arguments, "line\n");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
    }
}

#[test]
fn of_commands_and_options() {
    check(&[
        (&["plug"], 2, "unrecognized subcommand 'plug'"),
        (&["pusch"], 2, "a similar subcommand exists: 'push'"),
        (&["push"], 2, "<ENDPOINT>"),
        (&["pull", ANY, "--cuont=1"], 2, "a similar argument exists: '--count'"),
        (&["pull", ANY, "--topic=a"], 2, "unexpected argument '--topic'"),
        (&["pull", ANY, "--count=0"], 2, "0 is not in 1.."),
        (&["pull", ANY, "--count=many"], 2, "invalid digit"),
        (&["pull", ANY, "--timeout=-1"], 2, "not a length of time: above 0"),
        (&["pull", ANY, "--timeout=soon"], 2, "not a number of seconds, as in 2 or 0.5"),
        (&["push", ANY, "--rate=0"], 2, "not a rate: above 0"),
        (&["push", ANY, "--rate=fast"], 2, "not a number of messages a second"),
        (&["push", ANY, "--raw", "--chunk=1G"], 2, "as in 512, 64K or 1M"),
        (&["push", ANY, "--chunk=1M"], 2, "--raw"),
        (&["push", ANY, "--multipart="], 2, "a value is required for '--multipart <SEP>'"),
        (&["push", ANY, "--json", "--hex"], 2, "'--json' cannot be used with '--hex'"),
        (&["push", ANY, "--raw", "--multipart=x"], 2, "'--raw' cannot be used with '--multipart <SEP>'"),
        (&["push", ANY, "-m=a", "--file=b"], 2, "cannot be used with"),
        (&["req", "tcp://127.0.0.1:1", "--retries=3"], 2, "--timeout"),
        (&["completions", "tcsh"], 2, "possible values: bash, elvish, fish, powershell, zsh"),
        (&["man", "plug"], 2, "there is no command plug: see zinc --help"),
        (&["bench", "--transport=pigeon"], 2, "possible values: tcp, ipc, inproc"),
        (&["monitor", "plug", ANY], 2, "\"plug\" is not a socket type; there are pair, pub"),
        (&["monitor", "pull", ANY, "--events=born"], 2, "possible values: listening"),
        (&["top", "ipc:///tmp/x", "--every=often"], 2, "not a number of seconds"),
        (&["doctor", "tcp://127.0.0.1:1", "--mechanism=GSS"], 2, "possible values: NULL, PLAIN, CURVE"),
    ]);
}

#[test]
fn of_endpoints() {
    check(&[
        (&["push", "localhost:5555"], 2, "did you mean tcp://localhost:5555?"),
        (&["push", "5555"], 2, "did you mean tcp://127.0.0.1:5555?"),
        (&["push", "/tmp/socket"], 2, "did you mean ipc:///tmp/socket?"),
        (&["push", "somewhere"], 2, "write tcp://HOST:PORT or ipc://PATH"),
        (&["push", "tcp://"], 2, "there is no address after"),
        (
            &["push", "carrier://pigeon"],
            2,
            "there is no transport \"carrier\"; there are tcp, ipc, epgm and pgm",
        ),
        (&["push", "udp://127.0.0.1:1"], 2, "this build has no transport \"udp\""),
        (&["push", "tcp://127.0.0.1:99999"], 2, "tcp://127.0.0.1:99999"),
        (&["push", "tcp://127.0.0.1"], 2, "tcp://127.0.0.1"),
        (&["push", "tcp://*:5555"], 2, "* is for --bind (or @ before the endpoint)"),
        (&["pull", "@tcp://192.0.2.1:5555"], 1, "no interface of this machine has this address"),
        (&["pull", "@ipc:///nowhere/at/all"], 1, "the directory of the ipc path has to exist"),
        (&["pull", ANY, "--stats=inproc://a"], 2, "use ipc or tcp"),
        (&["doctor", "localhost"], 2, "write tcp://HOST:PORT"),
        (&["sub", "tcp:/localhost:5556"], 2, "did you mean tcp://localhost:5556?"),
        (&["sub", "tcp:localhost:5556"], 2, "did you mean tcp://localhost:5556?"),
        (&["sub", "tcp//localhost:5556"], 2, "did you mean tcp://localhost:5556?"),
        (&["sub", "tcp:5556"], 2, "did you mean tcp://127.0.0.1:5556?"),
        (&["sub", "ipc:/tmp/socket"], 2, "did you mean ipc:///tmp/socket?"),
        (&["sub", "http:/localhost:5556"], 2, "write tcp://HOST:PORT or ipc://PATH"),
        (&["sub", "inproc://x"], 2, "inproc endpoints exist inside one process only; use ipc or tcp"),
        (&["rep", "@inproc://x"], 2, "inproc endpoints exist inside one process only"),
        (&["top", "inproc://x"], 2, "inproc endpoints exist inside one process only"),
        (&["proxy", "queue", ANY, "inproc://x"], 2, "inproc endpoints exist inside one process only"),
    ]);
}

#[test]
fn of_ipc_paths() {
    let folder = folder("paths");
    let path = folder.join("file");
    std::fs::write(&path, "kept").unwrap();
    let (file, directory) = (format!("@ipc://{}", path.display()), format!("@ipc://{}", folder.display()));
    check(&[
        (&["pull", &file], 1, "a file that is no socket stands there: choose another path, or remove it"),
        (&["pull", &directory], 1, "a file that is no socket stands there"),
    ]);
    assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn of_socket_options() {
    check(&[
        (&["pull", ANY, "--option=sndhwm"], 2, "NAME=VALUE, as in sndhwm=10"),
        (&["pull", ANY, "--option=colour=red"], 2, "there is no option colour"),
        (&["pull", ANY, "--option=sndwhm=1"], 2, "did you mean sndhwm?"),
        (
            &["pull", ANY, "--option=curve_serverkey=x"],
            2,
            "CURVE_SERVERKEY: \"x\" is not allowed (allowed: a key: 40 signs of Z85",
        ),
        (&["pull", ANY, "--option=gssapi_server=1"], 2, "no option gssapi_server: GSSAPI is not spoken"),
        (&["pull", ANY, "--option=rcvhwm=-5"], 2, "RCVHWM: -5 is not allowed (allowed: an int from 0)"),
        (&["pull", ANY, "--option=rcvhwm=ten"], 2, "RCVHWM: \"ten\" is not allowed"),
        (&["pull", ANY, "--option=req_relaxed=1"], 2, "REQ_RELAXED does not apply to a PULL"),
        (&["dealer", "tcp://127.0.0.1:1", "--routing-id="], 2, "ROUTING_ID"),
    ]);
}

#[test]
fn of_input() {
    check(&[
        (&["push", ANY, "--file=/nowhere/at/all"], 1, "cannot read /nowhere/at/all: No such file"),
        (&["push", ANY, "--file=/"], 1, "cannot read /: Is a directory"),
        (&["pub", ANY, "--hex"], 1, "line 1: \"line\" is not hexadecimal: write two digits a byte"),
        (&["pub", ANY, "--json"], 1, "line 1: not JSON"),
        (&["pub", ANY, "--json", "-m=[1]"], 2, "--message: 1 is no message: write {\"parts\""),
        (&["pub", ANY, "--hex", "-m=0"], 2, "--message: \"0\" is not hexadecimal"),
        (&["rep", ANY, "--hex", "--reply=0"], 2, "--reply: \"0\" is not hexadecimal"),
        (&["dump", "/nowhere/at/all"], 1, "cannot read /nowhere/at/all"),
        (&["top", "tcp://127.0.0.1:1", "--timeout=0.1"], 124, "no statistics server answered within 0.1 s"),
    ]);
}

#[test]
fn of_proxies() {
    let folder = folder("mistakes");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        format!("--config={}", path.display())
    };
    let kind = write("kind.toml", "kind = \"ring\"\n");
    let member = write("member.toml", "kind = \"queue\"\nfront = [\"tcp://*:1\"]\nbakc = []\n");
    let place = write("place.toml", "front = [\"localhost:1\"]\n");
    let syntax = write("syntax.toml", "kind = queue\n");
    let half = write("half.toml", "kind = \"queue\"\nfront = [\"tcp://127.0.0.1:*\"]\n");
    check(&[
        (&["proxy"], 2, "<KIND>"),
        (&["proxy", "ring", ANY, ANY], 2, "possible values: queue, forwarder, streamer"),
        (&["proxy", "queue"], 2, "the proxy lacks its frontend: name an endpoint"),
        (&["proxy", "queue", ANY], 2, "the proxy lacks its backend"),
        (&["proxy", "queue", ANY, ANY, "--every=0"], 2, "0 seconds would leave no time"),
        (&["proxy", "queue", ANY, ANY, "--prometheus=9100"], 2, "invalid socket address"),
        (&["proxy", "--config=/nowhere/at/all"], 1, "cannot read /nowhere/at/all"),
        (&["proxy", &kind], 2, "unknown variant `ring`, expected one of `queue`, `forwarder`, `streamer`"),
        (&["proxy", &member], 2, "unknown field `bakc`"),
        (&["proxy", &place], 2, "did you mean tcp://localhost:1?"),
        (&["proxy", &syntax], 2, "syntax.toml"),
        (&["proxy", &half], 2, "the proxy lacks its backend"),
    ]);
    std::fs::remove_dir_all(folder).unwrap();
}
