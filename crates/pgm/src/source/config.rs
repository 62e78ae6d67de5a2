use super::bucket::Bucket;
use crate::{DATA_HEADER, RESERVED, Request, Sequence, Tsi};
use std::net::IpAddr;
use std::time::Instant;

/// The longest datagram of IP.
const MAX_DATAGRAM: usize = 65_535;

/// The longest window: numbers in it are less than 2^31 apart by far.
const MAX_WINDOW: u32 = 1 << 30;

/// How often a source repairs, beside its rate. Packets that fall out of the window at the rate of new data are then
/// sent again before, even if all of it was lost.
const REPAIRS: u64 = 2;

/// Bytes of NCFs that may be sent at once: 64 of the longest.
const CONFIRMATIONS: u64 = 64 * 364;

/// What a [`Source`](crate::Source) is to be.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// The source's session: a random GSI and port, new in each session. The port should not be the endpoint's.
    pub tsi: Tsi,
    /// The port of the endpoint.
    pub port: u16,
    /// The source's own address, to which receivers send NAKs.
    pub nla: IpAddr,
    /// The group that the source sends to. NAKs name it.
    pub group: IpAddr,
    /// Bytes of new data a second, the headers of IP and UDP included. At least one datagram of `max_tpdu`.
    pub rate: u64,
    /// The longest datagram in bytes, the headers of IP and UDP included; at most 65,535. libzmq's default is 1,500.
    pub max_tpdu: usize,
    /// Bytes of the headers of IP and UDP: 28, or 48 with IPv6. Without UDP 20, or 40.
    pub overhead: usize,
    /// Packets kept to be sent again; at least 1, at most 2^30. Memory for them is taken as they are sent.
    pub window: u32,
    /// The number of the first data packet. It is 0 except in tests.
    pub first: Sequence,
}

/// Why there can be no such source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not even one datagram could be sent in a second.
    #[error("a rate of {rate} bytes a second is less than one datagram of {max_tpdu} bytes a second")]
    Rate {
        /// Bytes a second.
        rate: u64,
        /// The longest datagram in bytes.
        max_tpdu: usize,
    },
    /// There would be no room for data, or more than IP can send.
    #[error("a datagram of {max_tpdu} bytes is not one of {least} to {most} bytes")]
    MaxTpdu {
        /// The longest datagram in bytes, as given.
        max_tpdu: usize,
        /// The headers, and one byte of data.
        least: usize,
        /// What IP can send.
        most: usize,
    },
    /// The window is empty, or so long that its numbers could not be told apart.
    #[error("a window of {window} packets is not one of 1 to {most} packets")]
    Window {
        /// The window in packets, as given.
        window: u32,
        /// The most packets.
        most: u32,
    },
    /// One of the source's address and the group's is of IPv4, and the other of IPv6.
    #[error("the address {nla} and the group {group} are not of one family")]
    Family {
        /// The source's address.
        nla: IpAddr,
        /// The group's address.
        group: IpAddr,
    },
}

impl SourceConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Self { rate, max_tpdu, overhead, window, nla, group, .. } = *self;
        let (least, most) = (overhead.saturating_add(RESERVED + 1), MAX_DATAGRAM);
        if max_tpdu < least || max_tpdu > most {
            return Err(ConfigError::MaxTpdu { max_tpdu, least, most });
        }
        if rate < max_tpdu as u64 {
            return Err(ConfigError::Rate { rate, max_tpdu });
        }
        if window == 0 || window > MAX_WINDOW {
            return Err(ConfigError::Window { window, most: MAX_WINDOW });
        }
        if nla.is_ipv4() != group.is_ipv4() {
            return Err(ConfigError::Family { nla, group });
        }
        Ok(())
    }

    pub(super) const fn max_payload(&self) -> usize {
        self.max_tpdu.saturating_sub(self.overhead).saturating_sub(RESERVED)
    }

    /// The bytes of a datagram with a payload.
    pub(super) const fn cost(&self, payload: usize) -> usize {
        payload.saturating_add(DATA_HEADER).saturating_add(self.overhead)
    }

    /// New data: a second's worth at once, or a millisecond's where that is a datagram at least, so that a fast source
    /// does not flood its receivers' buffers.
    pub(super) fn data_rate(&self, now: Instant) -> Bucket {
        Bucket::new(self.rate, self.burst(), now)
    }

    /// Repairs: a whole request at once, and then twice the rate of new data. It is what a flood of NAKs can cost the
    /// group; libzmq has no such limit.
    pub(super) fn repair_rate(&self, now: Instant) -> Bucket {
        let request = (1 + Request::MAX_MORE) as u64 * self.max_tpdu as u64;
        Bucket::new(self.rate.saturating_mul(REPAIRS), self.burst().max(request), now)
    }

    /// NCFs: half the rate of new data, and not out of that of repairs, which a flood of senseless NAKs would use up.
    pub(super) fn confirmation_rate(&self, now: Instant) -> Bucket {
        Bucket::new(self.rate / 2, self.burst().max(CONFIRMATIONS), now)
    }

    const fn burst(&self) -> u64 {
        let millisecond = self.rate / 1_000;
        if millisecond >= self.max_tpdu as u64 { millisecond } else { self.rate }
    }
}
