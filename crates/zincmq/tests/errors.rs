//! What errors say, to people and to programs.

mod common;

use common::{PATIENCE, pipeline, within};
use std::error::Error as _;
use std::io;
use std::time::{Duration, Instant};
use zincmq::c::ByNumber;
use zincmq::{Context, Error, Events, Pull, Push, Rep, option};

/// `unwrap`, `expect` and `?` in `main` print the debug form.
#[test]
fn errors_say_in_every_form_what_is_wrong() {
    let context = Context::new();
    let (mut rep, mut pull) = (Rep::new(&context).unwrap(), Pull::new(&context).unwrap());
    let failed = rep.send("an answer to nothing").unwrap_err();
    assert_eq!(
        format!("{failed:?}"),
        "the socket is not in the state for this: requests and replies take turns"
    );
    assert_eq!(failed.error.to_string(), format!("{:?}", failed.error));
    let failed = rep.send_batch(["one"]).unwrap_err();
    assert_eq!(format!("{failed:?}"), format!("{:?}; 0 messages of the batch had been sent", Error::State));
    assert_eq!(format!("{:?}", pull.try_recv().unwrap_err()), "the operation would block");
    let refused = pull.set_raw(24, Some(&[255; 4])).unwrap_err();
    assert_eq!(format!("{refused:?}"), "RCVHWM: -1 is not allowed (allowed: an int from 0)");
    assert_eq!(format!("{:?}", pull.bind("tcp:/x").unwrap_err()), "tcp:/x: there is no \"://\"");
}

/// Whoever prints an error with all its sources reads nothing twice.
#[test]
fn what_an_error_says_is_no_source_besides() {
    let context = Context::new();
    let (mut first, mut second) = (Pull::new(&context).unwrap(), Pull::new(&context).unwrap());
    let endpoint = first.bind("tcp://127.0.0.1:*").unwrap();
    let errors = [
        second.bind(&endpoint).unwrap_err(),
        second.bind("nonsense").unwrap_err(),
        second.set_raw(24, None).unwrap_err(),
        Error::System(io::Error::other("the system's own words")),
        Error::from(String::from_utf8(vec![255]).unwrap_err()),
    ];
    for error in errors {
        let text = error.to_string();
        let mut source = error.source();
        while let Some(deeper) = source {
            assert!(!text.contains(&deeper.to_string()), "{text}: {deeper}");
            source = deeper.source();
        }
    }
    let taken = second.bind(&endpoint).unwrap_err();
    let Error::Io { error, .. } = &taken else { panic!("{taken}") };
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(taken.to_string().starts_with(&format!("{endpoint}: Address already in use")));
}

#[test]
fn errors_compare_by_what_they_say() {
    let mut pull = Pull::new(&Context::new()).unwrap();
    assert_eq!(pull.try_recv(), Err(Error::Again));
    assert_ne!(Error::Again, Error::Timeout);
    let missing = || Error::System(io::Error::from_raw_os_error(2));
    assert_eq!(missing(), missing());
    assert_ne!(missing(), Error::System(io::Error::from_raw_os_error(13)));
    let endpoint = |name: &str| Error::NoEndpoint { endpoint: name.into() };
    assert_eq!(pull.unbind("tcp://127.0.0.1:1"), Err(endpoint("tcp://127.0.0.1:1")));
    assert_ne!(endpoint("a"), endpoint("b"));
    assert_ne!(Error::NoIoThread { endpoint: "a".into() }, endpoint("a"));
}

/// A wait that is over is told from a call that does not wait; C sees no difference.
#[test]
fn a_timeout_says_that_it_is_one() {
    within(PATIENCE, || {
        const MOMENT: Duration = Duration::from_millis(20);
        let context = Context::new();
        let mut push = Push::new(&context).unwrap();
        let mut pull = Pull::new(&context).unwrap();
        pull.bind("inproc://nobody").unwrap();
        let began = Instant::now();
        assert_eq!(pull.recv_timeout(MOMENT), Err(Error::Timeout));
        assert_eq!(push.send_timeout("x", MOMENT).unwrap_err().error, Error::Timeout);
        assert!(began.elapsed() >= 2 * MOMENT);
        pull.set(option::RCVTIMEO, Duration::from_millis(1)).unwrap();
        push.set(option::SNDTIMEO, Duration::from_millis(1)).unwrap();
        assert_eq!(pull.recv(), Err(Error::Timeout));
        assert_eq!(push.send("x").unwrap_err().error, Error::Timeout);
        assert_eq!(pull.recv_string(), Err(Error::Timeout));
        let mut monitor = pull.monitor(Events::ALL);
        assert_eq!(monitor.recv_timeout(MOMENT), Err(Error::Timeout));
        assert_eq!(monitor.try_recv(), Err(Error::Again));
        assert_eq!(pull.try_recv(), Err(Error::Again));
        assert_eq!(push.try_send("x").unwrap_err().error, Error::Again);
        assert_eq!((Error::Timeout.errno(), Error::Again.errno()), (11, 11));
        assert_eq!(Error::Timeout.to_string(), "timed out");
    });
}

/// At the high-water mark, too, and not before.
#[test]
fn a_full_queue_times_out() {
    within(PATIENCE, || {
        let context = Context::new();
        let (mut push, _pull) = pipeline(&context, "inproc://full", 1, 1);
        (0..2).for_each(|_| push.send_timeout("fits", PATIENCE).unwrap());
        assert_eq!(push.send_timeout("more", Duration::ZERO).unwrap_err().error, Error::Timeout);
    });
}
