//! Many datagrams a system call.

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

/// Room for the size of the pieces of one control message, aligned as its header.
type Control = [u64; 4];

/// Buffers for many datagrams, which are used again.
pub struct Batch {
    buffers: Vec<u8>,
    size: usize,
    addresses: Vec<MaybeUninit<libc::sockaddr_storage>>,
    controls: Vec<Control>,
    headers: Vec<libc::mmsghdr>,
    pieces: Vec<libc::iovec>,
    received: usize,
}

// SAFETY: the pointers in the headers and pieces are to the other fields, and are set anew before each use.
unsafe impl Send for Batch {}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("size", &self.size)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// One buffer with what was received into it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The sender's address; none if it is of no internet family.
    pub from: Option<SocketAddr>,
    /// The datagram, or several of `piece` bytes each, of which the last may be shorter.
    pub bytes: &'a [u8],
    /// The size of each datagram in `bytes`.
    pub piece: usize,
    /// There was more than the buffer holds.
    pub truncated: bool,
}

impl Batch {
    /// Room for `count` datagrams of `size` bytes.
    #[must_use]
    pub fn new(count: usize, size: usize) -> Self {
        // SAFETY: zeros are valid in both.
        let (header, piece) = unsafe { (mem::zeroed::<libc::mmsghdr>(), mem::zeroed::<libc::iovec>()) };
        Self {
            buffers: vec![0; count * size],
            size,
            addresses: vec![MaybeUninit::zeroed(); count],
            controls: vec![[0; 4]; count],
            headers: vec![header; count],
            pieces: vec![piece; count],
            received: 0,
        }
    }

    /// Receives what is there, as far as there is room, without waiting. Returns the number of buffers filled.
    ///
    /// # Errors
    /// As recvmmsg(2), `WouldBlock` included.
    pub fn receive(&mut self, from: BorrowedFd<'_>) -> io::Result<usize> {
        self.received = 0;
        let buffers = self.buffers.chunks_exact_mut(self.size);
        let parts =
            self.headers.iter_mut().zip(&mut self.pieces).zip(&mut self.addresses).zip(&mut self.controls);
        for (buffer, (((header, piece), address), control)) in buffers.zip(parts) {
            *piece = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
            let header = &mut header.msg_hdr;
            header.msg_name = address.as_mut_ptr().cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_iov = piece;
            header.msg_iovlen = 1;
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = size_of::<Control>();
            header.msg_flags = 0;
        }
        let (headers, count) = (self.headers.as_mut_ptr(), self.headers.len() as libc::c_uint);
        // SAFETY: each header describes memory of this object that nobody else uses during the call.
        let received = unsafe {
            libc::recvmmsg(from.as_raw_fd(), headers, count, libc::MSG_DONTWAIT as _, ptr::null_mut())
        };
        self.received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        Ok(self.received)
    }

    /// What the last call received.
    pub fn received(&self) -> impl Iterator<Item = Received<'_>> {
        let buffers = self.buffers.chunks_exact(self.size);
        self.headers.iter().zip(buffers).zip(&self.addresses).take(self.received).map(
            |((header, buffer), address)| {
                let bytes = buffer.get(..header.msg_len as usize).unwrap_or(buffer);
                let piece = segment_size(&header.msg_hdr).filter(|&size| size > 0);
                Received {
                    from: socket_address(address),
                    bytes,
                    piece: piece.unwrap_or(bytes.len()).max(1),
                    truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
                }
            },
        )
    }
}

/// The size of the datagrams that the kernel has put together, if it has.
fn segment_size(header: &libc::msghdr) -> Option<usize> {
    // SAFETY: the header's control memory is that of the batch, which the kernel has filled in; the macros stay within.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while let Some(message) = control.as_ref() {
            if message.cmsg_level == libc::SOL_UDP && message.cmsg_type == libc::UDP_GRO {
                let size = libc::CMSG_DATA(control).cast::<libc::c_int>().read_unaligned();
                return usize::try_from(size).ok();
            }
            control = libc::CMSG_NXTHDR(header, control);
        }
    }
    None
}

fn socket_address(address: &MaybeUninit<libc::sockaddr_storage>) -> Option<SocketAddr> {
    let address = address.as_ptr();
    // SAFETY: the storage was zeroed or filled in by the kernel, is aligned for every family, and large enough.
    unsafe {
        match i32::from((*address).ss_family) {
            libc::AF_INET => {
                let address = address.cast::<libc::sockaddr_in>().read();
                let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
                Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(address.sin_port)))
            }
            libc::AF_INET6 => {
                let address = address.cast::<libc::sockaddr_in6>().read();
                let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
                let port = u16::from_be(address.sin6_port);
                Some(SocketAddrV6::new(ip, port, 0, address.sin6_scope_id).into())
            }
            _ => None,
        }
    }
}

/// Has the kernel cut what is sent in one piece into datagrams of `size` bytes, the last of which may be shorter; 0: no
/// more.
///
/// # Errors
/// As setsockopt(2), if it cannot.
pub fn set_segments(of: BorrowedFd<'_>, size: u16) -> io::Result<()> {
    set(of, libc::UDP_SEGMENT, size.into())
}

/// Has the kernel put datagrams of one size from one sender together, as [`Received::piece`] tells.
///
/// # Errors
/// As setsockopt(2), if it cannot.
pub fn set_gathering(of: BorrowedFd<'_>) -> io::Result<()> {
    set(of, libc::UDP_GRO, 1)
}

fn set(of: BorrowedFd<'_>, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    let size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the value outlives the call and has the size told.
    let result =
        unsafe { libc::setsockopt(of.as_raw_fd(), libc::SOL_UDP, option, (&raw const value).cast(), size) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    fn pair() -> (UdpSocket, UdpSocket) {
        let (a, b) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        a.connect(b.local_addr().unwrap()).unwrap();
        (a, b)
    }

    #[test]
    fn many_datagrams_come_in_one_call() {
        let (from, to) = pair();
        let mut batch = Batch::new(4, 8);
        assert_eq!(batch.receive(to.as_fd()).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(batch.received().count(), 0);
        for text in ["a", "", "more than that", "d", "e"] {
            from.send(text.as_bytes()).unwrap();
        }
        assert_eq!(batch.receive(to.as_fd()).unwrap(), 4);
        let received: Vec<_> = batch.received().collect();
        assert!(received.iter().all(|one| one.from == from.local_addr().ok()));
        let texts: Vec<_> = received.iter().map(|one| (one.bytes, one.truncated)).collect();
        assert_eq!(texts, [(&b"a"[..], false), (b"", false), (b"more tha", true), (b"d", false)]);
        assert_eq!(batch.receive(to.as_fd()).unwrap(), 1);
        assert_eq!(batch.received().next().unwrap().bytes, b"e");
    }

    #[test]
    fn the_kernel_cuts_and_gathers() {
        let (from, to) = pair();
        if set_segments(from.as_fd(), 3).is_err() || set_gathering(to.as_fd()).is_err() {
            return println!("skipped: this kernel does not cut datagrams");
        }
        from.send(b"aaabbbcc").unwrap();
        let (mut batch, mut texts) = (Batch::new(8, 100), Vec::new());
        while batch.receive(to.as_fd()).is_ok() {
            texts.extend(
                batch
                    .received()
                    .flat_map(|one| one.bytes.chunks(one.piece).map(<[u8]>::to_vec).collect::<Vec<_>>()),
            );
        }
        assert_eq!(texts, [&b"aaa"[..], b"bbb", b"cc"]);
    }
}
