//! The works' sockets on genuine libzmq, used as its manual says that it is fastest: each message is written
//! in the memory that `zmq_msg_init_size` gives (inside the `zmq_msg_t` up to 33 bytes, else from malloc),
//! sent with `zmq_msg_send` without a copy, and received into one `zmq_msg_t` again and again. That is best
//! at every size here; buffers of one's own (`zmq_msg_init_data`) only help programs that can reuse their
//! content.

use genuine::{Context, Msg, Socket, flag, kind, option};

use crate::work::{Receiver, Responder, Result, Sender, Side, keys, read};

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
        Ok(Self { context: Context::new()?, encrypted })
    }

    fn pull(&self, endpoint: &str, hwm: i32) -> Result<(impl Receiver, String)> {
        self.bound(kind::PULL, endpoint, hwm)
    }

    fn push(&self, endpoint: &str, hwm: i32) -> Result<impl Sender> {
        self.connected(kind::PUSH, endpoint, hwm)
    }

    fn publisher(&self, endpoint: &str, hwm: i32) -> Result<(impl Sender + Receiver, String)> {
        let publisher = self.bound(kind::XPUB, endpoint, hwm)?;
        publisher.0.socket.set(option::XPUB_VERBOSE, 1)?;
        publisher.0.socket.set(option::XPUB_NODROP, 1)?;
        Ok(publisher)
    }

    fn subscriber(&self, endpoint: &str, hwm: i32) -> Result<impl Receiver> {
        let subscriber = self.connected(kind::SUB, endpoint, hwm)?;
        subscriber.socket.set_bytes(option::SUBSCRIBE, b"")?;
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

    fn dealer(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver> {
        self.connected(kind::DEALER, endpoint, hwm)
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
