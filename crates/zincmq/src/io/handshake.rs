//! The beginning of a connection: the SOCKS proxy's part, if there is one, then the ZMTP handshake.

use crate::option::Options;
use crate::socket_type::SocketType;
use crate::transport::net::socks;
use rustix::net::{RecvFlags, SendFlags};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use zmtp::{Local, Opening, Security, SocketName, Status};

/// The number of bytes read at once; a handshake is small.
const ROOM: usize = 1024;

/// A connection whose handshake is under way.
#[derive(Debug)]
pub(crate) struct Handshake {
    pub(crate) descriptor: OwnedFd,
    proxy: Option<socks::Client>,
    opening: Opening,
}

/// The outcome of a handshake, if it has ended.
#[derive(Debug)]
pub(crate) enum HandshakeStatus {
    /// It goes on.
    Pending,
    /// There is none: plain bytes follow.
    Raw,
    /// The peer is known; these bytes came behind the handshake.
    Done(zmtp::Peer, Vec<u8>),
}

/// The reasons for which a handshake fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The connection broke or ended.
    #[error(transparent)]
    Lost(io::Error),
    /// The peer broke the protocol, or refused us.
    #[error(transparent)]
    Protocol(zmtp::Error),
    /// The proxy refused or broke its protocol.
    #[error(transparent)]
    Proxy(socks::SocksError),
}

impl Handshake {
    pub(crate) fn new(
        descriptor: OwnedFd,
        proxy: Option<socks::Client>,
        socket_type: SocketType,
        options: &Options,
    ) -> Self {
        let local = Local {
            socket_type: SocketName {
                name: socket_type.name(),
                code: socket_type.number() as u8,
                peers: socket_type.peers(),
            },
            routing_id: socket_type.profile().announces_id.then(|| options.routing_id.clone()),
            metadata: options.metadata.clone(),
            security: Security::Null { zap: false },
            allow_old: options.zap_domain.is_empty(),
        };
        Self { descriptor, proxy, opening: Opening::new(local) }
    }

    pub(crate) fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    pub(crate) fn into_descriptor(self) -> OwnedFd {
        self.descriptor
    }

    /// Sends and receives as far as possible now.
    pub(crate) fn turn(&mut self) -> Result<HandshakeStatus, Failure> {
        loop {
            // The words of a peer before it hangs up tell more than the failure to write to it.
            let sent = self.send();
            let mut room = [0; ROOM];
            // A proxy's answer may be followed by the peer's bytes: take no more than it needs.
            let wanted = self.proxy.as_ref().map_or(ROOM, |proxy| proxy.wanted().min(ROOM));
            let read = match rustix::net::recv(&self.descriptor, &mut room[..wanted], RecvFlags::DONTWAIT) {
                Ok((0, _)) => {
                    let reset = || Failure::Lost(io::ErrorKind::ConnectionReset.into());
                    return Err(sent.err().unwrap_or_else(reset));
                }
                Ok((read, _)) => read,
                Err(rustix::io::Errno::WOULDBLOCK) => return sent.map(|()| HandshakeStatus::Pending),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(Failure::Lost(error.into())),
            };
            if let Some(status) = self.take(&room[..read])? {
                return Ok(status);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Option<HandshakeStatus>, Failure> {
        if let Some(proxy) = &mut self.proxy {
            proxy.input(bytes).map_err(Failure::Proxy)?;
            if proxy.is_done() {
                self.proxy = None;
            }
            return Ok(None);
        }
        match self.opening.feed(bytes) {
            Ok((taken, Status::Open(peer))) => {
                self.send()?;
                Ok(Some(HandshakeStatus::Done(peer, bytes[taken..].to_vec())))
            }
            Ok(_) => Ok(None),
            Err(error) => {
                // The reason, if there is one to tell; the connection ends anyway.
                _ = self.send();
                Err(Failure::Protocol(error))
            }
        }
    }

    fn send(&mut self) -> Result<(), Failure> {
        loop {
            let bytes = match &self.proxy {
                Some(proxy) => proxy.output(),
                None => self.opening.output(),
            };
            if bytes.is_empty() {
                return Ok(());
            }
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match rustix::net::send(self.descriptor.as_fd(), bytes, flags) {
                Ok(sent) => match &mut self.proxy {
                    Some(proxy) => proxy.wrote(sent),
                    None => drop(self.opening.output().drain(..sent)),
                },
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Failure::Lost(error.into())),
            }
        }
    }

    /// The bytes that the handshake has not sent yet.
    pub(crate) fn unsent(&mut self) -> Vec<u8> {
        std::mem::take(self.opening.output())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    /// The peer says this and hangs up before it has been written to.
    fn meet(said: &[u8]) -> Failure {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(said).unwrap();
        drop(theirs);
        let options = Options::new(SocketType::Push);
        Handshake::new(ours.into(), None, SocketType::Push, &options).turn().unwrap_err()
    }

    #[test]
    fn the_reason_of_a_peer_that_hangs_up_is_known() {
        let mut greeting = [0; 64];
        greeting[..17].copy_from_slice(b"\xFF\0\0\0\0\0\0\0\x01\x7F\x03\x01CURVE");
        let failure = meet(&greeting);
        let named = matches!(failure, Failure::Protocol(zmtp::Error::MechanismMismatch { .. }));
        assert!(named, "{failure:?}");
        // It has not said why.
        for said in [&greeting[..10], b""] {
            let failure = meet(said);
            assert!(
                matches!(&failure, Failure::Lost(error) if error.raw_os_error() == Some(32)),
                "{failure:?}"
            );
        }
    }
}
