//! Messages: one or more parts, made from and read as what Rust programs already have.

mod body;
mod frame;
mod frames;
mod list;
mod traits;

pub use frame::Frame;
pub use list::Message;
#[doc(inline)]
pub use queue::PeerInfo;
pub use traits::{IntoParts, MessageIntoIter, PartsError};
