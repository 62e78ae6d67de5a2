//! Messages of CURVE: boxes of a true sender, changed, cut, lost, repeated, out of order, or sent back. Nothing is
//! delivered that was not sent, nothing twice, and nothing behind the first box that is none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use queue::{Bounds, Kind};
use zincmq_fuzz::boxes::{Curve, Fault, Inbound};
use zincmq_fuzz::conversation::{Party, talk};
use zincmq_fuzz::feed::Side;
use zincmq_fuzz::input::Input;
use zincmq_fuzz::{model, parties};
use zmtp::{Cipher, Flags, OVERHEAD, Opener, Sealer, Verdict, frame};

const UNBOUNDED: Bounds = Bounds { frame: u64::MAX, message: u64::MAX, parts: u64::MAX };

/// The most bytes that are sent.
const MOST: usize = 200_000;

/// A frame that was sent, and its box.
struct Sent {
    flags: Flags,
    body: Vec<u8>,
    sealed: Vec<u8>,
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input::new(data);
    let choice = input.byte();
    let (client, server) = ends();
    let (mut from, to) = if choice & 1 == 0 { (client, server) } else { (server, client) };
    let sent = send(&mut from.sealer, &mut input);
    let mut back = to.sealer;
    let returned = send_one(&mut back, Flags::LAST, b"back");
    let mut boxes: Vec<Vec<u8>> = sent.iter().map(|sent| sent.sealed.clone()).collect();
    let cut = usize::from(input.byte()).max(1);
    tamper(&mut boxes, &returned.sealed, &mut input);
    if choice & 2 == 0 {
        open_directly(to.opener, &boxes, &sent, cut);
    } else {
        open_in_a_pipe(to.opener, &boxes, &sent, cut * (1 + usize::from(choice >> 2)));
    }
});

/// Both ends of an encrypted connection.
fn ends() -> (Cipher, Cipher) {
    parties::reset(true);
    let client = parties::local(parties::curve_client(), Some(b"me"));
    let server = parties::local(parties::curve_server(false), None);
    let mut client = Party::new(Side::new(client, Verdict::Success));
    let mut server = Party::new(Side::new(server, Verdict::Success));
    talk(&mut client, &mut server, &mut Input::new(b""));
    (client.side.cipher.expect("a key"), server.side.cipher.expect("a key"))
}

fn send_one(sealer: &mut Sealer, flags: Flags, body: &[u8]) -> Sent {
    let mut wire = Vec::new();
    sealer.append(&mut wire, flags, body);
    sealer.seal(&mut wire, usize::MAX).expect("there are counts");
    let sealed = model::frame(&wire).expect("a frame").body.to_vec();
    Sent { flags, body: body.to_vec(), sealed }
}

/// Frames as the input says, sealed together.
fn send(sealer: &mut Sealer, input: &mut Input<'_>) -> Vec<Sent> {
    let mut wire = Vec::new();
    let mut sent = Vec::new();
    let mut left = MOST;
    for at in 0..input.byte() % 24 {
        let (kind, size) = (input.byte(), input.byte());
        let size = (usize::from(size) << [0, 0, 4, 9][usize::from(kind >> 3 & 3)]).min(left);
        left -= size;
        let command = kind & 4 != 0 && size < 30_000;
        let flags = Flags(kind & 1) | if command { Flags::COMMAND } else { Flags::LAST };
        let body = vec![at; size];
        sealer.append(&mut wire, flags, &body);
        if kind & 2 != 0 {
            sealer.seal(&mut wire, usize::MAX).expect("there are counts");
        }
        sent.push(Sent { flags, body, sealed: Vec::new() });
    }
    sealer.seal(&mut wire, usize::MAX).expect("there are counts");
    let sealed = model::bodies(&wire);
    assert_eq!(sealed.len(), sent.len());
    sent.iter_mut().zip(sealed).for_each(|(sent, sealed)| sent.sealed = sealed.to_vec());
    sent
}

/// Changes what is on its way.
fn tamper(boxes: &mut Vec<Vec<u8>>, returned: &[u8], input: &mut Input<'_>) {
    for _ in 0..16 {
        if input.is_over() || boxes.len() > 64 {
            break;
        }
        let (how, which) = (input.byte(), usize::from(input.byte()));
        let which = which % boxes.len().max(1);
        let Some(found) = boxes.get_mut(which) else {
            boxes.push(input.text().to_vec());
            continue;
        };
        match how % 10 {
            0 => {
                let at = input.below(found.len());
                found.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (how >> 5));
            }
            1 => found.truncate(input.word()),
            2 => found.extend_from_slice(input.text()),
            3 => drop(boxes.remove(which)),
            4 => {
                let again = found.clone();
                boxes.insert(input.below(boxes.len() + 1), again);
            }
            5 => {
                let other = input.below(boxes.len());
                boxes.swap(which, other);
            }
            6 => boxes.insert(which, returned.to_vec()),
            7 => boxes.insert(which, input.text().to_vec()),
            8 => boxes.insert(which, [b"\x07MESSAGE", input.text()].concat()),
            _ => {
                let with = input.text();
                found.iter_mut().zip(with).for_each(|(byte, with)| *byte = *with);
            }
        }
    }
}

/// How many of these boxes are the sender's own, and in their order.
fn true_boxes(boxes: &[Vec<u8>], sent: &[Sent], mut next: usize) -> Vec<usize> {
    let mut found = Vec::new();
    for sealed in boxes {
        let Some(at) = sent[next..].iter().position(|sent| sent.sealed == *sealed) else { break };
        found.push(next + at);
        next += at + 1;
    }
    found
}

fn open_directly(mut opener: Opener, boxes: &[Vec<u8>], sent: &[Sent], together: usize) {
    let mut next = 0;
    for boxes in boxes.chunks(together) {
        let expected = true_boxes(boxes, sent, next);
        let mut opened = boxes.to_vec();
        let result = opener.open(opened.iter_mut().map(Vec::as_mut_slice));
        assert_eq!(result.is_ok(), expected.len() == boxes.len(), "{result:?}");
        if result.is_err() {
            return;
        }
        for (opened, at) in opened.iter().zip(&expected) {
            let sent = &sent[*at];
            assert_eq!((zmtp::sealed_flags(opened), &opened[OVERHEAD..]), (sent.flags, &sent.body[..]));
        }
        next = expected.last().map_or(next, |at| at + 1);
    }
}

fn open_in_a_pipe(opener: Opener, boxes: &[Vec<u8>], sent: &[Sent], piece: usize) {
    let mut wire = Vec::new();
    boxes.iter().for_each(|sealed| frame::append(&mut wire, Flags::LAST, &[sealed]));
    let mut inbound = Inbound::new(0, UNBOUNDED, Some(Curve(opener)));
    // Each piece costs several calls of the system.
    let piece = piece.max(wire.len() / 100);
    for (at, bytes) in wire.chunks(piece).enumerate() {
        if at % 2 == 0 { inbound.receive(bytes) } else { inbound.preload(bytes) }
    }
    inbound.end();
    let good: Vec<&Sent> = true_boxes(boxes, sent, 0).into_iter().map(|at| &sent[at]).collect();
    let (commands, data): (Vec<&Sent>, Vec<&Sent>) =
        good.iter().partition(|sent| sent.flags.has(Flags::COMMAND));
    let whole = data.iter().rposition(|sent| !sent.flags.has(Flags::MORE)).map_or(0, |last| last + 1);
    let all_good = good.len() == boxes.len();
    assert_eq!(inbound.fault, (!all_good).then_some(Fault::NoBox));
    if all_good {
        assert_eq!((inbound.dropped.len(), inbound.parts.len()), (commands.len(), whole), "not all came");
    }
    assert!(inbound.dropped.len() <= commands.len() && inbound.parts.len() <= whole);
    for (body, sent) in inbound.dropped.iter().zip(commands) {
        assert_eq!(*body, sent.body);
    }
    for (part, sent) in inbound.parts.iter().zip(data) {
        assert_eq!((part.kind, part.more), (Kind::Data, sent.flags.has(Flags::MORE)));
        assert_eq!(part.body, sent.body);
    }
}
