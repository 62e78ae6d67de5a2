//! Messages that belong to a connection's beginning or end and are sent or received by this side itself.

use crate::engine::Transcode;
use crate::option::{CONNECT, DISCONNECT, Options};
use crate::socket_type::SocketType;
use queue::{Body, Filler, Kind, Part, Taken};
use zmtp::{Flags, frame};

/// Appends the first message to a new peer (`HELLO_MSG`), in the encoding of the connection, to `out`.
pub(crate) fn hello(
    socket_type: SocketType,
    options: &Options,
    transcoder: Option<&mut Box<dyn Transcode>>,
    out: &mut Vec<u8>,
) {
    let Some(hello) = options.hello(socket_type) else { return };
    match transcoder {
        Some(transcoder) => {
            // Nothing but an empty frame can end a connection, and this is none.
            transcoder.encode(Taken { kind: Kind::Data, more: false, body: Body::Copy(hello) }, out);
        }
        None => {
            frame::append(out, Flags::LAST, &[hello]);
        }
    }
}

/// The connection of a pipe that lasts has been made again.
pub(crate) fn reopened(filler: &mut Filler, socket_type: SocketType, options: &Options) {
    if options.notifies(socket_type, CONNECT) {
        put(filler, b"");
    }
}

/// The connection was lost: writes the messages that tell the socket so, behind the peer's last one. `connects`: this
/// side had connected; `lasts`: the pipe goes on.
pub(crate) fn lost(
    filler: &mut Filler,
    socket_type: SocketType,
    options: &Options,
    connects: bool,
    lasts: bool,
) {
    let message = if connects { options.hiccup(socket_type) } else { options.disconnect_msg(socket_type) };
    message.iter().for_each(|message| put(filler, message));
    // Where the pipe ends, its end tells the socket.
    if lasts && options.notifies(socket_type, DISCONNECT) {
        put(filler, b"");
    }
}

/// One message, past the high-water mark. Nothing unfinished may be before it.
fn put(filler: &mut Filler, message: &[u8]) {
    filler.writer().write(&[], &[Part::Slice(message)]);
    filler.resync();
    if filler.publish() {
        filler.wake();
    }
}
