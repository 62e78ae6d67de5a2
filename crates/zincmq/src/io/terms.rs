//! The results of the handshake: how the engine speaks, what the pipe gets first, what messages tell of their
//! connection.

use crate::engine::{HeartbeatConfig, Legacy, Raw, Sealed, Transcode, Upstream, bounds};
use crate::io::notice;
use crate::message::PeerInfo;
use crate::option::Options;
use crate::socket_type::SocketType;
use crate::transport::Link;
use queue::Filler;
use std::time::Duration;
use zmtp::{Property, Sealer, Version};

/// See the module.
#[derive(Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) socket_type: SocketType,
    pub(crate) options: &'a Options,
    /// None: plain bytes, no ZMTP.
    pub(crate) peer: Option<&'a zmtp::Peer>,
}

/// The properties that the authenticator and the system alone tell.
const SYSTEM: [&str; 2] = ["User-Id", "Peer-Address"];

/// An option in milliseconds; negative ones count as none.
pub(crate) fn milliseconds(count: i32) -> Duration {
    Duration::from_millis(count.max(0) as u64)
}

impl Terms<'_> {
    /// Describes the connection to those who ask its messages: first what the authenticator has `granted` and the system
    /// tells, then what the peer says of itself, which cannot take their places.
    pub(crate) fn describe(&self, granted: Vec<Property>, link: Option<&Link>, descriptor: i32) -> PeerInfo {
        let mut properties = granted;
        if let Some(link) = link {
            properties.push(("Peer-Address".to_owned(), link.peer_address().as_bytes().to_vec()));
        }
        let own = self.peer.iter().flat_map(|peer| peer.properties.iter());
        let own = own.filter(|(name, _)| !SYSTEM.iter().any(|known| name.eq_ignore_ascii_case(known)));
        properties.extend(own.cloned());
        // The same under its newer name.
        if let Some((_, id)) = properties.iter().find(|(name, _)| name == "Identity") {
            properties.push(("Routing-Id".to_owned(), id.clone()));
        }
        PeerInfo::new(&properties, descriptor)
    }

    /// Writes what the inbound pipe gets before the peer's first message, on its first connection or `again`.
    pub(crate) fn begin(&self, filler: &mut Filler, again: bool) {
        let profile = self.socket_type.profile();
        if profile.publishes {
            filler.allow_large(zmtp::command::WITH_TOPIC);
        }
        if profile.publishes && self.peer.is_some_and(|peer| peer.unversioned) {
            // Such a peer cannot subscribe: it gets everything.
            filler.writer().write_kind(queue::Kind::Subscribe, b"");
            filler.resync();
            if filler.publish() {
                filler.wake();
            }
        }
        if profile.expects_replies {
            filler.expect_replies();
        }
        if again {
            notice::reopened(filler, self.socket_type, self.options);
        }
    }

    /// The translation that the connection needs, if its bytes are not the pipe's own. The traffic is encrypted if there is
    /// a `sealer`.
    pub(crate) fn transcoder(&self, sealer: Option<Sealer>) -> Option<Box<dyn Transcode>> {
        let options = self.options;
        let Some(peer) = self.peer else {
            return Some(Box::new(Raw { chunk: options.in_batch_size.max(1) as usize }));
        };
        if peer.version == Version::V1_0 {
            let replies = self.socket_type.profile().expects_replies;
            return Some(Box::new(Legacy::new(options.maxmsgsize, bounds(options), replies)));
        }
        if let Some(sealer) = sealer {
            return Some(Box::new(Sealed::new(sealer, peer.version)));
        }
        let subscribes = self.socket_type.profile().subscribes;
        subscribes.then(|| Box::new(Upstream(peer.version)) as Box<dyn Transcode>)
    }

    /// The heartbeats: none to peers before ZMTP 3.0.
    pub(crate) fn heartbeat(&self) -> HeartbeatConfig {
        let options = self.options;
        if self.peer.is_none_or(|peer| peer.version < Version::V3_0) {
            return HeartbeatConfig::default();
        }
        let interval = milliseconds(options.heartbeat_ivl);
        let timeout =
            if options.heartbeat_timeout < 0 { interval } else { milliseconds(options.heartbeat_timeout) };
        HeartbeatConfig { interval, timeout, ttl: options.heartbeat_ttl.max(0) as u32 }
    }
}
