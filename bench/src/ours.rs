//! The works' sockets on zincmq, used as its documentation says that it is fastest: each message is written
//! in one buffer again and again and sent as a slice, which is copied into the queue, and received into one
//! [`Message`] again and again. From 64 KiB on it is written into a [`Buffer`] and sent by value, which is not
//! copied.

use zincmq::ability::{self, Receives, Sends, Typed};
use zincmq::option::{RCVHWM, ROUTER_MANDATORY, SNDHWM, XPUB_NODROP, XPUB_VERBOSE};
use zincmq::security::Keypair;
use zincmq::{Buffer, Context, Error, Frame, Message, Socket};

use crate::flow::read;
use crate::side::{Addresser, AtOnce, Copier, MAX_SOCKETS, Receiver, Responder, Result, Sender, Side, keys};

/// From this size on a message is sent by value.
const BY_VALUE: usize = 64 << 10;

/// A zincmq context.
#[derive(Clone)]
pub(crate) struct Ours {
    context: Context,
    encrypted: bool,
}

/// A socket, what it sends from and what it receives into.
struct Simple<K> {
    socket: Socket<K>,
    sent: Vec<u8>,
    received: Message,
}

/// A ROUTER and the peers that it knows.
struct Addressing {
    simple: Simple<ability::Router>,
    peers: Vec<Frame>,
    next: usize,
}

impl Ours {
    fn socket<K: Typed>(&self, hwm: i32) -> Result<Simple<K>> {
        let mut socket = Socket::new(&self.context)?;
        let hwm = usize::try_from(hwm)?;
        socket.set(SNDHWM, hwm)?;
        socket.set(RCVHWM, hwm)?;
        Ok(Simple { socket, sent: Vec::new(), received: Message::new() })
    }

    fn bound<K: Typed>(&self, endpoint: &str, hwm: i32) -> Result<(Simple<K>, String)> {
        let mut simple = self.socket(hwm)?;
        if self.encrypted {
            simple.socket.curve_server(&keypair(keys::SERVER_PUBLIC, keys::SERVER_SECRET)?)?;
        }
        let endpoint = simple.socket.bind(endpoint)?;
        Ok((simple, endpoint))
    }

    fn connected<K: Typed>(&self, endpoint: &str, hwm: i32) -> Result<Simple<K>> {
        let mut simple = self.socket(hwm)?;
        if self.encrypted {
            let ours = keypair(keys::CLIENT_PUBLIC, keys::CLIENT_SECRET)?;
            simple.socket.curve_client(&ours, keys::SERVER_PUBLIC.parse()?)?;
        }
        simple.socket.connect(endpoint)?;
        Ok(simple)
    }
}

fn keypair(public: &str, secret: &str) -> Result<Keypair> {
    Ok(Keypair { public: public.parse()?, secret: secret.parse()? })
}

impl Side for Ours {
    fn new(encrypted: bool) -> Result<Self> {
        Ok(Self { context: Context::builder().max_sockets(MAX_SOCKETS).build(), encrypted })
    }

    fn pull(&self, endpoint: &str, hwm: i32) -> Result<(impl Receiver, String)> {
        self.bound::<ability::Pull>(endpoint, hwm)
    }

    fn push(&self, endpoint: &str, hwm: i32, times: usize) -> Result<impl Copier> {
        let mut push = self.connected::<ability::Push>(endpoint, hwm)?;
        (1..times).try_for_each(|_| push.socket.connect(endpoint))?;
        Ok(push)
    }

    fn publisher(&self, endpoint: &str, hwm: i32) -> Result<(impl Copier + Receiver, String)> {
        let mut publisher = self.bound::<ability::XPub>(endpoint, hwm)?;
        publisher.0.socket.set(XPUB_VERBOSE, true)?;
        publisher.0.socket.set(XPUB_NODROP, true)?;
        Ok(publisher)
    }

    fn subscriber(
        &self,
        endpoint: &str,
        hwm: i32,
        topics: impl IntoIterator<Item: AsRef<[u8]>>,
    ) -> Result<impl Receiver> {
        let mut subscriber = self.connected::<ability::Sub>(endpoint, hwm)?;
        topics.into_iter().try_for_each(|topic| subscriber.socket.subscribe(topic))?;
        Ok(subscriber)
    }

    fn rep(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)> {
        self.bound::<ability::Rep>(endpoint, hwm)
    }

    fn req(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver> {
        self.connected::<ability::Req>(endpoint, hwm)
    }

    fn router(&self, endpoint: &str, hwm: i32) -> Result<(impl Responder, String)> {
        self.bound::<ability::Router>(endpoint, hwm)
    }

    fn addresser(&self, endpoint: &str, hwm: i32) -> Result<(impl Addresser, String)> {
        let (mut simple, endpoint) = self.bound::<ability::Router>(endpoint, hwm)?;
        simple.socket.set(ROUTER_MANDATORY, true)?;
        Ok((Addressing { simple, peers: Vec::new(), next: 0 }, endpoint))
    }

    fn dealer(&self, endpoint: &str, hwm: i32) -> Result<impl Sender + Receiver + AtOnce> {
        self.connected::<ability::Dealer>(endpoint, hwm)
    }

    fn bound_dealer(&self, endpoint: &str, hwm: i32) -> Result<(impl AtOnce, String)> {
        self.bound::<ability::Dealer>(endpoint, hwm)
    }

    fn term(self) -> Result<()> {
        self.context.term();
        Ok(())
    }
}

impl<K> Simple<K> {
    /// Writes the body that is sent next.
    fn write(&mut self, size: usize, byte: u8) {
        self.sent.clear();
        self.sent.resize(size, byte);
    }
}

impl<K: Sends> Sender for Simple<K> {
    fn send(&mut self, size: usize, byte: u8) -> Result<()> {
        if size >= BY_VALUE {
            return Ok(self.socket.send(filled(size, byte))?);
        }
        self.write(size, byte);
        Ok(self.socket.send(&self.sent[..])?)
    }
}

impl<K: Sends> Copier for Simple<K> {
    fn send_copy(&mut self, body: &[u8]) -> Result<()> {
        Ok(self.socket.send(body)?)
    }
}

impl<K: Sends + Receives> AtOnce for Simple<K> {
    fn try_send(&mut self, size: usize, byte: u8) -> Result<bool> {
        if size >= BY_VALUE {
            // Not written before there is room: it would be for nothing.
            return if self.socket.can_send() { self.send(size, byte).map(|()| true) } else { Ok(false) };
        }
        self.write(size, byte);
        at_once(self.socket.try_send(&self.sent[..]).map_err(Error::from)).map(|sent| sent.is_some())
    }

    fn try_recv(&mut self) -> Result<Option<&[u8]>> {
        let received = at_once(self.socket.try_recv_into(&mut self.received))?;
        Ok(received.map(|()| self.received.bytes()))
    }
}

/// Nothing, where a call would have had to wait.
fn at_once<T>(result: zincmq::Result<T>) -> Result<Option<T>> {
    match result {
        Err(Error::Again) => Ok(None),
        result => Ok(Some(result?)),
    }
}

impl Sender for Addressing {
    fn send(&mut self, size: usize, byte: u8) -> Result<()> {
        self.simple.write(size, byte);
        self.simple.socket.send((&self.peers[self.next], &self.simple.sent[..]))?;
        self.next = (self.next + 1) % self.peers.len();
        Ok(())
    }
}

impl Addresser for Addressing {
    fn meet(&mut self) -> Result<()> {
        self.peers.extend(self.simple.socket.recv()?.pop_front());
        Ok(())
    }
}

impl<K: Receives> Receiver for Simple<K> {
    fn recv(&mut self) -> Result<&[u8]> {
        self.socket.recv_into(&mut self.received)?;
        Ok(self.received.bytes())
    }
}

/// The library keeps the envelope.
impl Responder for Simple<ability::Rep> {
    fn respond(&mut self, byte: u8) -> Result<usize> {
        let body = self.recv()?;
        let size = body.len();
        read(body);
        if size > 0 {
            self.send(size, byte)?;
        }
        Ok(size)
    }
}

/// The routing id comes and goes as a part of its own.
impl Responder for Simple<ability::Router> {
    fn respond(&mut self, byte: u8) -> Result<usize> {
        self.socket.recv_into(&mut self.received)?;
        let peer = self.received.pop_front().unwrap_or_default();
        let size = self.received.bytes().len();
        read(self.received.bytes());
        if size > 0 {
            self.socket.send([peer, fresh(size, byte)])?;
        }
        Ok(size)
    }
}

/// A part of a message of several; the small ones need no memory of their own.
fn fresh(size: usize, byte: u8) -> Frame {
    let small = [byte; 64];
    small.get(..size).map_or_else(|| filled(size, byte).into(), Frame::from)
}

fn filled(size: usize, byte: u8) -> Buffer {
    let mut body = Buffer::with_capacity(size);
    body.resize(size, byte);
    body
}
