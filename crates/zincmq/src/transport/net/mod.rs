//! The common parts of transports over IP: addresses and names, network devices, proxies, socket options.

mod device;
pub(super) mod options;
pub(super) mod resolve;
pub(crate) mod socks;

use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;

/// A descriptor of our own for a listening socket that the application made (`USE_FD`): a duplicate, since
/// the application's descriptor is not ours to close.
pub(super) fn duplicate(fd: i32) -> io::Result<OwnedFd> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    let copy = pidfd_getfd(own, fd, PidfdGetfdFlags::empty())?;
    if !socket2::SockRef::from(&copy).is_listener()? {
        return Err(Errno::INVAL.into());
    }
    rustix::io::ioctl_fionbio(&copy, true)?;
    Ok(copy)
}
