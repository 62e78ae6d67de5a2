//! The works' sockets on genuine libzmq, used as its manual says that it is fastest: each message is written
//! in the memory that `zmq_msg_init_size` gives (inside the `zmq_msg_t` up to 33 bytes, else from malloc),
//! sent with `zmq_msg_send` without a copy, and received into one `zmq_msg_t` again and again. That is best
//! at every size here; buffers of one's own (`zmq_msg_init_data`) only help programs that can reuse their
//! content.

use genuine::{Context, Error, Msg, Socket, context_option, event, flag, kind, option};

use crate::flow::read;
use crate::side::{Addresser, AtOnce, Copier, MAX_SOCKETS, Receiver, Responder, Result, Sender, Side, keys};

/// From this size on the room is asked for before a message is made.
const LARGE: usize = 64 << 10;

/// A libzmq context.
#[derive(Clone)]
pub(crate) struct Theirs {
    context: Context,
    encrypted: bool,
}

/// A socket and the message it receives into.
struct Simple {
    socket: Socket,
    received: Msg,
}

/// REP: the library keeps the envelope.
struct Rep(Simple);

/// ROUTER: the routing id comes and goes as a part of its own.
struct Router {
    socket: Simple,
    peer: Msg,
}

/// A ROUTER and the routing ids of the peers that it knows.
struct Addressing {
    socket: Socket,
    peers: Vec<Vec<u8>>,
    next: usize,
}

impl Theirs {
    fn socket(&self, kind: i32, hwm: i32) -> Result<Simple> {
        let socket = Socket::new(&self.context, kind)?;
        socket.set(option::SNDHWM, hwm)?;
        socket.set(option::RCVHWM, hwm)?;
        Ok(Simple { socket, received: Msg::new() })
    }

    fn bound(&self, kind: i32, endpoint: &str, hwm: i32) -> Result<(Simple, String)> {
        let simple = self.socket(kind, hwm)?;
        if self.encrypted {
            simple.socket.set(option::CURVE_SERVER, 1)?;
            simple.socket.set_bytes(option::CURVE_SECRETKEY, keys::SERVER_SECRET.as_bytes())?;
        }
        simple.socket.bind(endpoint)?;
        let endpoint = simple.socket.last_endpoint()?;
        Ok((simple, endpoint))
    }

    fn connected(&self, kind: i32, endpoint: &str, hwm: i32) -> Result<Simple> {
        let simple = self.socket(kind, hwm)?;
        if self.encrypted {
            simple.socket.set_bytes(option::CURVE_SERVERKEY, keys::SERVER_PUBLIC.as_bytes())?;
            simple.socket.set_bytes(option::CURVE_PUBLICKEY, keys::CLIENT_PUBLIC.as_bytes())?;
            simple.socket.set_bytes(option::CURVE_SECRETKEY, keys::CLIENT_SECRET.as_bytes())?;
        }
        simple.socket.connect(endpoint)?;
        Ok(simple)
    }
}

impl Side for Theirs {
    fn new(encrypted: bool) -> Result<Self> {
        let context = Context::new()?;
        context.set(context_option::MAX_SOCKETS, MAX_SOCKETS as i32)?;
        Ok(Self { context, encrypted })
    }

    fn pull(&self, endpoint: &str, hwm: i32) -> Result<(impl Receiver, String)> {
        self.bound(kind::PULL, endpoint, hwm)
    }

    fn push(&self, endpoint: &str, hwm: i32, times: usize) -> Result<impl Copier> {
        let push = self.connected(kind::PUSH, endpoint, hwm)?;
        (1..times).try_for_each(|_| push.socket.connect(endpoint))?;
        Ok(push)
    }

    fn publisher(&self, endpoint: &str, hwm: i32) -> Result<(impl Copier + Receiver, String)> {
        let publisher = self.bound(kind::XPUB, endpoint, hwm)?;
        publisher.0.socket.set(option::XPUB_VERBOSE, 1)?;
        publisher.0.socket.set(option::XPUB_NODROP, 1)?;
        Ok(publisher)
    }

    fn subscriber(
        &self,
        endpoint: &str,
        hwm: i32,
        topics: impl IntoIterator<Item: AsRef<[u8]>>,
    ) -> Result<impl Receiver> {
        let subscriber = self.connected(kind::SUB, endpoint, hwm)?;
        topics
            .into_iter()
            .try_for_each(|topic| subscriber.socket.set_bytes(option::SUBSCRIBE, topic.as_ref()))?;
        Ok(subscriber)
    }

    fn rep(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)> {
        let (socket, endpoint) = self.bound(kind::REP, endpoint, hwm)?;
        Ok((Rep(socket), endpoint))
    }

    fn req(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver> {
        self.connected(kind::REQ, endpoint, hwm)
    }

    fn router(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)> {
        let (socket, endpoint) = self.bound(kind::ROUTER, endpoint, hwm)?;
        Ok((Router { socket, peer: Msg::new() }, endpoint))
    }

    fn addresser(&self, endpoint: &str, hwm: i32) -> Result<(impl Addresser, String)> {
        let (Simple { socket, .. }, endpoint) = self.bound(kind::ROUTER, endpoint, hwm)?;
        socket.set(option::ROUTER_MANDATORY, 1)?;
        Ok((Addressing { socket, peers: Vec::new(), next: 0 }, endpoint))
    }

    fn dealer(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver + AtOnce> {
        self.connected(kind::DEALER, endpoint, hwm)
    }

    fn bound_dealer(&self, endpoint: &str, hwm: i32) -> Result<(impl AtOnce, String)> {
        self.bound(kind::DEALER, endpoint, hwm)
    }

    fn term(self) -> Result<()> {
        // The last handle of a context waits for what lingers.
        Ok(())
    }
}

impl Sender for Simple {
    fn send(&mut self, size: usize, byte: u8) -> Result<()> {
        Ok(self.socket.send_msg(&mut Msg::filled(size, byte)?, 0)?)
    }
}

impl Copier for Simple {
    fn send_copy(&mut self, body: &[u8]) -> Result<()> {
        Ok(self.socket.send_msg(&mut Msg::copied(body)?, 0)?)
    }
}

impl AtOnce for Simple {
    fn try_send(&mut self, size: usize, byte: u8) -> Result<bool> {
        // Not written before there is room: it would be for nothing.
        if size >= LARGE && self.socket.get(option::EVENTS)? & i32::from(event::POLLOUT) == 0 {
            return Ok(false);
        }
        let mut msg = Msg::filled(size, byte)?;
        at_once(self.socket.send_msg(&mut msg, flag::DONTWAIT))
    }

    fn try_recv(&mut self) -> Result<Option<&[u8]>> {
        let received = at_once(self.socket.recv_msg(&mut self.received, flag::DONTWAIT))?;
        Ok(received.then(|| self.received.as_slice()))
    }
}

/// Whether a call did not have to wait.
fn at_once(result: genuine::Result<()>) -> Result<bool> {
    match result {
        Err(Error::AGAIN) => Ok(false),
        result => Ok(result.map(|()| true)?),
    }
}

impl Sender for Addressing {
    fn send(&mut self, size: usize, byte: u8) -> Result<()> {
        self.socket.send(&self.peers[self.next], flag::SNDMORE)?;
        self.socket.send_msg(&mut Msg::filled(size, byte)?, 0)?;
        self.next = (self.next + 1) % self.peers.len();
        Ok(())
    }
}

impl Addresser for Addressing {
    fn meet(&mut self) -> Result<()> {
        self.peers.extend(self.socket.recv(0)?.into_iter().next());
        Ok(())
    }
}

impl Receiver for Simple {
    fn recv(&mut self) -> Result<&[u8]> {
        self.socket.recv_msg(&mut self.received, 0)?;
        Ok(self.received.as_slice())
    }
}

impl Responder for Rep {
    fn respond(&mut self, byte: u8) -> Result<usize> {
        let body = self.0.recv()?;
        let size = body.len();
        read(body);
        if size > 0 {
            self.0.send(size, byte)?;
        }
        Ok(size)
    }
}

impl Responder for Router {
    fn respond(&mut self, byte: u8) -> Result<usize> {
        self.socket.socket.recv_msg(&mut self.peer, 0)?;
        let body = self.socket.recv()?;
        let size = body.len();
        read(body);
        if size > 0 {
            self.socket.socket.send_msg(&mut self.peer, flag::SNDMORE)?;
            self.socket.send(size, byte)?;
        }
        Ok(size)
    }
}
