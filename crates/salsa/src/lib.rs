//! Key streams of Salsa20/20 for many nonces, and authenticators of Poly1305 for many texts, side by side.
//!
//! A box of one message needs one to three blocks of key stream where messages are small. A processor makes 32
//! blocks in the time of two or three, if they are made together; and it does not matter whether they belong to one
//! message. Crates make many blocks of one message at a time. This one makes any blocks: each lane has a nonce and a
//! place of its own. It encrypts the texts under these blocks as well, each where it lies. [`poly`] does the same for
//! authenticators: each lane has a key, a text and a length of its own.
//!
//! The functions are those of the [Salsa20 specification](https://cr.yp.to/snuffle/spec.pdf) and of RFC 8439; the tests
//! compare them with the crates `salsa20` and `poly1305` and with published numbers. No step depends on a key or on data, so
//! their time tells nothing but how long texts are.
//!
//! ```
//! let key = [7; 8];
//! let places = [salsa::Place { nonce: 1, block: 0 }, salsa::Place { nonce: 2, block: 0 }];
//! let mut blocks = [[0; salsa::BLOCK]; 2];
//! salsa::keystream(&key, &places, &mut blocks);
//! assert_ne!(blocks[0], blocks[1]);
//! ```

pub mod poly;
mod portable;
mod rounds;
#[cfg(target_arch = "x86_64")]
mod x86;

/// The bytes of one block.
pub const BLOCK: usize = 64;

/// The number of blocks that are worth making together.
pub const LANES: usize = 32;

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

/// A block, and the text that lies under it.
#[derive(Default, Debug)]
pub struct Lane<'a> {
    /// The block.
    pub place: Place,
    /// 64 bytes at most; more is left as it is.
    pub text: &'a mut [u8],
}

/// Encrypts, or decrypts, the text of each lane. The key is as in [`keystream`].
pub fn crypt<'a>(key: &[u32; 8], lanes: impl IntoIterator<Item = Lane<'a>>) {
    let mut lanes = lanes.into_iter();
    let (mut places, mut texts) =
        ([Place::default(); LANES], std::array::from_fn::<&mut [u8], LANES, _>(|_| &mut []));
    loop {
        let mut used = 0;
        for ((place, text), lane) in places.iter_mut().zip(&mut texts).zip(&mut lanes) {
            (*place, *text) = (lane.place, lane.text);
            used += 1;
        }
        if used == 0 {
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if x86::crypt(key, &places[..used], &mut texts[..used]) {
            continue;
        }
        apart(key, &places[..used], &mut texts[..used]);
    }
}

/// The same, of [`LANES`] lanes at most: the blocks first, then the texts.
fn apart(key: &[u32; 8], places: &[Place], texts: &mut [&mut [u8]]) {
    let mut blocks = [[0; BLOCK]; LANES];
    keystream(key, places, &mut blocks);
    for (text, block) in texts.iter_mut().zip(&blocks) {
        text.iter_mut().zip(block).for_each(|(byte, key)| *byte ^= key);
    }
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
