//! Published numbers: the example of the Salsa20 specification, a vector of eSTREAM, and the key stream of
//! "Cryptography in NaCl".

use salsa::{BLOCK, LANES, Place};

fn bytes(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// The block at this place, which is the same in each lane, whatever stands in the others.
fn block(key: &[u8], nonce: &[u8; 8], block: u64) -> [u8; BLOCK] {
    let words = key.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
    let key: [u32; 8] = words.collect::<Vec<_>>().try_into().unwrap();
    let place = Place { nonce: u64::from_le_bytes(*nonce), block };
    let mut found = None;
    for lane in 0..LANES {
        let mut places: Vec<_> = (0..LANES as u64).map(|nonce| Place { nonce, block: !nonce }).collect();
        places[lane] = place;
        let mut blocks = [[0; BLOCK]; LANES];
        salsa::keystream(&key, &places, &mut blocks);
        assert_eq!(*found.get_or_insert(blocks[lane]), blocks[lane], "lane {lane}");
    }
    found.unwrap()
}

/// Section 9: the key counts from 1 and from 201, nonce and number of the block count from 101.
#[test]
fn the_example_of_the_specification() {
    let key: Vec<u8> = (1..=16).chain(201..=216).collect();
    let nonce = [101, 102, 103, 104, 105, 106, 107, 108];
    let number = u64::from_le_bytes([109, 110, 111, 112, 113, 114, 115, 116]);
    let expected = [
        69, 37, 68, 39, 41, 15, 107, 193, 255, 139, 122, 6, 170, 233, 217, 98, 89, 144, 182, 106, 21, 51,
        200, 65, 239, 49, 222, 34, 215, 114, 40, 126, 104, 197, 7, 225, 197, 153, 31, 2, 102, 78, 76, 176,
        84, 245, 246, 184, 177, 160, 133, 130, 6, 72, 149, 119, 192, 195, 132, 236, 234, 103, 246, 74,
    ];
    assert_eq!(block(&key, &nonce, number), expected);
}

/// Of the keys of 256 bits: set 1, vector 0.
#[test]
fn a_vector_of_estream() {
    let mut key = [0; 32];
    key[0] = 0x80;
    for (number, expected) in [
        (
            0,
            "e3be8fdd8beca2e3ea8ef9475b29a6e7003951e1097a5c38d23b7a5fad9f6844\
             b22c97559e2723c7cbbd3fe4fc8d9a0744652a83e72a9c461876af4d7ef1a117",
        ),
        (
            3,
            "57be81f47b17d9ae7c4ff15429a73e10acf250ed3a90a93c711308a74c6216a9\
             ed84cd126da7f28e8abf8bb63517e1ca98e712f4fb2e1a6aed9fdc73291faa17",
        ),
        (
            4,
            "958211c4ba2ebd5838c635edb81f513a91a294e194f1c039aeec657dce40aa7e\
             7c0af57cacefa40c9f14b71a4b3456a63e162ec7d8d10b8ffb1810d71001b618",
        ),
        (
            7,
            "696afcfd0cddcc83c7e77f11a649d79acdc3354e9635ff137e929933a0bd6f53\
             77efa105a3a4266b7c0d089d08f1e855cc32b15b93784a36e56a76cc64bc8477",
        ),
    ] {
        assert_eq!(block(&key, &[0; 8], number)[..], bytes(expected));
    }
}

/// XSalsa20 behind its HSalsa20, which made the key: the first bytes, with which NaCl authenticates the box.
#[test]
fn the_key_stream_of_nacl() {
    let second = bytes("dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4");
    let suffix = [0x82, 0x19, 0xe0, 0x03, 0x6b, 0x7a, 0x0b, 0x37];
    let expected = bytes("eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880");
    assert_eq!(block(&second, &suffix, 0)[..32], expected);
}
