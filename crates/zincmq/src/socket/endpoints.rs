//! Bind and connect, unbind and disconnect.

use crate::command::{Attach, Connect, EndpointId, IoHandle, Listen, Origin, ToIo};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::inproc;
use crate::life::fresh_id;
use crate::monitor::{EventKind, Sides};
use crate::pattern::contract::Attached;
use crate::pipe::{Conflates, pipe};
use crate::socket::entry::{Entry, More};
use crate::socket::{Core, Socket};
use crate::trace::event;
use crate::transport::multicast::Encapsulation;
use crate::transport::{self, BindError, Listening, Side, Transport};
use queue::Item;
use std::sync::Arc;

/// Where others find it, and where it finds others.
impl<K> Socket<K> {
    /// Binds to an endpoint and listens there. May be called several times. Returns the endpoint in full, with
    /// wildcards resolved (zmq_bind(3)).
    ///
    /// ```
    /// # use zincmq::{Context, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    /// assert!(endpoint.starts_with("tcp://127.0.0.1:"));
    /// pull.bind("inproc://work")?; // and there, too
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Endpoint`] if it is malformed, [`Error::Io`] if it is in use or the system refuses,
    /// [`Error::NoIoThread`], [`Error::Terminated`].
    pub fn bind(&mut self, endpoint: impl AsRef<str>) -> Result<String> {
        self.core_mut().bind(endpoint.as_ref())
    }

    /// Connects to an endpoint; returns before the connection is made, which is kept up from then on
    /// (zmq_connect(3)). May be called several times. An endpoint that is not connected to again (`RECONNECT_IVL` -1,
    /// `RECONNECT_STOP`, a peer that breaks the protocol) is forgotten: connect anew.
    ///
    /// ```
    /// # use zincmq::{Context, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut push = Push::new(&context)?;
    /// push.connect("tcp://127.0.0.1:5555")?; // whether anybody is there or not
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Endpoint`] if it is malformed, [`Error::NoIoThread`], [`Error::Terminated`].
    pub fn connect(&mut self, endpoint: impl AsRef<str>) -> Result<()> {
        self.core_mut().connect(endpoint.as_ref())
    }

    /// Stops listening at an endpoint, which is free when this returns, and ends the connections accepted there.
    /// Messages queued for them linger (zmq_unbind(3)).
    ///
    /// ```
    /// # use zincmq::{Context, Pull};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// let endpoint = pull.bind("tcp://127.0.0.1:*")?;
    /// pull.unbind(&endpoint)?;
    /// pull.bind(&endpoint)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the socket is not bound there. The endpoint goes by the text that was bound, by the name
    /// that [`Socket::bind`] returned, or by another spelling of the same address, which may look a host up; where the
    /// system chose the port or the path, by the name returned.
    pub fn unbind(&mut self, endpoint: impl AsRef<str>) -> Result<()> {
        self.core_mut().release(endpoint.as_ref())
    }

    /// Ends the connections to an endpoint. Messages queued for it linger (zmq_disconnect(3)).
    ///
    /// ```
    /// # use zincmq::{Context, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut push = Push::new(&context)?;
    /// push.connect("tcp://127.0.0.1:5555")?;
    /// push.disconnect("tcp://127.0.0.1:5555")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the socket is not connected there. Another spelling of a numeric
    /// address will do, which may look a host up; a host that was connected to goes by its name.
    pub fn disconnect(&mut self, endpoint: impl AsRef<str>) -> Result<()> {
        self.core_mut().release(endpoint.as_ref())
    }

    /// The endpoint of the last bind or connect, in full (`LAST_ENDPOINT`); empty before.
    ///
    /// ```
    /// # use zincmq::{Context, Pull, Push};
    /// # fn main() -> zincmq::Result<()> {
    /// # let context = Context::new();
    /// let mut pull = Pull::new(&context)?;
    /// assert_eq!(pull.last_endpoint(), "");
    /// pull.bind("ipc://*")?;
    /// let mut push = Push::new(&context)?;
    /// push.connect(pull.last_endpoint())?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn last_endpoint(&self) -> String {
        self.locked().last_endpoint.clone()
    }
}

impl Core {
    fn bind(&mut self, text: &str) -> Result<String> {
        self.check()?;
        let endpoint = self.parse(text)?;
        self.share_topics();
        match way(&endpoint)? {
            Way::Inproc => self.bind_inproc(text, &endpoint),
            Way::Network(transport) => {
                self.peers.options.check_security(self.owner.socket_type)?;
                self.bind_over(text, &endpoint, transport)
            }
            Way::Multicast(encapsulation) => {
                self.join(text, &endpoint, encapsulation, true)?;
                Ok(text.to_owned())
            }
        }
    }

    fn bind_inproc(&mut self, text: &str, endpoint: &Endpoint) -> Result<String> {
        let id = fresh_id();
        let names = &self.home.shared().names;
        for attach in names.bind(endpoint.address(), id, &self.owner, &self.peers.options)? {
            self.attach(attach);
        }
        let origin = self.origin(id, text);
        self.add(Entry::inproc(origin, true));
        Ok(text.to_owned())
    }

    fn bind_over(
        &mut self,
        text: &str,
        endpoint: &Endpoint,
        transport: &'static dyn Transport,
    ) -> Result<String> {
        let id = fresh_id();
        let (threads, io) = self.choose_io(text)?;
        let bound = transport.bind(endpoint.address(), &self.peers.options);
        let bound = bound.map_err(|error| bind_failed(text, error)).inspect_err(|error| {
            let errno = error.errno() as u64;
            self.owner.monitor.emit(EventKind::BindFailed, errno, Sides::of(text, false));
        })?;
        let name = bound.endpoint.clone();
        let alias = (name != text && !transport.leaves_choice(endpoint.address())).then(|| text.into());
        let listening = Arc::new(Listening::new(bound));
        let origin = self.origin(id, &name);
        // Told here, and not by the I/O thread: it has happened when the call returns.
        let number = listening.number as u64;
        self.owner.monitor.emit(EventKind::Listening, number, Sides::of(&name, false));
        let more = More {
            bound: true,
            alias,
            threads: Some(threads.clone()),
            listening: Some(listening.clone()),
            board: None,
        };
        let entry = Entry { origin: origin.clone(), io: None, more: Some(Box::new(more)) };
        let listen = Listen { origin, transport, listening, threads: threads.clone() };
        threads.iter().for_each(|io| self.involve(io));
        io.give(ToIo::Listen(Box::new(listen)));
        self.add(entry);
        Ok(name)
    }

    /// The options are those of now, the identity for one connection among them. Endpoints share them as long as they stay
    /// the same.
    pub(super) fn origin(&mut self, endpoint: EndpointId, name: &str) -> Arc<Origin> {
        let now = &self.peers.options;
        let shared = self.shared_options.take().filter(|shared| **shared == *now);
        let options = self.shared_options.insert(shared.unwrap_or_else(|| Arc::new(now.clone())));
        Arc::new(Origin { owner: self.owner.clone(), options: options.clone(), endpoint, name: name.into() })
    }

    pub(super) fn connect(&mut self, text: &str) -> Result<()> {
        self.check()?;
        let endpoint = self.parse(text)?;
        match way(&endpoint)? {
            Way::Inproc => self.connect_inproc(text, &endpoint),
            Way::Network(transport) => {
                self.peers.options.check_security(self.owner.socket_type)?;
                self.connect_over(text, &endpoint, transport)?;
            }
            Way::Multicast(encapsulation) => self.join(text, &endpoint, encapsulation, false)?,
        }
        Ok(())
    }

    fn connect_inproc(&mut self, text: &str, endpoint: &Endpoint) {
        let id = fresh_id();
        let names = &self.home.shared().names;
        let mut attach = names.connect(endpoint.address(), id, &self.owner, &self.peers.options);
        attach.how.assigned_id = self.take_assigned_id();
        let origin = self.origin(id, text);
        self.add(Entry::inproc(origin, false));
        self.attach(attach);
    }

    fn connect_over(
        &mut self,
        text: &str,
        endpoint: &Endpoint,
        transport: &'static dyn Transport,
    ) -> Result<()> {
        transport
            .check(endpoint.address(), Side::Connect, &self.peers.options)
            .map_err(|error| Error::endpoint(text, reason(text, &error), error.errno()))?;
        let once = self.owner.socket_type.profile().once_per_endpoint;
        if once && self.endpoints.iter().any(|entry| !entry.is_bound() && entry.name() == text) {
            return Ok(());
        }
        let (_, io) = self.choose_io(text)?;
        self.open(text, transport, &io);
        Ok(())
    }

    /// Hands a connection to an I/O thread; its pipe exists from now on, unless IMMEDIATE is set.
    fn open(&mut self, text: &str, transport: &'static dyn Transport, io: &IoHandle) {
        let (id, pipe_id) = (fresh_id(), fresh_id());
        let origin = self.origin(id, text);
        let assigned_id = self.take_assigned_id();
        let waits = origin.options.immediate;
        let conflates = Conflates::new(self.owner.socket_type, &origin.options);
        let (ours, theirs) = pipe(&self.owner.pool, conflates, &origin.options);
        self.add(Entry::connects(&origin, io));
        let connect = Connect { origin, transport, pipe: pipe_id, ends: (!waits).then_some(theirs) };
        if !waits {
            let how = Attached { assigned_id, ..Attached::default() };
            let attach = Attach {
                pipe: pipe_id,
                endpoint: id,
                ends: ours,
                how,
                io: Some(io.inbox.clone()),
                connection: None,
                disconnect_msg: Vec::new(),
                told: None,
            };
            self.attach(attach);
        }
        self.involve(io);
        io.give(ToIo::Connect(Box::new(connect)));
    }

    /// CONNECT_ROUTING_ID holds for one connection.
    fn take_assigned_id(&mut self) -> Option<Vec<u8>> {
        self.peers.options.connect_routing_id.take()
    }

    /// Unbinds or disconnects.
    pub(super) fn release(&mut self, text: &str) -> Result<()> {
        self.check()?;
        let endpoint = self.parse(text)?;
        let mut found = self.called(text);
        if found.is_empty()
            && let Way::Network(transport) = way(&endpoint)?
        {
            found = self.spelled_otherwise(&endpoint, transport);
        }
        if found.is_empty() {
            return Err(Error::NoEndpoint { endpoint: text.into() });
        }
        found.into_iter().for_each(|id| self.close_endpoint(id));
        Ok(())
    }

    /// The endpoints of this very name.
    fn called(&self, text: &str) -> Vec<EndpointId> {
        self.endpoints.iter().filter(|entry| entry.is_called(text)).map(Entry::id).collect()
    }

    /// The endpoints at the first address that another text stands for. Only that text's own name is looked up.
    fn spelled_otherwise(&self, endpoint: &Endpoint, transport: &dyn Transport) -> Vec<EndpointId> {
        let options = &self.peers.options;
        let known: Vec<_> = self
            .endpoints
            .iter()
            .filter_map(|entry| {
                let known = Endpoint::parse(entry.name()).ok()?;
                let same = known.scheme() == endpoint.scheme();
                same.then(|| (entry.id(), transport.places(known.address(), false, options)))
            })
            .collect();
        let at = |place| known.iter().filter(move |(_, places)| places.contains(place)).map(|(id, _)| *id);
        let places = transport.places(endpoint.address(), true, options);
        places
            .iter()
            .map(|place| at(place).collect::<Vec<_>>())
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn close_endpoint(&mut self, id: EndpointId) {
        let Some(at) = self.endpoints.iter().position(|entry| entry.id() == id) else { return };
        let entry = self.endpoints.swap_remove(at);
        self.tell("lets go of an endpoint", &entry);
        entry.close();
        let (socket, linger) = (self.owner.id, self.peers.options.linger);
        for io in entry.threads() {
            io.inbox.push(Item::Command(ToIo::CloseEndpoint { socket, endpoint: id, linger }));
        }
        if entry.is_bound() && entry.threads().next().is_none() {
            if let Some((_, name)) = entry.name().split_once("://") {
                self.home.shared().names.unbind(name);
            }
            // Connections to an inproc name outlive it.
            return;
        }
        for peer in self.peers.of_endpoint(id) {
            self.detach(peer);
        }
    }

    /// Has the log tell of an endpoint.
    fn tell(&self, text: &str, entry: &Entry) {
        event!(DEBUG, "socket", "{text}", socket = self.name(), id = self.owner.id, endpoint = entry.name());
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.tell(if entry.is_bound() { "bound" } else { "connects" }, &entry);
        entry.name().clone_into(&mut self.last_endpoint);
        self.endpoints.push(entry);
    }

    fn parse(&self, text: &str) -> Result<Endpoint> {
        let refuse = |reason: String, errno| Error::endpoint(text, reason, errno);
        let endpoint = Endpoint::parse(text).map_err(|error| refuse(error.reason(), error.errno()))?;
        if self.peers.options.is_raw(self.owner.socket_type) && endpoint.scheme() != "tcp" {
            let errno = rustix::io::Errno::PROTONOSUPPORT.raw_os_error();
            return Err(refuse(
                "STREAM sockets, and ROUTER with ROUTER_RAW, speak tcp only".to_owned(),
                errno,
            ));
        }
        Ok(endpoint)
    }

    /// The I/O threads that may serve an endpoint (`AFFINITY`), and the one of them with the least load.
    pub(super) fn choose_io(&self, text: &str) -> Result<(Arc<[IoHandle]>, IoHandle)> {
        let threads = self.home.io_threads(self.peers.options.affinity);
        let chosen = IoHandle::least_loaded(&threads).cloned();
        let io = chosen.ok_or_else(|| Error::NoIoThread { endpoint: text.into() })?;
        Ok((threads, io))
    }
}

/// How an endpoint is reached.
enum Way {
    /// From socket to socket.
    Inproc,
    /// By an I/O thread.
    Network(&'static dyn Transport),
    /// By an I/O thread, to and from all members of a group.
    Multicast(Encapsulation),
}

fn way(endpoint: &Endpoint) -> Result<Way> {
    if endpoint.scheme() == inproc::SCHEME {
        return Ok(Way::Inproc);
    }
    if let Some(encapsulation) = Encapsulation::by_scheme(endpoint.scheme()) {
        return Ok(Way::Multicast(encapsulation));
    }
    transport::by_scheme(endpoint.scheme()).map(Way::Network).ok_or_else(|| {
        let error = endpoint.unsupported();
        Error::endpoint(&endpoint.to_string(), error.reason(), error.errno())
    })
}

pub(super) fn bind_failed(text: &str, error: BindError) -> Error {
    match error {
        BindError::System { source, .. } => Error::Io { endpoint: text.into(), error: source },
        other => Error::endpoint(text, reason(text, &other), other.errno()),
    }
}

/// The text of an error without the endpoint, which is named already.
fn reason(endpoint: &str, error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    text.strip_prefix(&format!("{endpoint:?}: ")).unwrap_or(&text).to_owned()
}
