//! This side of a connection: what it says of itself and accepts of others.

use crate::crypto::Random;
use crate::mechanism::Security;
use crate::metadata::{self, Property};

/// A socket type, as far as the protocol cares. The meaning of the type is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketName {
    /// Its name on the wire, such as `"PUSH"`.
    pub name: &'static str,
    /// Its number in the greeting of a peer of ZMTP 1.0 or 2.0 (`ZMQ_PUSH` is 8).
    pub code: u8,
    /// The names of the types it talks to.
    pub peers: &'static [&'static str],
}

/// This side of a connection: what it says of itself and accepts of others.
#[derive(Clone, Debug)]
pub struct Local {
    /// Our socket type and those it talks to.
    pub socket_type: SocketName,
    /// Our routing id. `None`: the property `Identity` is not sent (libzmq sends it for REQ, DEALER and
    /// ROUTER alone); an empty one is sent. Old peers get an empty one in either case.
    pub routing_id: Option<Vec<u8>>,
    /// Properties sent behind `Socket-Type` and `Identity`, in this order. One with a name above
    /// 255 bytes is left out.
    pub metadata: Vec<Property>,
    /// The security mechanism.
    pub security: Security,
    /// The source of random bytes: [`system_random`](crate::system_random), unless a handshake is to be repeated.
    pub random: Random,
    /// Whether peers of ZMTP 1.0 and 2.0 are let in. Even if so they are not when `security` wants proof.
    pub allow_old: bool,
}

impl Local {
    /// Our metadata as the handshake carries it.
    pub(crate) fn metadata_block(&self) -> Vec<u8> {
        let mut block = Vec::new();
        metadata::append(&mut block, metadata::SOCKET_TYPE, self.socket_type.name.as_bytes());
        if let Some(id) = &self.routing_id {
            metadata::append(&mut block, metadata::IDENTITY, id);
        }
        for (name, value) in &self.metadata {
            metadata::append(&mut block, name, value);
        }
        block
    }

    /// Our routing id as old peers get it.
    pub(crate) fn routing_id(&self) -> &[u8] {
        self.routing_id.as_deref().unwrap_or_default()
    }
}
