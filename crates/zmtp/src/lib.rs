//! ZMTP, the ZeroMQ message transport protocol, 3.1 down to 1.0, without any I/O: bytes in, bytes and
//! values out. No clock, socket, thread or lock.
//!
//! It follows RFC 37 (and 23, 15, 13 for older peers), and libzmq where libzmq does otherwise.
//!
//! # The contract
//!
//! A connection begins as an [`Opening`]. The owner of the transport does, in this order:
//!
//! 1. `Opening::new`, telling what this side says and accepts ([`Local`]).
//! 2. Send [`Opening::output`] and clear it: after `new`, and after each call below, failed ones too.
//! 3. Give what arrives to [`Opening::feed`], cut in any way, and drop as many bytes as it took.
//! 4. [`Status::More`]: back to 2. [`Status::Waiting`]: ask the authenticator
//!    ([`Opening::zap_request`]), keep further input, call [`Opening::verdict`], and feed what was kept.
//!    An [`Error`]: send the last output if it can be sent, and close. [`Status::Open`]: done; bytes
//!    not taken are the first of the traffic.
//!
//! The opening has no deadline of its own: its owner has (`ZMQ_HANDSHAKE_IVL`).
//!
//! Traffic has no state here. The owner hops over its own buffer with [`frame::decode_header`] (a peer
//! of 1.0: [`frame_v1::decode_header`]), asks [`frame::check`] before it takes memory, and gives the
//! body of a frame with [`Flags::COMMAND`] to [`Command::parse`]. It writes with
//! [`frame::encode_header`] and the functions of [`command`].
//!
//! Multicast has no connections: messages go into datagrams and out again with [`datagram`].
//!
//! ```
//! use zmtp::{Flags, Local, Opening, Security, SocketName, Status, frame};
//!
//! let mut push = Opening::new(Local {
//!     socket_type: SocketName { name: "PUSH", code: 8, peers: &["PULL"] },
//!     routing_id: None,
//!     metadata: Vec::new(),
//!     security: Security::Null { zap: false },
//!     random: zmtp::system_random,
//!     allow_old: true,
//! });
//! let mut sent = std::mem::take(push.output()); // The signature goes out first.
//!
//! // The bytes of a PULL socket: a greeting, and READY.
//! let mut input = b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\x01NULL".to_vec();
//! input.resize(64, 0);
//! input.extend(b"\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x04PULL");
//!
//! let mut unread = &input[..];
//! let peer = loop {
//!     let arrived = &unread[..unread.len().min(16)];
//!     let (taken, status) = push.feed(arrived)?;
//!     unread = &unread[taken..];
//!     sent.append(push.output());
//!     match status {
//!         Status::More => {}
//!         Status::Waiting => unreachable!("no authenticator is asked"),
//!         Status::Open(peer) => break peer,
//!     }
//! };
//! assert_eq!(peer.socket_type.as_deref(), Some("PULL"));
//! assert!(sent.ends_with(b"\x0BSocket-Type\0\0\0\x04PUSH"));
//!
//! let mut wire = Vec::new();
//! frame::append(&mut wire, Flags::LAST, &[b"hello"]);
//! let header = frame::decode_header(&wire).unwrap();
//! frame::check(header.size, -1)?;
//! assert_eq!(&wire[header.header_len..], b"hello");
//! # Ok::<(), zmtp::Error>(())
//! ```

#![forbid(unsafe_code)]

// From top to bottom: a module imports only those below it.
pub mod datagram;

mod opening;
mod phase;

mod local;
mod mechanism;
pub mod zap;

mod crypto;

mod codec;
mod heartbeat;
mod metadata;

mod error;
mod version;

pub use codec::command::{self, Command};
pub use codec::frame::{self, Flags, Header};
pub use codec::frame_v1;
pub use codec::z85;
pub use crypto::{
    Cipher, KeyError, Keypair, NoRandomness, OVERHEAD, Opener, PublicKey, Random, Sealer, Secret, SecretKey,
    flags as sealed_flags, system_random,
};
pub use error::{Error, ZapFault};
pub use local::{Local, SocketName};
pub use mechanism::{Security, Verdict, ZapRequest};
pub use metadata::Property;
pub use opening::{Opening, Status};
pub use phase::traffic::Peer;
pub use version::Version;
