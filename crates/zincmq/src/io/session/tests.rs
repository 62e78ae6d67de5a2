//! Sessions by themselves: what they leave behind on their I/O thread.

use super::{Fate, Session};
use crate::command::{Accepted, Connect, Origin, SocketShared, ToSocket};
use crate::io::reactor::{Reactor, Timer, Timers};
use crate::life::{WaitGroup, fresh_id};
use crate::option::Options;
use crate::pipe::{Conflates, Ends, pipe};
use crate::socket_type::SocketType;
use crate::transport::{Link, by_scheme};
use mio::Poll;
use queue::{Item, Pool};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A greeting of ZMTP 3.0 with NULL, and READY of a DEALER (RFC 23).
fn greeting() -> Vec<u8> {
    let mut bytes = vec![0; 64];
    (bytes[0], bytes[9], bytes[10]) = (0xff, 0x7f, 3);
    bytes[12..16].copy_from_slice(b"NULL");
    bytes.extend(b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER");
    bytes
}

/// PING with a TTL of nearly two hours.
const PING: &[u8] = b"\x04\x07\x04PING\xff\xff";

/// The surroundings that sessions of a DEALER need.
struct Surroundings {
    poll: Poll,
    owner: Arc<SocketShared>,
    options: Arc<Options>,
}

impl Surroundings {
    fn new() -> Self {
        let owner = SocketShared {
            id: fresh_id(),
            socket_type: SocketType::Dealer,
            inbox: Arc::default(),
            monitor: Arc::default(),
            troubles: Default::default(),
            sweeping: Default::default(),
            exposed: Default::default(),
            pool: Pool::new(),
            topics: Default::default(),
            authenticator: Arc::new(crate::inproc::Names::default()),
            _life: Arc::new(WaitGroup::default()).begin(0),
        };
        let options = Arc::new(Options::new(SocketType::Dealer));
        Self { poll: Poll::new().unwrap(), owner: Arc::new(owner), options }
    }

    fn reactor(&self) -> Reactor {
        Reactor {
            registry: Arc::new(self.poll.registry().try_clone().unwrap()),
            inbox: Arc::default(),
            timers: Default::default(),
            busy: Default::default(),
        }
    }

    fn origin(&self, options: &Arc<Options>, name: &str) -> Arc<Origin> {
        let (owner, options) = (self.owner.clone(), options.clone());
        Arc::new(Origin { owner, options, endpoint: fresh_id(), name: name.into() })
    }

    fn accepted(&self) -> (Session, UnixStream) {
        self.accepted_from("", &self.options)
    }

    fn accepted_from(&self, address: &str, options: &Arc<Options>) -> (Session, UnixStream) {
        let origin = self.origin(options, "ipc://here");
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let link = Link::new("", "", address);
        let admitted = Arc::new(crate::admission::Admission::default()).admit("", 0).unwrap();
        let descriptor = ours.into();
        (Session::accepted(Accepted { origin, descriptor, link, admitted }), theirs)
    }

    /// To an address where nobody listens.
    fn connecting(&self, options: &Arc<Options>) -> (Session, Ends) {
        let conflates = Conflates::new(SocketType::Dealer, options);
        let (ours, theirs) = pipe(&self.owner.pool, conflates, options);
        let session = Session::connecting(Connect {
            origin: self.origin(options, &format!("ipc://@zincmq-unit-{}", std::process::id())),
            transport: by_scheme("ipc").unwrap(),
            pipe: fresh_id(),
            ends: Some(theirs),
        });
        (session, ours)
    }
}

fn set(reactor: &Reactor) -> Vec<Timer> {
    reactor.timers.iter().map(|(.., timer)| *timer).collect()
}

#[test]
fn a_connection_takes_its_timers_with_it() {
    let around = Surroundings::new();
    let mut reactor = around.reactor();
    for key in 0..100 {
        let (mut session, mut peer) = around.accepted();
        assert_eq!(session.start(key, &mut reactor), Fate::Lives);
        assert_eq!(set(&reactor), [Timer::Deadline]);
        if key % 2 == 0 {
            peer.write_all(&greeting()).unwrap();
            peer.write_all(PING).unwrap();
            assert_eq!(session.shake_hands(&mut reactor), Fate::Lives);
            // The handshake is over; the peer's own limit counts now.
            assert_eq!(set(&reactor), [Timer::Beat]);
            peer.read_exact(&mut [0; 64]).unwrap();
            drop(peer);
            assert_eq!(session.turn(&mut reactor), Fate::Ends);
        }
        session.close(&mut reactor);
        assert_eq!(set(&reactor), []);
    }
}

#[test]
fn an_endpoint_takes_its_timers_with_it() {
    let around = Surroundings::new();
    let mut reactor = around.reactor();
    let (mut session, _ours) = around.connecting(&around.options);
    assert_eq!(session.start(0, &mut reactor), Fate::Lives);
    assert_eq!(set(&reactor), [Timer::Reconnect]);
    // Something waits to be sent, for an hour at most.
    session.linger(3_600_000, false, &mut reactor);
    session.linger(7_200_000, false, &mut reactor);
    assert_eq!(set(&reactor), [Timer::Reconnect, Timer::Linger]);
    session.close(&mut reactor);
    assert_eq!(set(&reactor), []);
}

#[test]
fn a_timer_is_set_once() {
    let around = Surroundings::new();
    let mut reactor = around.reactor();
    let (mut ours, mut others) = (Timers::of(1), Timers::of(2));
    let now = Instant::now();
    for after in [5, 3, 4] {
        ours.set(Timer::Beat, now + Duration::from_secs(after), &mut reactor);
        others.set(Timer::Beat, now + Duration::from_secs(after), &mut reactor);
    }
    ours.set(Timer::CheckInbound, now, &mut reactor);
    assert_eq!(ours.get(Timer::Beat), Some(now + Duration::from_secs(4)));
    assert_eq!(set(&reactor), [Timer::CheckInbound, Timer::Beat, Timer::Beat]);
    ours.cancel_all(&mut reactor);
    assert_eq!(reactor.timers.iter().map(|(_, key, _)| *key).collect::<Vec<_>>(), [2]);
}

/// A thread that finds that nothing can be sent any more may disconnect: there must be no endpoint then.
#[test]
fn an_endpoint_is_forgotten_before_its_pipe_ends() {
    let around = Surroundings::new();
    let mut reactor = around.reactor();
    let once = Arc::new(Options { reconnect_ivl: -1, ..Options::new(SocketType::Dealer) });
    let (mut session, ours) = around.connecting(&once);
    ours.writer.attach(around.owner.inbox.clone(), 7);
    ours.reader.attach(around.owner.inbox.clone(), 7);
    assert_eq!(session.start(0, &mut reactor), Fate::Ends);
    let mut items = VecDeque::new();
    around.owner.inbox.take_all(&mut items);
    let order: Vec<_> = items.into_iter().collect();
    assert!(matches!(&order[0], Item::Command(ToSocket::Forget { .. })), "{order:?}");
    assert!(matches!(order.last(), Some(Item::Command(ToSocket::Detach { .. }))), "{order:?}");
    assert!(order.len() > 2, "the pipe's end is not among {order:?}");
}

#[cfg(feature = "tracing")]
#[test]
fn passwords_over_a_public_network_are_warned_of_once() {
    let mut plain = Options::new(SocketType::Dealer);
    plain.set_value(crate::option::PLAIN_SERVER.row(), true.into()).unwrap();
    let (plain, null) = (Arc::new(plain), Arc::new(Options::new(SocketType::Dealer)));
    let warnings = |peers: &[(&str, &Arc<Options>)]| {
        let (around, (log, mut logged)) = (Surroundings::new(), UnixStream::pair().unwrap());
        let subscriber = tracing_subscriber::fmt().with_writer(Arc::new(log)).with_ansi(false).finish();
        tracing::subscriber::with_default(subscriber, || {
            peers.iter().for_each(|(address, options)| drop(around.accepted_from(address, options)));
        });
        let mut said = String::new();
        logged.read_to_string(&mut said).unwrap();
        said
    };
    let said = warnings(&[("8.8.8.8", &plain), ("1.1.1.1", &plain)]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("WARN zincmq::security: PLAIN") && said.contains("peer=\"8.8.8.8\""), "{said}");
    assert_eq!(warnings(&[("127.0.0.1", &plain), ("8.8.8.8", &null)]), "");
}
