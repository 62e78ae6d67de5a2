//! The protocol versions a connection can settle on.

use std::fmt;

/// The version of ZMTP spoken on a connection: the lower of both sides' versions.
///
/// Ordered from old to new, so that `version >= Version::V3_0` asks whether commands are understood.
/// Framing is that of [`frame_v1`](crate::frame_v1) for [`V1_0`](Self::V1_0) and that of
/// [`frame`](crate::frame) for all others. Source: RFC 13, 15, 23 and 37.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// ZMTP 1.0, with or without a revision byte in the greeting (RFC 13).
    V1_0,
    /// ZMTP 2.0: frames as today, no commands (RFC 15).
    V2_0,
    /// ZMTP 3.0: commands, mechanisms, heartbeats; subscriptions are messages (RFC 23).
    V3_0,
    /// ZMTP 3.1: subscriptions are commands (RFC 37).
    V3_1,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_0 => "1.0",
            Self::V2_0 => "2.0",
            Self::V3_0 => "3.0",
            Self::V3_1 => "3.1",
        })
    }
}
