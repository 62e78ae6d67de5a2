//! Eight lanes with AVX2, sixteen with AVX-512: a register is one word of the state, in all lanes.

use crate::rounds::{SIGMA, own, rounds, start};
use crate::{Block, LANES, Place};
use std::arch::x86_64::*;

/// Writes up to [`LANES`] blocks. Returns `false` if the processor has nothing for it.
pub(crate) fn keystream(key: &[u32; 8], places: &[Place], blocks: &mut [Block]) -> bool {
    let count = places.len().min(blocks.len());
    let mut lanes = [[0; 4]; LANES];
    for (lane, place) in lanes.iter_mut().zip(places) {
        *lane = own(*place);
    }
    let mut made = [[0; crate::BLOCK]; LANES];
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has AVX-512 F.
        unsafe { sixteen(key, &lanes, &mut made) };
    } else if is_x86_feature_detected!("avx2") {
        let (low, high) = lanes.split_at(8);
        let (made_low, made_high) = made.split_at_mut(8);
        // SAFETY: the processor has AVX2.
        unsafe {
            eight(key, low, made_low);
            if count > 8 {
                eight(key, high, made_high);
            }
        }
    } else {
        return false;
    }
    blocks[..count].copy_from_slice(&made[..count]);
    true
}

#[target_feature(enable = "avx512f")]
fn sixteen(key: &[u32; 8], lanes: &[[u32; 4]; 16], blocks: &mut [Block; 16]) {
    let same = |word: u32| _mm512_set1_epi32(word as i32);
    let each = |word: usize| {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = lanes.map(|lane| lane[word] as i32);
        _mm512_setr_epi32(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
    };
    let start = start!(key, same, each);
    let mut state = start;
    macro_rules! step {
        ($state:ident, $to:literal, $one:literal, $other:literal, $bits:literal) => {
            let sum = _mm512_add_epi32($state[$one], $state[$other]);
            $state[$to] = _mm512_xor_si512($state[$to], _mm512_rol_epi32::<$bits>(sum));
        };
    }
    rounds!(state, step);
    for (word, start) in state.iter_mut().zip(start) {
        *word = _mm512_add_epi32(*word, start);
    }
    // Four words at a time, so that each quarter of a register has four words of one lane: in row 4 i + j, quarter c has the
    // words 4 i to 4 i + 3 of lane 4 c + j.
    let mut rows = state;
    for (words, rows) in state.as_chunks::<4>().0.iter().zip(rows.as_chunks_mut::<4>().0) {
        let (low, high) =
            (_mm512_unpacklo_epi32(words[0], words[1]), _mm512_unpackhi_epi32(words[0], words[1]));
        let (low2, high2) =
            (_mm512_unpacklo_epi32(words[2], words[3]), _mm512_unpackhi_epi32(words[2], words[3]));
        *rows = [
            _mm512_unpacklo_epi64(low, low2),
            _mm512_unpackhi_epi64(low, low2),
            _mm512_unpacklo_epi64(high, high2),
            _mm512_unpackhi_epi64(high, high2),
        ];
    }
    for j in 0..4 {
        let first = _mm512_shuffle_i32x4::<0b01_00_01_00>(rows[j], rows[4 + j]);
        let second = _mm512_shuffle_i32x4::<0b11_10_11_10>(rows[j], rows[4 + j]);
        let third = _mm512_shuffle_i32x4::<0b01_00_01_00>(rows[8 + j], rows[12 + j]);
        let fourth = _mm512_shuffle_i32x4::<0b11_10_11_10>(rows[8 + j], rows[12 + j]);
        put_512(&mut blocks[j], _mm512_shuffle_i32x4::<0b10_00_10_00>(first, third));
        put_512(&mut blocks[4 + j], _mm512_shuffle_i32x4::<0b11_01_11_01>(first, third));
        put_512(&mut blocks[8 + j], _mm512_shuffle_i32x4::<0b10_00_10_00>(second, fourth));
        put_512(&mut blocks[12 + j], _mm512_shuffle_i32x4::<0b11_01_11_01>(second, fourth));
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn put_512(block: &mut Block, register: __m512i) {
    // SAFETY: a block has 64 bytes, and they need not be aligned.
    unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), register) }
}

#[target_feature(enable = "avx2")]
fn eight(key: &[u32; 8], lanes: &[[u32; 4]], blocks: &mut [Block]) {
    let (Some(lanes), Some(blocks)) = (lanes.first_chunk::<8>(), blocks.first_chunk_mut::<8>()) else {
        return;
    };
    let same = |word: u32| _mm256_set1_epi32(word as i32);
    let each = |word: usize| {
        let [a, b, c, d, e, f, g, h] = lanes.map(|lane| lane[word] as i32);
        _mm256_setr_epi32(a, b, c, d, e, f, g, h)
    };
    let start = start!(key, same, each);
    let mut state = start;
    macro_rules! step {
        ($state:ident, $to:literal, $one:literal, $other:literal, $bits:literal) => {
            let sum = _mm256_add_epi32($state[$one], $state[$other]);
            let turned =
                _mm256_or_si256(_mm256_slli_epi32::<$bits>(sum), _mm256_srli_epi32::<{ 32 - $bits }>(sum));
            $state[$to] = _mm256_xor_si256($state[$to], turned);
        };
    }
    rounds!(state, step);
    for (word, start) in state.iter_mut().zip(start) {
        *word = _mm256_add_epi32(*word, start);
    }
    // As above, with two quarters: half a block at a time.
    for (half, words) in state.as_chunks::<8>().0.iter().enumerate() {
        let mut rows = *words;
        for (words, rows) in words.as_chunks::<4>().0.iter().zip(rows.as_chunks_mut::<4>().0) {
            let (low, high) =
                (_mm256_unpacklo_epi32(words[0], words[1]), _mm256_unpackhi_epi32(words[0], words[1]));
            let (low2, high2) =
                (_mm256_unpacklo_epi32(words[2], words[3]), _mm256_unpackhi_epi32(words[2], words[3]));
            *rows = [
                _mm256_unpacklo_epi64(low, low2),
                _mm256_unpackhi_epi64(low, low2),
                _mm256_unpacklo_epi64(high, high2),
                _mm256_unpackhi_epi64(high, high2),
            ];
        }
        for j in 0..4 {
            put_256(&mut blocks[j], half, _mm256_permute2x128_si256::<0x20>(rows[j], rows[4 + j]));
            put_256(&mut blocks[4 + j], half, _mm256_permute2x128_si256::<0x31>(rows[j], rows[4 + j]));
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn put_256(block: &mut Block, half: usize, register: __m256i) {
    if let Some(half) = block.as_chunks_mut::<32>().0.get_mut(half) {
        // SAFETY: half a block has 32 bytes, and they need not be aligned.
        unsafe { _mm256_storeu_si256(half.as_mut_ptr().cast(), register) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both kinds, whichever the processor would choose.
    #[test]
    fn both_widths_make_the_same_blocks() {
        let key = std::array::from_fn(|word| 0x0102_0304 * (word as u32 + 1));
        let places: Vec<_> =
            (0..16).map(|lane| Place { nonce: 0xFEDC_BA98 << lane, block: u64::MAX / (lane + 1) }).collect();
        let lanes = std::array::from_fn(|lane| own(places[lane]));
        let mut plain = [[0; crate::BLOCK]; 16];
        crate::portable::keystream(&key, &places, &mut plain);
        if is_x86_feature_detected!("avx512f") {
            let mut made = [[0; crate::BLOCK]; 16];
            // SAFETY: the processor has AVX-512 F.
            unsafe { sixteen(&key, &lanes, &mut made) };
            assert_eq!(made, plain);
        }
        if is_x86_feature_detected!("avx2") {
            let mut made = [[0; crate::BLOCK]; 8];
            // SAFETY: the processor has AVX2.
            unsafe { eight(&key, &lanes[8..], &mut made) };
            assert_eq!(made, plain[8..]);
        }
    }
}
