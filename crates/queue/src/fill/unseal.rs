//! The face of a cipher, as the walk sees it.

use super::bounds::Refusal;

/// Opens boxes, in their order, where they lie.
pub trait Unseal {
    /// The bytes before the plain body.
    const OVERHEAD: usize;

    /// Why a box cannot be opened.
    type Error;

    /// Opens the bodies of frames.
    ///
    /// # Errors
    /// One of them is no box of the peer's: the connection cannot go on.
    fn open(&mut self, bodies: &mut [&mut [u8]]) -> Result<(), Self::Error>;

    /// Opens what has come of the body of one frame: all of it if it is `whole`. The first `opened` bytes have been dealt
    /// with. Returns that number anew.
    ///
    /// # Errors
    /// As [`Unseal::open`]. No part of the body is used before it is whole.
    fn open_part(&mut self, body: &mut [u8], opened: usize, whole: bool) -> Result<usize, Self::Error>;

    /// The flags of a body that was opened, as a plain frame's.
    fn flags(body: &[u8]) -> u8;
}

/// Why a walk over boxes ends.
#[derive(Debug)]
pub enum Unopened<E> {
    /// What a peer may not send in any case.
    Refused(Refusal),
    /// A box that is none.
    Failed(E),
}
