//! Peers that speak ZMTP 1.0 (RFC 13).

use crate::engine::contract::Transcode;
use crate::engine::upstream::bytes_of;
use crate::engine::zmtp::End;
use queue::{Bounds, Kind, Part, Taken, Writer};
use zmtp::{Flags, Version, command, frame, frame_v1};

/// Both directions, re-framed.
#[derive(Debug)]
pub(crate) struct Legacy {
    max_frame: i64,
    /// The parts of a message that is not complete yet.
    parts: Vec<Vec<u8>>,
    gathered: u64,
    bounds: Bounds,
    /// Only what a REQ understands may come.
    replies: bool,
}

impl Legacy {
    pub(crate) fn new(max_frame: i64, bounds: Bounds, replies: bool) -> Self {
        Self { max_frame, parts: Vec::new(), gathered: 0, bounds, replies }
    }
}

impl Transcode for Legacy {
    fn encode(&mut self, taken: Taken<'_>, out: &mut Vec<u8>) {
        let body = bytes_of(&taken.body);
        match taken.kind {
            Kind::Subscribe => command::subscribe(out, body, Version::V1_0),
            Kind::Cancel => command::cancel(out, body, Version::V1_0),
            Kind::Data => {
                frame_v1::append(out, if taken.more { Flags::MORE } else { Flags::LAST }, &[body]);
            }
            Kind::Skip => {}
        }
    }

    fn decodes(&self) -> bool {
        true
    }

    fn decode(&mut self, bytes: &[u8], into: &mut Writer) -> Result<usize, End> {
        let mut done = 0;
        while into.await_room() {
            let rest = &bytes[done..];
            let Some(header) = frame_v1::decode_header(rest).map_err(End::Protocol)? else { break };
            frame::check(header.size, self.max_frame).map_err(End::Protocol)?;
            let whole = usize::try_from(header.size).unwrap_or(usize::MAX).saturating_add(header.header_len);
            let Some(frame) = rest.get(header.header_len..whole) else { break };
            done += whole;
            self.gathered += header.size + 16;
            if self.gathered > self.bounds.message || self.parts.len() as u64 >= self.bounds.parts {
                return Err(End::TooLarge);
            }
            self.parts.push(frame.to_vec());
            if !header.flags.has(Flags::MORE) {
                if self.replies && !is_reply(&self.parts) {
                    return Err(End::NoReply);
                }
                let parts: Vec<_> = self.parts.iter().map(|part| Part::Slice(part)).collect();
                into.write(&[], &parts);
                self.parts.clear();
                self.gathered = 0;
            }
        }
        Ok(done)
    }
}

/// Perhaps a number of 4 bytes, then an empty frame, then the body.
fn is_reply(parts: &[Vec<u8>]) -> bool {
    let rest = match parts {
        [number, rest @ ..] if number.len() == 4 => rest,
        all => all,
    };
    matches!(rest, [empty, _, ..] if empty.is_empty())
}
