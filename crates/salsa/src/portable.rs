//! Four lanes in plain Rust, for processors without more.

use crate::rounds::{SIGMA, own, rounds, start};
use crate::{Block, Place};

const LANES: usize = 4;

pub(crate) fn keystream(key: &[u32; 8], places: &[Place], blocks: &mut [Block]) {
    for (places, blocks) in places.chunks(LANES).zip(blocks.chunks_mut(LANES)) {
        let mut lanes = [[0; 4]; LANES];
        for (lane, place) in lanes.iter_mut().zip(places) {
            *lane = own(*place);
        }
        let same = |word: u32| [word; LANES];
        let each = |word: usize| lanes.map(|lane| lane[word]);
        let start = start!(key, same, each);
        let mut state = start;
        macro_rules! step {
            ($state:ident, $to:literal, $one:literal, $other:literal, $bits:literal) => {
                for lane in 0..LANES {
                    $state[$to][lane] ^=
                        $state[$one][lane].wrapping_add($state[$other][lane]).rotate_left($bits);
                }
            };
        }
        rounds!(state, step);
        for (lane, block) in blocks.iter_mut().enumerate() {
            for ((bytes, word), start) in block.as_chunks_mut::<4>().0.iter_mut().zip(&state).zip(&start) {
                *bytes = word[lane].wrapping_add(start[lane]).to_le_bytes();
            }
        }
    }
}
