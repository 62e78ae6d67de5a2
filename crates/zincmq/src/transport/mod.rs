//! Stream transports: one file and one row here each; and multicast, which has no connections.

mod contract;
mod listening;
pub(crate) mod multicast;
pub(crate) mod net;
#[cfg(test)]
mod tests;

pub(crate) use contract::{Accept, AddressError, BindError, Link, Side, Target, Transport};
pub(crate) use listening::Listening;

/// Makes the list of transports, and declares their files.
macro_rules! transports {
    ($($file:ident: $transport:ident,)*) => {
        $(mod $file;)*

        /// The transports of this build.
        static TRANSPORTS: &[&dyn Transport] = &[$(&$file::$transport),*];
    };
}

transports! {
    tcp: Tcp,
    ipc: Ipc,
}

/// The transport for a scheme, as written before `://`.
#[must_use]
pub(crate) fn by_scheme(scheme: &str) -> Option<&'static dyn Transport> {
    TRANSPORTS.iter().copied().find(|transport| transport.scheme() == scheme)
}
