//! How many bytes must have come before the descriptor counts as readable. While a large body comes, a thread that waits for its
//! end is not to be woken for each few packets of it.

use rustix::net::AddressFamily;
use rustix::net::sockopt::socket_domain;
use std::os::fd::BorrowedFd;

/// More would take long to copy when it is there.
const MOST: usize = 128 << 10;

/// See the module. The kernel knows of this for tcp alone.
#[derive(Debug)]
pub(super) enum LowWater {
    Unknown,
    Useless,
    Bytes(usize),
}

impl LowWater {
    /// So many bytes come before there is anything to do; 0: that is not known.
    #[inline]
    pub(super) fn expect(&mut self, descriptor: BorrowedFd<'_>, missing: usize) {
        if missing > 0 || matches!(self, Self::Bytes(2..)) {
            self.change(descriptor, missing);
        }
    }

    #[cold]
    fn change(&mut self, descriptor: BorrowedFd<'_>, missing: usize) {
        let wanted = missing.clamp(1, MOST);
        match self {
            Self::Unknown if wanted > 1 => {
                let local = socket_domain(descriptor).is_ok_and(|domain| domain == AddressFamily::UNIX);
                *self = if local { Self::Useless } else { Self::Bytes(1) };
                self.expect(descriptor, missing);
            }
            Self::Bytes(bytes) if *bytes != wanted => {
                if sys::set_low_water(descriptor, wanted).is_ok() {
                    *bytes = wanted;
                }
            }
            Self::Unknown | Self::Useless | Self::Bytes(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell;
    use rustix::event::{PollFd, PollFlags};
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    fn is_readable(stream: &impl AsFd, within: Duration) -> bool {
        let mut set = [PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN)];
        bell::wait(&mut set, Some(within), None).unwrap() && bell::rang(&set[0])
    }

    #[test]
    fn few_bytes_of_many_are_nothing_to_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut from = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let to = listener.accept().unwrap().0;
        let mut low = LowWater::Unknown;
        low.expect(to.as_fd(), 1000);
        from.write_all(&[1; 999]).unwrap();
        assert!(!is_readable(&to, Duration::from_millis(20)));
        low.expect(to.as_fd(), 0);
        assert!(is_readable(&to, Duration::from_secs(10)));
        low.expect(to.as_fd(), 1 << 30);
        drop(from);
        assert!(is_readable(&to, Duration::from_secs(10)), "the end");
    }

    #[test]
    fn a_local_socket_is_left_alone() {
        let (to, _from) = UnixStream::pair().unwrap();
        let mut low = LowWater::Unknown;
        low.expect(to.as_fd(), 1000);
        assert!(matches!(low, LowWater::Useless));
    }
}
