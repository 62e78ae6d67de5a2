//! Peers that speak ZMTP 1.0 (RFC 13).

use crate::engine::contract::End;
use crate::engine::contract::Transcode;
use bytes::Bytes;
use queue::{Bounds, Kind, Part, Reply, Taken, Writer};
use zmtp::{Flags, Version, command, frame, frame_v1};

/// Both directions, re-framed.
#[derive(Debug)]
pub(crate) struct Legacy {
    max_frame: i64,
    /// The parts of a message that is not complete yet.
    parts: Vec<Bytes>,
    gathered: u64,
    bounds: Bounds,
    /// Where only replies may come: the part of the one begun.
    reply: Option<Reply>,
}

impl Legacy {
    pub(crate) fn new(max_frame: i64, bounds: Bounds, replies: bool) -> Self {
        let reply = replies.then(Reply::default);
        Self { max_frame, parts: Vec::new(), gathered: 0, bounds, reply }
    }
}

impl Transcode for Legacy {
    fn encode(&mut self, taken: Taken<'_>, out: &mut Vec<u8>) {
        let body = taken.body.as_ref();
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
            let gathered = self.gathered + header.size + 16;
            if gathered > self.bounds.message || self.parts.len() as u64 >= self.bounds.parts {
                return Err(End::TooLarge);
            }
            let whole = usize::try_from(header.size).unwrap_or(usize::MAX).saturating_add(header.header_len);
            let Some(frame) = rest.get(header.header_len..whole) else { break };
            (done, self.gathered) = (done + whole, gathered);
            if let Some(passed) = self.reply {
                self.reply =
                    Some(passed.pass(header.flags.has(Flags::MORE), header.size).ok_or(End::NoReply)?);
            }
            self.parts.try_reserve(1).map_err(|_| End::NoMemory)?;
            self.parts.push(copy(frame)?);
            if !header.flags.has(Flags::MORE) {
                let mut parts = Vec::new();
                parts.try_reserve_exact(self.parts.len()).map_err(|_| End::NoMemory)?;
                parts.extend(self.parts.iter().map(Part::Shared));
                if !into.try_write(&parts) {
                    return Err(End::NoMemory);
                }
                self.parts.clear();
                self.gathered = 0;
            }
        }
        Ok(done)
    }
}

/// As `Bytes::copy_from_slice`, which would end the process if there is no memory.
fn copy(frame: &[u8]) -> Result<Bytes, End> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(frame.len()).map_err(|_| End::NoMemory)?;
    bytes.extend_from_slice(frame);
    Ok(bytes.into())
}
