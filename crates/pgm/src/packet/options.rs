use super::{More, PacketError};

/// Types of options, and the mark on the last one.
pub(super) const LENGTH: u8 = 0x00;
pub(super) const FRAGMENT: u8 = 0x01;
pub(super) const LIST: u8 = 0x02;
pub(super) const FIN: u8 = 0x0e;
pub(super) const LAST: u8 = 0x80;

/// The bytes of an option without a body, and of the first option, which tells the length of all.
pub(super) const PLAIN: usize = 4;

/// More options than anybody needs.
const MOST: usize = 16;

/// What the options of a packet say.
pub(super) struct Options<'a> {
    pub(super) list: More<'a>,
    pub(super) fin: bool,
    pub(super) fragment: bool,
    /// The bytes of all of them.
    pub(super) length: usize,
}

impl<'a> Options<'a> {
    pub(super) const NONE: Self = Self { list: More::none(), fin: false, fragment: false, length: 0 };

    /// Reads the options that begin with byte `at` of a packet.
    pub(super) fn read(packet: &'a [u8], at: usize) -> Result<Self, PacketError> {
        let malformed = |at| PacketError::Option { at };
        let bytes = packet.get(at..).unwrap_or_default();
        let Some((&[LENGTH, 4, high, low], _)) = bytes.split_first_chunk::<PLAIN>() else {
            return Err(malformed(at));
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let mut rest = bytes.get(PLAIN..length).ok_or_else(|| malformed(at))?;
        let mut found = Self { length, ..Self::NONE };
        for _ in 0..MOST {
            let at = at + length - rest.len();
            let Some((&[kind, own, extra, _], _)) = rest.split_first_chunk::<PLAIN>() else {
                // The mark on the last one may be missing.
                return if rest.is_empty() { Ok(found) } else { Err(malformed(at)) };
            };
            let body = rest.get(PLAIN..usize::from(own)).ok_or_else(|| malformed(at))?;
            match kind & !LAST {
                LIST => {
                    let (numbers, []) = body.as_chunks() else { return Err(malformed(at)) };
                    found.list = More::read(numbers, extra);
                }
                FIN => found.fin = true,
                FRAGMENT => found.fragment = true,
                _ => {}
            }
            if kind & LAST != 0 {
                return Ok(found);
            }
            rest = rest.get(usize::from(own)..).unwrap_or_default();
        }
        Err(malformed(at + length - rest.len()))
    }
}
