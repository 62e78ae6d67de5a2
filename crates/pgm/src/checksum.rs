//! The checksum of a packet: the complement of the one's complement sum of its 16-bit words, in which zero stands for
//! "none" and so is written as its other form, all ones.

/// The sum of the words of `bytes`, an odd last byte being the high half of a word.
///
/// Words of 32 bits are summed, in the machine's own byte order, and folded at the end. This gives the same, since
/// a carry goes round in every width and order. The sum of 2^32 of them does not overflow.
pub(crate) fn sum(bytes: &[u8]) -> u16 {
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    fold(words.iter().fold(halves(last), |sum, word| sum.wrapping_add(halves(*word))))
}

/// The checksum that belongs to a sum.
pub(crate) const fn of_sum(sum: u16) -> u16 {
    if sum == u16::MAX { sum } else { !sum }
}

/// The checksum of a packet that had `checksum`, after one of its words was changed.
pub(crate) fn changed(checksum: u16, from: u16, to: u16) -> u16 {
    let sum = u32::from(!checksum) + u32::from(!from) + u32::from(to);
    let once = (sum & 0xffff) + (sum >> 16);
    of_sum(((once & 0xffff) + (once >> 16)) as u16)
}

fn halves(word: [u8; 8]) -> u64 {
    let word = u64::from_ne_bytes(word);
    (word & 0xffff_ffff) + (word >> 32)
}

fn fold(mut sum: u64) -> u16 {
    for _ in 0..4 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::from_be(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slowly(bytes: &[u8]) -> u16 {
        let mut sum = 0_u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum as u16
    }

    #[test]
    fn known_sums() {
        assert_eq!(sum(&[]), 0);
        assert_eq!(sum(&[0x12]), 0x1200);
        assert_eq!(sum(&[0xff; 3]), 0xff00);
        assert_eq!(sum(&[0xff; 65_536]), 0xffff);
        assert_eq!((of_sum(0), of_sum(0x1234), of_sum(0xffff)), (0xffff, 0xedcb, 0xffff));
    }

    proptest! {
        #[test]
        fn sums_as_word_by_word(bytes: Vec<u8>) {
            prop_assert_eq!(sum(&bytes), slowly(&bytes));
        }

        #[test]
        fn changes_as_anew(mut bytes in proptest::collection::vec(0..=255_u8, 4..40), to: u16, all in 0..3) {
            // Sums of zero and of all ones are the doubtful ones.
            match all { 0 => bytes.fill(0), 1 => bytes.fill(0xff), _ => {} }
            let before = of_sum(sum(&bytes));
            let from = u16::from_be_bytes([bytes[2], bytes[3]]);
            bytes[2..4].copy_from_slice(&to.to_be_bytes());
            prop_assert_eq!(changed(before, from, to), of_sum(sum(&bytes)));
        }
    }
}
