//! From sockets whose type the compiler knows to those whose type it does not, and back.

use crate::pattern::ability::Typed;
use crate::socket::{AnySocket, Socket};
use crate::socket_type::SocketType;

/// A socket is not of the type that was asked for. It comes back.
#[derive(Debug, thiserror::Error)]
#[error("a {} socket is no {wanted} socket", socket.socket_type())]
#[non_exhaustive]
pub struct WrongType {
    /// The socket, as it was.
    pub socket: AnySocket,
    /// The type that was asked for.
    pub wanted: SocketType,
}

/// The same socket, its type forgotten by the compiler: as [`Socket::into_any`].
impl<K: Typed> From<Socket<K>> for AnySocket {
    fn from(socket: Socket<K>) -> Self {
        socket.into_any()
    }
}

/// The same socket, of a type that the compiler knows.
///
/// ```
/// use zincmq::{AnySocket, Context, Pull, Push, SocketType};
/// # fn main() -> zincmq::Result<()> {
/// let named: SocketType = "PULL".parse().unwrap();
/// let socket = AnySocket::with_type(&Context::new(), named)?;
/// let refused = Push::try_from(socket).unwrap_err();
/// assert_eq!(refused.to_string(), "a PULL socket is no PUSH socket");
/// let mut pull = Pull::try_from(refused.socket).unwrap();
/// pull.bind("inproc://work")?;
/// # Ok(()) }
/// ```
impl<K: Typed> TryFrom<AnySocket> for Socket<K> {
    type Error = WrongType;

    fn try_from(socket: AnySocket) -> Result<Self, WrongType> {
        if socket.socket_type() == K::TYPE {
            Ok(Self::of(socket.into_core()))
        } else {
            Err(WrongType { socket, wanted: K::TYPE })
        }
    }
}
