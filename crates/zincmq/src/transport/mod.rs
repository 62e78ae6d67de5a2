//! Stream transports: one file and one line here each.

mod contract;
mod ipc;
mod listening;
pub mod net;
mod tcp;

pub use contract::{Accept, AddressError, BindError, Bound, Cleanup, Link, Side, Target, Transport};
pub(crate) use listening::Listening;

/// The transports of this build.
static TRANSPORTS: [&dyn Transport; 2] = [&tcp::Tcp, &ipc::Ipc];

/// The transport for a scheme, as written before `://`.
#[must_use]
pub fn by_scheme(scheme: &str) -> Option<&'static dyn Transport> {
    TRANSPORTS.into_iter().find(|transport| transport.scheme() == scheme)
}
