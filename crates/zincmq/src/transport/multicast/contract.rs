//! The kinds of multicast endpoints.

/// How packets are carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Encapsulation {
    /// `epgm`: in UDP datagrams.
    Udp,
    /// `pgm`: as a protocol of IP by itself, which takes a privilege.
    Raw,
}

/// The side of an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// It sends to the group, and hears what receivers ask for.
    Send,
    /// It hears the group, and asks its sources.
    Receive,
}

impl Encapsulation {
    /// The transport for a scheme, as written before `://`.
    pub(crate) fn by_scheme(scheme: &str) -> Option<Self> {
        [Self::Udp, Self::Raw].into_iter().find(|one| one.scheme() == scheme)
    }

    pub(crate) const fn scheme(self) -> &'static str {
        match self {
            Self::Udp => "epgm",
            Self::Raw => "pgm",
        }
    }

    /// Bytes of the headers in front of a packet.
    pub(super) const fn overhead(self, ipv6: bool) -> usize {
        let ip = if ipv6 { 40 } else { 20 };
        match self {
            Self::Udp => ip + 8,
            Self::Raw => ip,
        }
    }
}
