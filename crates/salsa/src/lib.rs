//! Key streams of Salsa20/20, for many nonces side by side.
//!
//! A box of one message needs one to three blocks of key stream where messages are small. A processor makes 8 or 16
//! blocks in the time of two or three, if they are made together; and it does not matter whether they belong to one
//! message. Crates make many blocks of one message at a time. This one makes any blocks: each lane has a nonce and a
//! place of its own.
//!
//! The function is that of the [Salsa20 specification](https://cr.yp.to/snuffle/spec.pdf); the tests compare it with the
//! crate `salsa20` and with published numbers. No step depends on a key or on data, so its time tells nothing about them.
//!
//! ```
//! let key = [7; 8];
//! let places = [salsa::Place { nonce: 1, block: 0 }, salsa::Place { nonce: 2, block: 0 }];
//! let mut blocks = [[0; salsa::BLOCK]; 2];
//! salsa::keystream(&key, &places, &mut blocks);
//! assert_ne!(blocks[0], blocks[1]);
//! ```

mod portable;
mod rounds;
#[cfg(target_arch = "x86_64")]
mod x86;

/// The bytes of one block.
pub const BLOCK: usize = 64;

/// The number of blocks that are worth making together.
pub const LANES: usize = 16;

/// A block of key stream.
pub type Block = [u8; BLOCK];

/// Which block of which key stream.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Place {
    /// The nonce, its first byte the lowest.
    pub nonce: u64,
    /// The number of the block, from 0.
    pub block: u64,
}

/// Writes the block of each place to `blocks`, under a key of eight words (each of four bytes, the first the lowest).
/// What is longer of the two is left as it is.
pub fn keystream(key: &[u32; 8], places: &[Place], blocks: &mut [Block]) {
    for (places, blocks) in places.chunks(LANES).zip(blocks.chunks_mut(LANES)) {
        #[cfg(target_arch = "x86_64")]
        if x86::keystream(key, places, blocks) {
            continue;
        }
        portable::keystream(key, places, blocks);
    }
}
