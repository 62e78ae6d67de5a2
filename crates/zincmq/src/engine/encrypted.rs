//! Encrypted connections (CURVE): each frame travels in a box of its own.

use crate::engine::contract::Transcode;
use queue::{Kind, Taken, Unseal};
use zmtp::{Flags, OVERHEAD, Opener, Sealer, Version, command, frame};

/// The way out: frames are appended as they are, and sealed together before they are written.
#[derive(Debug)]
pub(crate) struct Sealed {
    sealer: Sealer,
    version: Version,
    /// Frames of the protocol's own, on their way into boxes.
    plain: Vec<u8>,
}

impl Sealed {
    pub(crate) fn new(sealer: Sealer, version: Version) -> Self {
        Self { sealer, version, plain: Vec::new() }
    }

    /// Appends each of the plain frames in `plain`.
    fn append_all(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        let mut rest = plain;
        while let Some(header) = frame::decode_header(rest) {
            let (_, body) = rest.split_at(header.header_len);
            let Some((body, later)) = body.split_at_checked(header.size as usize) else { break };
            self.sealer.append(out, header.flags, body);
            rest = later;
        }
    }
}

impl Transcode for Sealed {
    fn encode(&mut self, taken: Taken<'_>, out: &mut Vec<u8>) {
        let body = taken.body.as_ref();
        match taken.kind {
            Kind::Data => self.sealer.append(out, if taken.more { Flags::MORE } else { Flags::LAST }, body),
            Kind::Skip => {}
            Kind::Subscribe | Kind::Cancel => {
                let mut plain = std::mem::take(&mut self.plain);
                plain.clear();
                let write = if taken.kind == Kind::Subscribe { command::subscribe } else { command::cancel };
                write(&mut plain, body, self.version);
                self.append_all(&plain, out);
                self.plain = plain;
            }
        }
    }

    fn control(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        self.append_all(plain, out);
    }

    fn finish(&mut self, out: &mut [u8], budget: usize) -> Result<usize, zmtp::Error> {
        self.sealer.seal(out, budget)
    }
}

/// The way in.
#[derive(Debug)]
pub(crate) struct Boxes(pub(crate) Opener);

impl Unseal for Boxes {
    const OVERHEAD: usize = OVERHEAD;

    type Error = zmtp::Error;

    fn open(&mut self, bodies: &mut [&mut [u8]]) -> Result<(), zmtp::Error> {
        self.0.open(bodies.iter_mut().map(|body| &mut **body))
    }

    fn open_part(&mut self, body: &mut [u8], opened: usize, whole: bool) -> Result<usize, zmtp::Error> {
        self.0.open_part(body, opened, whole)
    }

    fn flags(body: &[u8]) -> u8 {
        zmtp::sealed_flags(body).0
    }
}
