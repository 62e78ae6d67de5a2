//! The frames that SUB and XSUB send: subscriptions in the form that the publisher's version understands.

use crate::engine::contract::Transcode;
use queue::{Kind, Taken};
use zmtp::{Flags, Version, command, frame};

/// Outbound translation towards a publisher of ZMTP 2.0 to 3.1.
#[derive(Debug)]
pub(crate) struct Upstream(pub(crate) Version);

impl Transcode for Upstream {
    fn encode(&mut self, taken: Taken<'_>, out: &mut Vec<u8>) {
        let (kind, more) = (taken.kind, taken.more);
        let body = taken.body.as_ref();
        match kind {
            Kind::Subscribe => command::subscribe(out, body, self.0),
            Kind::Cancel => command::cancel(out, body, self.0),
            Kind::Data => frame::append(out, if more { Flags::MORE } else { Flags::LAST }, &[body]),
            Kind::Skip => {}
        }
    }
}
