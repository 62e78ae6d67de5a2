//! The shared-memory structures of zincmq.
//!
//! A pipe's direction holds ZMTP frames as bytes in a chain of large segments. The producer appends frames
//! and publishes whole messages; the consumer goes from header to header. Four ends fit together freely:
//!
//! | end | writes or reads | used by |
//! |---|---|---|
//! | [`Writer`] | messages | the application that sends |
//! | [`Filler`] | what a descriptor delivers | the engine, inbound |
//! | [`Reader`] | frames | the application that receives |
//! | [`Drain`] | to a descriptor, as bytes | the engine, outbound |
//!
//! Beside them: [`Inbox`] (who is told of what), [`Signal`] (how it sleeps), [`TryLock`] (an engine that either side may
//! run), [`biased`] (a lock that costs one thread nothing) and [`Slot`] (an object that callers borrow by a number).

pub mod biased;
mod both;
mod chain;
mod channel;
mod claim;
mod common;
mod conflate;
mod custody;
mod drain;
mod fill;
mod free_list;
mod half;
mod header;
mod inbox;
mod lock;
mod part;
mod peer;
mod primitive;
mod reader;
mod reply;
#[cfg(all(test, not(loom)))]
mod scarcity;
mod segment;
mod signal;
mod slot;
mod taken;
mod through;
pub mod warm;
mod words;
mod writer;

pub use both::Both;
pub use channel::{channel, pipe};
pub use claim::{Claims, Inbound, Outbound};
pub use common::Common;
pub use conflate::conflating;
pub use custody::{Check, Custody};
pub use drain::Drain;
pub use fill::{Bounds, Filler, Refusal, Unopened, Unseal, Walk};
pub use free_list::FreeList;
pub use half::{Gauge, Milestone, fence_before_looks};
pub use header::{COMMAND, Kind, LONG, MORE, append_frame};
pub use inbox::{Inbox, Item, KEPT_ROOM, Notify};
pub use lock::{Held, TryLock};
pub use part::{Keep, Part};
pub use peer::PeerInfo;
pub use reader::Reader;
pub use reader::backlog::Backlog;
pub use reader::lend::Lent;
pub use reply::Reply;
pub use segment::{Pool, Slice};
pub use signal::{Signal, Wake};
pub use slot::{Guard, Slot, SlotError};
pub use taken::{Body, Taken};
pub use through::{send_unpublished, write_through};
pub use writer::Writer;
pub use writer::shared::Broadcast;
