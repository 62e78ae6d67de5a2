//! Eight texts with AVX-512: a register is one limb, of all texts. Its multiplications of 52 bits (IFMA) fit limbs of 44.

use super::{CLAMP, END, HIGH, LOW, TAG, Tag, Text};
use std::arch::x86_64::*;

/// The bytes of a text that are loaded at a time: four blocks.
const CHUNK: usize = 64;

const BLOCK: usize = 16;

pub(super) fn is_here() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512ifma")
}

/// Writes up to sixteen authenticators. Returns `false` if the processor has nothing for it.
pub(super) fn authenticate(texts: &[Text<'_>], tags: &mut [Tag]) -> bool {
    if !is_here() {
        return false;
    }
    let count = texts.len().min(tags.len());
    let mut lanes = [[Text { key: &[0; 32], bytes: &[] }; 8]; 2];
    for (lane, text) in lanes.as_flattened_mut().iter_mut().zip(texts) {
        *lane = *text;
    }
    let mut made = [[[0; TAG]; 8]; 2];
    // SAFETY: the processor has AVX-512 F, BW and IFMA.
    unsafe {
        if count > 8 {
            eights(&lanes, &mut made);
        } else {
            eights(&[lanes[0]], made.first_chunk_mut::<1>().unwrap_or(&mut [[[0; TAG]; 8]]));
        }
    }
    tags[..count].copy_from_slice(&made.as_flattened()[..count]);
    true
}

/// Texts in groups of eight. The steps of one group are done while those of another wait for each other. How far the texts go
/// decides how many steps there are, and nothing else does.
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn eights<const GROUPS: usize>(texts: &[[Text<'_>; 8]; GROUPS], tags: &mut [[Tag; 8]; GROUPS]) {
    let zero = _mm512_setzero_si512();
    let mut multipliers = [Multiplier { r: [zero; 3], s: [zero; 2] }; GROUPS];
    let mut pads = [[zero; 2]; GROUPS];
    let mut lengths = [zero; GROUPS];
    let mut longest = 0;
    for (group, texts) in texts.iter().enumerate() {
        let mut keys = [zero; 8];
        let mut length = [0; 8];
        for ((key, length), text) in keys.iter_mut().zip(&mut length).zip(texts) {
            *key = load(text.key, 0);
            *length = text.bytes.len() as i64;
            longest = longest.max(text.bytes.len());
        }
        let [r_low, r_high, pad_low, pad_high, ..] = columns(keys);
        let r = limbs(_mm512_and_si512(r_low, same(CLAMP[0])), _mm512_and_si512(r_high, same(CLAMP[1])));
        let s = [times_5(shift_left::<2>(r[1])), times_5(shift_left::<2>(r[2]))];
        multipliers[group] = Multiplier { r, s };
        pads[group] = [pad_low, pad_high];
        let [a, b, c, d, e, f, g, h] = length;
        lengths[group] = _mm512_setr_epi64(a, b, c, d, e, f, g, h);
    }
    let mut sums = [[zero; 3]; GROUPS];
    for at in (0..longest).step_by(CHUNK) {
        let mut blocks = [[zero; 8]; GROUPS];
        for (blocks, texts) in blocks.iter_mut().zip(texts) {
            let mut rows = [zero; 8];
            for (row, text) in rows.iter_mut().zip(texts) {
                *row = load(text.bytes, at);
            }
            *blocks = columns(rows);
        }
        for (block, begin) in (at..longest.min(at + CHUNK)).step_by(BLOCK).enumerate() {
            for group in 0..GROUPS {
                let here = _mm512_cmpgt_epi64_mask(lengths[group], same(begin as u64));
                let whole = _mm512_cmpgt_epi64_mask(lengths[group], same((begin + BLOCK - 1) as u64));
                let [m0, m1, m2] = limbs(blocks[group][2 * block], blocks[group][2 * block + 1]);
                let m2 = _mm512_mask_or_epi64(m2, whole, m2, same(END));
                let sum = &mut sums[group];
                let product = multipliers[group].times([add(sum[0], m0), add(sum[1], m1), add(sum[2], m2)]);
                for (sum, product) in sum.iter_mut().zip(product) {
                    *sum = _mm512_mask_mov_epi64(*sum, here, product);
                }
            }
        }
    }
    for ((tags, sum), pad) in tags.iter_mut().zip(sums).zip(pads) {
        finish(sum, pad, tags);
    }
}

/// Up to 64 bytes from `at`, with zeros behind them. Where they end within a block, a one stands behind the last byte.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn load(bytes: &[u8], at: usize) -> __m512i {
    let rest = bytes.get(at..).unwrap_or_default();
    if let Some(chunk) = rest.first_chunk::<CHUNK>() {
        // SAFETY: a chunk has 64 bytes, and they need not be aligned.
        return unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
    }
    // A load of nothing from nowhere would be slow.
    if rest.is_empty() {
        return _mm512_setzero_si512();
    }
    let next = 1_u64 << rest.len();
    // SAFETY: there is a bit in the mask for each byte of `rest`, which is shorter than a register, and for no other byte.
    let loaded = unsafe { _mm512_maskz_loadu_epi8(next - 1, rest.as_ptr().cast()) };
    let end = if rest.len().is_multiple_of(BLOCK) { 0 } else { next };
    _mm512_mask_mov_epi8(loaded, end, _mm512_set1_epi8(1))
}

/// Rows of eight numbers, one a text, as eight registers with one number of each text.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn columns(rows: [__m512i; 8]) -> [__m512i; 8] {
    let mut columns = rows;
    for odd in 0..2 {
        let mut pairs = [_mm512_setzero_si512(); 4];
        for (pair, rows) in pairs.iter_mut().zip(rows.as_chunks::<2>().0) {
            *pair = if odd == 0 {
                _mm512_unpacklo_epi64(rows[0], rows[1])
            } else {
                _mm512_unpackhi_epi64(rows[0], rows[1])
            };
        }
        // A quarter of a register is now one block's half, of two texts.
        let first = _mm512_shuffle_i64x2::<0b01_00_01_00>(pairs[0], pairs[1]);
        let second = _mm512_shuffle_i64x2::<0b11_10_11_10>(pairs[0], pairs[1]);
        let third = _mm512_shuffle_i64x2::<0b01_00_01_00>(pairs[2], pairs[3]);
        let fourth = _mm512_shuffle_i64x2::<0b11_10_11_10>(pairs[2], pairs[3]);
        columns[odd] = _mm512_shuffle_i64x2::<0b10_00_10_00>(first, third);
        columns[2 + odd] = _mm512_shuffle_i64x2::<0b11_01_11_01>(first, third);
        columns[4 + odd] = _mm512_shuffle_i64x2::<0b10_00_10_00>(second, fourth);
        columns[6 + odd] = _mm512_shuffle_i64x2::<0b11_01_11_01>(second, fourth);
    }
    columns
}

/// What the sums are multiplied by.
#[derive(Clone, Copy)]
struct Multiplier {
    r: [__m512i; 3],
    /// The upper two limbs, twenty times: a product of limbs that passes 2^132 comes in again below so.
    s: [__m512i; 2],
}

impl Multiplier {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
    fn times(&self, h: [__m512i; 3]) -> [__m512i; 3] {
        let Self { r: [r0, r1, r2], s: [s1, s2] } = *self;
        // The lower 52 bits of products, and the bits above them.
        let zero = _mm512_setzero_si512();
        let low = |a, b, c| madd_low(madd_low(madd_low(zero, h[0], a), h[1], b), h[2], c);
        let high = |a, b, c| madd_high(madd_high(madd_high(zero, h[0], a), h[1], b), h[2], c);
        let (d0, e0) = (low(r0, s2, s1), high(r0, s2, s1));
        let (d1, e1) = (low(r1, r0, s2), high(r1, r0, s2));
        let (d2, e2) = (low(r2, r1, r0), high(r2, r1, r0));
        let d1 = add(d1, add(shift_right::<44>(d0), shift_left::<8>(e0)));
        let d2 = add(d2, add(shift_right::<44>(d1), shift_left::<8>(e1)));
        let over = add(shift_right::<42>(d2), shift_left::<10>(e2));
        let d0 = add(_mm512_and_si512(d0, same(LOW)), times_5(over));
        [
            _mm512_and_si512(d0, same(LOW)),
            add(_mm512_and_si512(d1, same(LOW)), shift_right::<44>(d0)),
            _mm512_and_si512(d2, same(HIGH)),
        ]
    }
}

/// As in `portable`, for eight sums.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn finish([mut h0, mut h1, mut h2]: [__m512i; 3], [pad_low, pad_high]: [__m512i; 2], tags: &mut [Tag; 8]) {
    let (low, high) = (same(LOW), same(HIGH));
    for _ in 0..2 {
        h2 = add(h2, shift_right::<44>(h1));
        h1 = _mm512_and_si512(h1, low);
        h0 = add(h0, times_5(shift_right::<42>(h2)));
        h2 = _mm512_and_si512(h2, high);
        h1 = add(h1, shift_right::<44>(h0));
        h0 = _mm512_and_si512(h0, low);
    }
    let g0 = add(h0, same(5));
    let g1 = add(h1, shift_right::<44>(g0));
    let g2 = _mm512_sub_epi64(add(h2, shift_right::<44>(g1)), same(1 << 42));
    let less = _mm512_cmpge_epi64_mask(g2, _mm512_setzero_si512());
    h0 = _mm512_mask_and_epi64(h0, less, g0, low);
    h1 = _mm512_mask_and_epi64(h1, less, g1, low);
    h2 = _mm512_mask_and_epi64(h2, less, g2, high);
    let tag_low = add(_mm512_or_si512(h0, shift_left::<44>(h1)), pad_low);
    let carry = _mm512_cmplt_epu64_mask(tag_low, pad_low);
    let tag_high = add(_mm512_or_si512(shift_right::<20>(h1), shift_left::<24>(h2)), pad_high);
    let tag_high = _mm512_mask_add_epi64(tag_high, carry, tag_high, same(1));
    let halves = [_mm512_unpacklo_epi64(tag_low, tag_high), _mm512_unpackhi_epi64(tag_low, tag_high)];
    for (odd, halves) in halves.into_iter().enumerate() {
        let mut made = [[0; TAG]; 4];
        // SAFETY: four authenticators have 64 bytes, and they need not be aligned.
        unsafe { _mm512_storeu_si512(made.as_mut_ptr().cast(), halves) };
        for (pair, made) in tags.as_chunks_mut::<2>().0.iter_mut().zip(made) {
            pair[odd] = made;
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn limbs(low: __m512i, high: __m512i) -> [__m512i; 3] {
    let middle = _mm512_or_si512(shift_right::<44>(low), shift_left::<20>(high));
    [_mm512_and_si512(low, same(LOW)), _mm512_and_si512(middle, same(LOW)), shift_right::<24>(high)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn times_5(number: __m512i) -> __m512i {
    add(number, shift_left::<2>(number))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn same(number: u64) -> __m512i {
    _mm512_set1_epi64(number as i64)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn add(one: __m512i, other: __m512i) -> __m512i {
    _mm512_add_epi64(one, other)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn shift_left<const BITS: u32>(number: __m512i) -> __m512i {
    _mm512_slli_epi64::<BITS>(number)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn shift_right<const BITS: u32>(number: __m512i) -> __m512i {
    _mm512_srli_epi64::<BITS>(number)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn madd_low(sum: __m512i, one: __m512i, other: __m512i) -> __m512i {
    _mm512_madd52lo_epu64(sum, one, other)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512ifma")]
fn madd_high(sum: __m512i, one: __m512i, other: __m512i) -> __m512i {
    _mm512_madd52hi_epu64(sum, one, other)
}

#[cfg(test)]
mod tests {
    use super::super::{TOGETHER, portable};
    use super::*;

    /// Every length about the edges of blocks and chunks, each beside others.
    #[test]
    fn as_one_at_a_time() {
        let bytes: Vec<u8> = (0..400_u32).map(|byte| ((byte * byte) >> 3) as u8 | 0xC0).collect();
        let keys: [[u8; 32]; TOGETHER] = std::array::from_fn(|lane| [0xFF - lane as u8; 32]);
        for length in 0..200 {
            let texts: [_; TOGETHER] = std::array::from_fn(|lane| Text {
                key: &keys[lane],
                bytes: &bytes[lane..lane + length + 17 * (lane % 3)],
            });
            let expected = texts.map(|text| portable::authenticate(&text));
            for count in [1, 8, 9, TOGETHER] {
                let mut tags = [[0; TAG]; TOGETHER];
                if authenticate(&texts[..count], &mut tags) {
                    assert_eq!(tags[..count], expected[..count]);
                    assert_eq!(tags[count..], [[0; TAG]; TOGETHER][count..]);
                }
            }
        }
    }
}
