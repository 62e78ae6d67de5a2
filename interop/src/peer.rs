//! One socket, of zincmq or of genuine libzmq, with a context of its own.

use crate::{Monitor, PATIENCE};
use std::time::{Duration, Instant};
use zincmq::option::{self, Form, OptionKey, Setting, Value};
use zincmq::{AnySocket, Events, Message, SocketType};

/// Whose socket it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Library {
    Ours,
    Genuine,
}

impl Library {
    /// The one to test against.
    #[must_use]
    pub fn other(self) -> Self {
        if self == Self::Ours { Self::Genuine } else { Self::Ours }
    }
}

/// The number that C sees in `errno`.
pub type Errno = i32;

/// A socket and its context. Dropping it ends both, which waits for what lingers; it does not linger by itself.
#[derive(Debug)]
pub struct Peer {
    socket: Socket,
    context: Context,
}

#[derive(Debug)]
enum Socket {
    Ours(Box<AnySocket>),
    Genuine(genuine::Socket),
}

#[derive(Clone, Debug)]
enum Context {
    Ours(zincmq::Context),
    Genuine(genuine::Context),
}

impl Peer {
    /// A socket that waits for [`crate::PATIENCE`] and does not linger.
    #[must_use]
    pub fn new(library: Library, socket_type: SocketType) -> Self {
        let context = match library {
            Library::Ours => Context::Ours(zincmq::Context::new()),
            Library::Genuine => Context::Genuine(genuine::Context::new().expect("a genuine context")),
        };
        Self::within(context, socket_type)
    }

    /// Another socket of the same library in the same context.
    #[must_use]
    pub fn beside(&self, socket_type: SocketType) -> Self {
        Self::within(self.context.clone(), socket_type)
    }

    fn within(context: Context, socket_type: SocketType) -> Self {
        let socket = match &context {
            Context::Ours(context) => {
                let socket = AnySocket::with_type(context, socket_type).expect("a socket of ours");
                Socket::Ours(Box::new(socket))
            }
            Context::Genuine(context) => {
                let socket = genuine::Socket::new(context, socket_type.number()).expect("a genuine socket");
                Socket::Genuine(socket)
            }
        };
        let mut peer = Self { socket, context };
        peer.set(option::LINGER, Duration::ZERO);
        peer.set(option::RCVTIMEO, PATIENCE);
        peer.set(option::SNDTIMEO, PATIENCE);
        peer
    }

    /// One of ours.
    #[must_use]
    pub fn ours(socket_type: SocketType) -> Self {
        Self::new(Library::Ours, socket_type)
    }

    /// One of libzmq's.
    #[must_use]
    pub fn genuine(socket_type: SocketType) -> Self {
        Self::new(Library::Genuine, socket_type)
    }

    /// Binds it to a tcp port of the system's choice.
    #[must_use]
    pub fn bind_tcp(&mut self) -> String {
        self.bind("tcp://127.0.0.1:*")
    }

    /// Sets an option, by our typed name and its number in C.
    pub fn set<F: Form, G>(&mut self, option: OptionKey<F, G>, value: impl Setting<F::Value>) -> &mut Self {
        let value = option.row().check(F::write(value.setting())).expect("a value in its range");
        match &mut self.socket {
            Socket::Ours(socket) => socket.set_value(option.row(), value).expect("an option of ours"),
            Socket::Genuine(socket) => {
                let mut bytes = value.encode();
                // Text goes without its NUL.
                if matches!(value, Value::Text(_) | Value::Secret(_)) {
                    bytes.pop();
                }
                socket.set_bytes(option.row().number, &bytes).expect("a genuine option");
            }
        }
        self
    }

    /// Binds it; returns the endpoint without wildcards.
    pub fn bind(&mut self, endpoint: &str) -> String {
        match &mut self.socket {
            Socket::Ours(socket) => socket.bind(endpoint).expect(endpoint),
            Socket::Genuine(socket) => {
                socket.bind(endpoint).expect(endpoint);
                socket.last_endpoint().expect(endpoint)
            }
        }
    }

    /// Connects it.
    pub fn connect(&mut self, endpoint: &str) {
        match &mut self.socket {
            Socket::Ours(socket) => socket.connect(endpoint).expect(endpoint),
            Socket::Genuine(socket) => socket.connect(endpoint).expect(endpoint),
        }
    }

    /// Subscribes (SUB).
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) {
        match &mut self.socket {
            Socket::Ours(socket) => socket.subscribe(topic).expect("a subscription"),
            Socket::Genuine(socket) => {
                socket.set_bytes(genuine::option::SUBSCRIBE, topic.as_ref()).expect("a subscription");
            }
        }
    }

    /// Takes a subscription back (SUB).
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) {
        match &mut self.socket {
            Socket::Ours(socket) => socket.unsubscribe(topic).expect("a cancellation"),
            Socket::Genuine(socket) => {
                socket.set_bytes(genuine::option::UNSUBSCRIBE, topic.as_ref()).expect("a cancellation");
            }
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// What C would see in `errno`.
    pub fn send(&mut self, parts: &[impl AsRef<[u8]>]) -> Result<(), Errno> {
        match &mut self.socket {
            Socket::Ours(socket) => {
                let message: Message = parts.iter().map(AsRef::as_ref).collect();
                socket.send(message).map_err(|failed| failed.error.errno())
            }
            Socket::Genuine(socket) => socket.send_multipart(parts, 0).map_err(genuine::Error::errno),
        }
    }

    /// Receives a message.
    ///
    /// # Errors
    /// What C would see in `errno`.
    pub fn recv(&mut self) -> Result<Vec<Vec<u8>>, Errno> {
        match &mut self.socket {
            Socket::Ours(socket) => {
                let message = socket.recv().map_err(|error| error.errno())?;
                Ok(message.iter().map(|part| part.to_vec()).collect())
            }
            Socket::Genuine(socket) => socket.recv(0).map_err(genuine::Error::errno),
        }
    }

    /// Receives a message if one comes within `time`.
    pub fn recv_within(&mut self, time: Duration) -> Option<Vec<Vec<u8>>> {
        self.set(option::RCVTIMEO, time);
        let message = self.recv().ok();
        self.set(option::RCVTIMEO, PATIENCE);
        message
    }

    /// Receives a message that needs the other one's help: a socket takes its new connections in (and subscribes,
    /// probes, welcomes) only inside a call.
    pub fn recv_helped(&mut self, other: &mut Self) -> Vec<Vec<u8>> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            other.pump();
            if let Some(message) = self.recv_within(Duration::from_millis(1)) {
                return message;
            }
        }
        panic!("nothing came");
    }

    /// A call that does nothing else.
    pub fn pump(&mut self) {
        match &mut self.socket {
            Socket::Ours(socket) => _ = socket.can_recv(),
            Socket::Genuine(socket) => _ = socket.get(genuine::option::EVENTS).expect("events"),
        }
    }

    /// Receives a message and says what its connection tells of the peer.
    pub fn recv_metadata(&mut self, properties: &[&str]) -> Vec<Option<String>> {
        match &mut self.socket {
            Socket::Ours(socket) => {
                let message = socket.recv().expect("a message");
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                properties.iter().map(|name| message.metadata(name).map(text)).collect()
            }
            Socket::Genuine(socket) => {
                let mut part = genuine::Msg::new();
                socket.recv_msg(&mut part, 0).expect("a message");
                properties.iter().map(|name| part.metadata(name)).collect()
            }
        }
    }

    /// Begins to watch its connections.
    #[must_use]
    pub fn monitor(&mut self) -> Monitor {
        match (&mut self.socket, &self.context) {
            (Socket::Genuine(socket), Context::Genuine(context)) => Monitor::genuine(socket, context),
            (Socket::Ours(socket), _) => Monitor::Ours(socket.monitor(Events::ALL)),
            (Socket::Genuine(_), Context::Ours(_)) => unreachable!("made together"),
        }
    }

    /// Our socket itself, for what only we have.
    pub fn inner(&mut self) -> &mut AnySocket {
        match &mut self.socket {
            Socket::Ours(socket) => socket,
            Socket::Genuine(_) => panic!("not ours"),
        }
    }
}
