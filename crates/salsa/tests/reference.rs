//! The crate `salsa20` makes the same key streams, one at a time.

use proptest::prelude::*;
use salsa::{BLOCK, LANES, Lane, Place};
use salsa20::Salsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};

fn reference(key: &[u32; 8], place: Place) -> [u8; BLOCK] {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(key) {
        *bytes = word.to_le_bytes();
    }
    let mut cipher = Salsa20::new(&bytes.into(), &place.nonce.to_le_bytes().into());
    cipher.seek(place.block * BLOCK as u64);
    let mut block = [0; BLOCK];
    cipher.apply_keystream(&mut block);
    block
}

proptest! {
    #[test]
    fn any_blocks_of_any_key_streams(
        key in any::<[u32; 8]>(),
        places in prop::collection::vec((any::<u64>(), 0..1_u64 << 50), 0..3 * LANES),
    ) {
        let places: Vec<_> = places.into_iter().map(|(nonce, block)| Place { nonce, block }).collect();
        let mut blocks = vec![[0; BLOCK]; places.len() + 1];
        salsa::keystream(&key, &places, &mut blocks);
        for (block, place) in blocks.iter().zip(&places) {
            prop_assert_eq!(*block, reference(&key, *place));
        }
        prop_assert_eq!(blocks.last(), Some(&[0; BLOCK]), "no block is asked for");
    }

    #[test]
    fn any_texts_under_blocks(
        key in any::<[u32; 8]>(),
        given in prop::collection::vec(
            (any::<u64>(), 0..1_u64 << 50, prop::collection::vec(any::<u8>(), 0..=BLOCK)),
            0..3 * LANES,
        ),
    ) {
        let mut texts: Vec<_> = given.iter().map(|(_, _, text)| text.clone()).collect();
        let places = given.iter().map(|(nonce, block, _)| Place { nonce: *nonce, block: *block });
        salsa::crypt(&key, places.zip(&mut texts).map(|(place, text)| Lane { place, text }));
        for ((nonce, block, text), changed) in given.iter().zip(&texts) {
            let stream = reference(&key, Place { nonce: *nonce, block: *block });
            let expected: Vec<u8> = text.iter().zip(stream).map(|(byte, key)| byte ^ key).collect();
            prop_assert_eq!(changed, &expected);
        }
    }
}
