//! Authenticators of Poly1305 (RFC 8439, section 2.5), for many texts side by side.
//!
//! Each block of a text is added to a sum, and the sum multiplied by a part of the key modulo 2^130 - 5. One step waits for
//! the step before, so a processor is idle most of the time, unless it has the steps of several texts to do. Three limbs
//! hold a number: 44, 44 and 42 bits of it, the lowest first, with some room above for what is carried later.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;

/// The bytes of an authenticator.
pub const TAG: usize = 16;

/// An authenticator.
pub type Tag = [u8; TAG];

/// A text, and the key that is used for it alone.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// Half a multiplier, and half what is added at the end.
    pub key: &'a [u8; 32],
    /// The bytes to be authenticated.
    pub bytes: &'a [u8],
}

/// The bits of the lower two limbs.
const LOW: u64 = (1 << 44) - 1;

/// The bits of the highest limb.
const HIGH: u64 = (1 << 42) - 1;

/// What is behind the last byte of a whole block: 2^128, in the highest limb.
const END: u64 = 1 << 40;

/// The bits of a multiplier that are not cleared, in its lower and its upper half.
const CLAMP: [u64; 2] = [0x0FFF_FFFC_0FFF_FFFF, 0x0FFF_FFFC_0FFF_FFFC];

/// The number of authenticators that are worth making together.
pub const TOGETHER: usize = 16;

/// Up to which length this processor makes so many authenticators faster together than a good function for long texts makes
/// them one by one. Such a function has several blocks of one text under way.
#[must_use]
pub fn longest(texts: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    if ifma::is_here() {
        return if texts < 2 { 0 } else { 128 * texts.min(TOGETHER) };
    }
    if texts == 0 { 0 } else { 128 }
}

/// Writes the authenticator of each text to `tags`. What is longer of the two is left as it is.
pub fn authenticate(texts: &[Text<'_>], tags: &mut [Tag]) {
    for (texts, tags) in texts.chunks(TOGETHER).zip(tags.chunks_mut(TOGETHER)) {
        #[cfg(target_arch = "x86_64")]
        if ifma::authenticate(texts, tags) {
            continue;
        }
        for (text, tag) in texts.iter().zip(tags) {
            *tag = portable::authenticate(text);
        }
    }
}
