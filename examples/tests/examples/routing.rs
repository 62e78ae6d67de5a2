//! The programs of the Guide's chapter 3: who gets a request is the broker's choice.

use crate::SQUARES;
use crate::harness::Run;

/// A worker that hangs gets one request; all others go past it. Dealt in turn, half of them would wait with it.
#[test]
fn load_balancing() {
    let mut run = Run::new();
    let broker = run.start("lbbroker tcp:a tcp:b &");
    let worker = run.start("lbworker tcp:b &");
    run.hear(broker, "ready");
    run.pause(worker);
    run.start("lbworker tcp:b &");
    run.hear(broker, "ready");

    let clients = ["rrclient tcp:a 4"; 2].map(|client| run.start(client));
    let first = run.first(&clients);
    run.resume(worker);
    run.finish();
    assert_eq!(run.printed(first), SQUARES);
    assert_eq!(clients.map(|client| run.printed(client)), [SQUARES; 2]);
}

/// A request that takes a minute holds up none behind it.
#[test]
fn asynchronous_server() {
    let mut run = Run::new();
    run.start("asyncsrv tcp:a &");
    let clients = ["asyncclient tcp:a 3 60000 1 0 nonsense"; 2].map(|client| run.start(client));
    run.finish();
    for client in clients {
        let printed = run.printed(client);
        assert_eq!(crate::sorted(&printed), ["after 0 ms", "after 1 ms", "not a number of milliseconds"]);
    }
}
