//! Traffic: frames in both directions. This phase keeps no state: the code that moves the bytes parses them
//! in its own buffer with [`frame`](crate::frame) or [`frame_v1`](crate::frame_v1), and a [`Peer`] tells it
//! all that it has to know of the other side.

use crate::metadata::Property;
use crate::version::Version;

/// The facts known of the peer when its traffic begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The version to speak.
    pub version: Version,
    /// Its socket type, which is one of those accepted; `None` if it did not say (1.0 and 2.0 peers never
    /// do in a form that is looked at).
    pub socket_type: Option<String>,
    /// The routing id it announced; `None` if it announced none. May be empty.
    pub routing_id: Option<Vec<u8>>,
    /// All its properties in order, `Socket-Type` and `Identity` included; of equal names the first.
    pub properties: Vec<Property>,
    /// Whether it sent no greeting at all. Such a peer may not send subscriptions either: a publisher
    /// takes it for subscribed to everything.
    pub unversioned: bool,
}
