//! ZeroMQ over datagrams: messages into the payloads of PGM, and out again. There is no greeting and no handshake.
//!
//! A payload is two bytes and then data. The data of all payloads, one after the other, is a stream of frames of
//! ZMTP 1.0. The two bytes are the *offset*, big-endian: how many bytes of data stand before the first message that
//! begins in this payload, or FFFF where none begins. So a receiver can join a stream that it has not heard from
//! the start, and join it again behind a loss.
//!
//! ```
//! use zmtp::datagram::{Deframer, Flow, Framer, Limits};
//!
//! let mut framer = Framer::new(1428);
//! framer.push(b"topic", true);
//! framer.push(b"body", false);
//! let payload = framer.payload(true).unwrap();
//! assert_eq!(payload, b"\0\0\x06\x01topic\x05\0body");
//!
//! let mut deframer = Deframer::new(Limits { frame: 1000, message: 10_000, parts: 100 });
//! let mut messages = Vec::new();
//! deframer.payload(payload, &mut |parts| {
//!     messages.push(parts.concat());
//!     Flow::Go
//! })?;
//! framer.pop();
//! assert_eq!((messages, framer.pending()), (vec![b"topicbody".to_vec()], 0));
//! # Ok::<(), zmtp::datagram::Malformed>(())
//! ```

mod deframer;
mod framer;
mod payload;
mod walk;

pub use deframer::Deframer;
pub use framer::Framer;
pub use walk::{Flow, Limits, Malformed};
