//! Eight lanes with AVX2, sixteen or twice sixteen with AVX-512: a register is one word of the state, in all lanes.

use crate::rounds::{SIGMA, own, rounds, start};
use crate::{BLOCK, Block, LANES, Place};
use std::arch::x86_64::*;

/// The lanes of a register.
const WIDE: usize = 16;

/// A state in sixteen lanes.
type State = [__m512i; 16];

/// Writes up to [`LANES`] blocks. Returns `false` if the processor has nothing for it.
pub(crate) fn keystream(key: &[u32; 8], places: &[Place], blocks: &mut [Block]) -> bool {
    let (places, blocks) = match places.len().min(blocks.len()) {
        count @ ..LANES => (&places[..count], &mut blocks[..count]),
        _ => (&places[..LANES], &mut blocks[..LANES]),
    };
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
        // SAFETY: the processor has AVX-512 F and BW.
        unsafe { wide(key, places, blocks.iter_mut().map(|block| &mut block[..]), false) };
        return true;
    }
    if !is_x86_feature_detected!("avx2") {
        return false;
    }
    for (places, blocks) in places.chunks(8).zip(blocks.chunks_mut(8)) {
        let mut lanes = [[0; 4]; 8];
        for (lane, place) in lanes.iter_mut().zip(places) {
            *lane = own(*place);
        }
        let mut made = [[0; BLOCK]; 8];
        // SAFETY: the processor has AVX2.
        unsafe { eight(key, &lanes, &mut made) };
        blocks.copy_from_slice(&made[..blocks.len()]);
    }
    true
}

/// Changes up to [`LANES`] texts by their blocks, without a key stream in memory. Returns `false` if the processor has nothing
/// for it.
pub(crate) fn crypt(key: &[u32; 8], places: &[Place], texts: &mut [&mut [u8]]) -> bool {
    if !is_x86_feature_detected!("avx512f") || !is_x86_feature_detected!("avx512bw") {
        return false;
    }
    // SAFETY: the processor has AVX-512 F and BW.
    unsafe { wide(key, places, texts.iter_mut().map(|text| &mut **text), true) };
    true
}

/// Writes blocks to `texts`, or changes what is there if `change`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn wide<'a>(key: &[u32; 8], places: &[Place], texts: impl Iterator<Item = &'a mut [u8]>, change: bool) {
    if places.len() > WIDE {
        put(states::<2>(key, places).as_flattened(), texts, change);
    } else {
        put(states::<1>(key, places).as_flattened(), texts, change);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn put<'a>(blocks: &[__m512i], texts: impl Iterator<Item = &'a mut [u8]>, change: bool) {
    for (text, block) in texts.zip(blocks) {
        if let Some(text) = text.first_chunk_mut::<BLOCK>() {
            let text = text.as_mut_ptr().cast();
            // SAFETY: a block has 64 bytes, and they need not be aligned.
            unsafe {
                let old = if change { _mm512_loadu_si512(text) } else { _mm512_setzero_si512() };
                _mm512_storeu_si512(text, _mm512_xor_si512(old, *block));
            }
        } else if !text.is_empty() {
            let mask = (1 << text.len()) - 1;
            let text = text.as_mut_ptr().cast::<i8>();
            // SAFETY: there is a bit in the mask for each byte of the text, which is shorter than a register, and for no other
            // byte.
            unsafe {
                let old = if change { _mm512_maskz_loadu_epi8(mask, text) } else { _mm512_setzero_si512() };
                _mm512_mask_storeu_epi8(text, mask, _mm512_xor_si512(old, *block));
            }
        }
    }
}

/// Blocks, in groups of sixteen. Steps of one group are done while those of another wait for each other.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn states<const GROUPS: usize>(key: &[u32; 8], places: &[Place]) -> [State; GROUPS] {
    // Words of a place beside those of others, as registers have them.
    let mut owns = [[[0; WIDE]; 4]; GROUPS];
    for (owns, places) in owns.iter_mut().zip(places.chunks(WIDE)) {
        for (lane, place) in places.iter().enumerate() {
            for (words, word) in owns.iter_mut().zip(own(*place)) {
                words[lane] = word;
            }
        }
    }
    let same = |word: u32| _mm512_set1_epi32(word as i32);
    let mut starts = [[_mm512_setzero_si512(); 16]; GROUPS];
    for (start, owns) in starts.iter_mut().zip(&owns) {
        // SAFETY: a register has sixteen words, and they need not be aligned.
        let each = |word: usize| unsafe { _mm512_loadu_si512(owns[word].as_ptr().cast()) };
        *start = start!(key, same, each);
    }
    let mut states = starts;
    macro_rules! step {
        ($states:ident, $to:literal, $one:literal, $other:literal, $bits:literal) => {
            for state in &mut $states {
                let sum = _mm512_add_epi32(state[$one], state[$other]);
                state[$to] = _mm512_xor_si512(state[$to], _mm512_rol_epi32::<$bits>(sum));
            }
        };
    }
    rounds!(states, step);
    for (state, start) in states.iter_mut().zip(starts) {
        for (word, start) in state.iter_mut().zip(start) {
            *word = _mm512_add_epi32(*word, start);
        }
        *state = blocks(*state);
    }
    states
}

/// A state's words as blocks, each in one register.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn blocks(state: State) -> State {
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
    let mut blocks = state;
    for j in 0..4 {
        let first = _mm512_shuffle_i32x4::<0b01_00_01_00>(rows[j], rows[4 + j]);
        let second = _mm512_shuffle_i32x4::<0b11_10_11_10>(rows[j], rows[4 + j]);
        let third = _mm512_shuffle_i32x4::<0b01_00_01_00>(rows[8 + j], rows[12 + j]);
        let fourth = _mm512_shuffle_i32x4::<0b11_10_11_10>(rows[8 + j], rows[12 + j]);
        blocks[j] = _mm512_shuffle_i32x4::<0b10_00_10_00>(first, third);
        blocks[4 + j] = _mm512_shuffle_i32x4::<0b11_01_11_01>(first, third);
        blocks[8 + j] = _mm512_shuffle_i32x4::<0b10_00_10_00>(second, fourth);
        blocks[12 + j] = _mm512_shuffle_i32x4::<0b11_01_11_01>(second, fourth);
    }
    blocks
}

#[target_feature(enable = "avx2")]
fn eight(key: &[u32; 8], lanes: &[[u32; 4]; 8], blocks: &mut [Block; 8]) {
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

    /// All widths, whichever the processor would choose.
    #[test]
    fn all_widths_make_the_same_blocks() {
        let key = std::array::from_fn(|word| 0x0102_0304 * (word as u32 + 1));
        let place = |lane: usize| Place { nonce: 0xFEDC_BA98 << lane, block: u64::MAX / (lane as u64 + 1) };
        let places: [Place; LANES] = std::array::from_fn(place);
        let mut plain = [[0; BLOCK]; LANES];
        crate::portable::keystream(&key, &places, &mut plain);
        for count in [1, 15, 16, 17, LANES] {
            let mut made = [[0; BLOCK]; LANES];
            if keystream(&key, &places[..count], &mut made) {
                assert_eq!(
                    (&made[..count], &made[count..]),
                    (&plain[..count], &[[0; BLOCK]; LANES][count..])
                );
            }
        }
        if is_x86_feature_detected!("avx2") {
            let mut made = [[0; BLOCK]; 8];
            // SAFETY: the processor has AVX2.
            unsafe { eight(&key, &std::array::from_fn(|lane| own(places[8 + lane])), &mut made) };
            assert_eq!(made, plain[8..16]);
        }
    }

    #[test]
    fn texts_are_the_same_with_and_without_a_key_stream_in_memory() {
        let key = std::array::from_fn(|word| !(word as u32));
        let places: [Place; LANES] =
            std::array::from_fn(|lane| Place { nonce: lane as u64, block: 3 * lane as u64 });
        let texts: [Vec<u8>; LANES] = std::array::from_fn(|lane| vec![lane as u8; (37 * lane) % (BLOCK + 1)]);
        for count in [1, 16, 17, LANES] {
            let (mut ours, mut theirs) = (texts.clone(), texts.clone());
            if crypt(&key, &places[..count], &mut ours.each_mut().map(|text| &mut text[..])[..count]) {
                crate::apart(
                    &key,
                    &places[..count],
                    &mut theirs.each_mut().map(|text| &mut text[..])[..count],
                );
                assert_eq!(ours, theirs);
            }
        }
    }
}
