//! What all kinds of processors do alike: the state of a block, and the twenty rounds.

use crate::Place;

/// "expand 32-byte k".
pub(crate) const SIGMA: [u32; 4] = [0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574];

/// The four words of a block's state that are its own; the others are the same in all lanes.
pub(crate) const fn own(place: Place) -> [u32; 4] {
    [place.nonce as u32, (place.nonce >> 32) as u32, place.block as u32, (place.block >> 32) as u32]
}

/// The state that the rounds begin with. `$same` fills a register with one word, `$each` with one of each lane's own four.
macro_rules! start {
    ($key:ident, $same:ident, $each:ident) => {
        [
            $same(SIGMA[0]),
            $same($key[0]),
            $same($key[1]),
            $same($key[2]),
            $same($key[3]),
            $same(SIGMA[1]),
            $each(0),
            $each(1),
            $each(2),
            $each(3),
            $same(SIGMA[2]),
            $same($key[4]),
            $same($key[5]),
            $same($key[6]),
            $same($key[7]),
            $same(SIGMA[3]),
        ]
    };
}
pub(crate) use start;

/// Ten times a round over columns and one over rows. `$step! (state, to, one, other, bits)` adds two words, turns the sum,
/// and changes a third word by it.
macro_rules! rounds {
    ($state:ident, $step:ident) => {
        for _ in 0..10 {
            rounds!(@ $state, $step, 0, 4, 8, 12);
            rounds!(@ $state, $step, 5, 9, 13, 1);
            rounds!(@ $state, $step, 10, 14, 2, 6);
            rounds!(@ $state, $step, 15, 3, 7, 11);
            rounds!(@ $state, $step, 0, 1, 2, 3);
            rounds!(@ $state, $step, 5, 6, 7, 4);
            rounds!(@ $state, $step, 10, 11, 8, 9);
            rounds!(@ $state, $step, 15, 12, 13, 14);
        }
    };
    (@ $state:ident, $step:ident, $a:literal, $b:literal, $c:literal, $d:literal) => {
        $step!($state, $b, $a, $d, 7);
        $step!($state, $c, $b, $a, 9);
        $step!($state, $d, $c, $b, 13);
        $step!($state, $a, $d, $c, 18);
    };
}
pub(crate) use rounds;
