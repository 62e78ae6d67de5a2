//! The beginning of a connection: the SOCKS proxy's part, if there is one, then the ZMTP handshake.

use crate::command::{NoAuthenticator, SocketShared};
use crate::io::inquiry::{Inquired, Inquiry};
use crate::option::Options;
use crate::socket_type::SocketType;
use crate::trace::Span;
use crate::transport::net::socks;
use queue::Notify;
use rustix::net::{RecvFlags, SendFlags};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use zmtp::zap::Circumstances;
use zmtp::{Cipher, Local, Opening, Property, SocketName, Status, Verdict};

/// The number of bytes read at once; a handshake is small.
const ROOM: usize = 1024;

/// A connection whose handshake is under way.
#[derive(Debug)]
pub(crate) struct Handshake {
    pub(crate) descriptor: OwnedFd,
    proxy: Option<socks::Client>,
    opening: Opening,
    asking: Asking,
    /// The peer writes no more.
    hung_up: bool,
    /// From its beginning to its end.
    pub(crate) span: Span,
    /// The authenticator's word on the peer.
    granted: Vec<Property>,
}

/// Whether an authenticator has the word.
#[derive(Debug)]
enum Asking {
    No,
    /// It is to be asked, or has been; these bytes of the peer wait.
    Yes {
        inquiry: Option<Box<Inquiry>>,
        kept: Vec<u8>,
    },
}

/// The outcome of a handshake, if it has ended.
#[derive(Debug)]
pub(crate) enum HandshakeStatus {
    /// It goes on.
    Pending,
    /// The authenticator is to be asked ([`Handshake::ask`]).
    Asks,
    /// It has gone without an answer, and is to be asked again when there is one.
    AsksLater,
    /// There is none: plain bytes follow.
    Raw,
    /// The peer is known.
    Done(Box<Opened>),
}

/// The result of a handshake that has succeeded.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) peer: zmtp::Peer,
    /// The authenticator's word on it.
    pub(crate) granted: Vec<Property>,
    /// The keys of the traffic, if it is encrypted.
    pub(crate) cipher: Option<Cipher>,
    /// The bytes that came behind the handshake.
    pub(crate) rest: Vec<u8>,
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
    /// There is no authenticator to ask.
    #[error("there is no authenticator")]
    NoAuthenticator,
}

impl Handshake {
    pub(crate) fn new(
        descriptor: OwnedFd,
        proxy: Option<socks::Client>,
        socket_type: SocketType,
        options: &Options,
        span: Span,
    ) -> Self {
        let local = Local {
            socket_type: SocketName {
                name: socket_type.name(),
                code: socket_type.number() as u8,
                peers: socket_type.peers(),
            },
            routing_id: socket_type.profile().announces_id.then(|| options.routing_id.clone()),
            metadata: options.metadata.clone(),
            security: options.security(),
            random: zmtp::system_random,
            allow_old: options.zap_domain.is_empty(),
        };
        Self {
            descriptor,
            proxy,
            opening: Opening::new(local),
            asking: Asking::No,
            hung_up: false,
            span,
            granted: Vec::new(),
        }
    }

    pub(crate) fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    pub(crate) fn into_descriptor(self) -> OwnedFd {
        self.descriptor
    }

    /// The system says that the peer writes no more.
    pub(crate) fn hung_up(&mut self) {
        self.hung_up = true;
    }

    /// Sends and receives as far as possible now.
    pub(crate) fn turn(&mut self) -> Result<HandshakeStatus, Failure> {
        loop {
            if let Asking::Yes { .. } = self.asking {
                // Nothing is read meanwhile, so the end would not show.
                let gone = || Failure::Lost(io::ErrorKind::ConnectionReset.into());
                return if self.hung_up {
                    Err(gone())
                } else {
                    self.send().map(|()| HandshakeStatus::Pending)
                };
            }
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
        let fed = self.opening.feed(bytes);
        self.settle(fed.map(|(taken, status)| (status, &bytes[taken..])))
    }

    /// The opening has come so far; `rest` is behind it.
    fn settle(
        &mut self,
        result: Result<(Status, &[u8]), zmtp::Error>,
    ) -> Result<Option<HandshakeStatus>, Failure> {
        match result {
            Ok((Status::More, _)) => Ok(None),
            Ok((Status::Waiting, rest)) => {
                self.asking = Asking::Yes { inquiry: None, kept: rest.to_vec() };
                self.send()?;
                Ok(Some(HandshakeStatus::Asks))
            }
            Ok((Status::Open(peer), rest)) => {
                self.send()?;
                let (cipher, rest) = (self.opening.take_cipher(), rest.to_vec());
                let granted = std::mem::take(&mut self.granted);
                Ok(Some(HandshakeStatus::Done(Box::new(Opened { peer, granted, cipher, rest }))))
            }
            Err(error) => {
                // The reason, if there is one to tell; the connection ends anyway.
                _ = self.send();
                Err(Failure::Protocol(error))
            }
        }
    }

    /// Asks the authenticator, or goes on without one where that is allowed.
    pub(crate) fn ask(
        &mut self,
        owner: &SocketShared,
        options: &Options,
        address: &str,
        notify: (Arc<dyn Notify>, u64),
    ) -> Result<HandshakeStatus, Failure> {
        let Some(request) = self.opening.zap_request() else { return self.turn() };
        let about = Circumstances { domain: &options.zap_domain, address, routing_id: &options.routing_id };
        let Asking::Yes { inquiry, .. } = &mut self.asking else { return self.turn() };
        if inquiry.is_some() {
            return self.look_for_answer();
        }
        // PLAIN has nobody else who could judge. Without a handler libzmq lets others in, unless it is told otherwise.
        let lenient = request.mechanism != "PLAIN" && !options.zap_enforce_domain;
        match Inquiry::ask(&*owner.authenticator, &request, about, &owner.pool, notify) {
            Ok(asked) => {
                *inquiry = Some(Box::new(asked));
                self.look_for_answer()
            }
            Err(NoAuthenticator::Gone) => Ok(HandshakeStatus::AsksLater),
            Err(NoAuthenticator::Absent) if lenient => self.judged(Verdict::Success),
            Err(_) => Err(Failure::NoAuthenticator),
        }
    }

    /// The authenticator may have answered.
    pub(crate) fn look_for_answer(&mut self) -> Result<HandshakeStatus, Failure> {
        let Asking::Yes { inquiry, .. } = &mut self.asking else {
            return Ok(HandshakeStatus::Pending);
        };
        let Some(asked) = inquiry else { return Ok(HandshakeStatus::Pending) };
        match asked.look() {
            Inquired::Waiting => Ok(HandshakeStatus::Pending),
            Inquired::Gone => {
                *inquiry = None;
                Ok(HandshakeStatus::AsksLater)
            }
            Inquired::Answered(Ok(answer)) => {
                self.granted = answer.properties;
                self.judged(answer.verdict)
            }
            Inquired::Answered(Err(error)) => Err(Failure::Protocol(error)),
        }
    }

    /// Goes on after the verdict.
    fn judged(&mut self, verdict: Verdict) -> Result<HandshakeStatus, Failure> {
        let Asking::Yes { kept, .. } = std::mem::replace(&mut self.asking, Asking::No) else {
            return self.turn();
        };
        let judged = self.opening.verdict(verdict);
        if let Some(status) = self.settle(judged.map(|status| (status, kept.as_slice())))? {
            return Ok(status);
        }
        match self.take(&kept)? {
            Some(status) => Ok(status),
            None => self.turn(),
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
    use crate::trace::span;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    /// The peer says this and hangs up before it has been written to.
    fn meet(said: &[u8]) -> Failure {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(said).unwrap();
        drop(theirs);
        let options = Options::new(SocketType::Push);
        let span = span!("connection", "handshake");
        Handshake::new(ours.into(), None, SocketType::Push, &options, span).turn().unwrap_err()
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
