//! The walk over what a peer sends: any bytes in any pieces, plain or in boxes, lead to an end that a parser of the whole
//! stream finds right.
#![no_main]

use libfuzzer_sys::fuzz_target;
use queue::Bounds;
use zincmq_fuzz::boxes::{Fault, Inbound, Turned};
use zincmq_fuzz::input::Input;
use zincmq_fuzz::stream::{self, End};

/// The longest stream.
const LONGEST: usize = 600_000;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let choice = input.byte();
    let boxed = choice & 1 != 0;
    let mark = [0, 1, 2, 5, 1000, 0, 3, 100][usize::from(choice >> 1 & 7)];
    let bounds = bounds(&mut input);
    let mut inbound = Inbound::new(mark, bounds, boxed.then_some(Turned));
    let mut stream = Vec::new();
    while !input.is_over() && stream.len() < LONGEST && inbound.fault.is_none() {
        let how = input.byte();
        let piece = piece(how, &mut input);
        stream.extend_from_slice(&piece);
        if how & 0x40 == 0 {
            inbound.preload(&piece)
        } else {
            inbound.receive(&piece)
        }
        if how & 0x20 == 0 {
            inbound.take();
        }
    }
    inbound.drain();
    let found = End { parts: inbound.parts.clone(), dropped: inbound.dropped.len(), fault: inbound.fault };
    judge(&found, &stream, bounds, boxed);
    inbound.end();
});

fn bounds(input: &mut Input<'_>) -> Bounds {
    let choice = input.byte();
    let bound = |set: bool, value: usize| if set { value as u64 } else { u64::MAX };
    Bounds {
        frame: bound(choice & 1 != 0, input.word() << (choice >> 4 & 3)),
        message: bound(choice & 2 != 0, input.word() << (choice >> 6)),
        parts: bound(choice & 4 != 0, usize::from(input.byte()).max(1)),
    }
}

/// Bytes as they stand in the input, or a run of bytes that say where they are.
fn piece(how: u8, input: &mut Input<'_>) -> Vec<u8> {
    if how & 0x80 == 0 {
        return input.take(usize::from(how & 0x1F) + 1).to_vec();
    }
    let size = input.word() << (how & 3);
    let first = input.byte();
    (0..size).map(|at| first.wrapping_add((at % 251) as u8)).collect()
}

fn judge(found: &End, stream: &[u8], bounds: Bounds, boxed: bool) {
    let ends = stream::ends(stream, bounds, boxed);
    if boxed && found.fault == Some(Fault::NoBox) {
        // Boxes that came together with it are lost.
        assert!(stream::has_false_box(stream), "a box was refused");
        let longest = ends.iter().map(|end| &end.parts).max_by_key(|parts| parts.len()).expect("an end");
        assert!(longest.starts_with(&found.parts), "something was delivered that was not sent");
        return;
    }
    assert!(ends.contains(found), "{found:?}, and right would be {ends:?}");
}
