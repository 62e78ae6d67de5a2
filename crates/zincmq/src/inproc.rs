//! inproc: the transport within a process. Names are bound and connected to in any order; the side that connects makes
//! the pipe, from socket to socket, and no I/O thread has a part in it (zmq_inproc(7)).

use crate::command::{Attach, Authenticator, NoAuthenticator, PipeId, SocketShared, ToSocket};
use crate::error::{Error, Result};
use crate::life::{fresh_id, lock};
use crate::option::Options;
use crate::pattern::contract::Attached;
use crate::pipe::{Conflates, Ends, pipe};
use crate::shared_topics::SharedTopics;
use crate::socket_type::SocketType;
use queue::{Inbox, Item, Pool};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// As it is written before `://`.
pub(crate) const SCHEME: &str = "inproc";

/// The endpoints of a context.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    bound: HashMap<String, Bound>,
    /// Connected before anybody bound: the other ends wait here.
    pending: HashMap<String, Vec<Pending>>,
    /// There has been an authenticator.
    judged: bool,
}

#[derive(Debug)]
struct Bound {
    socket: u64,
    endpoint: u64,
    inbox: Arc<Inbox<ToSocket>>,
    socket_type: SocketType,
    routing_id: Vec<u8>,
    high_water: (i32, i32),
    conflates: Conflates,
    /// The binder's message to each connector (`HELLO_MSG`), which the connecting thread sends; empty: none.
    hello: Vec<u8>,
    /// The message that the binder wants to receive when a connector leaves.
    disconnect_msg: Vec<u8>,
    topics: Arc<SharedTopics>,
}

#[derive(Debug)]
struct Pending {
    pipe: PipeId,
    ends: Ends,
    routing_id: Vec<u8>,
    /// Learns the binder's routing id.
    connector: Arc<Inbox<ToSocket>>,
}

impl Names {
    /// Pipes that wait for somebody to bind end: nobody will.
    pub(crate) fn shutdown(&self) {
        let pending = std::mem::take(&mut lock(&self.0).pending);
        drop(pending);
    }

    /// Binds a name. Pipes that waited for it are returned, to be attached.
    pub(crate) fn bind(
        &self,
        name: &str,
        endpoint: u64,
        owner: &SocketShared,
        options: &Options,
    ) -> Result<Vec<Attach>> {
        let mut names = lock(&self.0);
        if names.bound.contains_key(name) {
            let endpoint = format!("inproc://{name}").into();
            return Err(Error::Io { endpoint, error: rustix::io::Errno::ADDRINUSE.into() });
        }
        names.judged |= name == AUTHENTICATOR;
        let hello = options.hello(owner.socket_type);
        let disconnect_msg = options.disconnect_msg(owner.socket_type).unwrap_or_default();
        let bound = Bound {
            socket: owner.id,
            endpoint,
            inbox: owner.inbox.clone(),
            socket_type: owner.socket_type,
            routing_id: options.routing_id.clone(),
            high_water: (options.sndhwm, options.rcvhwm),
            conflates: Conflates::new(owner.socket_type, options),
            hello: hello.unwrap_or_default().to_vec(),
            disconnect_msg: disconnect_msg.to_vec(),
            topics: owner.topics.clone(),
        };
        names.bound.insert(name.to_owned(), bound);
        let waiting = names.pending.remove(name);
        drop(names);
        let adopt = |pending: Pending| {
            let routing_id = options.routing_id.clone();
            let (pipe, connector) = (pending.pipe, &pending.connector);
            let disconnect_msg = disconnect_msg.to_vec();
            connector.push(Item::Command(ToSocket::Identified { pipe, routing_id, disconnect_msg }));
            let mut ends = pending.ends;
            ends.send_hello(hello);
            attach(pipe, endpoint, ends, pending.routing_id)
        };
        Ok(waiting.into_iter().flatten().map(adopt).collect())
    }

    /// Connects to a name, bound or not yet. Returns this side's pipe.
    pub(crate) fn connect(
        &self,
        name: &str,
        endpoint: u64,
        owner: &SocketShared,
        options: &Options,
    ) -> Attach {
        let mut names = lock(&self.0);
        let conflates = Conflates::new(owner.socket_type, options);
        let peer = names.bound.get(name).map(|bound| bound.conflates);
        let conflates = peer.map_or(conflates, |peer| conflates.with_peer(peer));
        let (mut here, mut there) = pipe(&owner.pool, conflates, options);
        here.send_hello(options.hello(owner.socket_type));
        let pipe = fresh_id();
        let routing_id = options.routing_id.clone();
        let mut ours = attach(pipe, endpoint, here, Vec::new());
        if let Some(bound) = names.bound.get(name) {
            ours.how.routing_id = Some(bound.routing_id.clone());
            ours.disconnect_msg.clone_from(&bound.disconnect_msg);
            // The binder's marks count at once, before it has taken the pipe in.
            there.set_high_water(bound.high_water.0, bound.high_water.1);
            there.send_hello(Some(&bound.hello));
            let theirs = attach(pipe, bound.endpoint, there, routing_id);
            let (binder, topics) = (bound.inbox.clone(), bound.topics.clone());
            drop(names);
            theirs.send(&binder, &topics);
        } else {
            ours.how.routing_id = None;
            let pending = Pending { pipe, ends: there, routing_id, connector: owner.inbox.clone() };
            names.pending.entry(name.to_owned()).or_default().push(pending);
        }
        ours
    }

    /// Frees a name; connections stay.
    pub(crate) fn unbind(&self, name: &str) {
        lock(&self.0).bound.remove(name);
    }

    /// Frees every name of a socket.
    pub(crate) fn unbind_all(&self, socket: u64) {
        lock(&self.0).bound.retain(|_, bound| bound.socket != socket);
    }
}

/// The name of [`zmtp::zap::ENDPOINT`].
const AUTHENTICATOR: &str = "zeromq.zap.01";

impl Authenticator for Names {
    fn connect(&self, pool: &Arc<Pool>) -> std::result::Result<Ends, NoAuthenticator> {
        let names = lock(&self.0);
        let absent = if names.judged { NoAuthenticator::Gone } else { NoAuthenticator::Absent };
        let bound = names.bound.get(AUTHENTICATOR).ok_or(absent)?;
        if !matches!(bound.socket_type, SocketType::Rep | SocketType::Router) {
            return Err(NoAuthenticator::Unfit);
        }
        let plain = Options::new(SocketType::Dealer);
        let unlimited = Options { sndhwm: 0, rcvhwm: 0, ..plain };
        let (ours, theirs) = pipe(pool, Conflates::new(SocketType::Dealer, &unlimited), &unlimited);
        let attach = attach(fresh_id(), bound.endpoint, theirs, Vec::new());
        let (inbox, topics) = (bound.inbox.clone(), bound.topics.clone());
        drop(names);
        attach.send(&inbox, &topics);
        Ok(ours)
    }
}

fn attach(pipe: PipeId, endpoint: u64, ends: Ends, routing_id: Vec<u8>) -> Attach {
    let how = Attached { routing_id: Some(routing_id), ..Attached::default() };
    Attach { pipe, endpoint, ends, how, io: None, connection: None, disconnect_msg: Vec::new(), told: None }
}
