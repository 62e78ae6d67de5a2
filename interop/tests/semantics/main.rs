//! What sockets promise beyond passing messages on, ours facing genuine ones in either role.

mod conflate;
mod heartbeat;
mod linger;
mod metadata;
mod pressure;
mod reconnect;
mod request;
mod route;
mod stream;
mod subscribe;

use interop::{Library, Peer};
use zincmq::SocketType;

/// Each library in turn as the subject; the other one faces it.
fn subjects() -> impl Iterator<Item = Library> {
    [Library::Ours, Library::Genuine].into_iter().inspect(|subject| println!("the subject: {subject:?}"))
}

/// Two sockets over tcp, of the subject (which connects) and of the other library.
fn connected(subject: Library, connecter: SocketType, binder: SocketType) -> (Peer, Peer) {
    let (mut connecter, mut binder) = (Peer::new(subject, connecter), Peer::new(subject.other(), binder));
    connecter.connect(&binder.bind_tcp());
    (connecter, binder)
}
