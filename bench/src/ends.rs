//! The works, written once for both libraries: each is two ends.

use crate::crowd::{ByTopic, rest, storm, topic};
use crate::duplex::exchange;
use crate::flow::{ask, drain, drain_counted, pour, pour_counted, read, serve};
use crate::paced::{clock, pace};
use crate::side::{Addresser, Receiver, Result, Sender, Side};
use crate::task::{End, Task};
use crate::took::Took;
use crate::work::Work;

/// How many requests DEALER keeps under way, and how many bytes at most.
const WINDOW: usize = 256;
const WINDOW_BYTES: usize = 4 << 20;

/// How the two ends of a run keep together.
pub(crate) trait Cues {
    /// The other end may connect, to this endpoint.
    fn bound(&mut self, endpoint: &str);

    /// Waits until the other end calls this, too. A socket that has sent must not close before the other end
    /// has received all: libzmq's receivers lose what the kernel still holds when an ipc peer leaves while
    /// they are at their high-water mark.
    fn meet(&mut self);
}

/// Does one end of a task.
pub(crate) fn end<S: Side>(side: &S, task: &Task, cues: &mut impl Cues) -> Result<Option<Took>> {
    match task.end {
        End::Bind => bind(side, task, cues),
        End::Connect => connect(side, task, cues),
        End::Both => Err("each end is done by itself".into()),
    }
}

fn bind<S: Side>(side: &S, task: &Task, cues: &mut impl Cues) -> Result<Option<Took>> {
    let (row, endpoint, time) = (&task.row, task.endpoint.as_str(), task.time());
    let hwm = row.hwm.unwrap_or_default();
    match row.work {
        Work::PushPull | Work::CurvePushPull => {
            let (pull, at) = side.pull(endpoint, hwm)?;
            cues.bound(&at);
            let took = drain(&mut [pull], row.size)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::PushTo(peers) => {
            let (mut pull, at) = side.pull(endpoint, hwm)?;
            cues.bound(&at);
            for _ in 0..peers {
                read(pull.recv()?);
            }
            // All connections are there.
            cues.meet();
            let took = drain_counted(&mut pull, row)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::Paced(_) => {
            let (mut pull, at) = side.pull(endpoint, hwm)?;
            cues.bound(&at);
            let took = clock(&mut pull)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::PubSub(subscribers) => {
            let (mut publisher, at) = side.publisher(endpoint, hwm)?;
            cues.bound(&at);
            for _ in 0..subscribers {
                publisher.recv()?;
            }
            pour(&mut publisher, row, time, 1)?;
            cues.meet();
            Ok(None)
        }
        Work::PubTo(topics) | Work::Topics(topics) => {
            let (mut publisher, at) = side.publisher(endpoint, hwm)?;
            cues.bound(&at);
            for _ in 0..topics {
                publisher.recv()?;
            }
            let peers = if row.work == Work::PubTo(topics) { topics } else { 1 };
            pour(&mut ByTopic::new(publisher, topics), row, time, peers)?;
            cues.meet();
            Ok(None)
        }
        Work::ReqRep | Work::CurveReqRep | Work::Storm => {
            let (mut rep, at) = side.rep(endpoint, hwm)?;
            cues.bound(&at);
            serve(&mut rep)
        }
        Work::DealerRouter => {
            let (mut router, at) = side.router(endpoint, hwm)?;
            cues.bound(&at);
            serve(&mut router)
        }
        Work::Duplex => {
            let (mut dealer, at) = side.bound_dealer(endpoint, hwm)?;
            cues.bound(&at);
            let took = exchange(&mut dealer, row.size, time)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::RouterTo(peers) => {
            let (mut router, at) = side.addresser(endpoint, hwm)?;
            cues.bound(&at);
            for _ in 0..peers {
                router.meet()?;
            }
            pour(&mut router, row, time, peers)?;
            cues.meet();
            Ok(None)
        }
        Work::Idle(peers) => {
            let (mut router, at) = side.addresser(endpoint, hwm)?;
            let took = rest(peers, || {
                cues.bound(&at);
                (0..peers).try_for_each(|_| router.meet())
            })?;
            cues.meet();
            Ok(Some(took))
        }
        work @ (Work::RawStream | Work::RawMessages(_) | Work::RawPingPong) => {
            Err(format!("{work} is for raw sockets").into())
        }
    }
}

fn connect<S: Side>(side: &S, task: &Task, cues: &mut impl Cues) -> Result<Option<Took>> {
    let (row, endpoint, time) = (&task.row, task.endpoint.as_str(), task.time());
    let (size, hwm) = (row.size, row.hwm.unwrap_or_default());
    match row.work {
        Work::PushPull | Work::CurvePushPull => {
            let mut push = side.push(endpoint, hwm, 1)?;
            pour(&mut push, row, time, 1)?;
            cues.meet();
            Ok(None)
        }
        Work::PushTo(peers) => {
            let mut push = side.push(endpoint, hwm, peers)?;
            for _ in 0..peers {
                push.send(size, 0)?;
            }
            cues.meet();
            pour_counted(&mut push, row, time)?;
            cues.meet();
            Ok(None)
        }
        Work::Paced(rate) => {
            let mut push = side.push(endpoint, hwm, 1)?;
            pace(&mut push, size, rate, time)?;
            cues.meet();
            Ok(None)
        }
        Work::PubSub(subscribers) => {
            let sockets = (0..subscribers).map(|_| side.subscriber(endpoint, hwm, [""]));
            let took = drain(&mut sockets.collect::<Result<Vec<_>>>()?, size)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::PubTo(peers) => {
            let sockets = (0..peers).map(|peer| side.subscriber(endpoint, hwm, [topic(peer)]));
            let took = drain(&mut sockets.collect::<Result<Vec<_>>>()?, size)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::Topics(topics) => {
            let took = drain(&mut [side.subscriber(endpoint, hwm, (0..topics).map(topic))?], size)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::ReqRep | Work::CurveReqRep => ask(&mut side.req(endpoint, hwm)?, size, 1, time).map(Some),
        Work::Storm => storm(|| side.req(endpoint, hwm), size, time).map(Some),
        Work::DealerRouter => {
            let window = (WINDOW_BYTES / size).clamp(1, WINDOW);
            ask(&mut side.dealer(endpoint, hwm)?, size, window, time).map(Some)
        }
        Work::Duplex => {
            let mut dealer = side.dealer(endpoint, hwm)?;
            let took = exchange(&mut dealer, size, time)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::RouterTo(peers) => {
            let took = drain(&mut greeters(side, task, peers)?, size)?;
            cues.meet();
            Ok(Some(took))
        }
        Work::Idle(peers) => {
            let _open = greeters(side, task, peers)?;
            cues.meet();
            Ok(None)
        }
        work @ (Work::RawStream | Work::RawMessages(_) | Work::RawPingPong) => {
            Err(format!("{work} is for raw sockets").into())
        }
    }
}

/// DEALERs that have told the other end that they are there.
fn greeters<S: Side>(side: &S, task: &Task, count: usize) -> Result<Vec<impl Sender + Receiver>> {
    let greeter = |_| {
        let mut dealer = side.dealer(&task.endpoint, task.row.hwm.unwrap_or_default())?;
        dealer.send(1, 0)?;
        Ok(dealer)
    };
    (0..count).map(greeter).collect()
}
