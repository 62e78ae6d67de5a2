//! The examples against scripts of the same names in Python, whose pyzmq brings genuine libzmq along.

use crate::harness::{Run, run};
use crate::{AVERAGE, ITEMS, LONGEST, SQUARES, ironhouse};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The Python of an environment that has pyzmq. Made once, below `target`.
pub(crate) fn python() -> &'static Path {
    static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pyzmq");
        let python = folder.join("bin/python");
        if !succeeds(Command::new(&python).args(["-c", "import zmq"])) {
            let made = succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
                && succeeds(Command::new(&python).args(["-m", "pip", "install", "--quiet", "pyzmq"]));
            assert!(
                made,
                "these tests need python3 with venv and pip, and a registry that has pyzmq (see above)"
            );
        }
        python
    });
    &PYTHON
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn the_python_side_is_genuine_libzmq() {
    let version =
        Command::new(python()).args(["-c", "import zmq; print(zmq.zmq_version())"]).output().unwrap();
    assert!(version.stdout.starts_with(b"4."), "{version:?}");
}

#[test]
fn brokers_between_clients_and_workers_of_both() {
    let [client, _, _] = run(["rrclient.py tcp:a 4", "rrbroker tcp:a tcp:b 4 1", "rrworker tcp:b 4"]);
    assert_eq!(client, SQUARES);
    let [client, _, _] = run(["rrclient tcp:a 4", "rrbroker tcp:a tcp:b 4 1", "rrworker.py tcp:b 4"]);
    assert_eq!(client, SQUARES);
    let [client, _, _] = run(["rrclient tcp:a 4", "rrbroker.py tcp:a tcp:b 4", "rrworker tcp:b 4"]);
    assert_eq!(client, SQUARES);
    let [client, other, _, _] =
        run(["rrclient.py tcp:a 4", "rrclient tcp:a 4", "msgqueue tcp:a tcp:b &", "rrworker.py tcp:b 8"]);
    assert_eq!([&*client, &*other], [SQUARES; 2]);
}

#[test]
fn balanced_load_of_genuine_clients() {
    let client = "rrclient.py tcp:a 4";
    let [one, other, ..] = run([client, client, "lbbroker tcp:a tcp:b &", "lbworker tcp:b &"]);
    assert_eq!([&*one, &*other], [SQUARES; 2]);
    let [client, ..] = run([client, "ppqueue tcp:a tcp:b &", "ppworker tcp:b &"]);
    assert_eq!(client, SQUARES);
}

#[test]
fn last_values_from_and_to_both() {
    for [publish, subscribe] in [["psenvpub.py", "psenvsub"], ["psenvpub", "psenvsub.py"]] {
        let mut run = Run::new();
        let cache = run.start("lvcache tcp:a tcp:b &");
        let publisher = run.start(&format!("{publish} tcp:a 3"));
        run.first(&[publisher]);
        run.hear(cache, r#"["B", "item 3"]"#);
        let late = run.start(&format!("{subscribe} tcp:b 1"));
        run.finish();
        assert_eq!(run.printed(late), "[B] item 3\n", "{publish}, {subscribe}");
    }
}

#[test]
fn weather_through_a_proxy() {
    for [server, proxy, client] in [
        ["wuserver.py", "wuproxy", "wuclient"],
        ["wuserver", "wuproxy", "wuclient.py"],
        ["wuserver", "wuproxy.py", "wuclient"],
        ["wuserver.py", "wuproxy", "wuclient.py"],
    ] {
        let server = format!("{server} tcp:a 10");
        let proxy = format!("{proxy} tcp:a tcp:b &");
        let client = format!("{client} tcp:b Oslo 10");
        let [_, _, average] = run([&*server, &proxy, &client]);
        assert_eq!(average, AVERAGE, "{server}, {proxy}, {client}");
    }
}

#[test]
fn pipelines_of_both() {
    for [vent, work, sink] in [
        ["taskvent.py", "taskwork", "tasksink"],
        ["taskvent", "taskwork.py", "tasksink"],
        ["taskvent", "taskwork", "tasksink.py"],
        ["taskvent.py", "taskwork.py", "tasksink"],
    ] {
        let vent = format!("{vent} tcp:a tcp:b 20 2");
        let work = format!("{work} tcp:a tcp:b 10");
        let sink = format!("{sink} tcp:b");
        let [longest, ..] = run([&*sink, &vent, &work, "taskwork tcp:a tcp:b 10"]);
        assert_eq!(longest, LONGEST, "{vent}, {work}, {sink}");
    }
}

#[test]
fn envelopes_from_and_to_both() {
    let [items, _] = run(["psenvsub tcp:a 3", "psenvpub.py tcp:a 3"]);
    assert_eq!(items, ITEMS);
    let [items, _] = run(["psenvsub.py tcp:a 3", "psenvpub tcp:a 3"]);
    assert_eq!(items, ITEMS);
}

#[test]
fn encrypted_requests_from_and_to_both() {
    ironhouse("ironserver.py", "ironclient");
    ironhouse("ironserver", "ironclient.py");
}
