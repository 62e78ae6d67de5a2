//! The numbers of a context, read by other threads and other processes.

mod common;

use common::{PATIENCE, until, within};
use std::time::Duration;
use zincmq::{Context, Error, Pull, Push, Req, SocketReport, SocketType, StatsServer};

fn of(reports: &[SocketReport], socket_type: SocketType) -> SocketReport {
    reports.iter().find(|report| report.socket_type == socket_type).unwrap().clone()
}

fn ask(req: &mut Req) -> String {
    req.send_timeout("", PATIENCE).unwrap();
    req.recv_timeout(PATIENCE).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn a_socket_that_waits_answers_at_once() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
        let mut push = Push::new(&context).unwrap();
        push.connect(&endpoint).unwrap();
        (0..3).for_each(|_| push.send("12345").unwrap());
        let reader = std::thread::spawn(move || while pull.recv().is_ok() {});
        until("all three have been read", || {
            let pull = of(&context.stats(Duration::from_millis(1)), SocketType::Pull);
            pull.age.is_some() && pull.stats.received == 3
        });
        let reports = context.stats(Duration::ZERO);
        let (push_report, pull_report) = (of(&reports, SocketType::Push), of(&reports, SocketType::Pull));
        assert_eq!((pull_report.bound.as_slice(), pull_report.connected.len()), (&[endpoint.clone()][..], 0));
        assert_eq!(pull_report.stats.peers[0].endpoint, endpoint);
        // The thread of this one is here, and has not called it since it was first asked.
        assert_eq!((push_report.age, push_report.stats.sent), (None, 0));
        assert_eq!(push.stats().sent, 3);
        let push_report = of(&context.stats(Duration::ZERO), SocketType::Push);
        assert_eq!((push_report.stats.sent, push_report.connected), (3, vec![endpoint]));
        context.shutdown();
        reader.join().unwrap();
        until("its socket has gone", || context.stats(Duration::ZERO).len() == 1);
    });
}

#[test]
fn others_read_the_numbers() {
    within(PATIENCE, || {
        let context = Context::new();
        let mut pull = Pull::new(&context).unwrap();
        let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
        let server = StatsServer::open(&context, "tcp://127.0.0.1:*").unwrap();
        let elsewhere = Context::new();
        let mut req = Req::new(&elsewhere).unwrap();
        req.connect(server.endpoint()).unwrap();
        let silent = ask(&mut req);
        assert!(silent.contains(r#""type":"PULL","age_ms":null,"bound":[]"#), "{silent}");
        assert!(pull.try_recv().is_err());
        let told = ask(&mut req);
        assert!(told.contains(&format!(r#""bound":["{endpoint}"],"connected":[],"sent":0"#)), "{told}");
        drop(pull);
        assert!(ask(&mut req).ends_with(r#""sockets":[]}"#));
    });
}

#[test]
fn a_server_holds_up_no_end_and_frees_its_endpoint() {
    within(PATIENCE, || {
        let context = Context::new();
        let server = StatsServer::open(&context, "tcp://127.0.0.1:*").unwrap();
        context.term();
        let endpoint = server.endpoint().to_owned();
        let elsewhere = Context::new();
        let refused = StatsServer::open(&elsewhere, &endpoint).unwrap_err();
        assert!(matches!(refused, Error::Io { .. }), "{refused}");
        drop(server);
        until("the endpoint is free", || StatsServer::open(&elsewhere, &endpoint).is_ok());
    });
}

#[test]
fn nobody_could_reach_inproc() {
    let error = StatsServer::open(&Context::new(), "inproc://stats").unwrap_err();
    assert!(matches!(error, Error::Endpoint { .. }), "{error}");
}
