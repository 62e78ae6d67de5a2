//! PGM (RFC 3208) without I/O: reliable multicast, as ZeroMQ's `pgm` and `epgm` transports speak it.
//!
//! A [`Source`] sends numbered packets to a group, and keeps the newest of them, its *window*, for a while. A [`Receiver`]
//! delivers the packets of any number of sources, each in order. For what is missing it sends a request (NAK) to the
//! source, which confirms it to the group (NCF), so that no other receiver asks the same, and sends the packet again
//! (RDATA). From time to time the source tells its window and its address (SPM). What cannot be repaired any more is
//! reported as lost, exactly where it is missing.
//!
//! # How to drive it
//!
//! Both sides are state machines: they are told what came and what time it is, and tell what is to be sent and when they
//! want to be called again. They have no sockets, no threads and no clock. Their owner
//!
//! * reads each datagram with [`Packet::decode`], and hands it to `handle`: NAKs and SPMRs concern a source, everything
//!   that was sent to the group a receiver,
//! * sends what is queued, after each call: `peek` shows it, `sent` removes it,
//! * calls `handle_timeout` when the time of `next_timeout` has come.
//!
//! ```
//! use pgm::{Event, Flow, Packet, Receiver, ReceiverConfig, Sequence, Source, SourceConfig, Timing, To, Tsi};
//! use std::net::{IpAddr, SocketAddr};
//! use std::time::Instant;
//!
//! let (group, nla) = (IpAddr::from([239, 192, 1, 1]), IpAddr::from([10, 0, 0, 1]));
//! let from = SocketAddr::new(nla, 40_000);
//! let mut now = Instant::now();
//! let mut source = Source::new(
//!     SourceConfig {
//!         tsi: Tsi { gsi: [1, 2, 3, 4, 5, 6], port: 7_777 },
//!         port: 5_555,
//!         nla,
//!         group,
//!         rate: 12_500,
//!         max_tpdu: 1_500,
//!         overhead: 28,
//!         window: 80,
//!         first: Sequence(0),
//!     },
//!     now,
//! )?;
//! let mut receiver = Receiver::new(ReceiverConfig {
//!     port: 5_555,
//!     group,
//!     window: 80,
//!     max_tpdu: 1_500,
//!     memory: ReceiverConfig::MEMORY,
//!     max_sources: ReceiverConfig::SOURCES,
//!     seed: 1,
//!     timing: Timing::default(),
//! });
//!
//! let mut heard = Vec::new();
//! let mut deliver = |event: Event<'_>| {
//!     if let Event::Data { payload, .. } = event {
//!         heard.push(payload.to_vec());
//!     }
//!     Flow::Go
//! };
//!
//! for word in ["one", "two", "three"] {
//!     source.send(now, word.as_bytes())?;
//! }
//! // Three SPMs and the data. The network loses the second word.
//! for index in [0, 1, 2, 3, 5] {
//!     let packet = Packet::decode(source.peek(index).ok_or("nothing queued")?.bytes)?;
//!     receiver.handle(now, from, &packet, &mut deliver);
//! }
//! source.sent(6);
//!
//! // The receiver asks for it when a short random time is over.
//! now = receiver.next_timeout().ok_or("nothing missing")?;
//! receiver.handle_timeout(now, &mut deliver);
//! let request = receiver.peek(0).ok_or("nothing asked")?;
//! assert_eq!(request.to, To::Host(SocketAddr::new(nla, 5_555)));
//! source.handle(now, &Packet::decode(request.bytes)?);
//! receiver.sent(1);
//!
//! // The source confirms the request, and sends the packet again.
//! while let Some(answer) = source.peek(0) {
//!     receiver.handle(now, from, &Packet::decode(answer.bytes)?, &mut deliver);
//!     source.sent(1);
//! }
//! assert_eq!(heard, [&b"one"[..], b"two", b"three"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is there
//!
//! The part of PGM that libzmq uses: SPM, ODATA, RDATA, NAK and NCF with lists, SPMR, and the option that tells the end.
//! Fragments, forward error correction, polls and congestion control are not, and packets with them are refused.
//! Nothing that comes from the network makes this crate panic, or hold more memory than its owner allows.
#![forbid(unsafe_code)]

mod checksum;
mod packet;
mod receiver;
mod sequence;
mod source;

pub use packet::encode::make_repair;
pub use packet::{Body, DATA_HEADER, Data, More, Packet, PacketError, RESERVED, Request, Spm, Tsi};
pub use receiver::{
    Event, Flow, Receiver, ReceiverConfig, ReceiverStatistics, Reception, SourceId, SourceReport, Timing,
};
pub use sequence::Sequence;
pub use source::{ConfigError, SendError, Source, SourceConfig, SourceStatistics, To, Transmit};
