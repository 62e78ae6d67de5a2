//! The hot roads of the library, each in one thread, so that their instructions can be counted.

use std::mem;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use queue::{Bounds, Drain, Filler, Part, Pool, Walk, channel};
use zincmq::{Context, Dealer, Message, Pub, Pull, Push, Rep, Req, Router, Sub};
use zmtp::{Local, Opening, Security, SocketName, Status};

use crate::side::Result;

/// Messages that wait at the same time where a road has two halves.
const BATCH: usize = 100;
const BODY: [u8; 64] = [7; 64];

/// A road: what a message passes between a call that sends and a call that receives.
pub(crate) struct Road {
    pub(crate) name: &'static str,
    /// How many times it is gone while instructions are counted.
    pub(crate) times: usize,
    /// Makes ready, goes the road a few times, and then `times` times inside [`counted`].
    pub(crate) go: fn(usize) -> Result<()>,
}

/// All roads. Those that go by messages go in batches.
pub(crate) const ROADS: [Road; 7] = [
    Road { name: "push-pull", times: 20_000, go: push_pull },
    Road { name: "dealer-router", times: 5_000, go: dealer_router },
    Road { name: "req-rep", times: 5_000, go: req_rep },
    Road { name: "pub-sub-8", times: 5_000, go: pub_sub },
    Road { name: "fan-out-64", times: 1_000, go: fan_out },
    Road { name: "wire", times: 20_000, go: wire },
    Road { name: "opening", times: 500, go: opening },
];

/// Instructions count while this runs, which is found by its name; so it contains no closure, whose name begins alike.
#[inline(never)]
pub(crate) fn counted(rounds: usize, round: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    for _ in 0..rounds {
        round()?;
    }
    Ok(())
}

/// Twice for practice, then as often as it counts.
fn go(rounds: usize, mut round: impl FnMut() -> Result<()>) -> Result<()> {
    (0..2).try_for_each(|_| round())?;
    counted(rounds, &mut round)
}

fn push_pull(times: usize) -> Result<()> {
    let context = Context::new();
    let (mut pull, mut push, mut message) = (Pull::new(&context)?, Push::new(&context)?, Message::new());
    pull.bind("inproc://road")?;
    push.connect("inproc://road")?;
    go(times / BATCH, || {
        (0..BATCH).try_for_each(|_| push.send(&BODY))?;
        Ok((0..BATCH).try_for_each(|_| pull.recv_into(&mut message))?)
    })
}

/// A request and its answer.
fn dealer_router(times: usize) -> Result<()> {
    let context = Context::new();
    let (mut router, mut dealer) = (Router::new(&context)?, Dealer::new(&context)?);
    router.bind("inproc://road")?;
    dealer.connect("inproc://road")?;
    let mut message = Message::new();
    go(times, || {
        dealer.send(&BODY)?;
        router.recv_into(&mut message)?;
        let peer = message.pop_front().unwrap_or_default();
        router.send((&peer, &BODY))?;
        Ok(dealer.recv_into(&mut message)?)
    })
}

/// A request and its reply.
fn req_rep(times: usize) -> Result<()> {
    let context = Context::new();
    let (mut rep, mut req, mut message) = (Rep::new(&context)?, Req::new(&context)?, Message::new());
    rep.bind("inproc://road")?;
    req.connect("inproc://road")?;
    go(times, || {
        req.send(&BODY)?;
        rep.recv_into(&mut message)?;
        rep.send(&BODY)?;
        Ok(req.recv_into(&mut message)?)
    })
}

/// A message to eight subscribers, all of whom receive it.
fn pub_sub(times: usize) -> Result<()> {
    publish(times, 8, &BODY)
}

/// As [`pub_sub`], with so many subscribers that they share the body.
fn fan_out(times: usize) -> Result<()> {
    publish(times, 64, &[7; 1024])
}

fn publish(times: usize, subscribers: usize, body: &[u8]) -> Result<()> {
    let context = Context::new();
    let mut publisher = Pub::new(&context)?;
    publisher.bind("inproc://road")?;
    let subscriber = |_| {
        let mut subscriber = Sub::new(&context)?;
        subscriber.subscribe("")?;
        subscriber.connect("inproc://road")?;
        Ok(subscriber)
    };
    let mut subscribers = (0..subscribers).map(subscriber).collect::<Result<Vec<_>>>()?;
    let mut message = Message::new();
    go(times / BATCH, || {
        (0..BATCH).try_for_each(|_| publisher.send(body))?;
        for subscriber in &mut subscribers {
            (0..BATCH).try_for_each(|_| subscriber.recv_into(&mut message))?;
        }
        Ok(())
    })
}

/// What two I/O threads do with a message: from a pipe to a descriptor, and from a descriptor to a pipe.
fn wire(times: usize) -> Result<()> {
    let pool = Pool::new();
    let ((mut writer, outbound), (inbound, mut reader)) = (channel(&pool), channel(&pool));
    let bounds = Bounds { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };
    let (mut drain, mut filler) = (Drain::new(outbound), Filler::new(inbound, bounds));
    let (here, there) = UnixStream::pair()?;
    go(times / BATCH, || {
        for _ in 0..BATCH {
            writer.write(&[], &[Part::Slice(&BODY)]);
            // Nobody sleeps here who would have to be woken.
            let _ = writer.publish();
        }
        while drain.has_bytes() {
            drain.write_to(here.as_fd(), &mut Vec::new())?;
        }
        let mut read = 0;
        while read < BATCH {
            filler.read_from(there.as_fd())?;
            if !matches!(filler.walk(), Ok(Walk::Dry)) {
                return Err("the walk has stopped".into());
            }
            let _ = filler.publish();
            while reader.take().is_some() {
                read += 1;
            }
        }
        Ok(())
    })
}

/// Greeting and handshake of both sides.
fn opening(times: usize) -> Result<()> {
    let side = |name, code, peers| {
        Opening::new(Local {
            socket_type: SocketName { name, code, peers },
            routing_id: None,
            metadata: Vec::new(),
            security: Security::Null { zap: false },
            random: zmtp::system_random,
            allow_old: true,
        })
    };
    go(times, || {
        let (mut from, mut to) = (side("PUSH", 8, &["PULL"]), side("PULL", 7, &["PUSH"]));
        let mut open = 0;
        for _ in 0..20 {
            let (_, status) = to.feed(&mem::take(from.output()))?;
            open += usize::from(matches!(status, Status::Open(_)));
            if open == 2 {
                return Ok(());
            }
            mem::swap(&mut from, &mut to);
        }
        Err("the two sides did not open".into())
    })
}
