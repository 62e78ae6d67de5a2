//! The programs of the Guide's chapter 4: clients get their replies although workers, brokers and servers crash or
//! hang.

use crate::SQUARES;
use crate::harness::{Run, run};

/// A server ends in the middle of a request, and another one comes in its place.
#[test]
fn lazy_pirate() {
    let mut run = Run::new();
    let client = run.start("lpclient 4 tcp:a");
    let server = run.start("lpserver tcp:a 2");
    run.first(&[server]);
    assert!(!run.has_ended(client));
    run.start("lpserver tcp:a 100 &");
    run.finish();
    assert_eq!(run.printed(client), SQUARES);
}

/// Of three servers one is not there, and one ends: the third is asked.
#[test]
fn freelance_by_turns() {
    let [client, ..] = run(["lpclient 4 tcp:a tcp:b tcp:c", "lpserver tcp:b 2 &", "lpserver tcp:c 100 &"]);
    assert_eq!(client, SQUARES);
}

/// A worker hangs with a request: its client asks again. Worker and client are all that is different.
#[test]
fn simple_pirate() {
    let mut run = Run::new();
    let broker = run.start("lbbroker tcp:a tcp:b &");
    let hangs = run.start("lbworker tcp:b &");
    run.hear(broker, "ready");
    run.pause(hangs);
    run.start("lbworker tcp:b &");
    run.hear(broker, "ready");
    let client = run.start("lpclient 4 tcp:a");
    run.first(&[client]);
    assert_eq!(run.printed(client), SQUARES);
    run.kill(hangs);
    run.finish();
}

/// Workers that hang or crash are found out, workers come back to a queue that was restarted, and each client gets its
/// replies.
#[test]
fn paranoid_pirate() {
    let mut run = Run::new();
    let queue = run.start("ppqueue tcp:a tcp:b &");
    let workers = ["ppworker tcp:b &"; 2].map(|worker| run.start(worker));
    run.hear(queue, "ready");
    run.hear(queue, "ready");

    run.pause(workers[0]);
    run.hear(queue, "dead");
    let served = |run: &mut Run| {
        let client = run.start("lpclient 4 tcp:a");
        run.first(&[client]);
        assert_eq!(run.printed(client), SQUARES);
    };
    served(&mut run);
    run.resume(workers[0]);
    run.hear(workers[0], "silent");
    run.hear(queue, "ready");

    run.kill(queue);
    for worker in workers {
        run.hear(worker, "silent");
    }
    let queue = run.start("ppqueue tcp:a tcp:b &");
    served(&mut run);

    run.hear(queue, "ready");
    run.kill(workers[1]);
    served(&mut run);
    run.finish();
}

/// A request that a worker hangs with is given to another, and workers come back to a broker that was restarted.
#[test]
fn majordomo() {
    let mut run = Run::new();
    let broker = run.start("mdbroker tcp:a &");
    let hangs = run.start("mdworker tcp:a &");
    run.hear(broker, "ready");
    run.pause(hangs);
    let client = run.start("mdclient tcp:a 4");
    run.hear(broker, "gone");
    assert_eq!(run.printed(client), "");
    run.start("mdworker tcp:a &");
    run.first(&[client]);
    assert_eq!(run.printed(client), SQUARES);
    run.resume(hangs);
    // The other worker's READY, then this one's.
    run.hear(broker, "ready");
    run.hear(broker, "ready");

    run.kill(broker);
    let client = run.start("mdclient tcp:a 4");
    run.start("mdbroker tcp:a &");
    run.finish();
    assert_eq!(run.printed(client), SQUARES);
}

/// Requests are accepted although nobody serves them, and served after Titanic and the broker have crashed.
#[test]
fn titanic() {
    let folder = std::env::temp_dir().join(format!("titanic-{}", std::process::id()));
    let command = format!("titanic tcp:a {} &", folder.display());
    let mut run = Run::new();
    let broker = run.start("mdbroker tcp:a &");
    let titanic = run.start(&command);
    let client = run.start("ticlient tcp:a 4");
    run.hear(client, "request 4 is kept");
    run.kill(titanic);
    run.kill(broker);

    run.start("mdbroker tcp:a &");
    run.start("mdworker tcp:a &");
    run.start(&command);
    run.finish();
    let kept: String = (1..=4).map(|number| format!("request {number} is kept\n")).collect();
    assert_eq!(run.printed(client), kept + SQUARES);
    std::fs::remove_dir_all(folder).unwrap();
}

/// The primary is killed: the backup takes over, and clients go on. The primary comes back and is passive, until the
/// other one crashes.
#[test]
fn binary_star() {
    const PRIMARY: &str = "bstarsrv primary tcp:a tcp:b tcp:c &";
    const BACKUP: &str = "bstarsrv backup tcp:d tcp:c tcp:b &";
    let served = |run: &mut Run| {
        let client = run.start("lpclient 4 tcp:a tcp:d");
        run.first(&[client]);
        assert_eq!(run.printed(client), SQUARES);
    };
    let mut run = Run::new();
    let (primary, backup) = (run.start(PRIMARY), run.start(BACKUP));
    run.hear(primary, "active");
    run.hear(backup, "passive");
    let busy = run.start("lpclient 2000 tcp:a tcp:d");
    run.hear(busy, "10 squared is 100");
    run.pause(busy);
    run.kill(primary);
    run.resume(busy);
    served(&mut run);
    run.hear(backup, "active");
    run.first(&[busy]);
    assert_eq!(run.printed(busy).lines().count(), 2000);

    let primary = run.start(PRIMARY);
    run.hear(primary, "passive");
    run.kill(backup);
    served(&mut run);
    run.hear(primary, "active");
    run.finish();
}

/// The primary hangs, the backup takes over, and the primary goes on as if nothing had been: no server goes on then.
#[test]
fn binary_star_with_two_active() {
    let mut run = Run::new();
    let primary = run.start("bstarsrv primary tcp:a tcp:b tcp:c !");
    let backup = run.start("bstarsrv backup tcp:d tcp:c tcp:b !");
    run.hear(primary, "active");
    run.hear(backup, "passive");
    run.pause(primary);
    let client = run.start("lpclient 4 tcp:a tcp:d");
    run.hear(backup, "active");
    run.first(&[client]);
    run.resume(primary);
    run.finish();
}

/// One server is not there, one hangs with a request, one crashes: the next one that lives is asked.
#[test]
fn freelance() {
    let mut run = Run::new();
    let hangs = run.start("flserver tcp:b &");
    let crashes = run.start("flserver tcp:c &");
    let served = |run: &mut Run| {
        let client = run.start("flclient 4 tcp:a tcp:b tcp:c tcp:d");
        run.first(&[client]);
        assert_eq!(run.printed(client), SQUARES);
    };
    served(&mut run);
    let busy = run.start("flclient 2000 tcp:a tcp:b tcp:c tcp:d");
    run.hear(busy, "10 squared is 100");
    run.pause(hangs);
    served(&mut run);
    run.kill(crashes);
    run.start("flserver tcp:d &");
    served(&mut run);
    run.first(&[busy]);
    assert_eq!(run.printed(busy).lines().count(), 2000);
    run.kill(hangs);
    run.finish();
}
