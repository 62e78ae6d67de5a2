//! How long threads look awake before they sleep.

mod common;

use common::{PATIENCE, within};
use std::env;
use std::process::Command;
use std::time::{Duration, Instant};
use zincmq::poller::{Interest, Item, Token};
use zincmq::{Context, Dealer, Error, Poller, Pull, Rep, Req, option};

fn spin_of(context: &Context) -> Option<Duration> {
    Pull::new(context).unwrap().get(option::SPIN).unwrap()
}

#[test]
fn a_socket_has_the_time_of_its_context() {
    let time = Duration::from_micros(123);
    assert_eq!(spin_of(&Context::builder().spin(time).build()), Some(time));
    assert_eq!(spin_of(&Context::builder().spin(Duration::ZERO).build()), None);
}

/// The process that tells what it makes of its environment.
const EXPECTED: &str = "ZINCMQ_TEST_EXPECTED_SPIN_US";

#[test]
fn the_environment_says_how_long() {
    if let Ok(expected) = env::var(EXPECTED) {
        let micros = spin_of(&Context::new()).map_or(0, |time| time.as_micros());
        assert_eq!(micros.to_string(), expected);
        return;
    }
    for (value, expected) in [("150", "150"), (" 7 ", "7"), ("0", "0"), ("much", "0"), ("-3", "0"), ("", "0")]
    {
        let outcome = Command::new(env::current_exe().unwrap())
            .args(["--exact", "the_environment_says_how_long"])
            .envs([("ZINCMQ_SPIN_US", value), (EXPECTED, expected)])
            .output()
            .unwrap();
        assert!(outcome.status.success(), "{value:?}: {outcome:?}");
    }
}

#[test]
fn who_looks_heeds_the_end_of_the_wait_and_what_others_ask() {
    within(PATIENCE, || {
        let context = Context::builder().spin(Duration::from_secs(1000)).build();
        for endpoint in ["inproc://spin", "tcp://127.0.0.1:*", "ipc://*"] {
            let (mut rep, mut req) = (Rep::new(&context).unwrap(), Req::new(&context).unwrap());
            req.connect(rep.bind(endpoint).unwrap()).unwrap();
            let moment = Duration::from_millis(20);
            let begin = Instant::now();
            assert_eq!(rep.recv_timeout(moment), Err(Error::Timeout));
            let mut poller = Poller::new();
            let item = Item::socket(Token(0), &mut rep, Interest::READABLE);
            assert_eq!(poller.wait([item], Some(moment)).unwrap(), []);
            assert!(begin.elapsed() >= 2 * moment);
            let server = std::thread::spawn(move || {
                while let Ok(request) = rep.recv() {
                    rep.send(request).unwrap();
                }
            });
            for _ in 0..10 {
                req.send("there").unwrap();
                assert_eq!(req.recv().unwrap().bytes(), b"there");
            }
            drop(req);
            if endpoint.starts_with("ipc") {
                context.shutdown();
                server.join().unwrap();
            }
        }
    });
}

/// How often this thread has gone to sleep of its own accord.
fn sleeps() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.unwrap().trim().parse().unwrap()
}

/// A lock that another thread has at that moment is slept on, so one of several times is enough.
#[test]
fn halves_look_for_so_long_too() {
    within(PATIENCE, || {
        let context = Context::builder().spin(Duration::from_secs(1000)).build();
        for endpoint in ["inproc://halves", "tcp://127.0.0.1:*", "ipc://*"] {
            let (mut here, mut there) = (Dealer::new(&context).unwrap(), Dealer::new(&context).unwrap());
            there.connect(here.bind(endpoint).unwrap()).unwrap();
            there.send("ready").unwrap();
            assert_eq!(here.recv().unwrap().bytes(), b"ready");
            let (_sends, mut receives) = here.into_split();
            assert!((0..20).any(|_| {
                let before = sleeps();
                assert_eq!(receives.recv_timeout(Duration::from_millis(5)), Err(Error::Timeout));
                sleeps() == before
            }));
        }
    });
}
