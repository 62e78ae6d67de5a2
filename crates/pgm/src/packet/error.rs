use crate::Sequence;

/// Why bytes are no packet that this crate reads. Places are counted from the beginning of the PGM header.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The packet is cut off.
    #[error("the packet has {found} bytes where at least {needed} are needed")]
    Short {
        /// The bytes needed so far.
        needed: usize,
        /// The bytes there are.
        found: usize,
    },
    /// The packet was damaged on its way, or by a buffer that was too small for it.
    #[error("the checksum is wrong")]
    Checksum,
    /// A data packet has no checksum, which it must have.
    #[error("a data packet has no checksum")]
    Unchecked,
    /// A type of packet, or a flag, that libzmq does not send: polls, acknowledgements, parity packets.
    #[error("packets of type {kind:#04x} with flags {flags:#04x} are not supported")]
    Unsupported {
        /// The type, with the bits of the version.
        kind: u8,
        /// The flags of the header.
        flags: u8,
    },
    /// A data packet has more or less data than its header says.
    #[error("the header says {said} bytes of data where {found} are")]
    Length {
        /// The bytes that the header tells.
        said: u16,
        /// The bytes there are.
        found: usize,
    },
    /// An address is of an unknown family.
    #[error("the address at byte {at} is of the unknown family {family}")]
    Family {
        /// Where the family is written.
        at: usize,
        /// The family's number.
        family: u16,
    },
    /// The window's ends are in the wrong order, or too far apart to tell.
    #[error("a window from {trail} to {lead} cannot be")]
    Window {
        /// The oldest packet of the window.
        trail: Sequence,
        /// The newest one.
        lead: Sequence,
    },
    /// An option is malformed.
    #[error("the option at byte {at} is malformed")]
    Option {
        /// Where the option begins.
        at: usize,
    },
    /// The data is a fragment of something longer.
    #[error("fragments are not supported")]
    Fragment,
}
