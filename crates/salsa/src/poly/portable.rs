//! One text at a time, in plain Rust.

use super::{CLAMP, END, HIGH, LOW, Tag, Text};

/// A number's three limbs.
fn limbs(low: u64, high: u64) -> [u64; 3] {
    [low & LOW, (low >> 44 | high << 20) & LOW, high >> 24]
}

fn halves(bytes: &[u8; 16]) -> [u64; 2] {
    let [low, high] = [0, 8].map(|at| std::array::from_fn(|byte| bytes[at + byte]));
    [u64::from_le_bytes(low), u64::from_le_bytes(high)]
}

pub(super) fn authenticate(text: &Text<'_>) -> Tag {
    let ([r, pad], _) = text.key.as_chunks::<16>() else { return Tag::default() };
    let r = halves(r);
    let r = limbs(r[0] & CLAMP[0], r[1] & CLAMP[1]);
    let mut sum = [0; 3];
    let (blocks, rest) = text.bytes.as_chunks::<16>();
    for block in blocks {
        sum = step(sum, halves(block), END, r);
    }
    if !rest.is_empty() {
        let mut block = [0; 16];
        block[..rest.len()].copy_from_slice(rest);
        block[rest.len()] = 1;
        sum = step(sum, halves(&block), 0, r);
    }
    finish(sum, halves(pad))
}

/// The sum and a block, multiplied by `r`. What passes the highest limb comes in again below, five times: 2^130 is 5. Where
/// limbs are multiplied that is 2^132, so twenty times.
fn step(sum: [u64; 3], block: [u64; 2], end: u64, r: [u64; 3]) -> [u64; 3] {
    let block = limbs(block[0], block[1]);
    let h = [sum[0] + block[0], sum[1] + block[1], sum[2] + (block[2] | end)];
    let [r0, r1, r2] = r.map(u128::from);
    let [h0, h1, h2] = h.map(u128::from);
    let (s1, s2) = (20 * r1, 20 * r2);
    let d0 = h0 * r0 + h1 * s2 + h2 * s1;
    let d1 = h0 * r1 + h1 * r0 + h2 * s2 + (d0 >> 44);
    let d2 = h0 * r2 + h1 * r1 + h2 * r0 + (d1 >> 44);
    let over = (d0 as u64 & LOW) + 5 * (d2 >> 42) as u64;
    [over & LOW, (d1 as u64 & LOW) + (over >> 44), d2 as u64 & HIGH]
}

/// The sum modulo 2^130 - 5, and `pad` added to it modulo 2^128.
fn finish([mut h0, mut h1, mut h2]: [u64; 3], pad: [u64; 2]) -> Tag {
    for _ in 0..2 {
        h2 += h1 >> 44;
        h1 &= LOW;
        h0 += 5 * (h2 >> 42);
        h2 &= HIGH;
        h1 += h0 >> 44;
        h0 &= LOW;
    }
    // Less the modulus, if that is not below zero.
    let g0 = h0 + 5;
    let g1 = h1 + (g0 >> 44);
    let g2 = (h2 + (g1 >> 44)).wrapping_sub(1 << 42);
    let keep = (g2 as i64 >> 63) as u64;
    let choose = |h: u64, g: u64, bits: u64| (h & keep) | (g & !keep & bits);
    (h0, h1, h2) = (choose(h0, g0, LOW), choose(h1, g1, LOW), choose(h2, g2, HIGH));
    let (low, carry) = (h0 | h1 << 44).overflowing_add(pad[0]);
    let high = (h1 >> 20 | h2 << 24).wrapping_add(pad[1]).wrapping_add(u64::from(carry));
    (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
}
